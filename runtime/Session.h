//===- Session.h - one sequence through a product's step
//----------------------------------------===//
// Owns the memory of a run (arena, state, outputs), cuts what it is given into chunks, and keeps
// the position. Where a model cannot take a sequence in parts (`steps` is false in the manifest),
// the session keeps the inputs so far and computes the whole sequence at every call: the caller
// need not know, it only takes longer.
#pragma once
#include "runtime/Manifest.h"
#include "runtime/ThreadPool.h"
#include <functional>
#include <span>

namespace tril {

/// Anonymous memory: zero when new, resident page by page as it is touched.
class Region {
public:
  Region() = default;
  Region(const Region &) = delete;
  Region &operator=(const Region &) = delete;
  ~Region() { release(); }

  /// At least `bytes` of memory; what was there is lost if it has to grow.  Throws Error, with
  /// `what` it is for.
  void ensure(int64_t bytes, const char *what);
  /// Zeros everywhere, giving back large memory instead of writing it.
  void clear();
  char *data() const { return base; }

private:
  void release();
  char *base = nullptr;
  size_t size = 0;
};

class Session {
public:
  /// `weights`: page aligned, as the manifest's compiler packed them.  `context`: positions that a
  /// sequence may have.  `batch`: rows of one call of `step` at most.  The pool outlives the
  /// session.
  Session(const Manifest &manifest, const char *weights, StepFunction step, ThreadPool &pool,
          int64_t context, int64_t batch);

  int64_t context() const { return limit; }
  int64_t position() const { return reached; }

  /// Starts a new sequence: forgets state, position and the inputs of other sequences.
  void reset();

  /// Gives an input that is along a sequence of its own (an encoder's tokens).  At position 0 only.
  void setSequence(int input, std::span<const int32_t> values);

  /// Called when outputs of rows [first, first + count) are there, counted from the first row given
  /// to `advance`.
  using Sink = std::function<void(int64_t first, int64_t count)>;

  /// Takes new positions: for each input over time, in the order of the manifest, equally many
  /// values.  Outputs are computed for rows `outputBegin` and later (of those given) and stay
  /// readable until the next chunk.  Returns false if `interrupted` asked to stop between two
  /// chunks; the session then wants a reset.  Throws Error for a value outside its input's limit,
  /// or more positions than the context has room for.
  bool advance(std::span<const std::span<const int32_t>> inputs, int64_t outputBegin,
               const Sink &sink = {});
  /// The same for a model with one input over time.
  bool advance(std::span<const int32_t> tokens, int64_t outputBegin, const Sink &sink = {}) {
    return advance(std::span<const std::span<const int32_t>>(&tokens, 1), outputBegin, sink);
  }

  /// Output `o` of the last chunk: its rows from the first wanted one, or all of it if it is not
  /// over time.
  std::span<const float> output(int o) const;
  /// The last row of output `o`.
  std::span<const float> lastRow(int o) const;
  /// Elements of one row of output `o` (of all of it if it is not over time), for the sequences
  /// given now.
  int64_t rowElements(int o) const;

  /// Inputs over time that `advance` wants.
  const std::vector<int> &timeInputs() const { return overTime; }

  /// Asked before every chunk.
  std::function<bool()> interrupted;

private:
  void check(std::span<const std::span<const int32_t>> inputs) const;
  void checkValues(int input, std::span<const int32_t> values, int64_t firstPosition) const;
  void allocate(int64_t rows, int64_t capacity);
  void call(std::span<const int32_t *const> inputs, int64_t rows, int64_t outputBegin);

  const Manifest manifest;
  const StepFunction step;
  ThreadPool &pool;
  const int64_t limit;
  const int64_t batch;
  int64_t reached = 0;

  tril_context frame{};
  Region arena[tril_regions];
  Region state;
  Region rings[tril_max_rings];
  Region outputs[tril_max_outputs];
  int64_t outputRows = 0; // of the last call
  std::vector<int> overTime;
  std::vector<std::vector<int32_t>> sequences; // one for each input; empty for those over time
  std::vector<std::vector<int32_t>>
      history; // one for each input over time, if the model does not step
};

} // namespace tril
