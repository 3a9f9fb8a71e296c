//===- States.cpp
//---------------------------------------------------------------------------------------===//
#include "runtime/States.h"
#include "runtime/Error.h"
#include <algorithm>
#include <cstring>
#include <vector>

namespace tril {
namespace {

constexpr int64_t lanes = 16;             // positions of a state in lanes that lie side by side
constexpr int64_t bytesAtOnce = 64 << 10; // of rows on their way

/// `count` elements that lie `stride` elements apart in memory, and side by side in a row.
template <typename Element, bool toMemory>
void moveStrided(char *memory, char *row, int64_t count, int64_t stride) {
  auto *apart = reinterpret_cast<Element *>(memory);
  auto *together = reinterpret_cast<Element *>(row);
  for (int64_t i = 0; i < count; ++i)
    if constexpr (toMemory)
      apart[i * stride] = together[i];
    else
      together[i] = apart[i * stride];
}

} // namespace

void States::allocate(int64_t rows, int64_t positions) {
  capacity = positions;
  linear.ensure(sumOrMost(manifest.state.fixed, productOrMost(manifest.state.position, capacity)),
                "what is kept between steps; a smaller -c needs less");
  for (size_t i = 0; i < manifest.rings.size(); ++i) {
    sizes[i] = manifest.rings[i].positions(rows, capacity);
    rings[i].ensure(productOrMost(manifest.rings[i].position, sizes[i]),
                    "what is kept between steps; a smaller -b needs less");
    rings[i].expectFull();
  }
}

void States::expect(int64_t position) {
  // What is linear in the context becomes resident as that fills; from half of it on, at once.
  if (position > capacity / 2)
    linear.expectFull();
}

void States::clear() {
  linear.clear();
  for (Region &ring : rings)
    ring.clear();
  std::fill(std::begin(oldest), std::end(oldest), 0);
}

void States::describe(tril_context &frame) const {
  frame.state = linear.data();
  for (int i = 0; i < tril_max_rings; ++i) {
    frame.rings[i] = rings[i].data();
    frame.ringSizes[i] = sizes[i];
  }
}

void States::wrote(int64_t position) {
  for (size_t i = 0; i < manifest.rings.size(); ++i)
    oldest[i] = std::max(oldest[i], position - (sizes[i] - manifest.rings[i].pinned));
}

int64_t States::room(const ManifestState &state) const {
  return state.lag ? state.lag : state.ring >= 0 ? sizes[state.ring] : capacity;
}

std::array<States::Range, 2> States::kept(const ManifestState &state, int64_t position) const {
  if (state.lag)
    return {{{0, state.lag}, {0, 0}}};
  if (state.sequence >= 0)
    return {{{0, position == 0 ? 0 : lengths[state.sequence]}, {0, 0}}};
  if (state.ring < 0)
    return {{{0, position}, {0, 0}}};
  int64_t pinned = std::min(state.pinned, position);
  return {{{0, pinned}, {std::max(pinned, position - state.window), position}}};
}

char *States::place(const ManifestState &state, const ManifestState::Copy &copy) const {
  return state.ring >= 0 ? rings[state.ring].data() + copy.position * sizes[state.ring]
                         : linear.data() + copy.fixed + copy.position * capacity;
}

bool States::takesPart(const ManifestState &state, Which which) const {
  // A ring as large as the context overwrites nothing.
  return which == Which::all || state.lag || (state.ring >= 0 && sizes[state.ring] < capacity);
}

bool States::alwaysTruncates() const {
  return std::none_of(manifest.states.begin(), manifest.states.end(),
                      [&](const ManifestState &state) {
                        return takesPart(state, Which::truncatedWithCheckpoints);
                      });
}

std::string States::whyNotTruncate(int64_t n) const {
  for (const ManifestState &state : manifest.states) {
    std::string name = "`" + state.name + "`";
    if (!state.place.empty())
      name += " (" + state.place + ")";
    if (state.lag)
      return name + " is a recurrence, which keeps its last value only; with checkpoints "
                    "(--checkpoint-every) it can";
    if (state.ring < 0)
      continue;
    int64_t needed = std::max(state.pinned, n - state.window);
    if (needed < n && needed < oldest[state.ring])
      return name + " keeps the last " + std::to_string(sizes[state.ring] - state.pinned) +
             " positions: position " + std::to_string(needed) + ", which position " +
             std::to_string(n) +
             " reads, is overwritten; with checkpoints (--checkpoint-every) it can";
  }
  return {};
}

template <bool toMemory>
void States::move(const ManifestState &state, const ManifestState::Copy &copy, int64_t first,
                  int64_t count, char *rows) const {
  int64_t bytes = state.elementBytes(), width = state.width, positions = room(state);
  char *base = place(state, copy);
  for (int64_t row = first; row < first + count; ++row) {
    int64_t place = state.ring < 0 || row < state.pinned
                        ? row
                        : state.pinned + (row - state.pinned) % (positions - state.pinned);
    int64_t slot = state.slot(place);
    for (int64_t group = 0; group < state.groups; ++group, rows += width * bytes) {
      char *block = base + group * positions * width * bytes;
      if (!state.lanes) {
        char *memory = block + slot * width * bytes;
        if constexpr (toMemory)
          std::memcpy(memory, rows, size_t(width * bytes));
        else
          std::memcpy(rows, memory, size_t(width * bytes));
        continue;
      }
      char *memory = block + (slot / lanes * lanes * width + slot % lanes) * bytes;
      if (bytes == 2)
        moveStrided<uint16_t, toMemory>(memory, rows, width, lanes);
      else
        moveStrided<uint32_t, toMemory>(memory, rows, width, lanes);
    }
  }
}

void States::save(int64_t position, Which which, const Sink &sink) const {
  std::vector<char> rows;
  for (const ManifestState &state : manifest.states) {
    if (!takesPart(state, which))
      continue;
    int64_t some = std::max<int64_t>(1, bytesAtOnce / std::max<int64_t>(1, state.rowBytes()));
    for (const ManifestState::Copy &copy : state.copies)
      for (auto [first, last] : kept(state, position))
        for (int64_t row = first; row < last; row += some) {
          int64_t count = std::min(some, last - row);
          rows.resize(size_t(count * state.rowBytes()));
          move<false>(state, copy, row, count, rows.data());
          sink(rows.data(), rows.size());
        }
  }
}

void States::restore(int64_t position, Which which, const Source &source) {
  std::vector<char> rows;
  for (const ManifestState &state : manifest.states) {
    if (!takesPart(state, which))
      continue;
    int64_t some = std::max<int64_t>(1, bytesAtOnce / std::max<int64_t>(1, state.rowBytes()));
    auto ranges = kept(state, position);
    for (const ManifestState::Copy &copy : state.copies)
      for (auto [first, last] : ranges)
        for (int64_t row = first; row < last; row += some) {
          int64_t count = std::min(some, last - row);
          rows.resize(size_t(count * state.rowBytes()));
          source(rows.data(), rows.size());
          move<true>(state, copy, row, count, rows.data());
        }
    if (state.ring >= 0)
      oldest[state.ring] = ranges[1].first;
  }
}

int64_t States::savedBytes(int64_t position, Which which) const {
  int64_t total = 0;
  for (const ManifestState &state : manifest.states) {
    if (takesPart(state, which))
      for (auto [first, last] : kept(state, position))
        total = sumOrMost(
            total, productOrMost(int64_t(state.copies.size()) * state.rowBytes(), last - first));
  }
  return total;
}

void States::copy(const States &other, int64_t position) {
  // In memory both are alike: whole blocks, but of a linear state only the part that is filled.
  for (const ManifestState &state : manifest.states)
    for (const ManifestState::Copy &copy : state.copies) {
      int64_t positions = room(state), row = state.width * state.elementBytes();
      int64_t whole = state.step == 1 ? lanes : 64 * state.step; // positions that lie together
      int64_t filled =
          state.lag || state.ring >= 0
              ? positions
              : std::min(positions, (kept(state, position)[0].last + whole - 1) / whole * whole);
      for (int64_t group = 0; group < state.groups; ++group)
        std::memcpy(place(state, copy) + group * positions * row,
                    other.place(state, copy) + group * positions * row, size_t(filled * row));
    }
  std::copy(std::begin(other.oldest), std::end(other.oldest), std::begin(oldest));
}

} // namespace tril
