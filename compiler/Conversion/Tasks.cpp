//===- Tasks.cpp - stored values as loops
//--------------------------------------------------------------------===//
#include "Conversion/Lowering.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

void BodyLowering::pointwise(MaterializeOp op) {
  NamedTensorType type = typeOf(op.getResult());
  shared(type, op.getTail(), [&](Rows rows, const Point &point) {
    Memory memory = evaluator->memoryOf(op.getResult());
    nest(type.getAxes(), point, /*vectors=*/true, rows, [&](const Point &p) {
      Evaluated value = evaluator->at(op.getOperand(), p);
      if (op.getKept())
        keepEarlier(op, p);
      evaluator->storeTo(memory, p, value);
    });
  });
}

/// The new rows go behind those that are there; of another sequence than time all come at once.
void BodyLowering::extend(ExtendOp op) {
  NamedTensorType type = typeOf(op.getOperand());
  SmallVector<AxisAttr> order = {type.axis(op.getSequence())};
  bool time = op.getSequence() == "time";
  for (AxisAttr axis : typeOf(op.getResult()).getAxes().drop_front())
    order.push_back(axis);
  shared(type, /*tail=*/false, [&](Rows rows, const Point &point) {
    Memory memory = evaluator->memoryOf(op.getResult());
    nest(order, point, /*vectors=*/true, rows, [&](const Point &p) {
      Point target = p;
      Value row = p.lookup(evaluator->name(op.getSequence())).scalar;
      target[evaluator->name(op.getPast())] = {time ? code().add(row, frame.position) : row, false,
                                               Value()};
      evaluator->storeTo(memory, target, evaluator->at(op.getOperand(), p));
    });
  });
}

namespace {

/// What a reduction carries: `data`, and `some` (whether anything was there) or a count, where its
/// kind needs it.
struct Reduction {
  Code &code;
  Evaluator &evaluator;
  ReduceKind kind;
  Type element; // of the operand
  bool holes;

  bool real() const { return element.isF32(); }
  bool keepsCount() const { return kind == ReduceKind::mean && holes; }
  bool keepsSome() const { return (kind == ReduceKind::max || kind == ReduceKind::min) && holes; }

