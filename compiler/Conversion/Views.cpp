//===- Views.cpp - values at points: reading at positions, rearranging, earlier positions
//-----------------===//
// None of these moves data: they say at which point of which operand the value is.
#include "Conversion/Evaluate.h"
#include "Conversion/Weights.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

/// The coordinate that a whole-number expression is.  Positions, constants and their sums stay
/// symbolic, so that consecutive lanes stay consecutive and a constant stays one.
Coordinate Evaluator::coordinateOf(Value index, const Point &point, Value &valid) {
  Operation *op = index.getDefiningOp();
  OpBuilder &b = code.builder;
  if (given.find(index) == given.end() && op) {
    if (auto constant = dyn_cast<ConstantOp>(op))
      return {code.c64(static_cast<int64_t>(constant.getValue().convertToDouble())), false,
              Value()};
    if (isa<PositionOp>(op)) {
      AxisAttr axis = typeOf(index).getAxes()[0];
      Coordinate c = point.lookup(name(axis.getName()));
      return axis.getName() == "time" ? plus(c, {frame.position, false, Value()}) : c;
    }
    if (auto add = dyn_cast<AddOp>(op))
      return plus(coordinateOf(add.getLhs(), point, valid),
                  coordinateOf(add.getRhs(), point, valid));
    if (auto sub = dyn_cast<SubOp>(op)) {
      Coordinate right = coordinateOf(sub.getRhs(), point, valid);
      if (right.isUniform()) {
        Coordinate left = coordinateOf(sub.getLhs(), point, valid);
        return plus(left, {code.sub(code.c64(0), right.scalar), false, Value()});
      }
    }
  }
  Evaluated e = at(index, point);
  valid = both(valid, e.valid);
  if (isa<VectorType>(e.data.getType()))
    return {Value(), false,
            arith::ExtSIOp::create(b, code.loc, code.vec(code.i64(), width), e.data)};
  return {arith::ExtSIOp::create(b, code.loc, code.i64(), e.data), false, Value()};
}

Evaluated Evaluator::index(IndexOp op, const Point &point) {
  Point inner;
  NamedTensorType type = typeOf(op.getOperand());
  for (AxisAttr axis : type.getAxes())
    if (auto found = point.find(name(axis.getName())); found != point.end())
      inner[found->first] = found->second;
  Value valid;
  OpBuilder &b = code.builder;
  bool holes = op.getResult().getType().getHoles();
  for (auto [axisName, index] :
       llvm::zip(op.getAxes().getAsValueRange<StringAttr>(), op.getIndices())) {
    AxisAttr axis = type.axis(axisName);
    Coordinate c = coordinateOf(index, point, valid);
    auto constant = c.isUniform() ? constantOf(c.scalar) : std::nullopt;
    bool inside = constant && !axis.isDynamic() && *constant >= 0 && *constant < axis.getSize();
    if (holes && !inside) {
      // Outside is a hole; what is loaded there comes from the nearest place inside.
      Value end = extent(axis);
      auto check = [&](Value position, Value zero, Value size, Value last) {
        Value in = arith::AndIOp::create(b, code.loc,
                                         code.compare(arith::CmpIPredicate::sge, position, zero),
                                         code.compare(arith::CmpIPredicate::slt, position, size));
        valid = both(valid, in);
        return code.max(code.min(position, last), zero);
      };
      if (c.isUniform())
        c.scalar = check(c.scalar, code.c64(0), end, code.sub(end, code.c64(1)));
      else
        c = {Value(), false,
             check(toLanes(c), code.broadcast(code.c64(0), width), code.broadcast(end, width),
                   code.broadcast(code.sub(end, code.c64(1)), width))};
    }
    inner[name(axisName)] = c;
  }
  Evaluated result = at(op.getOperand(), inner);
  result.valid = both(result.valid, valid);
  return result;
}

Evaluated Evaluator::split(SplitOp op, const Point &point) {
  Point inner = point;
  Coordinate total = {code.c64(op.getOffset()), false, Value()};
  for (auto [part, stride] :
       llvm::zip(op.getParts().getAsValueRange<StringAttr>(), op.getStrides())) {
    total = plus(total, times(point.lookup(name(part)), stride));
    inner.erase(name(part));
  }
  inner[name(op.getAxis())] = total;
  return at(op.getOperand(), inner);
}

Evaluated Evaluator::merge(MergeOp op, const Point &point) {
  Point inner = point;
  Coordinate c = point.lookup(name(op.getAxis()));
  inner.erase(name(op.getAxis()));
  NamedTensorType type = typeOf(op.getOperand());
  int64_t below = 1;
  bool last = true;
  OpBuilder &b = code.builder;
  for (Attribute part : llvm::reverse(op.getParts())) {
    StringAttr partName = cast<StringAttr>(part);
    int64_t size = type.axis(partName).getSize();
    Coordinate digit;
    bool whole =
        c.lane && c.aligned &&
        type.axis(cast<StringAttr>(op.getParts()[op.getParts().size() - 1])).getSize() % width == 0;
    if (c.isUniform() || whole)
      digit = {code.remu(code.divu(c.scalar, below), size), whole && last, Value()};
    else {
      Value lanes = toLanes(c);
      Value divided = below == 1 ? lanes
                                 : arith::DivUIOp::create(b, code.loc, lanes,
                                                          code.broadcast(code.c64(below), width))
                                       .getResult();
      digit = {Value(), false,
               arith::RemUIOp::create(b, code.loc, divided, code.broadcast(code.c64(size), width))};
    }
    inner[partName] = digit;
    below *= size;
    last = false;
  }
  return at(op.getOperand(), inner);
}

