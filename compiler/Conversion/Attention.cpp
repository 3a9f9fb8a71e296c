//===- Attention.cpp - tril.attention to a generated kernel
//-----------------------------------------------------===//
// The kernel visits tiles of keys; this file says which, from the affine part of the mask, and
// gives it the code of the score and of the mask, which is the region of the operation evaluated
// for 16 keys at once.
#include "Conversion/Kernels/Attention.h"
#include "Conversion/Lowering.h"
#include "Conversion/Weights.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

namespace {

/// time * t + past * p + constant
struct Linear {
  int64_t time = 0, past = 0, constant = 0;
};

std::optional<Linear> linearOf(Value value, StringRef past) {
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast_or_null<ConstantOp>(op)) {
    double number = constant.getValue().convertToDouble();
    if (number != std::floor(number) || std::abs(number) > 1e15)
      return std::nullopt;
    return Linear{0, 0, static_cast<int64_t>(number)};
  }
  if (auto position = dyn_cast_or_null<PositionOp>(op)) {
    StringRef axis = typeOf(value).getAxes()[0].getName();
    if (axis == "time")
      return Linear{1, 0, 0};
    return axis == past ? std::optional(Linear{0, 1, 0}) : std::nullopt;
  }
  if (auto convert =
          dyn_cast_or_null<ConvertOp>(op)) // positions are below 2^24 where they meet real numbers
    return typeOf(convert.getOperand()).getElement().isInteger(32)
               ? linearOf(convert.getOperand(), past)
               : std::nullopt;
  bool plus = isa_and_nonnull<AddOp>(op);
  if (plus || isa_and_nonnull<SubOp>(op)) {
    auto a = linearOf(op->getOperand(0), past), b = linearOf(op->getOperand(1), past);
    int64_t sign = plus ? 1 : -1;
    if (a && b)
      return Linear{a->time + sign * b->time, a->past + sign * b->past,
                    a->constant + sign * b->constant};
  }
  return std::nullopt;
}

/// Bounds of the keys that a query sees: `least` and `most` are constants to add to the query's
/// position; what else the mask says is `rest`.
struct Bounds {
  std::optional<int64_t> least, most;       // past >= time + least, past <= time + most
  std::optional<int64_t> leastKey, mostKey; // past >= leastKey, past <= mostKey
  bool rest = false;

  void add(Value condition, StringRef past) {
    if (auto both = condition.getDefiningOp<AndOp>()) {
      add(both.getLhs(), past);
      add(both.getRhs(), past);
      return;
    }
    Operation *op = condition.getDefiningOp();
    if (!op || !isa<LeOp, LtOp, GeOp, GtOp>(op) || typeOf(condition).getHoles()) {
      rest = true;
      return;
    }
    auto a = linearOf(op->getOperand(0), past), b = linearOf(op->getOperand(1), past);
    if (!a || !b) {
      rest = true;
      return;
    }
    // difference = a - b, to be <= 0 (or < 0, or >= 0, > 0)
    Linear d{a->time - b->time, a->past - b->past, a->constant - b->constant};
    if (isa<GeOp, GtOp>(op))
      d = {-d.time, -d.past, -d.constant};
    if (isa<LtOp, GtOp>(op))
      d.constant += 1; // whole numbers: d < 0 is d + 1 <= 0
    auto tighten = [](std::optional<int64_t> &bound, int64_t value, bool upper) {
      bound = !bound ? value : upper ? std::min(*bound, value) : std::max(*bound, value);
    };
    if (d.past == 1 && d.time == -1)
      tighten(most, -d.constant, true);
    else if (d.past == -1 && d.time == 1)
      tighten(least, d.constant, false);
    else if (d.past == 1 && d.time == 0)
      tighten(mostKey, -d.constant, true);
    else if (d.past == -1 && d.time == 0)
      tighten(leastKey, d.constant, false);
    else
      rest = true;
  }

  /// Everything that decides whether `score` is a hole.
  void collect(Value score, StringRef past) {
    if (!typeOf(score).getHoles())
      return;
    Operation *op = score.getDefiningOp();
    if (auto where = dyn_cast_or_null<WhereOp>(op)) {
      add(where.getCondition(), past);
      collect(where.getOperand(), past);
    } else if (op && op->hasTrait<tril::OpTrait::Elementwise>()) {
      for (Value operand : op->getOperands())
        collect(operand, past);
    } else
      rest = true;
  }
};

} // namespace