  Value neutral() {
    switch (kind) {
    case ReduceKind::any:
      return code.cb(false);
    case ReduceKind::all:
      return code.cb(true);
    case ReduceKind::count:
      return code.c32(0);
    case ReduceKind::max:
      return real() ? code.cf(-std::numeric_limits<float>::infinity()) : code.c32(INT32_MIN);
    case ReduceKind::min:
      return real() ? code.cf(std::numeric_limits<float>::infinity()) : code.c32(INT32_MAX);
    default:
      return real() ? code.cf(0) : code.c32(0);
    }
  }
  SmallVector<Value> initial(int64_t width) {
    SmallVector<Value> state = {code.broadcast(neutral(), width)};
    if (keepsCount())
      state.push_back(code.broadcast(code.cf(0), width));
    if (keepsSome())
      state.push_back(code.broadcast(code.cb(false), width));
    return state;
  }
  Value combine(Value a, Value b) {
    OpBuilder &builder = code.builder;
    switch (kind) {
    case ReduceKind::any:
      return arith::OrIOp::create(builder, code.loc, a, b);
    case ReduceKind::all:
      return arith::AndIOp::create(builder, code.loc, a, b);
    case ReduceKind::max:
      return real() ? arith::MaximumFOp::create(builder, code.loc, a, b).getResult()
                    : arith::MaxSIOp::create(builder, code.loc, a, b).getResult();
    case ReduceKind::min:
      return real() ? arith::MinimumFOp::create(builder, code.loc, a, b).getResult()
                    : arith::MinSIOp::create(builder, code.loc, a, b).getResult();
    default:
      return getElementTypeOrSelf(a.getType()).isF32()
                 ? arith::AddFOp::create(builder, code.loc, a, b).getResult()
                 : arith::AddIOp::create(builder, code.loc, a, b).getResult();
    }
  }
  SmallVector<Value> step(ValueRange state, Evaluated x, int64_t width) {
    OpBuilder &builder = code.builder;
    x.data = code.broadcast(x.data, width);
    if (x.valid)
      x.valid = code.broadcast(x.valid, width);
    auto as = [&](Type type) { return width > 1 ? code.vec(type, width) : type; };
    Value value = x.data;
    if (kind == ReduceKind::count)
      value = arith::ExtUIOp::create(builder, code.loc, as(code.i32()), value);
    if (x.valid)
      value = code.select(x.valid, value, code.broadcast(neutral(), width));
    SmallVector<Value> next = {combine(state[0], value)};
    Value there = x.valid ? x.valid : code.broadcast(code.cb(true), width);
    if (keepsCount())
      next.push_back(
          arith::AddFOp::create(builder, code.loc, state[1],
                                arith::UIToFPOp::create(builder, code.loc, as(code.f32()), there)));
    if (keepsSome())
      next.push_back(arith::OrIOp::create(builder, code.loc, state[1], there));
    return next;
  }
  SmallVector<Value> lanes(ValueRange state) { // of vectors to numbers
    SmallVector<Value> result = {
        combineLanes(code, state[0], [&](Value a, Value b) { return combine(a, b); })};
    if (keepsCount())
      result.push_back(combineLanes(code, state[1], [&](Value a, Value b) {
        return arith::AddFOp::create(code.builder, code.loc, a, b).getResult();
      }));
    if (keepsSome())
      result.push_back(combineLanes(code, state[1], [&](Value a, Value b) {
        return arith::OrIOp::create(code.builder, code.loc, a, b).getResult();
      }));
    return result;
  }
  SmallVector<Value> merge(ValueRange a, ValueRange b) {
    SmallVector<Value> result = {combine(a[0], b[0])};
    if (keepsCount())
      result.push_back(arith::AddFOp::create(code.builder, code.loc, a[1], b[1]));
    if (keepsSome())
      result.push_back(arith::OrIOp::create(code.builder, code.loc, a[1], b[1]));
    return result;
  }
};

} // namespace

