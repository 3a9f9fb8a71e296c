//===- ProgramPerplexity.cpp - how well a model predicts a text
//---------------------------------===//
// The text is cut into windows of equal length, each computed alone from an empty context;
// perplexity is exp(mean of -log p(token | those before it in its window)) over all tokens but the
// first of each window.  What is left at the end and fills no window is not counted, unless it is
// all there is.
#include "runtime/Program.h"
#include "runtime/Terminal.h"
#include "runtime/TextFile.h"
#include "runtime/TokensFile.h"
#include <algorithm>
#include <cmath>

namespace tril {
namespace {

constexpr int64_t defaultWindow = 512; // llama.cpp's

using Window = std::vector<int32_t>;

/// -log softmax(row)[token].
double surprise(std::span<const float> row, int32_t token) {
  float largest = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (float value : row)
    sum += std::exp(value - largest);
  return std::log(sum) - double(row[token] - largest);
}

std::vector<Window> windowsOfText(Program &program, const std::string &path) {
  const Tokenizer &tokenizer = program.needTokenizer("--perplexity of a text");
  std::string text = readTextFile(path);
  std::vector<int32_t> tokens =
      tokenizer.encode(text, /*addSpecial=*/false, program.options.special);
  // Where texts of this model begin with a token of their own, each window does, in place of its
  // first token.
  std::vector<int32_t> prefix = tokenizer.encode("", /*addSpecial=*/true, false);
  bool begins = !prefix.empty() && prefix[0] == tokenizer.bos();

  int64_t length =
      std::min(program.options.context.value_or(defaultWindow), int64_t(tokens.size()));
  if (length < 2)
    throw Error(
        "`" + path + "`: perplexity needs windows of at least 2 tokens; " +
        (tokens.size() < 2 ? "the text has " + std::to_string(tokens.size()) : "-c gives 1"));
  std::vector<Window> windows;
  for (int64_t begin = 0; begin + length <= int64_t(tokens.size()); begin += length) {
    windows.emplace_back(tokens.begin() + begin, tokens.begin() + begin + length);
    if (begins)
      windows.back()[0] = tokenizer.bos();
  }
  return windows;
}

std::vector<Window> windowsOfLists(Program &program, const std::string &path) {
  std::vector<Window> windows;
  for (auto &inputs : readTokensFile(path, program.manifest).lists) {
    windows.push_back(inputs[program.manifest.mainInput()]);
    if (windows.back().size() < 2)
      throw Error("`" + path + "`: perplexity needs windows of at least 2 tokens; list " +
                  std::to_string(windows.size() - 1) + " has 1");
  }
  return windows;
}

} // namespace

int runPerplexity(Program &program) {
  const ProgramOptions &options = program.options;
  const Manifest &manifest = program.manifest;
  const std::string &path = options.perplexityFile;
  int output = manifest.logitsOutput();
  if (output < 0 || (!manifest.causal() && !manifest.steps && !manifest.claim.empty()))
    program.needGeneration(); // says why
  if (manifest.inputs.size() != 1)
    throw Error("--perplexity: the model also reads `" + manifest.inputs.back().name +
                "`, which a text does not give");

  std::vector<Window> windows =
      path.ends_with(".json") ? windowsOfLists(program, path) : windowsOfText(program, path);
  if (options.chunks && *options.chunks < int64_t(windows.size()))
    windows.resize(size_t(*options.chunks));
  int64_t longest = 0;
  for (const Window &window : windows)
    longest = std::max(longest, int64_t(window.size()));
  std::unique_ptr<Session> session = program.makeSession(longest);
  if (session->rowElements(output) < manifest.inputs[0].limit)
    throw Error("--perplexity: `" + manifest.outputs[size_t(output)].name +
                "` has fewer values than there are tokens");
  catchInterrupt();

  double total = 0;
  int64_t count = 0, tokens = 0;
  auto begin = Program::Clock::now();
  char line[160];
  for (size_t w = 0; w < windows.size(); ++w) {
    const Window &window = windows[w];
    session->reset();
    bool done = session->advance(window, 0, [&](int64_t first, int64_t rows) {
      std::span<const float> values = session->output(output);
      size_t width = size_t(session->rowElements(output));
      for (int64_t r = 0; r < rows && first + r + 1 < int64_t(window.size()); ++r, ++count)
        total += surprise(values.subspan(size_t(r) * width, width), window[size_t(first + r + 1)]);
    });
    if (!done)
      return 0; // interrupted: no number rather than one of less text than was asked for
    tokens += int64_t(window.size());
    double elapsed = seconds(begin, Program::Clock::now());
    std::snprintf(line, sizeof line, "window %zu of %zu: perplexity so far %.4f, %.1f tokens/s\n",
                  w + 1, windows.size(), std::exp(total / double(count)), double(tokens) / elapsed);
    writeErr(line);
  }
  std::snprintf(line, sizeof line,
                "perplexity %.4f (%lld predictions in %zu windows of %lld tokens)\n",
                std::exp(total / double(count)), static_cast<long long>(count), windows.size(),
                static_cast<long long>(longest));
  writeOut(line);
  return 0;
}

} // namespace tril
