//===- Lowering.cpp - bodies to functions
//---------------------------------------------------------------------===//
#include "Conversion/Lowering.h"
#include "Conversion/Weights.h"
#include "runtime/Abi.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

// A record: weights, fixed state, state a position, layer, state a position of each ring, then the
// places of arguments and results in their regions of the arena.
static constexpr int kRecordKind = 0, kRecordWeights = 1, kRecordFixed = 2, kRecordPosition = 3,
                     kRecordLayer = 4, kRecordRings = 5,
                     kRecordValues = kRecordRings + tril_max_rings;

Value tril::combineLanes(Code &code, Value vector,
                         llvm::function_ref<Value(Value, Value)> combine) {
  int64_t width = cast<VectorType>(vector.getType()).getNumElements();
  while (width > 1) {
    width /= 2;
    SmallVector<int64_t> low(width), high(width);
    for (int64_t i = 0; i < width; ++i) {
      low[i] = i;
      high[i] = width + i;
    }
    Value a = vector::ShuffleOp::create(code.builder, code.loc, vector, vector, low);
    Value b = vector::ShuffleOp::create(code.builder, code.loc, vector, vector, high);
    vector = combine(a, b);
  }
  return vector::ExtractOp::create(code.builder, code.loc, vector, ArrayRef<int64_t>{0});
}

//===-------------------------------------------------------------------------------------------===//
// Loops
//===-------------------------------------------------------------------------------------------===//

void BodyLowering::along(AxisAttr axis, Point point, bool vectors, Rows rows,
                         llvm::function_ref<void(const Point &)> inner) {
  Code &c = code();
  StringAttr name = evaluator->name(axis.getName());
  auto run = [&](Value begin, Value end, int64_t width) {
    if (auto first = constantOf(begin), last = constantOf(end);
        first && last && *last - *first == width) {
      evaluator->width = std::max(width, fixedLanes); // a single turn
      point[name] = {begin, width > 1, Value()};
      inner(point);
      evaluator->width = fixedLanes;
      return;
    }
    c.loop(begin, end, width, [&](Value i) {
      Evaluator::Scope scope(*evaluator);
      evaluator->width = std::max(width, fixedLanes);
      point[name] = {i, width > 1, Value()};
      inner(point);
      evaluator->width = fixedLanes;
    });
  };
  if (fixed)
    if (auto at = fixed->find(name); at != fixed->end()) {
      point[name] = at->second;
      return inner(point);
    }
  if (axis.getName() == "time")
    return run(rows.begin, rows.end, 1);
  vectors &= fixedLanes == 1;
  if (!axis.isDynamic()) {
    int64_t size = axis.getSize();
    int64_t width = !vectors ? 1 : size >= 16 ? 16 : size == 8 || size == 4 || size == 2 ? size : 1;
    int64_t whole = size / width * width;
    run(c.c64(0), c.c64(whole), width);
    if (whole != size)
      run(c.c64(whole), c.c64(size), 1);
    return;
  }
  Value end = evaluator->extent(axis);
  if (!vectors)
    return run(c.c64(0), end, 1);
  Value whole = c.mul(c.divu(end, 16), 16);
  run(c.c64(0), whole, 16);
  run(whole, end, 1);
}

void BodyLowering::nest(ArrayRef<AxisAttr> axes, const Point &point, bool vectors, Rows rows,
                        llvm::function_ref<void(const Point &)> inner) {
  if (axes.empty())
    return inner(point);
  if (axes.size() == 1)
    return along(axes[0], point, vectors, rows, inner);
  along(axes[0], point, /*vectors=*/false, rows,
        [&](const Point &p) { nest(axes.drop_front(), p, vectors, rows, inner); });
}

BodyLowering::Rows BodyLowering::rowsOf(bool tail) {
  Code &c = code();
  Value begin = tail ? frame.outputBegin : c.c64(0);
  Value count = c.sub(frame.rows, begin);
  auto border = [&](Value thread) {
    Value share = arith::DivUIOp::create(c.builder, c.loc, c.mul(count, thread), frame.threads);
    return c.add(begin, share);
  };
  return {border(frame.thread), border(c.add(frame.thread, 1))};
}

