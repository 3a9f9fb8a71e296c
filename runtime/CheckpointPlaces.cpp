//===- CheckpointPlaces.cpp ---------------------------------------------------------------===//
#include "runtime/CheckpointPlaces.h"
#include <algorithm>

namespace tril {

std::optional<std::pair<Places::Place, Places::Place>> Places::overlap() {
  std::sort(list.begin(), list.end(), [](const Place &a, const Place &b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  for (size_t i = 1; i < list.size(); ++i)
    if (list[i].begin < list[i - 1].end)
      return std::pair(list[i - 1], list[i]);
  return std::nullopt;
}

std::optional<std::pair<uint64_t, uint64_t>> Places::hole(uint64_t size) const {
  uint64_t end = 0;
  for (const Place &place : list) {
    if (place.begin != end)
      return std::pair(end, place.begin);
    end = place.end;
  }
  if (end != size)
    return std::pair(end, size);
  return std::nullopt;
}

} // namespace tril
