//===- Mask.cpp
//-----------------------------------------------------------------------------------===//
#include "Analysis/Mask.h"
#include "Analysis/Floors.h"
#include "mlir/Analysis/Presburger/PWMAFunction.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/TypeSwitch.h"
#include <map>

using namespace mlir;
using namespace mlir::presburger;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

} // namespace

bool tril::isSimple(const PresburgerRelation &set) {
  constexpr double most = 1e5;
  double work = 1;
  for (const IntegerRelation &part : set.getAllDisjuncts())
    work *= part.getNumInequalities() + 2 * part.getNumEqualities() + 1;
  return work <= most;
}

namespace {

const PresburgerSpace kSpace = PresburgerSpace::getSetSpace(/*time, past*/ 2);

PresburgerSet complementOf(const PresburgerSet &set) {
  return PresburgerSet(withFloors(set)).complement();
}

/// (time * t + past * p + sum of factors * floors + constant) / scale, scale > 0.
struct Quasi {
  int64_t time = 0, past = 0, constant = 0, scale = 1;
  std::map<unsigned, int64_t> floors; // by index in Reader::floors

  bool operator==(const Quasi &) const = default;

  Quasi times(int64_t factor) const {
    Quasi r = *this;
    r.time *= factor, r.past *= factor, r.constant *= factor;
    for (auto &[index, coefficient] : r.floors)
      coefficient *= factor;
    return r;
  }
  /// a + sign * b
  static Quasi sum(const Quasi &a, const Quasi &b, int64_t sign) {
    Quasi r = a.times(b.scale), s = b.times(a.scale * sign);
    r.scale = a.scale * b.scale;
    r.time += s.time, r.past += s.past, r.constant += s.constant;
    for (auto &[index, coefficient] : s.floors)
      r.floors[index] += coefficient;
    return r;
  }
};

/// An expression under conditions: each guard is to be >= 0 (its scale is ignored: it is positive).
struct Case {
  SmallVector<Quasi, 1> guards;
  Quasi value;
};
using Cases = SmallVector<Case, 1>;
constexpr size_t kMostCases = 8;

class Reader {
public:
  explicit Reader(StringRef past, ArrayRef<Value> given = {}) : past(past), given(given) {}

  MaskSets truth(Value value);
  MaskSets mask(Value score);

private:
  Cases number(Value value); ///< empty: not of this kind
  Cases combine(const Cases &a, const Cases &b,
                llvm::function_ref<std::optional<Quasi>(const Quasi &, const Quasi &)> f);
  Cases pick(const Cases &a, const Cases &b, bool larger);
  std::optional<Quasi> floorOf(const Quasi &value, int64_t divisor);
  PresburgerSet
  compare(const Cases &a, const Cases &b,
          llvm::function_ref<SmallVector<Quasi>(const Quasi &difference)> nonNegative);
  IntegerRelation relation(ArrayRef<Quasi> nonNegative);
  static MaskSets open() {
    return {PresburgerSet::getUniverse(kSpace), PresburgerSet::getEmpty(kSpace)};
  }
  static MaskSets known(const PresburgerSet &set) { return {set, set}; }
  static MaskSets both(const MaskSets &a, const MaskSets &b) {
    return {a.may.intersect(b.may), a.must.intersect(b.must)};
  }
  static MaskSets either(const MaskSets &a, const MaskSets &b) {
    return {a.may.unionSet(b.may), a.must.unionSet(b.must)};
  }
  static MaskSets opposite(const MaskSets &a) {
    return {isSimple(a.must) ? complementOf(a.must) : PresburgerSet::getUniverse(kSpace),
            isSimple(a.may) ? complementOf(a.may) : PresburgerSet::getEmpty(kSpace)};
  }

  StringRef past;
  ArrayRef<Value> given;
  struct Floor {
    Quasi dividend; // with scale 1; of earlier floors
    int64_t divisor;
  };
  std::vector<Floor> floors;
};

} // namespace

std::optional<Quasi> Reader::floorOf(const Quasi &value, int64_t divisor) {
  int64_t total = value.scale * divisor;
  if (divisor <= 0 || total <= 0 || total > (int64_t(1) << 40))
    return std::nullopt;
  Quasi dividend = value;
  dividend.scale = 1;
  if (total == 1)
    return dividend;
  Quasi rest = dividend;
  rest.constant = 0;
  if (rest == Quasi()) {
    dividend.constant = llvm::divideFloorSigned(dividend.constant, total);
    return dividend;
  }
  unsigned index = 0;
  while (index < floors.size() &&
         !(floors[index].divisor == total && floors[index].dividend == dividend))
    ++index;
  if (index == floors.size())
    floors.push_back({dividend, total});
  Quasi result;
  result.floors[index] = 1;
  return result;
}

