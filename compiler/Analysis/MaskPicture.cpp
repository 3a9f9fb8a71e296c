//===- MaskPicture.cpp
//------------------------------------------------------------------------------===//
#include "Analysis/MaskPicture.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace tril;

namespace {

/// Evaluates numbers and predicates at one pair.
class Pair {
public:
  Pair(StringRef past, int64_t time, int64_t key) : past(past), time(time), key(key) {}

  Sight mask(Value score) {
    if (!holes(score))
      return Sight::yes;
    Operation *op = score.getDefiningOp();
    if (auto where = dyn_cast_or_null<WhereOp>(op))
      return both(mask(where.getOperand()), truth(where.getCondition()));
    if (auto select = dyn_cast_or_null<SelectOp>(op))
      return choose(truth(select.getCondition()), mask(select.getThen()),
                    mask(select.getOtherwise()));
    if (auto otherwise = dyn_cast_or_null<ElseOp>(op))
      return either(mask(otherwise.getOperand()), mask(otherwise.getOtherwise()));
    if (!op || !op->hasTrait<tril::OpTrait::Elementwise>())
      return Sight::open;
    Sight all = Sight::yes;
    for (Value operand : op->getOperands())
      all = both(all, mask(operand));
    return all;
  }

private:
  static bool holes(Value value) { return cast<NamedTensorType>(value.getType()).getHoles(); }
  static Sight both(Sight a, Sight b) {
    if (a == Sight::no || b == Sight::no)
      return Sight::no;
    return a == Sight::yes && b == Sight::yes ? Sight::yes : Sight::open;
  }
  static Sight opposite(Sight a) {
    return a == Sight::yes ? Sight::no : a == Sight::no ? Sight::yes : Sight::open;
  }
  static Sight either(Sight a, Sight b) { return opposite(both(opposite(a), opposite(b))); }
  static Sight choose(Sight p, Sight a, Sight b) {
    return p == Sight::yes ? a : p == Sight::no ? b : a == b ? a : Sight::open;
  }

  Sight truth(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return Sight::open;
    if (holes(value)) { // a hole counts as false
      auto where = dyn_cast<WhereOp>(op);
      return where ? both(truth(where.getOperand()), truth(where.getCondition())) : Sight::open;
    }
    return llvm::TypeSwitch<Operation *, Sight>(op)
        .Case([](ConstantOp o) { return o.getValue().isZero() ? Sight::no : Sight::yes; })
        .Case([&](MaterializeOp o) { return truth(o.getOperand()); })
        .Case([&](AndOp o) { return both(truth(o.getLhs()), truth(o.getRhs())); })
        .Case([&](OrOp o) { return either(truth(o.getLhs()), truth(o.getRhs())); })
        .Case([&](NotOp o) { return opposite(truth(o.getOperand())); })
        .Case([&](SelectOp o) {
          return choose(truth(o.getCondition()), truth(o.getThen()), truth(o.getOtherwise()));
        })
        .Case<LeOp, LtOp, GeOp, GtOp, EqOp, NeOp>([&](auto o) {
          std::optional<double> a = number(o.getLhs()), b = number(o.getRhs());
          if (!a || !b)
            return Sight::open;
          bool holds = isa<LeOp>(op)   ? *a <= *b
                       : isa<LtOp>(op) ? *a < *b
                       : isa<GeOp>(op) ? *a >= *b
                       : isa<GtOp>(op) ? *a > *b
                       : isa<EqOp>(op) ? *a == *b
                                       : *a != *b;
          return holds ? Sight::yes : Sight::no;
        })
        .Default(Sight::open);
  }

  std::optional<double> number(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || holes(value))
      return std::nullopt;
    auto one = [&](Value operand, double (*f)(double)) -> std::optional<double> {
      std::optional<double> x = number(operand);
      return x ? std::optional(f(*x)) : std::nullopt;
    };
    auto two = [&](auto o, double (*f)(double, double)) -> std::optional<double> {
      std::optional<double> x = number(o.getLhs()), y = number(o.getRhs());
      return x && y ? std::optional(f(*x, *y)) : std::nullopt;
    };
    return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
        .Case([](ConstantOp o) { return o.getValue().convertToDouble(); })
        .Case([&](MaterializeOp o) { return number(o.getOperand()); })
        .Case([](LayerConstantOp o) { return std::optional<double>(o.getValues()[0]); })
        .Case([&](PositionOp o) -> std::optional<double> {
          StringRef axis = cast<NamedTensorType>(value.getType()).getAxes()[0].getName();
          if (axis != "time" && axis != past)
            return std::nullopt;
          return static_cast<double>(axis == "time" ? time : key);
        })
        .Case([&](ConvertOp o) { return number(o.getOperand()); })
        .Case([&](AddOp o) { return two(o, [](double x, double y) { return x + y; }); })
        .Case([&](SubOp o) { return two(o, [](double x, double y) { return x - y; }); })
        .Case([&](MulOp o) { return two(o, [](double x, double y) { return x * y; }); })
        .Case([&](DivOp o) { return two(o, [](double x, double y) { return x / y; }); })
        .Case([&](ModOp o) {
          return two(o, [](double x, double y) { return x - y * std::floor(x / y); });
        })
        .Case([&](MaxOp o) { return two(o, [](double x, double y) { return std::max(x, y); }); })
        .Case([&](MinOp o) { return two(o, [](double x, double y) { return std::min(x, y); }); })
        .Case([&](NegOp o) { return one(o.getOperand(), [](double x) { return -x; }); })
        .Case([&](AbsOp o) { return one(o.getOperand(), [](double x) { return std::fabs(x); }); })
        .Case(
            [&](FloorOp o) { return one(o.getOperand(), [](double x) { return std::floor(x); }); })
        .Case([&](CeilOp o) { return one(o.getOperand(), [](double x) { return std::ceil(x); }); })
        .Default(std::optional<double>());
  }

  StringRef past;
  int64_t time, key;
};

} // namespace

Sight tril::sightOf(Value score, StringRef past, int64_t time, int64_t key) {
  return Pair(past, time, key).mask(score);
}

MaskPicture tril::pictureOf(AttentionOp attention, int64_t rows, int64_t columns,
                            int64_t positions) {
  MaskPicture picture;
  picture.rows = rows;
  picture.columns = columns;
  picture.positions = llvm::alignTo(positions, columns);
  Value score = attention.getScore().front().getTerminator()->getOperand(0);
  StringRef past = attention.getPast();
  for (int64_t t = 0; t < picture.positions; ++t)
    for (int64_t k = 0; k < picture.positions; ++k)
      picture.pairs.push_back(sightOf(score, past, t, k));
  Mask mask = maskOf(score, past);
  KeyLattice lattice = latticeOf(attention);
  picture.step = lattice.step;
  std::vector<KeyInterval> intervals = keyIntervals(mask, lattice);
  for (int64_t row = 0; row < picture.positions; row += rows) {
    std::vector<KeySpan> spans;
    for (const KeyInterval &interval : intervals)
      spans.push_back(
          spanOf(interval, row, std::min(row + rows, picture.positions) - 1, picture.positions));
    for (int64_t key = 0; key < picture.positions; key += columns) {
      int64_t end = key + columns;
      TileKind kind = TileKind::skipped;
      for (const KeySpan &span : spans)
        if (span.fullLo <= key && end <= span.fullHi)
          kind = TileKind::full;
        else if (kind == TileKind::skipped && span.lo < end && key < span.hi)
          kind = TileKind::partial;
      picture.tiles.push_back(kind);
    }
  }
  return picture;
}
