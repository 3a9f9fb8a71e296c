//===- ProgramProbeStates.cpp - states that go back, are copied, saved and restored
//----------------------===//
// A random walk over a sequence: a few positions on, back to a random place, into a copy, through
// memory and into a session with other sizes.  Wherever it is, the outputs must have the bits of
// the sequence computed once.
#include "runtime/ProgramProbe.h"
#include <algorithm>
#include <cstring>

namespace tril {
namespace {

class Walk {
public:
  Walk(const ProbeSequence &sequence, int64_t length, std::mt19937_64 &random,
       const MakeSession &makeSession)
      : sequence(sequence), length(length), random(random), makeSession(makeSession),
        session(fresh()) {
    sequence.begin(*session);
  }

  bool run(int64_t operations, StateChanges &changes) {
    for (int64_t i = 0; i < operations; ++i) {
      int64_t room = length - session->position();
      bool kept = true;
      switch (draw(6)) {
      case 0: {
        int64_t n = draw(session->position() + 1);
        if (std::string why = session->whyNotTruncate(n); !why.empty()) {
          ++changes.refused;
          break;
        }
        kept = session->truncate(n);
        ++changes.truncated;
        break;
      }
      case 1:
        // The older one goes on first: what it does must not reach the copy.
        if (auto copy = session->fork(); room > 0) {
          kept = step(draw(room) + 1, changes.change);
          session = std::move(copy);
          ++changes.forked;
        }
        break;
      case 2:
        throughMemory();
        ++changes.restored;
        break;
      default:
        if (room > 0)
          kept = step(draw(std::min<int64_t>(room, 1 + draw(room))) + 1, changes.change);
        else
          kept = session->whyNotTruncate(0).empty() && session->truncate(0);
      }
      if (!kept)
        return false;
    }
    return true;
  }

private:
  int64_t draw(int64_t limit) { return limit > 0 ? int64_t(random() % uint64_t(limit)) : 0; }

  std::unique_ptr<Session> fresh() {
    int64_t context = length + draw(200), batch = 1 + draw(length);
    return makeSession(context, batch);
  }

  void throughMemory() {
    std::vector<char> bytes;
    session->save(
        [&](const char *data, size_t size) { bytes.insert(bytes.end(), data, data + size); });
    auto other = fresh();
    const char *from = bytes.data();
    other->restore(session->position(), session->sequenceLengths(), [&](char *data, size_t size) {
      std::memcpy(data, from, size);
      from += size;
    });
    session = std::move(other);
  }

  bool step(int64_t count, ProbeChange &change) {
    int64_t at = session->position();
    return session->advance(sequence.part(*session, at, count), 0, [&](int64_t first, int64_t) {
      sequence.compare(*session, at + first, change);
    });
  }

  const ProbeSequence &sequence;
  const int64_t length;
  std::mt19937_64 &random;
  const MakeSession &makeSession;
  std::unique_ptr<Session> session;
};

} // namespace

bool probeStates(const ProbeSequence &sequence, int64_t length, std::mt19937_64 &random,
                 const MakeSession &makeSession, StateChanges &changes) {
  constexpr int64_t operations = 60;
  return Walk(sequence, length, random, makeSession).run(operations, changes);
}

} // namespace tril
