//===- States.h - what is kept between steps, and what can be done with it
//------------------------------===//
// The memory of all states of one sequence.  The manifest says where each lies and how; nothing
// here knows a model.  A row of a state is what it keeps of one position, groups * width elements;
// of a recurrence, one of its last `lag` values.  Rows leave and enter in one order,
// [position][group] [width], whatever the layout in memory, so that they fit memory of another
// capacity.
#pragma once
#include "runtime/Manifest.h"
#include "runtime/Region.h"
#include <array>
#include <functional>

namespace tril {

class States {
public:
  /// The manifest outlives the states, and so do the lengths of the sequences other than time
  /// (tril_context::extents), if there are any.
  explicit States(const Manifest &manifest, const int64_t *lengths = nullptr)
      : manifest(manifest), lengths(lengths) {}

  /// Memory for steps of at most `rows` positions and a context of `capacity` (a multiple of 64).
  /// What was there is lost if it has to grow.  Throws Error.
  void allocate(int64_t rows, int64_t capacity);
  /// The start of a sequence.
  void clear();
  /// Sets the frame's pointers and sizes.
  void describe(tril_context &frame) const;
  /// Before a step: positions below `position` will be written.
  void expect(int64_t position);
  /// After a step: positions below `position` were written.
  void wrote(int64_t position);

  /// Why a sequence cannot go back to `n` > 0 positions; empty if it can.
  std::string whyNotTruncate(int64_t n) const;
  /// Whether each state can go back to any number of positions.
  bool alwaysTruncates() const;

  /// Takes bytes in order, or gives them.
  using Sink = std::function<void(const char *, size_t)>;
  using Source = std::function<void(char *, size_t)>;
  enum class Which {
    all,
    truncatedWithCheckpoints, ///< those that cannot always go back
  };
  /// The rows that later positions may read, of a sequence of `position` positions.
  void save(int64_t position, Which which, const Sink &sink) const;
  void restore(int64_t position, Which which, const Source &source);
  /// Bytes that `save` gives.
  int64_t savedBytes(int64_t position, Which which) const;
  /// Takes over what `other` keeps of a sequence of `position` positions; allocated alike.
  void copy(const States &other, int64_t position);

private:
  struct Range {
    int64_t first, last; // of rows: first <= row < last
  };
  /// Of a ring: the pinned ones, and those of the window; else the second is empty.
  std::array<Range, 2> kept(const ManifestState &state, int64_t position) const;
  int64_t room(const ManifestState &state) const;
  char *place(const ManifestState &state, const ManifestState::Copy &copy) const;
  bool takesPart(const ManifestState &state, Which which) const;
  /// Rows first .. first + count, from memory to `rows` or the other way.
  template <bool toMemory>
  void move(const ManifestState &state, const ManifestState::Copy &copy, int64_t first,
            int64_t count, char *rows) const;

  const Manifest &manifest;
  const int64_t *lengths;
  Region linear; // and what has a fixed size
  Region rings[tril_max_rings];
  int64_t sizes[tril_max_rings] = {};  // in positions
  int64_t oldest[tril_max_rings] = {}; // the first position that is not overwritten
  int64_t capacity = 0;
};

} // namespace tril