Cases Reader::combine(const Cases &a, const Cases &b,
                      llvm::function_ref<std::optional<Quasi>(const Quasi &, const Quasi &)> f) {
  Cases result;
  for (const Case &x : a)
    for (const Case &y : b) {
      std::optional<Quasi> value = f(x.value, y.value);
      if (!value || result.size() == kMostCases)
        return {};
      Case both{x.guards, *value};
      llvm::append_range(both.guards, y.guards);
      result.push_back(both);
    }
  return result;
}

/// The larger or the smaller of two.
Cases Reader::pick(const Cases &a, const Cases &b, bool larger) {
  Cases result;
  for (const Case &x : a)
    for (const Case &y : b)
      for (bool first : {true, false}) {
        if (result.size() == kMostCases)
          return {};
        Case one{x.guards, first ? x.value : y.value};
        llvm::append_range(one.guards, y.guards);
        one.guards.push_back(Quasi::sum(x.value, y.value, -1).times(first == larger ? 1 : -1));
        result.push_back(one);
      }
  return result;
}

Cases Reader::number(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || typeOf(value).getHoles())
    return {};
  auto constant = [](const Cases &cases) -> std::optional<int64_t> {
    if (cases.size() != 1 || cases[0].value.scale != 1)
      return std::nullopt;
    Quasi q = cases[0].value;
    int64_t c = q.constant;
    q.constant = 0;
    return q == Quasi() ? std::optional(c) : std::nullopt;
  };
  auto each = [&](Value operand,
                  llvm::function_ref<std::optional<Quasi>(const Quasi &)> f) -> Cases {
    Cases cases = number(operand);
    for (Case &one : cases) {
      std::optional<Quasi> value = f(one.value);
      if (!value)
        return {};
      one.value = *value;
    }
    return cases;
  };
  return llvm::TypeSwitch<Operation *, Cases>(op)
      .Case([&](ConstantOp o) -> Cases {
        double number = o.getValue().convertToDouble();
        if (number != std::floor(number) || std::abs(number) > 1e12)
          return {};
        Quasi q;
        q.constant = static_cast<int64_t>(number);
        return {Case{{}, q}};
      })
      .Case([&](PositionOp) -> Cases {
        Quasi q;
        StringRef axis = typeOf(value).getAxes()[0].getName();
        if (axis != "time" && axis != past)
          return {};
        (axis == "time" ? q.time : q.past) = 1;
        return {Case{{}, q}};
      })
      .Case([&](ConvertOp o) -> Cases {
        // Positions stay below 2^22 where they are divided as real numbers: floors of quotients are
        // exact there.
        if (o.getOperand().getType().getElement().isInteger(1))
          return {};
        if (o.getOperand().getType().getElement().isF32()) // truncation: of what is whole
          return each(o.getOperand(), [](const Quasi &q) {
            return q.scale == 1 ? std::optional(q) : std::nullopt;
          });
        return number(o.getOperand());
      })
      .Case<AddOp, SubOp>([&](auto o) {
        int64_t sign = isa<AddOp>(op) ? 1 : -1;
        return combine(number(o.getLhs()), number(o.getRhs()),
                       [&](const Quasi &a, const Quasi &b) -> std::optional<Quasi> {
                         if (a.scale > 4096 || b.scale > 4096)
                           return std::nullopt;
                         return Quasi::sum(a, b, sign);
                       });
      })
      .Case([&](NegOp o) {
        return each(o.getOperand(), [](const Quasi &q) { return std::optional(q.times(-1)); });
      })
      .Case([&](MulOp o) -> Cases {
        for (auto [x, y] : {std::pair(o.getLhs(), o.getRhs()), std::pair(o.getRhs(), o.getLhs())})
          if (auto factor = constant(number(x)); factor && std::abs(*factor) < (int64_t(1) << 31))
            return each(y, [&](const Quasi &q) { return std::optional(q.times(*factor)); });
        return {};
      })
      .Case([&](DivOp o) -> Cases {
        auto divisor = constant(number(o.getRhs()));
        if (!divisor || *divisor <= 0)
          return {};
        return each(o.getLhs(), [&](const Quasi &q) -> std::optional<Quasi> {
          if (q.scale > 4096 || *divisor > (1 << 24))
            return std::nullopt;
          Quasi r = q;
          r.scale *= *divisor;
          return r;
        });
      })
      .Case([&](FloorOp o) {
        return each(o.getOperand(), [&](const Quasi &q) { return floorOf(q, 1); });
      })
      .Case([&](CeilOp o) {
        return each(o.getOperand(), [&](const Quasi &q) -> std::optional<Quasi> {
          auto down = floorOf(q.times(-1), 1);
          return down ? std::optional(down->times(-1)) : std::nullopt;
        });
      })
      .Case([&](ModOp o) -> Cases {
        auto divisor = constant(number(o.getRhs()));
        if (!divisor || *divisor <= 0)
          return {};
        return each(o.getLhs(), [&](const Quasi &q) -> std::optional<Quasi> {
          auto quotient = q.scale == 1 ? floorOf(q, *divisor) : std::nullopt;
          return quotient ? std::optional(Quasi::sum(q, quotient->times(*divisor), -1))
                          : std::nullopt;
        });
      })
      .Case([&](AbsOp o) {
        Cases x = number(o.getOperand()), minus = x;
        for (Case &one : minus)
          one.value = one.value.times(-1);
        return pick(x, minus, /*larger=*/true);
      })
      .Case<MaxOp, MinOp>(
          [&](auto o) { return pick(number(o.getLhs()), number(o.getRhs()), isa<MaxOp>(op)); })
      .Default(Cases());
}

