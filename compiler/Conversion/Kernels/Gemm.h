//===- Gemm.h - contractions with packed weights
//------------------------------------------------===//
// C[m][n] = sum over k of X[m][k] * W[n][k] with f32 activations.  One output row of W a lane, one
// chain of sums for each output in an order that depends on k only: a row has the same bits
// whatever rows and groups it is computed with.
//
// On machines with VNNI, quantised formats read the activations as 24-bit integers, prepared once:
// each block of 32 inputs is scaled by its largest magnitude and split into three signed bytes.
// Sums of products with codes are exact integers, and what is lost is at most 2^-24 of the largest
// activation of a block, as much as rounding a sum in f32 loses.  Other machines multiply decoded
// codes by the activations in f32; formats with minima then need sums of activations, prepared
// likewise.
#pragma once
#include "Conversion/Kernels/Emitter.h"
#include "Target/Pack.h"

namespace tril::kernels {

/// How activations are prepared for a weight's format: none, or rows of blocks of
/// `preparedBlockBytes`.
enum class Preparation { none, sums, digits };
Preparation preparation(const Machine &machine, PackedFormat format);

/// Bytes of one prepared row of `inputs` activations; rows follow each other without gaps. 0 for
/// `none`.
int64_t preparedBytes(Preparation preparation, int64_t inputs);

/// func @tril_prepare_{sums,digits}(X: ptr, xStride: i64, P: ptr, K: i64, m0: i64, m1: i64)
///   Prepares rows m0..m1 of X (f32, rows xStride bytes apart, K a multiple of 32) into P[m].
mlir::func::FuncOp getOrCreatePrepare(mlir::ModuleOp module, const Machine &machine,
                                      Preparation preparation);

/// func @tril_gemm_<format>(W: ptr, X: ptr, xStride: i64, P: ptr, pStride: i64, C: ptr,
///                          cStride: i64, K: i64, N: i64, m0: i64, m1: i64, g0: i64, g1: i64)
///   Rows m0..m1 and groups g0..g1 of 16 outputs of C (f32, rows cStride bytes apart).  W is
///   packed, 64-byte aligned; X has rows xStride bytes apart; P is X prepared as
///   preparation(machine, format) says, with rows pStride bytes apart (X is not read then, P not
///   otherwise, except that `sums` reads both).  Of the last group only outputs below N are stored.
mlir::func::FuncOp getOrCreateGemm(mlir::ModuleOp module, const Machine &machine,
                                   PackedFormat format);

/// func @tril_gemm_rows_<format>(W, X, xStride, P, pStride, C, cStride, K, N, m0, m1, g0, g1,
///                               R: ptr, share: i64)
///   The same for the rows that R (i32) lists at m0..m1: row R[m] of C, and row R[m] / share of X
///   and P.  A row has the same bits as from tril_gemm_<format>.
mlir::func::FuncOp getOrCreateGemmOfRows(mlir::ModuleOp module, const Machine &machine,
                                         PackedFormat format);

} // namespace tril::kernels