void BodyLowering::reduce(MaterializeOp op, ArrayRef<Value> factors, ReduceKind kind,
                          ArrayAttr axes) {
  NamedTensorType type = typeOf(op.getResult());
  SmallVector<NamedTensorType> types;
  bool holes = false;
  for (Value factor : factors) {
    types.push_back(typeOf(factor));
    holes |= types.back().getHoles();
  }
  auto isReduced = [&](AxisAttr axis) {
    return llvm::is_contained(axes.getAsValueRange<StringAttr>(), axis.getName());
  };
  SmallVector<AxisAttr> reduced;
  AxisAttr fastest;
  for (AxisAttr axis : unionAxes(types)) {
    if (isReduced(axis)) {
      reduced.push_back(axis);
      holes |= !axis.isDynamic() && axis.getSize() == 0; // of nothing there is no largest, no mean
    }
    if (!axis.isDynamic() || !fastest)
      fastest = axis;
  }
  // Dynamic axes outside; lanes along the fastest axis, be it a reduced one or one of the result.
  SmallVector<AxisAttr> ordered;
  for (bool dynamic : {true, false})
    for (AxisAttr axis : reduced)
      if (axis.isDynamic() == dynamic)
        ordered.push_back(axis);
  reduced = ordered;
  bool product = factors.size() > 1;
  bool lanesReduced = isReduced(fastest) && reduced.back() == fastest && fixedLanes == 1;

  Code &c = code();
  Reduction reduction{c, *evaluator, kind, types[0].getElement(), holes && !product};
  auto value = [&](const Point &p) -> Evaluated {
    if (!product)
      return evaluator->at(factors[0], p);
    Value result;
    for (Value factor : factors) {
      Value x = evaluator->filled(factor, p, c.cf(0));
      if (result && isa<VectorType>(result.getType()) != isa<VectorType>(x.getType())) {
        result = c.broadcast(result, evaluator->width);
        x = c.broadcast(x, evaluator->width);
      }
      result = result ? arith::MulFOp::create(c.builder, c.loc, result, x).getResult() : x;
    }
    return {result, Value()};
  };

  shared(type, op.getTail(), [&](Rows rows, const Point &outer) {
    Memory memory = evaluator->memoryOf(op.getResult());
    nest(type.getAxes(), outer, /*vectors=*/!lanesReduced, rows, [&](const Point &p) {
      int64_t outWidth = evaluator->width;
      // Loops over the reduced axes, carrying the state; the last one in lanes.
      std::function<SmallVector<Value>(unsigned, const Point &, ArrayRef<Value>, int64_t, bool)>
          run = [&](unsigned depth, const Point &point, ArrayRef<Value> state, int64_t width,
                    bool rest) -> SmallVector<Value> {
        if (depth == reduced.size()) {
          evaluator->width = std::max(width, outWidth);
          auto next = reduction.step(state, value(point), evaluator->width);
          return next;
        }
        AxisAttr axis = reduced[depth];
        bool last = depth + 1 == reduced.size();
        Value begin = c.c64(0), end = axis.getName() == "time" && !axis.isDynamic()
                                          ? c.c64(axis.getSize())
                                          : evaluator->extent(axis);
        int64_t step = last ? width : 1;
        if (last && lanesReduced) {
          Value whole = c.mul(c.divu(end, 16), 16);
          (rest ? begin : end) = whole;
        }
        auto results = c.loop(begin, end, step, state, [&](Value i, ValueRange carried) {
          Evaluator::Scope scope(*evaluator);
          Point inner = point;
          inner[evaluator->name(axis.getName())] = {i, last && width > 1, Value()};
          auto next = run(depth + 1, inner, SmallVector<Value>(carried), width, rest);
          evaluator->width = outWidth;
          return next;
        });
        return SmallVector<Value>(results);
      };
      SmallVector<Value> state;
      if (lanesReduced) {
        auto size = fastest.isDynamic() ? std::nullopt : std::optional(fastest.getSize());
        if (!size || *size >= 16)
          state = reduction.lanes(run(0, p, reduction.initial(16), 16, /*rest=*/false));
        if (!size || *size % 16) {
          auto tail = run(0, p, reduction.initial(1), 1, /*rest=*/true);
          state = state.empty() ? tail : reduction.merge(state, tail);
        }
        if (state.empty()) // an axis without positions
          state = reduction.initial(1);
      } else {
        state = run(0, p, reduction.initial(outWidth), 1, /*rest=*/false);
      }
      evaluator->width = outWidth;
      Evaluated result = {state[0], Value()};
      if (kind == ReduceKind::mean) {
        Value count;
        if (reduction.keepsCount())
          count = state[1];
        else {
          Value n = c.c64(1);
          for (AxisAttr axis : reduced)
            n = c.mul(n, evaluator->extent(axis));
          count = c.broadcast(arith::SIToFPOp::create(c.builder, c.loc, c.f32(), n), outWidth);
        }
        if (!reduction.real())
          result.data = arith::SIToFPOp::create(
              c.builder, c.loc, outWidth > 1 ? c.vec(c.f32(), outWidth) : c.f32(), result.data);
        if (reduction.keepsCount()) {
          Value zero = c.broadcast(c.cf(0), outWidth);
          result.valid =
              arith::CmpFOp::create(c.builder, c.loc, arith::CmpFPredicate::OGT, count, zero);
        }
        result.data = arith::DivFOp::create(c.builder, c.loc, result.data, count);
      }
      if (reduction.keepsSome())
        result.valid = state[1];
      evaluator->storeTo(memory, p, result);
    });
  });
}

