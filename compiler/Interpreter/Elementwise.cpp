//===- Elementwise.cpp - functions of each position
//-----------------------------------------------===//
#include "Interpreter/Frame.h"
#include "Interpreter/Scalar.h"

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

namespace {

using std::exp, std::log, std::sqrt, std::sin, std::cos, std::tanh, std::erf, std::abs, std::floor,
    std::ceil, std::pow;

template <typename T> struct Functions {
  llvm::StringMap<T (*)(T)> unary = {
      {"tril.neg", [](T x) { return -x; }},
      {"tril.exp", [](T x) { return exp(x); }},
      {"tril.log", [](T x) { return log(x); }},
      {"tril.sqrt", [](T x) { return sqrt(x); }},
      {"tril.sin", [](T x) { return sin(x); }},
      {"tril.cos", [](T x) { return cos(x); }},
      {"tril.tanh", [](T x) { return tanh(x); }},
      {"tril.erf", [](T x) { return erf(x); }},
      {"tril.abs", [](T x) { return abs(x); }},
      {"tril.floor", [](T x) { return floor(x); }},
      {"tril.ceil", [](T x) { return ceil(x); }},
      {"tril.round", [](T x) { return scalar::roundEven(x); }},
  };
  llvm::StringMap<int32_t (*)(int32_t)> wholeUnary = {
      {"tril.neg", [](int32_t x) { return scalar::wrap(-int64_t(x)); }},
      {"tril.not", [](int32_t x) { return int32_t(!x); }},
      {"tril.abs", [](int32_t x) { return scalar::wrap(std::abs(int64_t(x))); }},
      {"tril.floor", [](int32_t x) { return x; }},
      {"tril.ceil", [](int32_t x) { return x; }},
      {"tril.round", [](int32_t x) { return x; }},
  };
  llvm::StringMap<T (*)(T, T)> binary = {
      {"tril.add", [](T x, T y) { return x + y; }},
      {"tril.sub", [](T x, T y) { return x - y; }},
      {"tril.mul", [](T x, T y) { return x * y; }},
      {"tril.div", [](T x, T y) { return x / y; }},
      {"tril.mod", [](T x, T y) { return scalar::modulo(x, y); }},
      {"tril.pow", [](T x, T y) { return pow(x, y); }},
      {"tril.max", [](T x, T y) { return larger(x, y); }},
      {"tril.min", [](T x, T y) { return smaller(x, y); }},
  };
  llvm::StringMap<int32_t (*)(int32_t, int32_t)> wholeBinary = {
      {"tril.add", [](int32_t x, int32_t y) { return scalar::wrap(int64_t(x) + y); }},
      {"tril.sub", [](int32_t x, int32_t y) { return scalar::wrap(int64_t(x) - y); }},
      {"tril.mul", [](int32_t x, int32_t y) { return scalar::wrap(int64_t(x) * y); }},
      {"tril.mod", [](int32_t x, int32_t y) { return scalar::modulo(x, y); }},
      {"tril.max", [](int32_t x, int32_t y) { return x > y ? x : y; }},
      {"tril.min", [](int32_t x, int32_t y) { return x < y ? x : y; }},
      {"tril.and", [](int32_t x, int32_t y) { return int32_t(x && y); }},
      {"tril.or", [](int32_t x, int32_t y) { return int32_t(x || y); }},
  };
  template <typename U> static llvm::StringMap<int32_t (*)(U, U)> makeComparisons() {
    return {
        {"tril.lt", [](U x, U y) { return int32_t(x < y); }},
        {"tril.le", [](U x, U y) { return int32_t(x <= y); }},
        {"tril.gt", [](U x, U y) { return int32_t(x > y); }},
        {"tril.ge", [](U x, U y) { return int32_t(x >= y); }},
        {"tril.eq", [](U x, U y) { return int32_t(x == y); }},
        {"tril.ne", [](U x, U y) { return int32_t(x != y); }},
    };
  }
  llvm::StringMap<int32_t (*)(T, T)> comparisons = makeComparisons<T>();
  llvm::StringMap<int32_t (*)(int32_t, int32_t)> wholeComparisons = makeComparisons<int32_t>();

  static const Functions &get() {
    static const Functions functions;
    return functions;
  }
};

} // namespace

