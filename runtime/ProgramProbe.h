//===- ProgramProbe.h - what the parts of --probe share
//-------------------------------------------------===//
#pragma once
#include "runtime/Session.h"
#include <random>

namespace tril {

/// The largest change that one kind of comparison saw.
struct ProbeChange {
  int64_t pairs = 0;
  double largest = 0;
  std::string where; // the output at a position ...
  int64_t cause = 0; // ... and the other position of the pair

  void see(float before, float after, const std::string &output, int64_t position, int64_t other);
  bool clean() const { return where.empty(); }
};

/// Random inputs, in the order of the manifest, and what the model gives for them whole: for each
/// output over time its rows, nothing for the others.
struct ProbeSequence {
  std::vector<std::vector<int32_t>> inputs;
  std::vector<std::vector<float>> rows;

  /// Gives a new session the inputs that are not over time.
  void begin(Session &session) const;
  /// The inputs over time of positions first .. first + count.
  std::vector<std::span<const int32_t>> part(const Session &session, int64_t first,
                                             int64_t count) const;
  /// Compares the session's outputs, whose first row is that of position `first`, with `rows`.
  void compare(const Session &session, int64_t first, ProbeChange &change) const;
};

struct StateChanges {
  ProbeChange change;
  int64_t truncated = 0, refused = 0, forked = 0, restored = 0;
};

/// With so much context and so large a step.
using MakeSession = std::function<std::unique_ptr<Session>(int64_t context, int64_t batch)>;

/// Takes a sequence of `length` positions back and forth, into copies, and through what `save`
/// gives, at random.  False after Ctrl-C.
bool probeStates(const ProbeSequence &sequence, int64_t length, std::mt19937_64 &random,
                 const MakeSession &makeSession, StateChanges &changes);

} // namespace tril
