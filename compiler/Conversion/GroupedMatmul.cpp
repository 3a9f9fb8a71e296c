//===- GroupedMatmul.cpp - rows that chose their weights
//--------------------------------------------------------===//
// Rows are put in the order of what they chose; then those of one matrix are computed together, and
// a matrix that none chose is not read.  A single position takes the same way: its few rows have a
// matrix each.
#include "Conversion/Kernels/Gemm.h"
#include "Conversion/Lowering.h"
#include "Conversion/Weights.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

/// Which matrix a row chose (i32 at `base`), as i64.
static Value chosenAt(Code &c, Value base, Value row) {
  return arith::ExtUIOp::create(c.builder, c.loc, c.i64(),
                                c.load(c.i32(), c.at(base, c.mul(row, 4))));
}

/// A counting sort that looks at all rows once for each matrix: on one thread, since both are few.
void BodyLowering::group(MaterializeOp op, GroupOp groupOp) {
  Code &c = code();
  Evaluator::Scope scope(*evaluator);
  c.when(c.compare(arith::CmpIPredicate::eq, frame.thread, c.c64(0)), [&] {
    Value chosen = evaluator->memoryOf(groupOp.getChosen()).base,
          order = evaluator->memoryOf(op.getResult()).base;
    Value rows = c.mul(frame.rows, typeOf(op.getResult()).staticElements());
    SmallVector<Value> none = {c.c64(0)};
    c.loop(c.c64(0), c.c64(static_cast<int64_t>(groupOp.getCount())), 1, none,
           [&](Value matrix, ValueRange before) -> SmallVector<Value> {
             auto after = c.loop(
                 c.c64(0), rows, 1, before, [&](Value row, ValueRange at) -> SmallVector<Value> {
                   Value here =
                       c.compare(arith::CmpIPredicate::eq, chosenAt(c, chosen, row), matrix);
                   c.when(here, [&] {
                     Value number = arith::TruncIOp::create(c.builder, c.loc, c.i32(), row);
                     c.store(number, c.at(order, c.mul(at[0], 4)));
                   });
                   return {c.add(at[0], c.select(here, c.c64(1), c.c64(0)))};
                 });
             return SmallVector<Value>(after);
           });
  });
}

/// Threads share the outputs of every matrix: each streams through its own part of the weights.
void BodyLowering::groupedMatmul(MaterializeOp op, GroupedMatmulOp matmulOp) {
  Code &c = code();
  Evaluator::Scope scope(*evaluator);
  WeightPlace place = weightPlace(matmulOp.getWeight().getDefiningOp<ParamOp>());
  NamedTensorType rowsType = matmulOp.getChosen().getType(), xType = matmulOp.getX().getType();
  Value rows = c.mul(frame.rows, rowsType.staticElements());
  int64_t share = rowsType.staticElements() * place.inputSize / xType.staticElements();
  int64_t groups = (place.outputSize + packedRows - 1) / packedRows;
  auto border = [&](Value thread) -> Value {
    return arith::DivUIOp::create(c.builder, c.loc, c.mul(thread, groups), frame.threads);
  };
  Value first = border(frame.thread), last = border(c.add(frame.thread, 1));
  Value x = evaluator->memoryOf(matmulOp.getX()).base,
        prepared = matmulOp.getPrepared() ? evaluator->memoryOf(matmulOp.getPrepared()).base : x,
        weights = c.at(frame.weights, place.offset),
        result = evaluator->memoryOf(op.getResult()).base,
        chosen = evaluator->memoryOf(matmulOp.getChosen()).base,
        order = evaluator->memoryOf(matmulOp.getOrder()).base;
  func::FuncOp function = kernels::getOrCreateGemmOfRows(module, machine, place.format);
  int64_t preparedBytes =
      kernels::preparedBytes(kernels::preparation(machine, place.format), place.inputSize);
  auto matrixOf = [&](Value place) { return chosenAt(c, chosen, chosenAt(c, order, place)); };
  SmallVector<Value> start = {c.c64(0)};
  c.loop(c.c64(0), rows, 1, start, [&](Value at, ValueRange begin) -> SmallVector<Value> {
    Value next = c.add(at, 1), matrix = matrixOf(at);
    Value inside = c.compare(arith::CmpIPredicate::slt, next, rows);
    Value other = c.compare(arith::CmpIPredicate::ne, matrix, matrixOf(c.select(inside, next, at)));
    Value ends = arith::OrIOp::create(c.builder, c.loc, other,
                                      c.compare(arith::CmpIPredicate::eq, next, rows));
    c.when(ends, [&] {
      func::CallOp::create(c.builder, c.loc, function,
                           ValueRange{c.at(weights, c.mul(matrix, place.matrixBytes)), x,
                                      c.c64(place.inputSize * 4), prepared, c.c64(preparedBytes),
                                      result, c.c64(place.outputSize * 4), c.c64(place.inputSize),
                                      c.c64(place.outputSize), begin[0], next, first, last, order,
                                      c.c64(share)});
    });
    return {c.select(ends, next, begin[0])};
  });
}