void BodyLowering::attention(MaterializeOp op, AttentionOp attentionOp) {
  Code &c = code();
  StringRef past = attentionOp.getPast();
  auto product = [&](NamedTensorType type, ArrayAttr axes) {
    int64_t n = 1;
    for (StringRef axis : axes.getAsValueRange<StringAttr>())
      n *= type.axis(axis).getSize();
    return n;
  };
  NamedTensorType queryType = attentionOp.getQuery().getType();
  NamedTensorType resultType = attentionOp.getResult().getType();
  int64_t groups = product(queryType, attentionOp.getGroups());
  kernels::AttentionSpec spec;
  spec.name = ("attention." + body.getSymName() + "." + Twine(attentions++)).str();
  spec.keyWidth = product(queryType, attentionOp.getContracted());
  spec.valueWidth = product(resultType, attentionOp.getFeatures());
  spec.members = product(queryType, attentionOp.getMembers());
  spec.extra = "ppi"; // context, record, positions so far

  Value yielded = attentionOp.getScore().front().getTerminator()->getOperand(0);
  Bounds bounds;
  bounds.collect(yielded, past);

  // The region, evaluated for one query and 16 keys.
  auto evaluate = [&](kernels::Emitter &e, Value dots, const kernels::QueryRow &row,
                      Value keys) -> Evaluated {
    Frame inner;
    inner.context = row.extra[0];
    inner.record = row.extra[1];
    OpBuilder builder(e.builder);
    Evaluator at(builder, inner, module, machine);
    at.code.loc = e.loc;
    loadFrame(at.code, inner);
    at.width = 16;
    Point point;
    point[at.name("time")] = {at.code.sub(row.position, inner.position), false, Value()};
    point[at.name(past)] = {
        Value(), false,
        arith::ExtSIOp::create(builder, e.loc, at.code.vec(at.code.i64(), 16), keys)};
    auto flat = [&](ArrayAttr axes, Value index) {
      int64_t below = 1;
      for (Attribute axis : llvm::reverse(axes)) {
        int64_t size = queryType.axis(cast<StringAttr>(axis)).getSize();
        point[cast<StringAttr>(axis)] = {at.code.remu(at.code.divu(index, below), size), false,
                                         Value()};
        below *= size;
      }
    };
    flat(attentionOp.getGroups(), row.group);
    flat(attentionOp.getMembers(), row.member);
    at.given[attentionOp.getScore().front().getArgument(0)] = {dots, Value()};
    Evaluated result = at.at(yielded, point);
    e.builder.restoreInsertionPoint(builder.saveInsertionPoint());
    return result;
  };
  auto vectorOf = [](kernels::Emitter &e, Value value) -> Value {
    return isa<VectorType>(value.getType())
               ? value
               : vector::BroadcastOp::create(e.builder, e.loc,
                                             VectorType::get({16}, value.getType()), value)
                     .getResult();
  };
  spec.score = [&](kernels::Emitter &e, Value dots, const kernels::QueryRow &row, Value keys) {
    return vectorOf(e, evaluate(e, dots, row, keys).data);
  };
  if (typeOf(yielded).getHoles())
    spec.mask = [&](kernels::Emitter &e, const kernels::QueryRow &row, Value keys) {
      Value nothing = e.splat(0);
      Value valid = evaluate(e, nothing, row, keys).valid;
      return vectorOf(
          e, valid ? valid
                   : arith::ConstantOp::create(e.builder, e.loc, e.builder.getBoolAttr(true))
                         .getResult());
    };
  spec.range = [&](kernels::Emitter &e, Value first, Value last,
                   ArrayRef<Value> extra) -> kernels::KeyRange {
    Value zero = e.constant(0), all = extra[2];
    kernels::KeyRange range{zero, all, zero, all};
    auto upper = [&](Value some, Value every) {
      range.hi = e.min(range.hi, some);
      range.fullHi = e.min(range.fullHi, every);
    };
    auto lower = [&](Value some, Value every) {
      range.lo = e.max(range.lo, some);
      range.fullLo = e.max(range.fullLo, every);
    };
    if (bounds.most)
      upper(e.add(last, *bounds.most + 1), e.add(first, *bounds.most + 1));
    if (bounds.least)
      lower(e.add(first, *bounds.least), e.add(last, *bounds.least));
    if (bounds.mostKey)
      upper(e.constant(*bounds.mostKey + 1), e.constant(*bounds.mostKey + 1));
    if (bounds.leastKey)
      lower(e.constant(*bounds.leastKey), e.constant(*bounds.leastKey));
    range.hi = e.max(range.hi, range.lo);
    if (bounds.rest) // every tile asks the mask
      range.fullLo = range.fullHi = zero;
    return range;
  };

  Evaluator::Scope scope(*evaluator);
  func::FuncOp function = kernels::getOrCreateAttention(module, machine, spec);
  Value query = evaluator->memoryOf(attentionOp.getQuery()).base,
        result = evaluator->memoryOf(op.getResult()).base;
  Value keys = evaluator->memoryOf(attentionOp.getKey()).base,
        values = evaluator->memoryOf(attentionOp.getValue()).base;
  int64_t queryBytes = groups * spec.members * spec.keyWidth * 4,
          resultBytes = groups * spec.members * spec.valueWidth * 4;
  Value total = c.add(frame.position, frame.rows);
  Value record =
      frame.record ? frame.record : LLVM::ZeroOp::create(c.builder, c.loc, c.ptr()).getResult();
  auto call = [&](Value r0, Value r1, Value g0, Value g1) {
    func::CallOp::create(c.builder, c.loc, function,
                         ValueRange{query, c.c64(queryBytes), keys, values, result,
                                    c.c64(resultBytes), frame.capacity, frame.position, r0, r1, g0,
                                    g1, frame.context, record, total});
  };
  // Many rows: threads take pieces in turn, because later rows see more keys.  Few: they share the
  // groups.
  constexpr int64_t piece = 32;
  Value many = c.compare(arith::CmpIPredicate::sge, frame.rows, c.c64(piece));
  auto branch = scf::IfOp::create(c.builder, c.loc, many, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(c.builder);
    c.builder.setInsertionPointToStart(branch.thenBlock());
    Value step = c.mul(frame.threads, piece);
    auto loop = scf::ForOp::create(c.builder, c.loc, c.mul(frame.thread, piece), frame.rows, step);
    c.builder.setInsertionPointToStart(loop.getBody());
    call(loop.getInductionVar(), c.min(c.add(loop.getInductionVar(), piece), frame.rows), c.c64(0),
         c.c64(groups));
    c.builder.setInsertionPointToStart(branch.elseBlock());
    auto border = [&](Value thread) -> Value {
      return arith::DivUIOp::create(c.builder, c.loc, c.mul(thread, groups), frame.threads);
    };
    call(c.c64(0), frame.rows, border(frame.thread), border(c.add(frame.thread, 1)));
  }
}
