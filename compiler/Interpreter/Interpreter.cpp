//===- Interpreter.cpp - bodies, layers, recurrences
//---------------------------------------------===//
#include "Interpreter/Interpreter.h"
#include "Interpreter/Frame.h"

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

template <typename T> const Registry<T> &interpreter::registry() {
  static const Registry<T> all = [] {
    Registry<T> registry;
    addSources(registry);
    addElementwise(registry);
    addReductions(registry);
    addContractions(registry);
    addReading(registry);
    addRearranging(registry);
    addStructure(registry);
    return registry;
  }();
  return all;
}

//===-------------------------------------------------------------------------------------------===//
// Frames
//===-------------------------------------------------------------------------------------------===//

template <typename T> int64_t Frame<T>::extent(AxisAttr axis) const {
  if (!axis.isDynamic())
    return axis.getSize();
  if (recurrence && axis.getName() == this->axis)
    return 1;
  return outer ? outer->extent(axis) : context.extents.lookup(axis.getRootName());
}

template <typename T> Array<T> Frame<T>::make(NamedTensorType type) {
  Array<T> array;
  array.type = type;
  for (AxisAttr axis : type.getAxes())
    array.extents.push_back(extent(axis));
  array.allocate();
  return array;
}

template <typename T> Array<T> Frame<T>::slice(const Array<T> &from, unsigned along) const {
  Array<T> result;
  result.type = from.type;
  result.extents = from.extents;
  result.extents[along] = 1;
  result.allocate();
  if (!from.valid.empty())
    result.allowHoles();
  int64_t start = from.strides()[along] * position;
  walk<1>(result.extents, {from.strides()}, [&](int64_t n, std::array<int64_t, 1> at) {
    if (from.isReal())
      result.reals[n] = from.reals[start + at[0]];
    else
      result.wholes[n] = from.wholes[start + at[0]];
    if (!from.valid.empty())
      result.valid[n] = from.valid[start + at[0]];
  });
  return result;
}

template <typename T> Shared<T> Frame<T>::get(Value value) {
  if (auto found = values.find(value); found != values.end())
    return found->second;
  assert(outer && "a value is computed before it is used");
  Shared<T> whole = outer->get(value);
  auto along = whole->type.indexOf(axis);
  if (!along)
    return whole;
  return values[value] = std::make_shared<const Array<T>>(slice(*whole, *along));
}

template <typename T> Shared<T> Frame<T>::getAlong(Value value, ArrayRef<StringRef> axes) {
  bool own = value.getParentRegion()->getParentOp() == recurrence;
  if (recurrence && !own && llvm::is_contained(axes, axis))
    return outer->get(value);
  return get(value);
}

template <typename T> LogicalResult Frame<T>::run(Block &block) {
  // The last user in this block of each value of this block.
  llvm::DenseMap<Operation *, SmallVector<Value>> last;
  auto findLast = [&](Value value) {
    Operation *latest = nullptr;
    for (Operation *user : value.getUsers()) {
      Operation *here = block.findAncestorOpInBlock(*user);
      if (here && (!latest || latest->isBeforeInBlock(here)))
        latest = here;
    }
    if (latest)
      last[latest].push_back(value);
  };
  for (Operation &op : block)
    for (Value result : op.getResults())
      findLast(result);
  for (Operation &op : block.without_terminator()) {
    auto handler = registry<T>().find(op.getName().getStringRef());
    if (handler == registry<T>().end())
      return op.emitError() << "the interpreter gives `" << op.getName() << "` no meaning";
    if (failed(handler->second(&op, *this)))
      return failure();
    for (Value value : last[&op])
      values.erase(value);
    for (Value result : op.getResults())
      if (result.use_empty())
        values.erase(result);
  }
  return success();
}

template <typename T>
Array<T> interpreter::spread(Frame<T> &frame, const Array<T> &value, NamedTensorType type) {
  Array<T> result = frame.make(type.withElement(value.type.getElement()));
  if (!value.valid.empty())
    result.allowHoles();
  walk<1>(result.extents, {value.stridesAlong(type.getAxes())},
          [&](int64_t n, std::array<int64_t, 1> at) {
            if (value.isReal())
              result.reals[n] = value.reals[at[0]];
            else
              result.wholes[n] = value.wholes[at[0]];
            if (!value.valid.empty())
              result.valid[n] = value.valid[at[0]];
          });
  return result;
}

//===-------------------------------------------------------------------------------------------===//
// Structure
//===-------------------------------------------------------------------------------------------===//