IntegerRelation Reader::relation(ArrayRef<Quasi> nonNegative) {
  IntegerRelation result(kSpace);
  llvm::DenseMap<unsigned, unsigned> local; // of a floor
  auto row = [&](const Quasi &q) {
    SmallVector<int64_t> r(result.getNumCols(), 0);
    r[0] = q.time, r[1] = q.past, r.back() = q.constant;
    for (auto &[index, coefficient] : q.floors)
      r[2 + local[index]] = coefficient;
    return r;
  };
  std::function<void(const Quasi &)> define = [&](const Quasi &q) {
    for (auto &[index, coefficient] : q.floors) {
      if (local.contains(index))
        continue;
      define(floors[index].dividend);
      result.addLocalFloorDiv(row(floors[index].dividend), floors[index].divisor);
      unsigned number = local.size();
      local[index] = number;
    }
  };
  for (const Quasi &q : nonNegative)
    define(q);
  for (const Quasi &q : nonNegative)
    result.addInequality(row(q));
  return result;
}

PresburgerSet
Reader::compare(const Cases &a, const Cases &b,
                llvm::function_ref<SmallVector<Quasi>(const Quasi &difference)> nonNegative) {
  PresburgerSet result = PresburgerSet::getEmpty(kSpace);
  for (const Case &x : a)
    for (const Case &y : b)
      for (const Quasi &q : nonNegative(Quasi::sum(y.value, x.value, -1))) {
        SmallVector<Quasi> all(x.guards);
        llvm::append_range(all, y.guards);
        all.push_back(q);
        result.unionInPlace(relation(all));
      }
  return result;
}

MaskSets Reader::truth(Value value) {
  Operation *op = value.getDefiningOp();
  if (llvm::is_contained(given, value))
    return known(PresburgerSet::getUniverse(kSpace));
  if (!op)
    return open();
  if (typeOf(value).getHoles()) { // a hole counts as false
    if (auto where = dyn_cast<WhereOp>(op))
      return both(truth(where.getOperand()), truth(where.getCondition()));
    return open();
  }
  return llvm::TypeSwitch<Operation *, MaskSets>(op)
      .Case([&](ConstantOp o) {
        return known(o.getValue().isZero() ? PresburgerSet::getEmpty(kSpace)
                                           : PresburgerSet::getUniverse(kSpace));
      })
      .Case([&](AndOp o) { return both(truth(o.getLhs()), truth(o.getRhs())); })
      .Case([&](OrOp o) { return either(truth(o.getLhs()), truth(o.getRhs())); })
      .Case([&](NotOp o) { return opposite(truth(o.getOperand())); })
      .Case([&](SelectOp o) {
        MaskSets p = truth(o.getCondition());
        return either(both(p, truth(o.getThen())), both(opposite(p), truth(o.getOtherwise())));
      })
      .Case([&](ElseOp o) -> MaskSets {
        if (auto where = o.getOperand().getDefiningOp<WhereOp>();
            where && !typeOf(where.getOperand()).getHoles()) {
          MaskSets p = truth(where.getCondition());
          return either(both(p, truth(where.getOperand())),
                        both(opposite(p), truth(o.getOtherwise())));
        }
        return open();
      })
      .Case<LeOp, LtOp, GeOp, GtOp, EqOp, NeOp>([&](auto o) -> MaskSets {
        if (o.getLhs().getType().getElement().isInteger(1)) {
          MaskSets a = truth(o.getLhs()), b = truth(o.getRhs());
          MaskSets same = either(both(a, b), both(opposite(a), opposite(b)));
          return isa<EqOp>(op) ? same : isa<NeOp>(op) ? opposite(same) : open();
        }
        Cases a = number(o.getLhs()), b = number(o.getRhs());
        if (a.empty() || b.empty())
          return open();
        if (isa<GeOp, GtOp>(op))
          std::swap(a, b);
        bool strict = isa<LtOp, GtOp>(op);
        // d = b - a, in whole numbers of 1 / scale: d > 0 is d - 1 >= 0.
        auto more = [](Quasi d, int64_t by) {
          d.constant += by;
          return d;
        };
        if (isa<EqOp, NeOp>(op)) {
          PresburgerSet apart = compare(a, b, [&](const Quasi &d) {
            return SmallVector<Quasi>{more(d, -1), more(d.times(-1), -1)};
          });
          return known(isa<NeOp>(op) ? apart : complementOf(apart));
        }
        return known(compare(
            a, b, [&](const Quasi &d) { return SmallVector<Quasi>{more(d, strict ? -1 : 0)}; }));
      })
      .Default([&](Operation *) { return open(); });
}