/// The k-th largest is the largest among those that come after the one before: smaller, or as large
/// and further on.  Needs no scratch memory.
void BodyLowering::top(MaterializeOp op, TopOp topOp, bool wantsValue) {
  NamedTensorType type = typeOf(op.getResult()), operand = topOp.getOperand().getType();
  AxisAttr axis = operand.axis(topOp.getAxis());
  SmallVector<AxisAttr> outer;
  for (AxisAttr a : type.getAxes())
    if (a.getName() != topOp.getInto())
      outer.push_back(a);
  AxisAttr into = type.axis(topOp.getInto());
  Code &c = code();
  bool real = operand.getElement().isF32();
  shared(type, op.getTail(), [&](Rows rows, const Point &point) {
    Memory memory = evaluator->memoryOf(op.getResult());
    nest(outer, point, /*vectors=*/false, rows, [&](const Point &p) {
      Value low = real ? c.cf(-std::numeric_limits<float>::infinity()) : c.c32(INT32_MIN);
      Value high = real ? c.cf(std::numeric_limits<float>::infinity()) : c.c32(INT32_MAX);
      auto greater = [&](Value a, Value b) -> Value {
        return real ? arith::CmpFOp::create(c.builder, c.loc, arith::CmpFPredicate::OGT, a, b)
                          .getResult()
                    : c.compare(arith::CmpIPredicate::sgt, a, b);
      };
      auto equal = [&](Value a, Value b) -> Value {
        return real ? arith::CmpFOp::create(c.builder, c.loc, arith::CmpFPredicate::OEQ, a, b)
                          .getResult()
                    : c.compare(arith::CmpIPredicate::eq, a, b);
      };
      SmallVector<Value> before = {high, c.c64(-1)};
      c.loop(c.c64(0), c.c64(into.getSize()), 1, before,
             [&](Value k, ValueRange last) -> SmallVector<Value> {
               Evaluator::Scope scope(*evaluator);
               SmallVector<Value> none = {low, c.c64(-1)};
               auto best = c.loop(
                   c.c64(0), evaluator->extent(axis), 1, none,
                   [&](Value i, ValueRange found) -> SmallVector<Value> {
                     Evaluator::Scope innerScope(*evaluator);
                     Point inner = p;
                     inner[evaluator->name(axis.getName())] = {i, false, Value()};
                     Evaluated x = evaluator->at(topOp.getOperand(), inner);
                     auto both = [&](Value a, Value b) -> Value {
                       return arith::AndIOp::create(c.builder, c.loc, a, b);
                     };
                     auto either = [&](Value a, Value b) -> Value {
                       return arith::OrIOp::create(c.builder, c.loc, a, b);
                     };
                     Value later = either(greater(last[0], x.data),
                                          both(equal(last[0], x.data),
                                               c.compare(arith::CmpIPredicate::sgt, i, last[1])));
                     Value first = c.compare(arith::CmpIPredicate::slt, last[1], c.c64(0));
                     first = both(first, c.compare(arith::CmpIPredicate::eq, k, c.c64(0)));
                     Value nothing = c.compare(arith::CmpIPredicate::slt, found[1], c.c64(0));
                     Value better =
                         both(either(later, first), either(greater(x.data, found[0]), nothing));
                     if (x.valid)
                       better = both(better, x.valid);
                     return {c.select(better, x.data, found[0]), c.select(better, i, found[1])};
                   });
               Point target = p;
               target[evaluator->name(topOp.getInto())] = {k, false, Value()};
               Value valid = typeOf(op.getResult()).getHoles()
                                 ? c.compare(arith::CmpIPredicate::sge, best[1], c.c64(0))
                                 : Value();
               Value data = wantsValue
                                ? best[0]
                                : arith::TruncIOp::create(c.builder, c.loc, c.i32(),
                                                          // -1 after a NaN: still a place inside
                                                          c.max(best[1], c.c64(0)))
                                      .getResult();
               evaluator->storeTo(memory, target, {data, valid});
               // Where nothing was left, nothing will be: keep the last one so that nothing comes
               // after it.
               Value any = c.compare(arith::CmpIPredicate::sge, best[1], c.c64(0));
               return {c.select(any, best[0], low), c.select(any, best[1], c.c64(INT64_MAX))};
             });
    });
  });
}
