//===- Weights.cpp
//-----------------------------------------------------------------------------------------===//
#include "Conversion/Weights.h"
#include "Conversion/Kernels/Unpack.h"
#include "runtime/Abi.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tril;

WeightPlace tril::weightPlace(ParamOp op) {
  WeightPlace place;
  if (auto offset = op->getAttrOfType<IntegerAttr>("place"))
    place.offset = offset.getInt();
  auto contracted = op->getAttrOfType<ArrayAttr>("contracted");
  place.packed = contracted != nullptr;
  if (!place.packed)
    return place;
  StringRef format = op->getAttrOfType<StringAttr>("format").getValue();
  place.blas = format == "blas";
  place.format = place.blas ? PackedFormat::f32 : *parsePackedFormat(format);
  if (auto matrices = op->getAttrOfType<StringAttr>("matrices"))
    place.matrices = matrices.str();
  for (AxisAttr axis : op.getResult().getType().getAxes()) {
    if (axis.getName() == place.matrices) {
      place.matrixCount = axis.getSize();
      continue;
    }
    bool input = llvm::is_contained(contracted.getAsValueRange<StringAttr>(), axis.getName());
    (input ? place.inputs : place.outputs).push_back(axis.getName().str());
    (input ? place.inputSize : place.outputSize) *= axis.getSize();
  }
  place.matrixBytes = packedBytes(place.format, place.outputSize, place.inputSize);
  return place;
}

int64_t tril::weightBytes(ParamOp op) {
  WeightPlace place = weightPlace(op);
  if (place.blas)
    return place.outputSize * place.inputSize * 4;
  return place.packed ? place.matrixBytes * place.matrixCount
                      : op.getResult().getType().staticElements() * 4;
}

Value tril::unpackAt(Evaluator &e, const WeightPlace &place, Value base, const Coordinate &n,
                     const Coordinate &k) {
  Code &code = e.code;
  auto one = [&](Value output, Value input) -> Value {
    if (place.blas)
      return code.load(
          code.f32(),
          code.at(base, code.mul(code.add(code.mul(output, place.inputSize), input), 4)));
    kernels::Emitter emitter(code.builder, code.loc, *e.machine);
    Value element = kernels::emitUnpackElement(emitter, place.format, base, output, input,
                                               code.c64(place.inputSize));
    code.builder.restoreInsertionPoint(emitter.builder.saveInsertionPoint());
    return element;
  };
  if (n.isUniform() && k.isUniform())
    return one(n.scalar, k.scalar);
  Value outputs = e.toLanes(n), inputs = e.toLanes(k);
  SmallVector<Value> lanes;
  for (int64_t i = 0; i < e.width; ++i) {
    auto lane = [&](Value value) -> Value {
      return vector::ExtractOp::create(code.builder, code.loc, value, ArrayRef<int64_t>{i});
    };
    lanes.push_back(
        one(n.isUniform() ? n.scalar : lane(outputs), k.isUniform() ? k.scalar : lane(inputs)));
  }
  return vector::FromElementsOp::create(code.builder, code.loc,
                                        cast<VectorType>(code.vec(code.f32(), e.width)), lanes);
}

int64_t tril::contextOffset(StringRef field) {
  return llvm::StringSwitch<int64_t>(field)
      .Case("weights", offsetof(tril_context, weights))
      .Case("arena", offsetof(tril_context, arena))
      .Case("rings", offsetof(tril_context, rings))
      .Case("ringSizes", offsetof(tril_context, ringSizes))
      .Case("state", offsetof(tril_context, state))
      .Case("rows", offsetof(tril_context, rows))
      .Case("position", offsetof(tril_context, position))
      .Case("capacity", offsetof(tril_context, capacity))
      .Case("maxRows", offsetof(tril_context, maxRows))
      .Case("outputBegin", offsetof(tril_context, outputBegin))
      .Case("inputs", offsetof(tril_context, inputs))
      .Case("outputs", offsetof(tril_context, outputs))
      .Case("extents", offsetof(tril_context, extents))
      .Case("sequenceRows", offsetof(tril_context, sequenceRows))
      .Case("barrier", offsetof(tril_context, barrier))
      .Case("thread", offsetof(tril_context, thread))
      .Case("threads", offsetof(tril_context, threads))
      .Default(-1);
}
