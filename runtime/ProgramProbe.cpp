//===- ProgramProbe.cpp - looks for outputs that depend on later tokens
//-------------------------------===//
// The compiler proves a claim of the text; this looks at the compiled code.  For random prompts,
// every later token is changed and the prompt is cut at every position, and what comes before must
// stay as it was to the last bit.  Where the model steps, one token at a time must give the same as
// the whole.  Then ProgramProbeStates.cpp.
#include "runtime/ProgramProbe.h"
#include "runtime/Program.h"
#include "runtime/Terminal.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

namespace tril {

void ProbeChange::see(float before, float after, const std::string &output, int64_t position,
                      int64_t other) {
  if (std::bit_cast<uint32_t>(before) == std::bit_cast<uint32_t>(after))
    return;
  double size = std::abs(double(before) - double(after));
  if (std::isnan(size))
    size = HUGE_VAL;
  if (size < largest || (size == largest && !where.empty()))
    return;
  largest = size;
  where = "`" + output + "` at position " + std::to_string(position);
  cause = other;
}

void ProbeSequence::begin(Session &session) const {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!session.description().inputs[i].overTime())
      session.setSequence(int(i), inputs[i]);
}

std::vector<std::span<const int32_t>> ProbeSequence::part(const Session &session, int64_t first,
                                                          int64_t count) const {
  std::vector<std::span<const int32_t>> result;
  for (int input : session.timeInputs())
    result.push_back(std::span(inputs[size_t(input)]).subspan(size_t(first), size_t(count)));
  return result;
}

void ProbeSequence::compare(const Session &session, int64_t first, ProbeChange &change) const {
  for (size_t o = 0; o < rows.size(); ++o) {
    const ManifestOutput &output = session.description().outputs[o];
    if (!output.overTime())
      continue;
    std::span<const float> found = session.output(int(o));
    int64_t width = session.rowElements(int(o));
    for (size_t i = 0; i < found.size(); ++i) {
      int64_t position = first + int64_t(i) / width;
      change.see(rows[o][size_t(first * width) + i], found[i], output.name, position, position);
    }
    change.pairs += int64_t(found.size()) / width;
  }
}

namespace {

constexpr int64_t probePositions = 24;
constexpr int probePrompts = 3;
constexpr int64_t statePositions = 200; // more than a ring of a short window has

using Inputs = std::vector<std::vector<int32_t>>; // in the order of the manifest
using Rows = std::vector<std::vector<float>>;     // by output; empty where it is not over time

class Probe {
public:
  explicit Probe(Program &program)
      : program(program), manifest(program.manifest),
        length(std::min(program.options.context.value_or(probePositions),
                        manifest.longest > 0 ? manifest.longest : INT64_MAX)),
        random(program.options.seed.value_or(1)) {
    if (!manifest.claim.empty() && !manifest.causal())
      throw Error("--probe: `" + manifest.model + "` is " + manifest.claim +
                  ", what it gives at a position may depend on later ones");
    if (length < 2)
      throw Error("--probe needs at least 2 positions");
    program.makeSession(1); // the pool
    session = std::make_unique<Session>(manifest, program.container.weights(), program.step,
                                        *program.pool, length, length);
    session->interrupted = interrupted;
  }

  int run() {
    for (int i = 0; i < probePrompts; ++i)
      if (!probePrompt())
        return 1;
    int64_t inner = std::count_if(manifest.outputs.begin(), manifest.outputs.end(),
                                  [](const ManifestOutput &output) { return output.inner; });
    if (inner > 0)
      writeOut("looking at " + std::to_string(inner) + " named values besides the outputs\n");
    report("a later token changed", changed, "changed");
    report("the prompt cut", cut, "cut off");
    if (manifest.steps)
      report("one token at a time", stepped, "");
    report("back " + std::to_string(states.truncated) + " times (refused " +
               std::to_string(states.refused) + "), copied " + std::to_string(states.forked) +
               ", restored " + std::to_string(states.restored),
           states.change, "");
    return changed.clean() && cut.clean() && stepped.clean() && states.change.clean() ? 0 : 1;
  }

private:
  /// A strictly causal output does not depend on its own position either.
  int64_t fixedRows(int64_t changedAt) const {
    return changedAt + (manifest.claim == "strictly causal" ? 1 : 0);
  }

  Inputs draw(int64_t positions) {
    Inputs inputs;
    for (const ManifestInput &input : manifest.inputs) {
      int64_t size = input.overTime() ? positions : std::max<int64_t>(1, positions / 2);
      std::vector<int32_t> values(static_cast<size_t>(size));
      for (int32_t &value : values)
        value = token(input);
      inputs.push_back(std::move(values));
    }
    return inputs;
  }
  int32_t token(const ManifestInput &input) { return int32_t(random() % uint64_t(input.limit)); }

