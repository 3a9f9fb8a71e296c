//===- TileSoftmax.h - scores of a tile of keys to weights
//--------------------------------------------===//
#pragma once
#include "Conversion/Kernels/Attention.h"

namespace tril::kernels {

/// Bytes of the running state of one position, with its queries.
int64_t stateBytes(const Machine &machine, const AttentionSpec &spec);

/// Whether products are those of AMX.
bool usesTileRegisters(const Machine &machine, const AttentionSpec &spec);

/// Numbers in bf16 that add up to a query or a weight: 1 where they are rounded to it, 3 where f32
/// is multiplied in tile registers, which know bf16 only; 0 where they are f32.
int factorParts(const Machine &machine, const AttentionSpec &spec);

/// Rows of scores that go through a tile together, at most.
int queryTile(const Machine &machine, const AttentionSpec &spec);

/// Keys of a tile, a divisor of residueTile.
int64_t tileKeys(const Machine &machine, const AttentionSpec &spec);

/// Bytes for factors, and behind them what the function keeps.
int64_t softmaxScratch(const Machine &machine, const AttentionSpec &spec);

/// Row i of a tile: at position + min(i, lastRow) * positionStep, of member + i * memberStep (or
/// the last one, if there are fewer).
struct RowPlaces {
  Value position, positionStep, lastRow, member, memberStep;
};

/// A tile of keys that all rows see, or any; alone, or while products of other rows with it are
/// computed at the same time.
enum class TileKind { full, partial, fullBeside, partialBeside };
inline bool isPartial(TileKind kind) {
  return kind == TileKind::partial || kind == TileKind::partialBeside;
}
inline bool isBeside(TileKind kind) {
  return kind == TileKind::fullBeside || kind == TileKind::partialBeside;
}

/// func @<name>.softmax.<full|partial>[.beside](scores: ptr, weights: ptr, factors: ptr,
///              maxima: ptr, sums: ptr, count: i64, first: i64, begin: i64, end: i64, group: i64,
///              position: i64, positionStep: i64, lastRow: i64, member: i64, memberStep: i64,
///              extra..., pointers..., four bounds: i64)
///   For `count` rows and a tile whose first key is at position `first`: scores [dot][row][keyTile]
///   become weights, f32 [row][keyTile] or bf16 [part][row][keyTile], relative to 2^maximum, the
///   row's running maximum, which moves; maxima [row], sums [row][16] and factors [row] (by which
///   what was summed before has to be multiplied) with it.  Of three parts, of each 32 keys, 16
///   lie in pairs with the 16 that follow.  In a partial tile, keys outside of begin .. end
///   (rounded out to multiples of 32), and those that the mask hides, get weight 0; what a row sees
///   gets at least 2^-126.
///   The pointers and bounds say what is computed beside (ProductsBeside).
mlir::func::FuncOp getOrCreateTileSoftmax(mlir::ModuleOp module, const Machine &machine,
                                          const AttentionSpec &spec, TileKind kind);

inline constexpr float log2e = 1.44269504F;

/// 2^x for x <= 0 or little more, relative error below 1e-7, or 1.1e-4 if `rough`; 2^-126 for less
/// than that; 16 lanes.
Value exp2(Emitter &e, Value x, bool rough = false);

} // namespace tril::kernels