MaskSets Reader::mask(Value score) {
  MaskSets all = known(PresburgerSet::getUniverse(kSpace));
  if (!typeOf(score).getHoles())
    return all;
  Operation *op = score.getDefiningOp();
  if (auto where = dyn_cast_or_null<WhereOp>(op))
    return both(mask(where.getOperand()), truth(where.getCondition()));
  if (op && op->hasTrait<tril::OpTrait::Elementwise>()) {
    for (Value operand : op->getOperands())
      all = both(all, mask(operand));
    return all;
  }
  if (auto select = dyn_cast_or_null<SelectOp>(op)) {
    MaskSets p = truth(select.getCondition());
    return either(both(p, mask(select.getThen())), both(opposite(p), mask(select.getOtherwise())));
  }
  if (auto otherwise = dyn_cast_or_null<ElseOp>(op))
    return either(mask(otherwise.getOperand()), mask(otherwise.getOtherwise()));
  return open();
}

/// Positions begin at 0.
static MaskSets bounded(MaskSets sets) {
  IntegerRelation positions(kSpace);
  positions.addBound(BoundType::LB, 0, 0);
  positions.addBound(BoundType::LB, 1, 0);
  PresburgerSet quarter((IntegerPolyhedron(positions)));
  return {sets.may.intersect(quarter).coalesce(), sets.must.intersect(quarter).coalesce()};
}

MaskSets tril::truthOf(Value predicate, StringRef past) {
  return bounded(Reader(past).truth(predicate));
}
MaskSets tril::maskOf(Value score, StringRef past, ArrayRef<Value> given) {
  return bounded(Reader(past, given).mask(score));
}

static void collect(Value value, bool score, SmallVector<Value> &conditions) {
  Operation *op = value.getDefiningOp();
  if (!score) {
    if (auto both = dyn_cast_or_null<AndOp>(op)) {
      collect(both.getLhs(), false, conditions);
      collect(both.getRhs(), false, conditions);
    } else if (!typeOf(value).getHoles())
      conditions.push_back(value);
  } else if (auto where = dyn_cast_or_null<WhereOp>(op)) {
    collect(where.getOperand(), true, conditions);
    collect(where.getCondition(), false, conditions);
  } else if (op && op->hasTrait<tril::OpTrait::Elementwise>())
    for (Value operand : op->getOperands())
      collect(operand, true, conditions);
}

SmallVector<Value> tril::conditionsOf(Value score) {
  SmallVector<Value> conditions;
  collect(score, true, conditions);
  return conditions;
}

Extreme tril::leastOf(const PresburgerSet &set, int64_t t, int64_t p) {
  Extreme result{std::nullopt, true};
  for (IntegerRelation disjunct : set.getAllDisjuncts()) {
    if (disjunct.isIntegerEmpty())
      continue;
    // The sum before all other variables: a lexicographic minimum begins with its least value.
    disjunct.insertVar(VarKind::SetDim, 0);
    SmallVector<int64_t> row(disjunct.getNumCols(), 0);
    row[0] = -1, row[1] = t, row[2] = p;
    disjunct.addEquality(row);
    auto best = disjunct.findIntegerLexMin();
    if (best.isUnbounded())
      return {std::nullopt, false};
    if (!best.isBounded())
      continue;
    auto value = int64_t((*best)[0]);
    result.value = result.none ? value : std::min(*result.value, value);
    result.none = false;
  }
  return result;
}

std::optional<Keep> tril::keptBy(const PresburgerSet &set) {
  Keep keep;
  for (const presburger::IntegerRelation &part : set.getAllDisjuncts()) {
    PresburgerSet one{presburger::PresburgerRelation(part)};
    Extreme nearest = leastOf(one, -1, 1); // past - time
    if (nearest.none)
      continue;
    if (nearest.value) {
      keep.window = std::max(keep.window, -*nearest.value);
      continue;
    }
    Extreme last = leastOf(one, 0, -1); // -past
    if (!last.value)
      return std::nullopt;
    keep.pinned = std::max(keep.pinned, 1 - *last.value);
  }
  return keep;
}