  /// The first `count` positions, `part` at a time; false after Ctrl-C.
  bool compute(const Inputs &inputs, int64_t count, int64_t part, Rows &rows) {
    session->reset();
    ProbeSequence{inputs, {}}.begin(*session);
    rows.assign(manifest.outputs.size(), {});
    for (int64_t begin = 0; begin < count; begin += part) {
      std::vector<std::span<const int32_t>> given;
      for (int input : session->timeInputs())
        given.push_back(std::span(inputs[size_t(input)]).subspan(size_t(begin), size_t(part)));
      auto keep = [&](int64_t, int64_t) {
        for (size_t o = 0; o < rows.size(); ++o)
          if (manifest.outputs[o].overTime()) {
            std::span<const float> values = session->output(int(o));
            rows[o].insert(rows[o].end(), values.begin(), values.end());
          }
      };
      if (!session->advance(given, 0, keep))
        return false;
    }
    return true;
  }

  /// Compares the first `count` positions.
  void compare(const Rows &whole, const Rows &other, int64_t count, int64_t at,
               ProbeChange &change) {
    for (size_t o = 0; o < whole.size(); ++o) {
      if (!manifest.outputs[o].overTime())
        continue;
      int64_t width = session->rowElements(int(o)), rows = count;
      if (manifest.outputs[o].inner && &change == &changed)
        rows = std::min(rows, at); // inside, a strictly causal text may use the position itself
      for (int64_t i = 0; i < rows * width; ++i)
        change.see(whole[o][size_t(i)], other[o][size_t(i)], manifest.outputs[o].name, i / width,
                   at);
      change.pairs += rows;
    }
  }

  bool probePrompt() {
    Inputs inputs = draw(length);
    Rows whole, other;
    if (!compute(inputs, length, length, whole))
      return false;
    for (int64_t at = fixedRows(0) > 0 ? 0 : 1; at < length; ++at) {
      for (int input : session->timeInputs()) {
        Inputs different = inputs;
        int32_t &value = different[size_t(input)][size_t(at)];
        int32_t before = value;
        for (int attempt = 0; attempt < 4 && value == before; ++attempt)
          value = token(manifest.inputs[size_t(input)]);
        if (!compute(different, length, length, other))
          return false;
        compare(whole, other, std::min(length, fixedRows(at)), at, changed);
      }
      if (at == 0)
        continue;
      if (!compute(inputs, at, at, other))
        return false;
      compare(whole, other, at, at, cut);
    }
    if (manifest.steps) {
      if (!compute(inputs, length, 1, other))
        return false;
      compare(whole, other, length, length - 1, stepped);
    }
    return probeWalk();
  }

  bool probeWalk() {
    int64_t positions = std::max(length, statePositions);
    if (manifest.longest > 0)
      positions = std::min(positions, manifest.longest);
    ProbeSequence sequence{draw(positions), {}};
    auto make = [&](int64_t context, int64_t batch) {
      if (manifest.longest > 0)
        context = std::min(context, manifest.longest);
      auto made = std::make_unique<Session>(manifest, program.container.weights(), program.step,
                                            *program.pool, context, batch);
      made->interrupted = interrupted;
      made->keepCheckpoints(program.options.checkpointEvery);
      return made;
    };
    auto whole = make(positions, positions);
    whole->keepCheckpoints(0); // one chunk
    sequence.begin(*whole);
    if (!whole->advance(sequence.part(*whole, 0, positions), 0))
      return false;
    sequence.rows.resize(manifest.outputs.size());
    for (size_t o = 0; o < manifest.outputs.size(); ++o)
      if (manifest.outputs[o].overTime()) {
        std::span<const float> values = whole->output(int(o));
        sequence.rows[o].assign(values.begin(), values.end());
      }
    return probeStates(sequence, positions, random, make, states);
  }

  static void report(const std::string &what, const ProbeChange &change, const std::string &how) {
    char size[32];
    std::snprintf(size, sizeof size, "%g", change.largest);
    std::string text = what + ": largest change " + size + " in " + std::to_string(change.pairs) +
                       " pairs of positions";
    if (!change.clean())
      text += " (" + change.where +
              (how.empty() ? "" : ", position " + std::to_string(change.cause) + " " + how) + ")";
    writeOut(text + "\n");
  }

  Program &program;
  const Manifest &manifest;
  const int64_t length;
  std::mt19937_64 random;
  std::unique_ptr<Session> session;
  ProbeChange changed, cut, stepped;
  StateChanges states;
};

} // namespace

int runProbe(Program &program) {
  Probe probe(program);
  catchInterrupt();
  return probe.run();
}

} // namespace tril
