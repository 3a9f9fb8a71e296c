//===- Matmul.cpp - stored values that kernels make from packed weights
//-------------------------------------------===//
#include "Conversion/Kernels/Gemm.h"
#include "Conversion/Lowering.h"
#include "Conversion/Weights.h"

using namespace mlir;
using namespace tril;

/// The axes before the last `inner` ones, flattened: which of them this call works on.  `rows` are
/// positions of `time`, if it is among them.
Value BodyLowering::flatRows(NamedTensorType type, unsigned inner, Rows rows, Value &begin,
                             Value &end) {
  Code &c = code();
  ArrayRef<AxisAttr> outer = type.getAxes().drop_back(inner);
  Value rest = c.c64(1);
  for (AxisAttr axis : outer)
    if (axis.getName() != "time")
      rest = c.mul(rest, evaluator->extent(axis));
  bool time = type.hasAxis("time");
  begin = time ? c.mul(rows.begin, rest) : c.c64(0);
  end = time ? c.mul(rows.end, rest) : rest;
  return rest;
}

void BodyLowering::prepare(MaterializeOp op, PrepareOp prepareOp) {
  Code &c = code();
  NamedTensorType type = prepareOp.getOperand().getType();
  // All readers of one preparation agree: they differ only in whether they need any.
  auto preparation = kernels::Preparation::none;
  for (Operation *user : op.getResult().getUsers()) {
    auto grouped = dyn_cast<GroupedMatmulOp>(user);
    Value weight = grouped ? grouped.getWeight() : cast<MatmulOp>(user).getWeight();
    auto other = kernels::preparation(machine, weightPlace(weight.getDefiningOp<ParamOp>()).format);
    if (other != kernels::Preparation::none)
      preparation = other;
  }
  if (preparation == kernels::Preparation::none)
    return;
  int64_t inputs = 1;
  for (AxisAttr axis : type.getAxes().take_back(prepareOp.getInner()))
    inputs *= axis.getSize();
  func::FuncOp function = kernels::getOrCreatePrepare(module, machine, preparation);
  shared(type, op.getTail(), [&](Rows rows, const Point &) {
    Value begin, end;
    flatRows(type, prepareOp.getInner(), rows, begin, end);
    Value x = evaluator->memoryOf(prepareOp.getOperand()).base,
          p = evaluator->memoryOf(op.getResult()).base;
    func::CallOp::create(c.builder, c.loc, function,
                         ValueRange{x, c.c64(inputs * 4), p, c.c64(inputs), begin, end});
  });
}

/// void cblas_sgemm(order, transA, transB, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc)
func::FuncOp BodyLowering::sgemm() {
  if (auto function = module.lookupSymbol<func::FuncOp>("cblas_sgemm"))
    return function;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Type i = code().i32(), f = code().f32(), p = code().ptr();
  auto function =
      func::FuncOp::create(builder, module.getLoc(), "cblas_sgemm",
                           builder.getFunctionType({i, i, i, i, i, i, f, p, i, p, i, f, p, i}, {}));
  function.setPrivate();
  return function;
}

/// Threads share the outputs: each streams through its own part of the weight.
void BodyLowering::matmul(MaterializeOp op, MatmulOp matmulOp) {
  Code &c = code();
  Evaluator::Scope scope(*evaluator);
  auto param = matmulOp.getWeight().getDefiningOp<ParamOp>();
  WeightPlace place = weightPlace(param);
  NamedTensorType type = matmulOp.getX().getType();
  Rows rows = {op.getTail() ? frame.outputBegin : c.c64(0), frame.rows};
  Value begin, end;
  unsigned inner = matmulOp.getContracted().size() + (matmulOp.getEach() ? 1 : 0);
  flatRows(type, inner, rows, begin, end);
  int64_t matrices = place.matrixCount,
          groupsOfOne = (place.outputSize + packedRows - 1) / packedRows,
          groups = matrices * groupsOfOne;
  auto border = [&](Value thread) -> Value {
    return arith::DivUIOp::create(c.builder, c.loc, c.mul(thread, groups), frame.threads);
  };
  Value first = border(frame.thread), last = border(c.add(frame.thread, 1));
  Value x = evaluator->memoryOf(matmulOp.getX()).base;
  Value prepared = matmulOp.getPrepared() ? evaluator->memoryOf(matmulOp.getPrepared()).base : x;
  Value weights = c.at(frame.weights, place.offset);
  Value result = evaluator->memoryOf(op.getResult()).base;
  if (place.blas) {
    // C[m][n] = X[m][k] W[n][k], the rows begin..end and this thread's outputs.  Bits depend on how
    // rows are split.
    Value from = c.mul(first, packedRows),
          to = c.min(c.mul(last, packedRows), c.c64(place.outputSize));
    Value m = c.sub(end, begin), n = c.sub(to, from);
    auto narrow = [&](Value value) -> Value {
      return arith::TruncIOp::create(c.builder, c.loc, c.i32(), value);
    };
    Value some =
        arith::AndIOp::create(c.builder, c.loc, c.compare(arith::CmpIPredicate::sgt, m, c.c64(0)),
                              c.compare(arith::CmpIPredicate::sgt, n, c.c64(0)));
    c.when(some, [&] {
      Value xAt = c.at(x, c.mul(begin, place.inputSize * 4)),
            wAt = c.at(weights, c.mul(from, place.inputSize * 4));
      Value cAt = c.at(result, c.mul(c.add(c.mul(begin, place.outputSize), from), 4));
      constexpr int rowMajor = 101, noTranspose = 111, transpose = 112; // cblas.h
      func::CallOp::create(c.builder, c.loc, sgemm(),
                           ValueRange{c.c32(rowMajor), c.c32(noTranspose), c.c32(transpose),
                                      narrow(m), narrow(n), c.c32(place.inputSize), c.cf(1), xAt,
                                      c.c32(place.inputSize), wAt, c.c32(place.inputSize), c.cf(0),
                                      cAt, c.c32(place.outputSize)});
    });
    return;
  }
  func::FuncOp function = kernels::getOrCreateGemm(module, machine, place.format);
  int64_t xBytes = place.inputSize * 4, resultBytes = place.outputSize * 4,
          preparedBytes =
              kernels::preparedBytes(kernels::preparation(machine, place.format), place.inputSize);
  auto multiply = [&](Value matrix, Value first, Value last) {
    auto at = [&](Value base, int64_t bytes) { return c.at(base, c.mul(matrix, bytes)); };
    func::CallOp::create(c.builder, c.loc, function,
                         ValueRange{at(weights, place.matrixBytes), at(x, xBytes),
                                    c.c64(xBytes * matrices), at(prepared, preparedBytes),
                                    c.c64(preparedBytes * matrices), at(result, resultBytes),
                                    c.c64(resultBytes * matrices), c.c64(place.inputSize),
                                    c.c64(place.outputSize), begin, end, first, last});
  };
  if (matrices == 1)
    return multiply(c.c64(0), first, last);
  c.loop(c.divu(first, groupsOfOne), c.divu(c.add(last, groupsOfOne - 1), groupsOfOne), 1,
         [&](Value matrix) {
           Value before = c.mul(matrix, groupsOfOne);
           multiply(matrix, c.max(c.sub(first, before), c.c64(0)),
                    c.min(c.sub(last, before), c.c64(groupsOfOne)));
         });
}
