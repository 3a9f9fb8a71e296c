//===- CheckpointPlaces.h - what tensors say of themselves, checked -----------------------===//
// Shared by the readers of both formats.
#pragma once
#include "runtime/Checkpoint.h"
#include <optional>
#include <utility>

namespace tril {

/// No architecture that we know of has tensors of more dimensions.
constexpr size_t maxRank = 8;

/// The number of elements of a tensor, as its extents are read one by one.  Also what is left of a
/// shape when extents of zero are left out must be countable, so that whoever multiplies extents,
/// in any order, stays within int64_t.
class ElementCount {
public:
  /// False if there are more elements than can be counted.
  bool multiply(uint64_t extent) {
    if (extent > static_cast<uint64_t>(INT64_MAX))
      return false;
    if (extent == 0) {
      none = true;
      return true;
    }
    if (others > static_cast<uint64_t>(INT64_MAX) / extent)
      return false;
    others *= extent;
    return true;
  }
  uint64_t value() const { return none ? 0 : others; }

private:
  uint64_t others = 1;
  bool none = false;
};

/// Where the bytes of tensors lie, counted from the begin of the data.
class Places {
public:
  struct Place {
    uint64_t begin, end;
    size_t tensor;
  };
  void add(uint64_t begin, uint64_t end, size_t tensor) {
    if (begin < end)
      list.push_back({begin, end, tensor});
  }
  /// Orders the places; two that overlap, if there are.
  std::optional<std::pair<Place, Place>> overlap();
  /// After `overlap`, which found none: bytes of 0..size that belong to no tensor, if there are.
  std::optional<std::pair<uint64_t, uint64_t>> hole(uint64_t size) const;

private:
  std::vector<Place> list;
};

} // namespace tril
