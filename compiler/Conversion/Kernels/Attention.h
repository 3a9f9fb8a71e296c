//===- Attention.h - fused attention over caches of keys and values
//-----------------------------===//
// Softmax of scores times values, tile by tile with a running maximum and sum (Milakov and
// Gimelshein 2018; Dao et al. 2022): the matrix of scores never exists.  Keys are visited in tiles
// that begin at multiples of their size, each row with one order of sums, and a tile that a row
// does not see changes no bit of it: a row has the same bits whatever rows it is computed with.
#pragma once
#include "Conversion/Kernels/Emitter.h"
#include "Dialect/Tril/TrilOps.h"
#include <functional>
#include <string>

namespace tril::kernels {

/// A row of the score matrix, as the callbacks see it.
struct QueryRow {
  Value position;              ///< i64, absolute
  Value group;                 ///< i64, of keys and values
  Value member;                ///< i64, within the group: 0 .. members - 1
  llvm::ArrayRef<Value> extra; ///< the function's extra arguments
};

/// Keys that some row of a tile of queries sees, lo <= key < hi, and those within that all rows see
/// (i64; empty if fullLo >= fullHi; null: none, ever).
struct KeyRange {
  Value lo, hi, fullLo, fullHi;
};

/// A cache of keys or values: which of its groups belongs to a group of the scores.
struct CacheSpec {
  int64_t width = 0;  ///< components of a key or value
  bool ring = false;  ///< position p lies where p % capacity would
  int64_t pinned = 0; ///< of a ring: the first so many positions stay, the others share the rest
  StateElement stored = StateElement::f32; ///< as which components lie in memory
  std::function<Value(Emitter &, Value group)> group = nullptr; ///< null: the same

  int64_t bytes() const { return stored == StateElement::f32 ? 4 : 2; } ///< of a component
  int64_t keyBytes() const { return width * bytes(); }
};

/// Queries and their keys.
struct DotSpec : CacheSpec {
  bool asValue = false; ///< K lies as V does, because it is also read as a value
  /// Which of the queries of a row belongs to a group and member; null: group * members + member.
  std::function<Value(Emitter &, Value group, Value member)> query = nullptr;
};

/// Part of a mask: a number of the key compared with a number of the query.  Their ranges in a tile
/// say whether nothing of it is seen, or all, which no arithmetic of positions could.
struct Comparison {
  enum Kind { equal, less, lessEqual, greater, greaterEqual } kind;  ///< key KIND query
  std::function<Value(Emitter &, const QueryRow &, Value keys)> key; ///< vector<16xi32>
  std::function<Value(Emitter &, const QueryRow &)> query; ///< i32, the same for all members
};

struct AttentionSpec {
  std::string name; ///< of the function
  llvm::SmallVector<DotSpec, 1> dots;
  CacheSpec value;     ///< widths that are multiples of 16 are fastest
  int64_t members = 1; ///< queries that share a key
  /// bf16: queries, keys, weights and values are rounded to it where they are multiplied.
  StateElement products = StateElement::f32;
  std::string extra; ///< types of extra arguments of the function: p pointer, i i64

  /// Keys lie in blocks of residueTile * step positions, in each those of one residue after the
  /// other; a query sees keys of one residue only.
  int64_t step = 1;
  bool residueMoves = false; ///< which one depends on the query, in steps of `step`
  /// The residue that a query at a position sees, 0 <= i64 < step; null: 0.
  std::function<Value(Emitter &, Value position)> residue;
  /// Queries so far apart see the same residue.
  int64_t rowStep() const { return residueMoves ? step : 1; }

  /// From 16 products of a query with keys, for each of `dots` (vector<16xf32>; keys:
  /// vector<16xi32> of absolute positions), to scores; null: the first.
  std::function<Value(Emitter &, llvm::ArrayRef<Value> dots, const QueryRow &, Value keys)> score;
  /// By which scores are multiplied, as a part of the exponents that are taken of them; positive.
  double scale = 1;
  /// vector<16xi1>: which of 16 keys the query sees; null: all within the range. Asked in tiles
  /// that are not full only.
  std::function<Value(Emitter &, const QueryRow &, Value keys)> mask;
  /// What the mask asks beside positions; ranges are full where the rest of the mask holds.
  llvm::SmallVector<Comparison, 0> comparisons;
  /// One more score (f32), of a value 0; null: none.
  std::function<Value(Emitter &, const QueryRow &)> sink;
  /// The ranges for queries of a group at positions first .. last (i64, inclusive): their union
  /// holds every key that one of the queries sees.  They may overlap, and be empty (lo >= hi). More
  /// than one wants a mask.
  std::function<llvm::SmallVector<KeyRange>(Emitter &, Value group, Value first, Value last,
                                            llvm::ArrayRef<Value> extra)>
      ranges;
};

/// Keys of one residue that lie together; the capacity of caches is a multiple.
inline constexpr int64_t residueTile = 64;

/// Positions, `rowStep` apart, that go through the keys together: who splits the rows of a long
/// sequence splits it in multiples.
int64_t rowsOfBlock(const Machine &machine, const AttentionSpec &spec);

/// func @<name>((Q: ptr, qStride: i64, K: ptr, capacity: i64) for each of dots, V: ptr,
///              capacity: i64, O: ptr, oStride: i64, position: i64, r0: i64, r1: i64, g0: i64,
///              g1: i64, extra...)
///   For rows r0..r1 (absolute positions position + r) and groups g0..g1.
///   Q [row][queries][width], O [row][group][member][value width]: f32, rows qStride and oStride
///   bytes apart. K [group][capacity / 16][width][16] (as V if `asValue`), V
///   [group][capacity][width]: as the specs say, 64-byte aligned. Keys and values outside of what a
///   row sees never reach its result, NaN neither; a row that sees nothing is 0.
mlir::func::FuncOp getOrCreateAttention(mlir::ModuleOp module, const Machine &machine,
                                        const AttentionSpec &spec);

} // namespace tril::kernels
