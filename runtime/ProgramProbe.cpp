//===- ProgramProbe.cpp - looks for outputs that depend on later tokens
//-------------------------------===//
// The compiler proves a claim of the text; this looks at the compiled code.  For random prompts,
// every later token is changed and the prompt is cut at every position, and what comes before must
// stay as it was to the last bit.  Where the model steps, one token at a time must give the same as
// the whole.
#include "runtime/Program.h"
#include "runtime/Terminal.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

namespace tril {
namespace {

constexpr int64_t probePositions = 24;
constexpr int probePrompts = 3;

using Inputs = std::vector<std::vector<int32_t>>; // in the order of the manifest
using Rows = std::vector<std::vector<float>>;     // by output; empty where it is not over time

/// The largest change that one kind of comparison saw.
struct Change {
  int64_t pairs = 0;
  double largest = 0;
  std::string where; // the output at a position ...
  int64_t cause = 0; // ... and the other position of the pair

  void see(float before, float after, const std::string &output, int64_t position, int64_t other) {
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
  bool clean() const { return where.empty(); }
};

class Probe {
public:
  explicit Probe(Program &program)
      : manifest(program.manifest),
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
    report("a later token changed", changed, "changed");
    report("the prompt cut", cut, "cut off");
    if (manifest.steps)
      report("one token at a time", stepped, "");
    return changed.clean() && cut.clean() && stepped.clean() ? 0 : 1;
  }

private:
  /// A strictly causal output does not depend on its own position either.
  int64_t fixedRows(int64_t changedAt) const {
    return changedAt + (manifest.claim == "strictly causal" ? 1 : 0);
  }

  Inputs draw() {
    Inputs inputs;
    for (const ManifestInput &input : manifest.inputs) {
      int64_t size = input.overTime() ? length : std::max<int64_t>(1, length / 2);
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
    for (size_t i = 0; i < inputs.size(); ++i)
      if (!manifest.inputs[i].overTime())
        session->setSequence(int(i), inputs[i]);
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
  void compare(const Rows &whole, const Rows &other, int64_t count, int64_t at, Change &change) {
    for (size_t o = 0; o < whole.size(); ++o) {
      if (!manifest.outputs[o].overTime())
        continue;
      int64_t width = session->rowElements(int(o));
      for (int64_t i = 0; i < count * width; ++i)
        change.see(whole[o][size_t(i)], other[o][size_t(i)], manifest.outputs[o].name, i / width,
                   at);
      change.pairs += count;
    }
  }

  bool probePrompt() {
    Inputs inputs = draw();
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
    if (!manifest.steps)
      return true;
    if (!compute(inputs, length, 1, other))
      return false;
    compare(whole, other, length, length - 1, stepped);
    return true;
  }

  static void report(const std::string &what, const Change &change, const std::string &how) {
    char size[32];
    std::snprintf(size, sizeof size, "%g", change.largest);
    std::string text = what + ": largest change " + size + " in " + std::to_string(change.pairs) +
                       " pairs of positions";
    if (!change.clean())
      text += " (" + change.where +
              (how.empty() ? "" : ", position " + std::to_string(change.cause) + " " + how) + ")";
    writeOut(text + "\n");
  }

  const Manifest &manifest;
  const int64_t length;
  std::mt19937_64 random;
  std::unique_ptr<Session> session;
  Change changed, cut, stepped;
};

} // namespace

int runProbe(Program &program) {
  Probe probe(program);
  catchInterrupt();
  return probe.run();
}

} // namespace tril