template <typename T> static LogicalResult call(Operation *op, Frame<T> &frame) {
  auto call = cast<CallOp>(op);
  auto body = SymbolTable::lookupNearestSymbolFrom<BodyOp>(call, call.getCalleeAttr());
  Block &block = body.getBody().front();
  Frame<T> inner(frame.context, call.getLayer());
  for (auto [argument, value] : llvm::zip(block.getArguments(), call.getArguments()))
    inner.set(argument, frame.get(value));
  if (failed(inner.run(block)))
    return failure();
  for (auto [result, value] : llvm::zip(call.getValues(), block.getTerminator()->getOperands()))
    frame.set(result, inner.get(value));
  return success();
}

static double shown(double value) { return value; }
static double shown(Symbolic value) { return static_cast<double>(value.history >> 11); }

template <typename T> static LogicalResult output(Operation *op, Frame<T> &frame) {
  auto output = cast<OutputOp>(op);
  Shared<T> value = frame.get(output.getValue());
  OutputArray &array = frame.context.evaluation.outputs[output.getName().str()];
  array = {};
  for (StringRef axis : strings(output.getAxes()))
    array.axes.push_back(axis.str());
  array.extents.assign(value->extents.begin(), value->extents.end());
  array.values.resize(value->size());
  for (int64_t n = 0; n < value->size(); ++n)
    array.values[n] = !value->isValid(n) ? 0.0
                      : value->isReal()  ? shown(value->reals[n])
                                         : double(value->wholes[n]);
  return success();
}

// One position after the other; the region sees values along the axis at that position alone.
template <typename T> static LogicalResult recurrence(Operation *op, Frame<T> &frame) {
  auto rec = cast<RecOp>(op);
  std::vector<std::vector<Shared<T>>> history(rec.getNumResults());
  std::vector<Array<T>> results;
  for (Value value : rec.getValues()) {
    results.push_back(frame.make(value));
    if (results.back().type.getHoles())
      results.back().allowHoles();
  }
  Block &block = rec.getBody().front();
  int64_t positions = 0;
  for (Array<T> &result : results)
    positions = result.extents[*result.type.indexOf(rec.getAxis())];
  for (int64_t t = 0; t < positions; ++t) {
    Frame<T> inner(frame, rec, rec.getAxis());
    inner.position = t;
    inner.history = &history;
    if (failed(inner.run(block)))
      return failure();
    for (auto [k, value] : llvm::enumerate(block.getTerminator()->getOperands())) {
      Shared<T> now = inner.get(value);
      Array<T> &whole = results[k];
      int64_t start = whole.strides()[*whole.type.indexOf(rec.getAxis())] * t;
      walk<1>(now->extents, {whole.strides()}, [&](int64_t n, std::array<int64_t, 1> at) {
        if (whole.isReal())
          whole.reals[start + at[0]] = now->reals[n];
        else
          whole.wholes[start + at[0]] = now->wholes[n];
        if (!whole.valid.empty()) // a value of a type without holes may carry what says so
          whole.valid[start + at[0]] = now->valid.empty() || now->valid[n];
      });
      history[k].push_back(std::move(now));
    }
  }
  for (auto [value, array] : llvm::zip(rec.getValues(), results))
    frame.set(value, std::move(array));
  return success();
}

template <typename T> static LogicalResult earlier(Operation *op, Frame<T> &frame) {
  auto earlier = cast<EarlierOp>(op);
  int64_t at = frame.position - static_cast<int64_t>(earlier.getLag());
  if (at >= 0) {
    frame.set(earlier.getResult(), spread(frame, *(*frame.history)[earlier.getEquation()][at],
                                          earlier.getResult().getType()));
    return success();
  }
  Array<T> holes = frame.make(earlier.getResult());
  holes.valid.assign(holes.size(), 0);
  frame.set(earlier.getResult(), std::move(holes));
  return success();
}

template <typename T> void interpreter::addStructure(Registry<T> &registry) {
  registry["tril.call"] = call<T>;
  registry["tril.output"] = output<T>;
  registry["tril.rec"] = recurrence<T>;
  registry["tril.earlier"] = earlier<T>;
}

//===-------------------------------------------------------------------------------------------===//
// Entries
//===-------------------------------------------------------------------------------------------===//

