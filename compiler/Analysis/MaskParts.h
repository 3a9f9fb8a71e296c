//===- MaskParts.h - unions of conjunctions of inequalities over pairs of positions
//--------------------===//
// What a mask lets through, as a union of parts, each of them inequalities of quasi-affine numbers.
// Neither making nor asking one takes long: parts are at most so many, and minima over one are
// searched among a bounded number of linear programs; where a bound is met, the answer is the one
// that holds in any case, and `coarse` says so.
#pragma once
#include "Analysis/Quasi.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>

namespace tril {

/// Pairs (time, past), neither below 0, at which every row is at least 0.
struct MaskPart {
  llvm::SmallVector<Quasi, 4> rows; ///< of scale 1
  bool known = true;                ///< it holds at all of them; else it may hold there

  /// Also asks for row >= 0; false if nothing is left, as far as two rows tell.
  bool add(Quasi row);
};

/// The union of its parts.
struct Mask {
  /// More than this are not told apart.
  static constexpr unsigned kMostParts = 24;

  std::shared_ptr<Floors> floors; ///< of the rows of all parts
  std::vector<MaskPart> parts;
  bool coarse = false; ///< several parts were replaced by one that holds them

  bool mayHold(int64_t time, int64_t past) const;
  bool mustHold(int64_t time, int64_t past) const;
  /// Nothing of it is known from positions.
  bool isOpen() const;
};

/// The least value of a number over the pairs of a part.
struct Extreme {
  std::optional<int64_t> value; ///< nothing: no bound, or
  bool none = false;            ///< no pairs
};

/// Asks of one part, or of several rows.
class PartBounds {
public:
  /// `every`: rows that are asked about may have any floor that there is now.
  PartBounds(const Floors &floors, llvm::ArrayRef<Quasi> rows, bool every = false);

  /// No pair, as far as fractions tell.
  bool isEmpty() const { return simplex->isEmpty(); }
  /// Not above the least value of a number over all pairs, and that value where few searches tell
  /// it.
  Extreme least(const Quasi &number);
  Extreme most(const Quasi &number);
  /// Every pair has row >= 0, as far as fractions tell.
  bool implies(const Quasi &row);

private:
  struct Search;
  llvm::SmallVector<llvm::DynamicAPInt> rowOf(const Quasi &number) const;
  bool hasFloors(const Quasi &number) const;
  void need(const Quasi &number);
  void search(Search &search);

  const Floors &floors;
  std::map<unsigned, unsigned> columnOf; // of a floor
  std::optional<mlir::presburger::Simplex> simplex;
};

/// Makes unions from unions.
class MaskAlgebra {
public:
  using Parts = std::vector<MaskPart>;
  explicit MaskAlgebra(Floors &floors) : floors(floors) {}

  static Parts all() { return {MaskPart()}; }
  static Parts none() { return {}; }
  static Parts open() { return {MaskPart{{}, false}}; }
  Parts both(const Parts &a, const Parts &b);
  Parts either(Parts a, const Parts &b);
  bool coarse() const { return coarse_; }

private:
  Parts hull(const Parts &parts);
  static void insert(Parts &into, MaskPart part);

  Floors &floors;
  bool coarse_ = false;
  unsigned programs = 2000; // linear programs that may be solved to leave empty parts out
};

/// Without parts that lie in others, as far as fractions tell.
std::vector<MaskPart> withoutCovered(const Mask &mask);

} // namespace tril