/// The one of `choices` that `chosen` (a predicate for each but the last) selects.
static Evaluated pick(Evaluator &e, ArrayRef<Value> chosen, SmallVector<Evaluated> choices,
                      bool holes) {
  Code &code = e.code;
  bool vector = false;
  for (Value predicate : chosen)
    vector |= isa<VectorType>(predicate.getType());
  for (Evaluated &choice : choices)
    vector |= isa<VectorType>(choice.data.getType()) ||
              (choice.valid && isa<VectorType>(choice.valid.getType()));
  Evaluated result;
  for (int64_t i = choices.size() - 1; i >= 0; --i) {
    Evaluated choice = choices[i];
    if (holes && !choice.valid)
      choice.valid = code.cb(true);
    if (vector)
      choice = e.spread(choice);
    if (!result.data) {
      result = choice;
      continue;
    }
    result.data = code.select(chosen[i], choice.data, result.data);
    if (holes)
      result.valid = code.select(chosen[i], choice.valid, result.valid);
  }
  return result;
}

Evaluated Evaluator::stack(StackOp op, const Point &point) {
  Point inner = point;
  Coordinate c = point.lookup(name(op.getAxis()));
  inner.erase(name(op.getAxis()));
  if (auto constant = c.isUniform() ? constantOf(c.scalar) : std::nullopt)
    return at(op.getOperands()[*constant], inner);
  SmallVector<Value> chosen;
  SmallVector<Evaluated> choices;
  for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
    choices.push_back(at(operand, inner));
    Value position = code.c64(i);
    chosen.push_back(c.isUniform() ? code.compare(arith::CmpIPredicate::eq, c.scalar, position)
                                   : code.compare(arith::CmpIPredicate::eq, toLanes(c),
                                                  code.broadcast(position, width)));
  }
  return pick(*this, chosen, choices, op.getResult().getType().getHoles());
}

Evaluated Evaluator::join(JoinOp op, const Point &point) {
  Coordinate c = point.lookup(name(op.getAxis()));
  SmallVector<Value> chosen;
  SmallVector<Evaluated> choices;
  int64_t start = 0;
  // Whole vectors lie in one part each where all parts are multiples of the width.
  bool whole = c.lane && c.aligned;
  for (auto [part, operand] :
       llvm::zip(op.getParts().getAsValueRange<StringAttr>(), op.getOperands()))
    whole &= typeOf(operand).axis(part).getSize() % width == 0;
  for (auto [part, operand] :
       llvm::zip(op.getParts().getAsValueRange<StringAttr>(), op.getOperands())) {
    int64_t size = typeOf(operand).axis(part).getSize();
    Point inner = point;
    inner.erase(name(op.getAxis()));
    if (c.isUniform() || whole) {
      Value local = code.sub(c.scalar, code.c64(start));
      int64_t last = whole ? size - width : size - 1;
      inner[name(part)] = {code.max(code.min(local, code.c64(last)), code.c64(0)), whole, Value()};
      chosen.push_back(code.compare(arith::CmpIPredicate::slt, c.scalar, code.c64(start + size)));
    } else {
      Value local = arith::SubIOp::create(code.builder, code.loc, toLanes(c),
                                          code.broadcast(code.c64(start), width));
      inner[name(part)] = {Value(), false,
                           code.max(code.min(local, code.broadcast(code.c64(size - 1), width)),
                                    code.broadcast(code.c64(0), width))};
      chosen.push_back(code.compare(arith::CmpIPredicate::slt, toLanes(c),
                                    code.broadcast(code.c64(start + size), width)));
    }
    choices.push_back(at(operand, inner));
    start += size;
  }
  return pick(*this, chosen, choices, op.getResult().getType().getHoles());
}

Evaluated Evaluator::earlier(EarlierOp op, const Point &point) {
  auto rec = op->getParentOfType<RecOp>();
  auto lag = static_cast<int64_t>(op.getLag());
  bool holes = typeOf(rec.getResult(op.getEquation())).getHoles();
  Evaluated result = loadFrom(keptBy(rec, op.getEquation(), lag), point, holes);
  Value position = code.add(frame.position, point.lookup(name("time")).scalar);
  result.valid =
      both(result.valid, code.compare(arith::CmpIPredicate::sge, position, code.c64(lag)));
  return result;
}

Evaluated Evaluator::param(ParamOp op, const Point &point) {
  WeightPlace place = weightPlace(op);
  Value base = code.at(frame.weights, place.offset);
  NamedTensorType type = typeOf(op);
  if (!place.packed)
    return loadFrom(dense(base, type.getAxes(), code.f32()), point, /*holes=*/false);
  // Element (output n, input k) of a packed weight, each flattened in the order of the param.
  auto flatten = [&](ArrayRef<std::string> axes) {
    Coordinate total = {code.c64(0), false, Value()};
    int64_t stride = 1;
    for (const std::string &axis : llvm::reverse(axes)) {
      total = plus(total, times(point.lookup(name(axis)), stride));
      stride *= type.axis(axis).getSize();
    }
    return total;
  };
  return {unpackAt(*this, place, base, flatten(place.outputs), flatten(place.inputs)), Value()};
}
