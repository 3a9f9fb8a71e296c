//===- Session.h - one sequence through a product's step
//----------------------------------------===//
// Owns the memory of a run (arena, state, outputs), cuts what it is given into chunks, and keeps
// the position. Where a model cannot take a sequence in parts (`steps` is false in the manifest),
// the session keeps the inputs so far and computes the whole sequence at every call: the caller
// need not know, it only takes longer.
#pragma once
#include "runtime/States.h"
#include "runtime/ThreadPool.h"
#include <functional>
#include <memory>
#include <span>

namespace tril {

class Session {
public:
  /// `weights`: page aligned, as the manifest's compiler packed them.  `context`: positions that a
  /// sequence may have.  `batch`: rows of one call of `step` at most.  The pool outlives the
  /// session.
  Session(const Manifest &manifest, const char *weights, StepFunction step, ThreadPool &pool,
          int64_t context, int64_t batch);

  const Manifest &description() const { return manifest; }
  int64_t context() const { return limit; }
  int64_t position() const { return reached; }
  /// What `advance` took so far for its i-th input.
  std::span<const int32_t> taken(size_t i = 0) const { return history[i]; }

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

  //===--- going back, and other sequences with the same beginning (SessionStates.cpp) ---===//

  /// Why the sequence cannot go back to its first `n` positions; empty if it can.
  std::string whyNotTruncate(int64_t n) const;
  /// The position from which `truncate(n)` computes again, at most `n`.
  int64_t computedAgainFrom(int64_t n) const;
  /// Goes back to the first `n` positions: what follows has the bits that it has after these
  /// positions alone.  States that cannot go back are set to the last checkpoint that is not behind
  /// `n` (the beginning is one, if there are checkpoints), and the positions from there to `n` are
  /// computed again.  Returns false if `interrupted` asked to stop meanwhile; the session then
  /// wants a reset.  Throws Error where whyNotTruncate says why.  There are no outputs before the
  /// next call of `advance`.
  bool truncate(int64_t n);
  /// A copy of the states that cannot always go back is kept every so many positions; 0: none.
  void keepCheckpoints(int64_t every) { checkpointEvery = every; }
  /// Keeps one of this position, if any state wants it.
  void checkpoint();

  /// A session of its own at the same position of the same sequence, on the same threads and with
  /// the same scratch memory: the two go on one at a time.
  std::unique_ptr<Session> fork() const;

  /// Gives the sequence so far: what `advance` and `setSequence` took, and the rows of the states
  /// that later positions read.  Only a session of the same model takes it; StateFile.h has a file
  /// that knows of which model it is.
  void save(const States::Sink &sink) const;
  /// Takes a sequence of `position` positions and further sequences of `lengths` as `save` gave it,
  /// in place of the session's.  The context and the largest step may be others.  Throws Error for
  /// a sequence longer than the context or values that no input has, and what the source throws;
  /// the session is then as after reset.
  void restore(int64_t position, std::span<const int64_t> lengths, const States::Source &source);
  /// Lengths of the sequences other than time, in the order of the inputs along them.
  std::vector<int64_t> sequenceLengths() const;

private:
  void check(std::span<const std::span<const int32_t>> inputs) const;
  void checkValues(int input, std::span<const int32_t> values, int64_t firstPosition) const;
  /// Memory of values that no later call reads.
  struct Scratch {
    Region regions[tril_regions];
  };
  Session(const Manifest &manifest, const char *weights, StepFunction step, ThreadPool &pool,
          int64_t context, int64_t batch, std::shared_ptr<Scratch> scratch);
  void allocate(int64_t rows, int64_t capacity);
  void call(std::span<const int32_t *const> inputs, int64_t rows, int64_t outputBegin);
  void forgetAfter(int64_t n);
  bool goBackToCheckpoint(int64_t n);
  bool advanceSilently(const std::vector<std::vector<int32_t>> &inputs);
  void restoreChecked(int64_t position, std::span<const int64_t> lengths,
                      const States::Source &source);

  const Manifest manifest;
  const StepFunction step;
  ThreadPool &pool;
  const int64_t limit;
  const int64_t batch;
  int64_t reached = 0;

  tril_context frame{};
  std::shared_ptr<Scratch> scratch; // of all forks: they go on one at a time
  States states;
  std::vector<Region> outputs;
  std::vector<float *> outputRoom; // of `outputs`
  int64_t outputRows = 0;          // of the last call
  std::vector<int> overTime;
  std::vector<std::vector<int32_t>> sequences; // one for each input; empty for those over time
  std::vector<std::vector<int32_t>> history;   // one for each input over time

  /// What the states that cannot always go back keep of the first `position` positions.
  struct Checkpoint {
    int64_t position;
    std::vector<char> rows;
  };
  int64_t checkpointEvery = 0;
  std::vector<Checkpoint> checkpoints; // by position
};

} // namespace tril