template <typename T, typename From, typename To>
static Array<T> mapUnary(Frame<T> &frame, Value to, const Array<T> &x, To (*f)(From)) {
  Array<T> result = frame.make(to);
  if (!x.valid.empty())
    result.allowHoles();
  walk<1>(result.extents, {x.stridesAlong(result.type.getAxes())},
          [&](int64_t n, std::array<int64_t, 1> at) {
            if (x.isValid(at[0]))
              result.template elements<To>()[n] = f(x.template elements<From>()[at[0]]);
            else
              result.valid[n] = 0;
          });
  return result;
}

template <typename T, typename From, typename To>
static Array<T> mapBinary(Frame<T> &frame, Value to, const Array<T> &x, const Array<T> &y,
                          To (*f)(From, From)) {
  Array<T> result = frame.make(to);
  if (!x.valid.empty() || !y.valid.empty())
    result.allowHoles();
  ArrayRef<AxisAttr> axes = result.type.getAxes();
  const std::vector<From> &xs = x.template elements<From>(), &ys = y.template elements<From>();
  std::vector<To> &results = result.template elements<To>();
  walk<2>(result.extents, {x.stridesAlong(axes), y.stridesAlong(axes)},
          [&](int64_t n, std::array<int64_t, 2> at) {
            if (x.isValid(at[0]) && y.isValid(at[1]))
              results[n] = f(xs[at[0]], ys[at[1]]);
            else
              result.valid[n] = 0;
          });
  return result;
}

template <typename T> static LogicalResult unary(Operation *op, Frame<T> &frame) {
  const auto &functions = Functions<T>::get();
  StringRef name = op->getName().getStringRef();
  Value to = op->getResult(0);
  Shared<T> x = frame.get(op->getOperand(0));
  if (x->isReal() && functions.unary.contains(name))
    frame.set(to, mapUnary(frame, to, *x, functions.unary.lookup(name)));
  else if (!x->isReal() && functions.wholeUnary.contains(name))
    frame.set(to, mapUnary(frame, to, *x, functions.wholeUnary.lookup(name)));
  else
    return op->emitError() << "has no meaning for elements " << x->type.getElement();
  return success();
}

template <typename T> static LogicalResult binary(Operation *op, Frame<T> &frame) {
  const auto &functions = Functions<T>::get();
  StringRef name = op->getName().getStringRef();
  Value to = op->getResult(0);
  Shared<T> x = frame.get(op->getOperand(0)), y = frame.get(op->getOperand(1));
  if (x->isReal() && functions.binary.contains(name))
    frame.set(to, mapBinary(frame, to, *x, *y, functions.binary.lookup(name)));
  else if (x->isReal() && functions.comparisons.contains(name))
    frame.set(to, mapBinary(frame, to, *x, *y, functions.comparisons.lookup(name)));
  else if (!x->isReal() && functions.wholeBinary.contains(name))
    frame.set(to, mapBinary(frame, to, *x, *y, functions.wholeBinary.lookup(name)));
  else if (!x->isReal() && functions.wholeComparisons.contains(name))
    frame.set(to, mapBinary(frame, to, *x, *y, functions.wholeComparisons.lookup(name)));
  else
    return op->emitError() << "has no meaning for elements " << x->type.getElement();
  return success();
}

template <typename T> static LogicalResult convert(Operation *op, Frame<T> &frame) {
  Value to = op->getResult(0);
  auto type = cast<NamedTensorType>(to.getType());
  Shared<T> x = frame.get(op->getOperand(0));
  bool toReal = isa<FloatType>(type.getElement());
  if (x->isReal() && toReal)
    frame.set(to, mapUnary<T, T, T>(frame, to, *x, [](T value) { return value; }));
  else if (x->isReal() && type.getElement().isInteger(1))
    frame.set(to,
              mapUnary<T, T, int32_t>(frame, to, *x, [](T value) { return int32_t(value != 0); }));
  else if (x->isReal())
    frame.set(to, mapUnary<T, T, int32_t>(frame, to, *x,
                                          [](T value) { return scalar::truncate(value); }));
  else if (toReal)
    frame.set(to, mapUnary<T, int32_t, T>(frame, to, *x,
                                          [](int32_t value) { return static_cast<T>(value); }));
  else if (type.getElement().isInteger(1))
    frame.set(to, mapUnary<T, int32_t, int32_t>(frame, to, *x,
                                                [](int32_t value) { return int32_t(value != 0); }));
  else
    frame.set(to,
              mapUnary<T, int32_t, int32_t>(frame, to, *x, [](int32_t value) { return value; }));
  return success();
}

