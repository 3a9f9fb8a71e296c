//===- Mask.cpp
//-----------------------------------------------------------------------------------===//
#include "Analysis/Mask.h"
#include "Analysis/StaticNumbers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

using Parts = MaskAlgebra::Parts;

/// An expression under conditions: each guard is to be >= 0 (its scale is ignored: it is positive).
struct Case {
  SmallVector<Quasi, 1> guards;
  Quasi value;
};
using Cases = SmallVector<Case, 1>;
constexpr size_t kMostCases = 8;
/// Heads and layers that are told apart.
constexpr int64_t kMostPlaces = 256;

class Reader {
public:
  explicit Reader(StringRef past, ArrayRef<Value> given = {}) : past(past), given(given) {}

  /// Where a predicate holds, or where it does not.
  const Parts &truth(Value value, bool holds = true);
  Parts mask(Value score);
  /// What depends on heads or layers is that of one of them from now on; before, it is open.
  void lookAt(const StaticPlace &at) {
    place = at;
    truths.clear();
  }
  std::vector<StaticPlace> places() const { return statics.places(kMostPlaces); }
  Parts both(const Parts &a, const Parts &b) { return algebra.both(a, b); }
  Parts either(const Parts &a, const Parts &b) { return algebra.either(a, b); }
  Mask finish(Parts parts) { return {floors, std::move(parts), algebra.coarse()}; }

private:
  Cases number(Value value); ///< empty: not of this kind
  Cases combine(const Cases &a, const Cases &b,
                llvm::function_ref<std::optional<Quasi>(const Quasi &, const Quasi &)> f);
  Cases pick(const Cases &a, const Cases &b, bool larger);
  Parts truthOf(Value value, bool holds);
  Parts comparison(Operation *op, bool holds);

  StringRef past;
  ArrayRef<Value> given;
  std::shared_ptr<Floors> floors = std::make_shared<Floors>();
  MaskAlgebra algebra{*floors};
  StaticNumbers statics;
  std::optional<StaticPlace> place;
  std::map<std::pair<void *, bool>, Parts> truths;
};

} // namespace

Cases Reader::combine(const Cases &a, const Cases &b,
                      llvm::function_ref<std::optional<Quasi>(const Quasi &, const Quasi &)> f) {
  Cases result;
  for (const Case &x : a)
    for (const Case &y : b) {
      std::optional<Quasi> value = f(x.value, y.value);
      if (!value || value->tooLarge || result.size() == kMostCases)
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
        one.guards.push_back(difference(x.value, y.value).times(first == larger ? 1 : -1));
        result.push_back(one);
      }
  return result;
}