void BodyLowering::shared(NamedTensorType type, bool tail,
                          llvm::function_ref<void(Rows, const Point &)> work) {
  Evaluator::Scope scope(*evaluator);
  if (fixed)
    return work(Rows(), *fixed);
  if (type.hasAxis("time"))
    return work(rowsOf(tail), Point());
  code().when(code().compare(arith::CmpIPredicate::eq, frame.thread, code().c64(0)),
              [&] { work(Rows(), Point()); });
}

//===-------------------------------------------------------------------------------------------===//
// Barriers
//===-------------------------------------------------------------------------------------------===//

void BodyLowering::barrier() {
  Code &c = code();
  Value function = c.load(c.ptr(), c.at(frame.context, contextOffset("barrier")), 8);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()), {c.ptr()});
  LLVM::CallOp::create(c.builder, c.loc, type, ValueRange{function, frame.context});
  written.clear();
  read.clear();
}

BodyLowering::Share BodyLowering::shareOf(Operation *op) {
  if (auto stored = dyn_cast<MaterializeOp>(op)) {
    Operation *kernel = stored.getOperand().getDefiningOp();
    if (isa_and_nonnull<MatmulOp, GroupedMatmulOp, AttentionOp>(kernel))
      return Share::own;
    if (isa_and_nonnull<GroupOp>(kernel))
      return Share::first;
    return typeOf(stored.getResult()).hasAxis("time") ? Share::rows : Share::first;
  }
  auto extend = dyn_cast<ExtendOp>(op);
  return extend && extend.getSequence() == "time" ? Share::rows : Share::first;
}

/// The stored values that code for `op` loads, through everything that is computed in place.
void BodyLowering::reads(Operation *op, SmallVectorImpl<Value> &values) {
  llvm::DenseSet<Value> seen;
  std::function<void(Value)> visit = [&](Value value) {
    if (!seen.insert(value).second)
      return;
    Operation *def = value.getDefiningOp();
    if (!def) {
      if (cast<BlockArgument>(value).getOwner()->getParentOp() == body)
        values.push_back(value);
      return;
    }
    if (isa<MaterializeOp, CallOp, RecOp, ExtendOp>(def)) {
      values.push_back(value);
      return;
    }
    for (Value operand : def->getOperands())
      visit(operand);
    for (Region &region : def->getRegions())
      region.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          visit(operand);
      });
  };
  for (Value operand : op->getOperands())
    visit(operand);
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        visit(operand);
    });
}

/// Whether two stored values may share bytes.
bool BodyLowering::overlap(Value a, Value b) {
  auto place = [&](Value value) -> std::optional<std::tuple<unsigned, int64_t, int64_t>> {
    if (auto rec = value.getDefiningOp<RecOp>()) // its values lie where its equations were stored
      value = rec.getBody().front().getTerminator()->getOperand(
          cast<OpResult>(value).getResultNumber());
    auto extend = value.getDefiningOp<ExtendOp>();
    if (extend && !extend.getTransient())
      return std::nullopt;
    auto stored = value.getDefiningOp<MaterializeOp>();
    auto call = value.getDefiningOp<CallOp>();
    if (!call && !extend &&
        (!stored || stored.getReturnIndex() || stored.getOutputIndex() || stored.getKept()))
      return std::nullopt;
    unsigned region = 0;
    for (AxisAttr axis : typeOf(value).getAxes())
      if (axis.isDynamic() && !(stored && stored.getOneRow()))
        region |= axis.getName() == "time" ? 1 : 2;
    int64_t bytes = typeOf(value).staticElements() * (extend ? extend.getStoredBytes() : 4);
    int64_t offset = extend ? static_cast<int64_t>(extend.getPositionOffset())
                     : call ? call->getAttrOfType<DenseI64ArrayAttr>(
                                  "offsets")[cast<OpResult>(value).getResultNumber()]
                            : static_cast<int64_t>(stored.getOffset());
    return std::tuple(region, offset, bytes);
  };
  auto pa = place(a), pb = place(b);
  if (!pa || !pb)
    return a == b;
  auto [ra, oa, na] = *pa;
  auto [rb, ob, nb] = *pb;
  return ra == rb && oa < ob + nb && ob < oa + na;
}

