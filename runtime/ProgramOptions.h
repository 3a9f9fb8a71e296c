//===- ProgramOptions.h - a product's command line
//----------------------------------------------===//
// The letters and names are llama.cpp's where it has the same thing.  Read with getopt_long: a
// library for command lines built on streams would be half of a product's code.
#pragma once
#include "runtime/Error.h"
#include <cstdint>
#include <optional>
#include <string>

namespace tril {

/// The command line asks for something that cannot be; exit status 2.
struct UsageError : Error {
  using Error::Error;
};

struct ProgramOptions {
  enum class Mode { generate, embed, tokens, perplexity, probe, version, help };
  Mode mode = Mode::generate;

  std::optional<std::string> prompt;     // -p
  std::optional<std::string> promptFile; // -f
  std::optional<int64_t> predict;        // -n; absent: to the end of generation or of the context
  std::optional<int64_t> context;        // -c; absent: as the mode needs
  std::optional<int64_t> threads;        // -t; absent: one for each physical core
  int64_t batch = 256;                   // -b

  std::optional<uint64_t> seed; // -s; absent: another one at each start
  double temperature = 0.8;
  int64_t topK = 40;
  double topP = 0.95;
  double minP = 0.05;
  double repeatPenalty = 1.0;
  int64_t repeatLastN = 64;
  bool ignoreEos = false;
  bool special = false;
  bool displayPrompt = true;
  std::optional<std::string> begin; // --begin

  std::string saveState, loadState; // --save-state, --load-state
  int64_t checkpointEvery = 0;      // --checkpoint-every; 0: no checkpoints
  bool stats = false;

  std::string tokensFile, logitsFile; // --tokens, --logits
  bool step = false;
  int64_t greedy = 0;

  std::string embedText;            // --embed; "-": lines of standard input
  std::string embedFormat = "json"; // json or raw

  std::string perplexityFile;
  std::optional<int64_t> chunks;
};

/// Throws UsageError.
ProgramOptions parseProgramOptions(int argc, char **argv);

/// What a product does with a text.
enum class Purpose { continues, generatesFrom, embeds };

/// What --help prints, for a product called `name`.
std::string programHelp(const std::string &name, Purpose purpose = Purpose::continues);

} // namespace tril
