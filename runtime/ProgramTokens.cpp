//===- ProgramTokens.cpp - lists of token ids in, outputs to a file: the machine's own entry
//----===//
#include "runtime/Program.h"
#include "runtime/SafetensorsWriter.h"
#include "runtime/Terminal.h"
#include "runtime/TokensFile.h"
#include <algorithm>

namespace tril {
namespace {

/// The most likely token; of equal ones the lowest.
int32_t mostLikely(std::span<const float> row) {
  size_t best = 0;
  for (size_t i = 1; i < row.size(); ++i)
    if (row[i] > row[best])
      best = i;
  return int32_t(best);
}

class TokensRun {
public:
  TokensRun(Program &program)
      : program(program), manifest(program.manifest),
        file(readTokensFile(program.options.tokensFile, manifest)) {
    const ProgramOptions &options = program.options;
    if (options.step && !manifest.steps)
      throw Error("--step: `" + manifest.model +
                  "` cannot be computed step by step: " + manifest.why);
    if (options.greedy > 0) {
      program.needGeneration();
      if (program.makeSession(1)->timeInputs().size() != 1)
        throw Error(
            "--greedy: the model reads several inputs over time, and only tokens can be continued");
    }
    int64_t longest = 0;
    for (size_t s = 0; s < file.lists.size(); ++s)
      longest = std::max(longest, length(s));
    // Of the tokens that follow, the last is not fed again.
    int64_t needed = longest + std::max<int64_t>(options.greedy - 1, 0);
    for (const auto &list : file.lists)
      for (const auto &values : list)
        needed = std::max(needed, int64_t(values.size()));
    if (options.context && needed > *options.context)
      throw Error("`" + options.tokensFile + "` needs " + std::to_string(needed) +
                  " positions; -c gives room for " + std::to_string(*options.context));
    session = program.makeSession(options.context.value_or(needed));
  }

  /// False if Ctrl-C came first; the file is then not there.
  bool run() {
    SafetensorsWriter writer(program.options.logitsFile, declare());
    for (size_t s = 0; s < file.lists.size(); ++s)
      if (!runList(s, writer))
        return false;
    writer.commit();
    return true;
  }

private:
  int64_t length(size_t s) const { return int64_t(file.lists[s][manifest.mainInput()].size()); }

  /// Length of an axis for list `s` where a sequence decides.
  int64_t extent(size_t s, const std::string &axis) const {
    for (size_t i = 0; i < manifest.inputs.size(); ++i)
      if (manifest.inputs[i].axes[0] == axis)
        return int64_t(file.lists[s][i].size());
    return 0;
  }

  std::vector<SafetensorsWriter::Tensor> declare() const {
    std::vector<SafetensorsWriter::Tensor> tensors;
    for (size_t s = 0; s < file.lists.size(); ++s) {
      std::string number = "." + std::to_string(s);
      for (const ManifestOutput &output : manifest.outputs) {
        std::vector<int64_t> shape = output.shape;
        for (size_t a = 0; a < shape.size(); ++a)
          if (shape[a] < 0)
            shape[a] = extent(s, output.axes[a]);
        tensors.push_back({output.name + number, "F32", shape});
      }
      if (program.options.greedy > 0)
        tensors.push_back({"greedy" + number, "I64", {program.options.greedy}});
    }
    return tensors;
  }

  bool runList(size_t s, SafetensorsWriter &writer) {
    const auto &inputs = file.lists[s];
    session->reset();
    std::vector<std::span<const int32_t>> overTime;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (manifest.inputs[i].overTime())
        overTime.push_back(inputs[i]);
      else
        session->setSequence(int(i), inputs[i]);
    }

    size_t tensorsPerList = manifest.outputs.size() + (program.options.greedy > 0 ? 1 : 0);
    size_t first = s * tensorsPerList;
    int64_t rows = length(s), part = program.options.step ? 1 : rows;
    for (int64_t begin = 0; begin < rows; begin += part) {
      std::vector<std::span<const int32_t>> given;
      given.reserve(overTime.size());
      for (std::span<const int32_t> values : overTime)
        given.push_back(values.subspan(begin, part));
      auto keep = [&](int64_t row, int64_t /*count*/) {
        for (size_t o = 0; o < manifest.outputs.size(); ++o) {
          std::span<const float> values = session->output(int(o));
          bool timed = manifest.outputs[o].overTime();
          int64_t offset = timed ? (begin + row) * session->rowElements(int(o)) : 0;
          writer.write(first + o, offset * int64_t(sizeof(float)), values.data(),
                       int64_t(values.size_bytes()));
        }
      };
      if (!session->advance(given, 0, keep))
        return false;
    }
    return program.options.greedy == 0 || continueList(first + manifest.outputs.size(), writer);
  }

  bool continueList(size_t tensor, SafetensorsWriter &writer) {
    std::vector<int64_t> tokens;
    for (;;) {
      int32_t token = mostLikely(session->lastRow(manifest.logitsOutput()));
      tokens.push_back(token);
      if (int64_t(tokens.size()) == program.options.greedy)
        break;
      if (!session->advance(std::span<const int32_t>(&token, 1), 0))
        return false;
    }
    writer.write(tensor, 0, tokens.data(), int64_t(tokens.size() * sizeof(int64_t)));
    return true;
  }

  Program &program;
  const Manifest &manifest;
  const TokensFile file;
  std::unique_ptr<Session> session;
};

} // namespace

int runTokens(Program &program) {
  TokensRun run(program);
  catchInterrupt();
  run.run();
  return 0;
}

} // namespace tril