/// A barrier stands before a task that reads what another thread may have written since the last
/// one, or writes where another may still read.  Threads that share rows in the same way read only
/// what they wrote themselves.
void BodyLowering::synchronise(Operation *op, ArrayRef<Value> writes, Share share, bool tail) {
  SmallVector<Value> sources;
  reads(op, sources);
  bool needed = false;
  for (Value source : sources)
    for (const Access &access : written)
      if (access.value == source && !(access.share == Share::rows && share == Share::rows &&
                                      access.tail == tail && !source.getDefiningOp<ExtendOp>()))
        needed = true;
  for (Value target : writes)
    for (auto *list : {&written, &read})
      for (const Access &access : *list)
        needed |= overlap(access.value, target);
  if (needed)
    barrier();
  for (Value source : sources)
    read.push_back({source, share, tail});
  for (Value target : writes)
    written.push_back({target, share, tail});
}

//===-------------------------------------------------------------------------------------------===//
// Bodies
//===-------------------------------------------------------------------------------------------===//

void BodyLowering::loadFrame(Code &c, Frame &frame) {
  auto field = [&](StringRef name) {
    return c.load(c.i64(), c.at(frame.context, contextOffset(name)), 8);
  };
  auto pointer = [&](StringRef name, int64_t more = 0) {
    return c.load(c.ptr(), c.at(frame.context, contextOffset(name) + more), 8);
  };
  auto narrow = [&](StringRef name) -> Value {
    return arith::ExtSIOp::create(c.builder, c.loc, c.i64(),
                                  c.load(c.i32(), c.at(frame.context, contextOffset(name))));
  };
  frame.rows = field("rows");
  frame.position = field("position");
  frame.capacity = field("capacity");
  frame.maxRows = field("maxRows");
  frame.outputBegin = field("outputBegin");
  frame.thread = narrow("thread");
  frame.threads = narrow("threads");
  frame.scale[0] = c.c64(1);
  frame.scale[1] = frame.maxRows;
  frame.scale[2] = frame.capacity;
  for (int i = 3; i < tril_regions; ++i)
    frame.scale[i] = c.mul(frame.scale[i - 2], frame.capacity);
  for (int i = 0; i < tril_regions; ++i)
    frame.arena[i] = pointer("arena", 8 * i);
  frame.weights = pointer("weights");
  frame.state = pointer("state");
  frame.layer = c.c64(0);
  frame.argumentField = kRecordValues;
  if (body.getSymName() == "main")
    return;
  auto record = [&](int index) { return c.load(c.i64(), c.at(frame.record, index * 8), 8); };
  frame.weights = c.at(frame.weights, record(kRecordWeights));
  frame.state = c.at(frame.state,
                     c.add(record(kRecordFixed), c.mul(record(kRecordPosition), frame.capacity)));
  frame.layer = record(kRecordLayer);
  frame.ringField = kRecordRings;
}

void BodyLowering::lower(func::FuncOp function) {
  OpBuilder builder(module.getContext());
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  frame.context = entry->getArgument(0);
  bool main = body.getSymName() == "main";
  if (!main)
    frame.record = entry->getArgument(1);
  evaluator = std::make_unique<Evaluator>(builder, frame, module, machine);
  Code &c = code();
  c.loc = body.getLoc();
  loadFrame(c, frame);
  SmallVector<CallOp> run;
  for (Operation &op : body.getBody().front()) {
    if (auto call = dyn_cast<CallOp>(op)) {
      run.push_back(call);
      continue;
    }
    // Calls that follow each other become one loop over their records; what is computed in place
    // does not part them.
    if (!run.empty() && isa<MaterializeOp, ExtendOp, RecOp, ReturnOp>(op)) {
      calls(run);
      run.clear();
    }
    task(op);
  }
  if (!main)
    barrier();
  func::ReturnOp::create(builder, c.loc);
}