Cases Reader::number(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || typeOf(value).getHoles())
    return {};
  auto whole = [](double number) -> Cases {
    if (number != std::floor(number) || std::abs(number) > 1e12)
      return {};
    return {Case{{}, Quasi::number(static_cast<int64_t>(number))}};
  };
  if (statics.has(value)) {
    bool everywhere = typeOf(value).rank() == 0 && !isa<LayerConstantOp>(op);
    std::optional<double> number;
    if (place || everywhere)
      number = statics.at(value, place.value_or(StaticPlace()));
    return number ? whole(*number) : Cases();
  }
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
      if (!value || value->tooLarge)
        return {};
      one.value = *value;
    }
    return cases;
  };
  return llvm::TypeSwitch<Operation *, Cases>(op)
      .Case([&](MaterializeOp o) { return number(o.getOperand()); })
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
        return each(o.getOperand(), [&](const Quasi &q) { return floors->floor(q, 1); });
      })
      .Case([&](CeilOp o) {
        return each(o.getOperand(), [&](const Quasi &q) -> std::optional<Quasi> {
          auto down = floors->floor(q.times(-1), 1);
          return down ? std::optional(down->times(-1)) : std::nullopt;
        });
      })
      .Case([&](ModOp o) -> Cases {
        auto divisor = constant(number(o.getRhs()));
        if (!divisor || *divisor <= 0)
          return {};
        return each(o.getLhs(), [&](const Quasi &q) -> std::optional<Quasi> {
          auto quotient = q.scale == 1 ? floors->floor(q, *divisor) : std::nullopt;
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

const Parts &Reader::truth(Value value, bool holds) {
  auto [at, fresh] = truths.try_emplace({value.getAsOpaquePointer(), holds});
  if (fresh) {
    Parts parts = truthOf(value, holds);
    at->second = std::move(parts);
  }
  return at->second;
}

Parts Reader::truthOf(Value value, bool holds) {
  Operation *op = value.getDefiningOp();
  if (llvm::is_contained(given, value))
    return holds ? MaskAlgebra::all() : MaskAlgebra::none();
  if (!op)
    return MaskAlgebra::open();
  auto all = [&](Value a, Value b) {
    return holds ? both(truth(a), truth(b)) : either(truth(a, false), truth(b, false));
  };
  if (typeOf(value).getHoles()) { // a hole counts as false
    auto where = dyn_cast<WhereOp>(op);
    return where ? all(where.getOperand(), where.getCondition()) : MaskAlgebra::open();
  }
  auto choose = [&](Value condition, Value then, Value otherwise) {
    return either(both(truth(condition), truth(then, holds)),
                  both(truth(condition, false), truth(otherwise, holds)));
  };
  return llvm::TypeSwitch<Operation *, Parts>(op)
      .Case([&](MaterializeOp o) { return truth(o.getOperand(), holds); })
      .Case([&](ConstantOp o) {
        return o.getValue().isZero() == holds ? MaskAlgebra::none() : MaskAlgebra::all();
      })
      .Case([&](AndOp o) { return all(o.getLhs(), o.getRhs()); })
      .Case([&](OrOp o) {
        return holds ? either(truth(o.getLhs()), truth(o.getRhs()))
                     : both(truth(o.getLhs(), false), truth(o.getRhs(), false));
      })
      .Case([&](NotOp o) { return truth(o.getOperand(), !holds); })
      .Case([&](SelectOp o) { return choose(o.getCondition(), o.getThen(), o.getOtherwise()); })
      .Case([&](ElseOp o) -> Parts {
        auto where = o.getOperand().getDefiningOp<WhereOp>();
        if (!where || typeOf(where.getOperand()).getHoles())
          return MaskAlgebra::open();
        return choose(where.getCondition(), where.getOperand(), o.getOtherwise());
      })
      .Case<EqOp, NeOp>([&](auto o) {
        if (!o.getLhs().getType().getElement().isInteger(1))
          return comparison(op, holds);
        bool same = isa<EqOp>(op) == holds;
        return either(both(truth(o.getLhs()), truth(o.getRhs(), same)),
                      both(truth(o.getLhs(), false), truth(o.getRhs(), !same)));
      })
      .Case<LeOp, LtOp, GeOp, GtOp>([&](auto) { return comparison(op, holds); })
      .Default([&](Operation *) { return MaskAlgebra::open(); });
}

Parts Reader::comparison(Operation *op, bool holds) {
  Value left = op->getOperand(0), right = op->getOperand(1);
  if (typeOf(left).getElement().isInteger(1))
    return MaskAlgebra::open();
  Cases a = number(left), b = number(right);
  if (a.empty() || b.empty())
    return MaskAlgebra::open();
  Parts result;
  // The alternatives of which one holds, for d = b - a: each a list of numbers to be at least 0. In
  // whole numbers of 1 / scale, d > 0 is d - 1 >= 0.
  auto alternatives = [&](const Quasi &d) -> SmallVector<SmallVector<Quasi, 2>, 2> {
    auto less = [](Quasi d) {
      d.constant -= 1;
      return d;
    };
    const Quasi minus = d.times(-1);
    if (isa<EqOp, NeOp>(op)) {
      if (isa<EqOp>(op) == holds)
        return {{d, minus}};
      return {{less(d)}, {less(minus)}};
    }
    if (isa<LeOp>(op))
      return {{holds ? d : less(minus)}};
    if (isa<LtOp>(op))
      return {{holds ? less(d) : minus}};
    if (isa<GeOp>(op))
      return {{holds ? minus : less(d)}};
    return {{holds ? less(minus) : d}};
  };
  for (const Case &x : a)
    for (const Case &y : b)
      for (ArrayRef<Quasi> rows : alternatives(difference(y.value, x.value))) {
        Parts one = MaskAlgebra::all();
        auto add = [&](ArrayRef<Quasi> more) {
          for (const Quasi &row : more)
            if (!one.empty() && !one.front().add(row))
              one.clear();
        };
        add(x.guards);
        add(y.guards);
        add(rows);
        result = either(result, one);
      }
  return result;
}

Parts Reader::mask(Value score) {
  if (!typeOf(score).getHoles())
    return MaskAlgebra::all();
  Operation *op = score.getDefiningOp();
  if (auto where = dyn_cast_or_null<WhereOp>(op))
    return both(mask(where.getOperand()), truth(where.getCondition()));
  if (auto select = dyn_cast_or_null<SelectOp>(op))
    return either(both(truth(select.getCondition()), mask(select.getThen())),
                  both(truth(select.getCondition(), false), mask(select.getOtherwise())));
  if (auto otherwise = dyn_cast_or_null<ElseOp>(op))
    return either(mask(otherwise.getOperand()), mask(otherwise.getOtherwise()));
  if (!op || !op->hasTrait<tril::OpTrait::Elementwise>())
    return MaskAlgebra::open();
  Parts all = MaskAlgebra::all();
  for (Value operand : op->getOperands())
    all = both(all, mask(operand));
  return all;
}

/// Where it depends on heads or layers: may hold where it does for one of `places`, and is known to
/// where it is for all.
static Mask overPlaces(StringRef past, ArrayRef<Value> given, ArrayRef<StaticPlace> places,
                       llvm::function_ref<Parts(Reader &)> read) {
  Reader reader(past, given);
  Parts some = MaskAlgebra::none(), each = MaskAlgebra::all();
  for (const StaticPlace &place : places) {
    reader.lookAt(place);
    Parts here = read(reader), known;
    for (MaskPart &part : here) {
      if (part.known)
        known.push_back(part);
      part.known = false;
    }
    some = reader.either(some, here);
    each = reader.both(each, known);
  }
  return reader.finish(reader.either(each, some));
}

static Mask forAllPlaces(StringRef past, ArrayRef<Value> given,
                         llvm::function_ref<Parts(Reader &)> read) {
  Reader once(past, given);
  Parts parts = read(once);
  std::vector<StaticPlace> places = once.places();
  return places.empty() ? once.finish(std::move(parts)) : overPlaces(past, given, places, read);
}

Mask tril::truthOf(Value predicate, StringRef past) {
  return forAllPlaces(past, {}, [&](Reader &reader) { return reader.truth(predicate); });
}
Mask tril::maskOf(Value score, StringRef past, ArrayRef<Value> given) {
  return forAllPlaces(past, given, [&](Reader &reader) { return reader.mask(score); });
}

PlacedMasks tril::masksOf(Value score, StringRef past, ArrayRef<AxisAttr> axes,
                          ArrayRef<Value> given) {
  auto read = [&](Reader &reader) { return reader.mask(score); };
  Reader once(past, given);
  Parts parts = read(once);
  std::vector<StaticPlace> places = once.places();
  PlacedMasks result;
  int64_t along = 1;
  for (AxisAttr axis : axes)
    along *= axis.getSize();
  if (places.empty() || along > kMostPlaces) {
    result.masks.push_back(places.empty() ? once.finish(std::move(parts))
                                          : overPlaces(past, given, places, read));
    result.which.assign(along, 0);
    return result;
  }
  std::map<std::vector<size_t>, int> known; // sets of places
  for (int64_t flat = 0; flat < along; ++flat) {
    std::vector<size_t> set;
    std::vector<StaticPlace> here;
    for (auto [i, place] : llvm::enumerate(places)) {
      bool within = true;
      int64_t rest = flat;
      for (AxisAttr axis : llvm::reverse(axes)) {
        for (auto [name, at] : place.along)
          within &= name != axis.getName() || at == rest % axis.getSize();
        rest /= axis.getSize();
      }
      if (!within)
        continue;
      set.push_back(i);
      here.push_back(place);
    }
    auto [entry, fresh] = known.try_emplace(set, static_cast<int>(result.masks.size()));
    if (fresh)
      result.masks.push_back(overPlaces(past, given, here, read));
    result.which.push_back(entry->second);
  }
  return result;
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

std::optional<Keep> tril::keptBy(const Mask &mask) {
  Keep keep;
  const Quasi distance = difference(Quasi::ofTime(), Quasi::ofPast());
  for (const MaskPart &part : mask.parts) {
    PartBounds bounds(*mask.floors, part.rows);
    Extreme farthest = bounds.most(distance);
    if (farthest.none)
      continue;
    if (farthest.value) {
      keep.window = std::max(keep.window, *farthest.value);
      continue;
    }
    Extreme last = bounds.most(Quasi::ofPast());
    if (!last.value)
      return std::nullopt;
    keep.pinned = std::max(keep.pinned, 1 + *last.value);
  }
  return keep;
}