static LogicalResult findExtents(BodyOp main, Context &context) {
  llvm::StringMap<StringRef> decidedBy;
  bool ok = true;
  main.walk([&](InputOp input) {
    auto given = context.inputs->find(input.getName().str());
    if (given == context.inputs->end()) {
      input.emitError() << "input `" << input.getName() << "` is not given";
      ok = false;
      return;
    }
    const InputArray &array = given->second;
    auto axes = input.getResult().getType().getAxes();
    int64_t size = 1;
    for (int64_t extent : array.extents)
      size *= extent;
    if (array.extents.size() != axes.size() || size != static_cast<int64_t>(array.values.size())) {
      input.emitError() << "input `" << input.getName() << "` has " << axes.size()
                        << " axes and is given " << array.extents.size() << " with "
                        << array.values.size() << " values";
      ok = false;
      return;
    }
    for (auto [axis, extent] : llvm::zip(axes, array.extents)) {
      int64_t want = axis.getSize();
      if (axis.isDynamic()) {
        auto [at, fresh] = context.extents.try_emplace(axis.getRootName(), extent);
        want = at->second;
        if (fresh)
          decidedBy[axis.getRootName()] = input.getName();
      }
      if (want != extent) {
        auto error = input.emitError() << "input `" << input.getName() << "` has " << extent
                                       << " positions along `" << axis.getName() << "`, ";
        if (axis.isDynamic())
          error << "input `" << decidedBy[axis.getRootName()] << "` has " << want;
        else
          error << "the axis has " << want;
        ok = false;
      }
    }
    for (int32_t value : array.values)
      if (value < 0 || value >= static_cast<int64_t>(input.getLimit())) {
        input.emitError() << "input `" << input.getName() << "` is given " << value
                          << ", which is not in 0.." << input.getLimit() - 1;
        ok = false;
        return;
      }
  });
  // A text that reads no token has as many positions as there are.
  if (context.inputs->size() == 1 && context.inputs->begin()->second.extents.size() == 1)
    context.extents.try_emplace("time", context.inputs->begin()->second.extents[0]);
  return success(ok);
}

template <typename T> static FailureOr<Evaluation> evaluateIn(BodyOp main, Context &context) {
  Frame<T> frame(context, 0);
  if (failed(frame.run(main.getBody().front())))
    return failure();
  return std::move(context.evaluation);
}

FailureOr<Evaluation> interpreter::evaluate(ModelOp model,
                                            const std::map<std::string, InputArray> &inputs,
                                            const ParamSource &params, const Options &options) {
  auto main = model.lookupSymbol<BodyOp>("main");
  if (!main)
    return model.emitError() << "the model has no body `@main`";
  Context context;
  context.inputs = &inputs;
  context.params = &params;
  context.options = options;
  if (failed(findExtents(main, context)))
    return failure();
  switch (options.precision) {
  case Precision::f32:
    return evaluateIn<float>(main, context);
  case Precision::f64:
    return evaluateIn<double>(main, context);
  case Precision::symbolic:
    return evaluateIn<Symbolic>(main, context);
  }
  llvm_unreachable("a precision");
}

struct StaticEvaluator::State {
  Context context;
  Frame<double> frame{context, 0};
  int64_t limit;
};

StaticEvaluator::StaticEvaluator(int64_t limit) : state(std::make_unique<State>()) {
  state->limit = limit;
}
StaticEvaluator::~StaticEvaluator() = default;

bool StaticEvaluator::run(Operation *op) {
  if (isa<ParamOp, InputOp, ExtentOp, LayerConstantOp>(op) || op->getNumRegions() || !isPure(op) ||
      op->hasTrait<mlir::OpTrait::IsTerminator>())
    return false;
  auto handler = registry<double>().find(op->getName().getStringRef());
  if (handler == registry<double>().end() || op->getNumResults() == 0)
    return false;
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<NamedTensorType>(type);
    if (!tensor || llvm::any_of(tensor.getAxes(), [](AxisAttr axis) { return axis.isDynamic(); }) ||
        tensor.staticElements() > state->limit)
      return false;
  }
  if (!llvm::all_of(op->getOperands(), [&](Value operand) { return known(operand); }))
    return false;
  return succeeded(handler->second(op, state->frame));
}

bool StaticEvaluator::known(Value value) const { return state->frame.has(value); }

std::optional<std::vector<double>> StaticEvaluator::elements(Value value) const {
  Shared<double> array = state->frame.get(value);
  if (!llvm::all_of(array->valid, [](uint8_t valid) { return valid; }))
    return std::nullopt;
  if (array->isReal())
    return array->reals;
  return std::vector<double>(array->wholes.begin(), array->wholes.end());
}

template class interpreter::Frame<float>;
template class interpreter::Frame<double>;
template class interpreter::Frame<Symbolic>;
template const Registry<float> &interpreter::registry<float>();
template const Registry<double> &interpreter::registry<double>();
template const Registry<Symbolic> &interpreter::registry<Symbolic>();
template Array<float> interpreter::spread(Frame<float> &, const Array<float> &, NamedTensorType);
template Array<double> interpreter::spread(Frame<double> &, const Array<double> &, NamedTensorType);
template Array<Symbolic> interpreter::spread(Frame<Symbolic> &, const Array<Symbolic> &,
                                             NamedTensorType);