void BodyLowering::task(Operation &op) {
  code().loc = op.getLoc();
  llvm::TypeSwitch<Operation *>(&op)
      .Case([&](MaterializeOp o) {
        if (!fixed)
          synchronise(o.getOperand().getDefiningOp() &&
                              isa<MatmulOp, GroupedMatmulOp, GroupOp, AttentionOp, ReduceOp,
                                  ContractOp, PrepareOp, TopOp>(o.getOperand().getDefiningOp())
                          ? o.getOperand().getDefiningOp()
                          : &op,
                      {o.getResult()}, shareOf(&op), o.getTail());
        Operation *source = o.getOperand().getDefiningOp();
        if (auto matmulOp = dyn_cast_or_null<MatmulOp>(source))
          matmul(o, matmulOp);
        else if (auto groupedOp = dyn_cast_or_null<GroupedMatmulOp>(source))
          groupedMatmul(o, groupedOp);
        else if (auto groupOp = dyn_cast_or_null<GroupOp>(source))
          group(o, groupOp);
        else if (auto prepareOp = dyn_cast_or_null<PrepareOp>(source))
          prepare(o, prepareOp);
        else if (auto attentionOp = dyn_cast_or_null<AttentionOp>(source))
          attention(o, attentionOp);
        else if (auto reduceOp = dyn_cast_or_null<ReduceOp>(source))
          reduce(o, {reduceOp.getOperand()}, reduceOp.getKind(), reduceOp.getAxes());
        else if (auto contract = dyn_cast_or_null<ContractOp>(source))
          reduce(o, llvm::to_vector(contract.getFactors()), ReduceKind::sum, contract.getAxes());
        else if (auto topOp = dyn_cast_or_null<TopOp>(source))
          top(o, topOp, o.getOperand() == topOp.getValue());
        else
          pointwise(o);
      })
      .Case([&](ExtendOp o) {
        synchronise(&op, {o.getResult()}, shareOf(&op), /*tail=*/false);
        extend(o);
      })
      .Case([&](RecOp o) {
        SmallVector<Value> targets(o.getValues());
        o.walk([&](MaterializeOp stored) { targets.push_back(stored.getResult()); });
        synchronise(&op, targets, Share::own, /*tail=*/false);
        recurrence(o);
      });
}

void BodyLowering::calls(ArrayRef<CallOp> run) {
  Code &c = code();
  barrier();
  // The kinds of layer in this run, and a record for each call.
  SmallVector<StringRef> kinds;
  int64_t fields = kRecordValues;
  for (CallOp call : run) {
    if (!llvm::is_contained(kinds, call.getCallee()))
      kinds.push_back(call.getCallee());
    fields =
        std::max<int64_t>(fields, kRecordValues + call.getNumOperands() + call.getNumResults());
  }
  auto placeOf = [&](Value value) -> int64_t {
    if (auto rec = value.getDefiningOp<RecOp>())
      value = rec.getBody().front().getTerminator()->getOperand(
          cast<OpResult>(value).getResultNumber());
    if (auto stored = value.getDefiningOp<MaterializeOp>())
      return stored.getOffset();
    auto call = value.getDefiningOp<CallOp>();
    return call->getAttrOfType<DenseI64ArrayAttr>(
        "offsets")[cast<OpResult>(value).getResultNumber()];
  };
  SmallVector<int64_t> table;
  for (CallOp call : run) {
    SmallVector<int64_t> record(fields, 0);
    record[kRecordKind] = std::distance(kinds.begin(), llvm::find(kinds, call.getCallee()));
    if (auto weights = call->getAttrOfType<IntegerAttr>("weights"))
      record[kRecordWeights] = weights.getInt();
    auto state = call->getAttrOfType<DenseI64ArrayAttr>("state");
    record[kRecordFixed] = state[0];
    record[kRecordPosition] = state[1];
    for (auto [i, ring] : llvm::enumerate(state.asArrayRef().drop_front(2)))
      record[kRecordRings + i] = ring;
    record[kRecordLayer] = call.getLayer();
    int64_t at = kRecordValues;
    for (Value argument : call.getArguments())
      record[at++] = placeOf(argument);
    for (Value result : call.getValues())
      record[at++] = placeOf(result);
    llvm::append_range(table, record);
  }
  Value records = evaluator->globalIntegers("calls", table);
  c.loop(c.c64(0), c.c64(run.size()), 1, [&](Value i) {
    Value record = c.at(records, c.mul(i, fields * 8));
    Value kind = c.load(c.i64(), record, 8);
    for (auto [k, callee] : llvm::enumerate(kinds)) {
      auto call = [&, name = callee] {
        func::CallOp::create(c.builder, c.loc, ("body." + name).str(), TypeRange(),
                             ValueRange{frame.context, record});
      };
      if (kinds.size() == 1)
        call();
      else
        c.when(c.compare(arith::CmpIPredicate::eq, kind, c.c64(k)), call);
    }
  });
}