/// Copies element `from` of `x` to element `n` of `result`, a hole as a hole.
template <typename T>
static void copy(Array<T> &result, int64_t n, const Array<T> &x, int64_t from) {
  if (!x.isValid(from)) {
    result.valid[n] = 0;
    return;
  }
  if (x.isReal())
    result.reals[n] = x.reals[from];
  else
    result.wholes[n] = x.wholes[from];
}

template <typename T> static LogicalResult select(Operation *op, Frame<T> &frame) {
  auto select = cast<SelectOp>(op);
  Shared<T> condition = frame.get(select.getCondition()), then = frame.get(select.getThen()),
            otherwise = frame.get(select.getOtherwise());
  Array<T> result = frame.make(select.getResult());
  if (!then->valid.empty() || !otherwise->valid.empty())
    result.allowHoles();
  auto axes = result.type.getAxes();
  walk<3>(result.extents,
          {condition->stridesAlong(axes), then->stridesAlong(axes), otherwise->stridesAlong(axes)},
          [&](int64_t n, std::array<int64_t, 3> at) {
            if (condition->isValid(at[0]) && condition->wholes[at[0]])
              copy(result, n, *then, at[1]);
            else
              copy(result, n, *otherwise, at[2]);
          });
  frame.set(select.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult where(Operation *op, Frame<T> &frame) {
  auto where = cast<WhereOp>(op);
  Shared<T> x = frame.get(where.getOperand()), condition = frame.get(where.getCondition());
  Array<T> result = frame.make(where.getResult());
  result.allowHoles();
  auto axes = result.type.getAxes();
  walk<2>(result.extents, {x->stridesAlong(axes), condition->stridesAlong(axes)},
          [&](int64_t n, std::array<int64_t, 2> at) {
            if (condition->isValid(at[1]) && condition->wholes[at[1]])
              copy(result, n, *x, at[0]);
            else
              result.valid[n] = 0;
          });
  frame.set(where.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult otherwise(Operation *op, Frame<T> &frame) {
  auto otherwise = cast<ElseOp>(op);
  Shared<T> x = frame.get(otherwise.getOperand()), y = frame.get(otherwise.getOtherwise());
  Array<T> result = frame.make(otherwise.getResult());
  if (!x->valid.empty() && !y->valid.empty())
    result.allowHoles();
  auto axes = result.type.getAxes();
  walk<2>(result.extents, {x->stridesAlong(axes), y->stridesAlong(axes)},
          [&](int64_t n, std::array<int64_t, 2> at) {
            if (x->isValid(at[0]))
              copy(result, n, *x, at[0]);
            else
              copy(result, n, *y, at[1]);
          });
  frame.set(otherwise.getResult(), std::move(result));
  return success();
}

std::optional<double> scalar::evaluate(StringRef name, bool whole, ArrayRef<double> operands) {
  const auto &functions = Functions<double>::get();
  auto apply = [&](const auto &table, auto... x) -> std::optional<double> {
    auto found = table.find(name);
    return found == table.end() ? std::nullopt : std::optional<double>(found->second(x...));
  };
  if (operands.size() == 1)
    return whole ? apply(functions.wholeUnary, static_cast<int32_t>(operands[0]))
                 : apply(functions.unary, operands[0]);
  if (operands.size() != 2)
    return std::nullopt;
  if (whole) {
    int32_t x = static_cast<int32_t>(operands[0]), y = static_cast<int32_t>(operands[1]);
    auto result = apply(functions.wholeBinary, x, y);
    return result ? result : apply(functions.wholeComparisons, x, y);
  }
  auto result = apply(functions.binary, operands[0], operands[1]);
  return result ? result : apply(functions.comparisons, operands[0], operands[1]);
}

template <typename T> void interpreter::addElementwise(Registry<T> &registry) {
  const auto &functions = Functions<T>::get();
  for (const auto &entry : functions.unary)
    registry[entry.first()] = unary<T>;
  for (const auto &entry : functions.wholeUnary)
    registry[entry.first()] = unary<T>;
  for (const auto &entry : functions.binary)
    registry[entry.first()] = binary<T>;
  for (const auto &entry : functions.wholeBinary)
    registry[entry.first()] = binary<T>;
  for (const auto &entry : functions.comparisons)
    registry[entry.first()] = binary<T>;
  registry["tril.convert"] = convert<T>;
  registry["tril.select"] = select<T>;
  registry["tril.where"] = where<T>;
  registry["tril.else"] = otherwise<T>;
}
template void interpreter::addElementwise(Registry<float> &);
template void interpreter::addElementwise(Registry<double> &);
template void interpreter::addElementwise(Registry<Symbolic> &);
