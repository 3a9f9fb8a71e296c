//===- ProgramOptions.cpp
//-----------------------------------------------------------------------===//
#include "runtime/ProgramOptions.h"
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <getopt.h>
#include <iterator>
#include <vector>

namespace tril {
namespace {

/// The option as a person wrote it, and what follows it.
struct Given {
  std::string option;
  const char *value; // null for a flag

  [[noreturn]] void refuse(const std::string &what) const {
    throw UsageError("`" + option + " " + value + "`: " + what);
  }

  int64_t whole(int64_t least, int64_t most, const char *also = "") const {
    errno = 0;
    char *end;
    long long number = std::strtoll(value, &end, 10);
    bool numeric = end != value && *end == 0 && errno == 0;
    if (!numeric || number < least || number > most)
      refuse("needs a whole number " +
             (most == INT64_MAX ? "of at least " + std::to_string(least)
                                : "from " + std::to_string(least) + " to " + std::to_string(most)) +
             also);
    return number;
  }

  double real(double least, double most, const char *range) const {
    char *end;
    double number = std::strtod(value, &end);
    if (end == value || *end != 0 || !std::isfinite(number) || number < least || number > most)
      refuse(std::string("needs a number ") + range);
    return number;
  }
};

constexpr int64_t largestContext = int64_t(1) << 31;
constexpr int64_t noLimit = INT64_MAX;
constexpr double unbounded = 1e30;

struct OptionRow {
  char letter;          // 0: none
  const char *name;     // long name
  const char *argument; // null: a flag
  const char *help;     // null: another name for the row before
  void (*apply)(ProgramOptions &, const Given &);
};

int64_t predictCount(const Given &given) {
  // llama.cpp: -1 is without end, -2 until the context is full; here both end with the context.
  if (std::strcmp(given.value, "-1") == 0 || std::strcmp(given.value, "-2") == 0)
    return -1;
  return given.whole(0, noLimit, ", or -1 for no limit");
}

void setPredict(ProgramOptions &options, const Given &given) {
  int64_t count = predictCount(given);
  options.predict = count < 0 ? std::nullopt : std::optional<int64_t>(count);
}

constexpr OptionRow rows[] = {
    {'p', "prompt", "TEXT", "the text to continue", [](auto &o, auto &g) { o.prompt = g.value; }},
    {'f', "file", "FILE", "read it from a file (one newline at its end is dropped)",
     [](auto &o, auto &g) { o.promptFile = g.value; }},
    {'n', "predict", "N",
     "tokens to generate (default: until the end of generation or of the context)", setPredict},
    {0, "n-predict", "N", nullptr, setPredict},
    {'c', "ctx-size", "N", "positions that there is room for (default: see --version)",
     [](auto &o, auto &g) { o.context = g.whole(1, largestContext); }},
    {'t', "threads", "N", "threads (default: one for each physical core)",
     [](auto &o, auto &g) { o.threads = g.whole(1, 1024); }},
    {'b', "batch-size", "N", "tokens of a prompt that are computed together (default: 256)",
     [](auto &o, auto &g) { o.batch = g.whole(1, largestContext); }},
    {'s', "seed", "N", "of the sampler (default or -1: another one at each start)",
     [](auto &o, auto &g) {
       int64_t seed = g.whole(-1, noLimit);
       o.seed = seed < 0 ? std::nullopt : std::optional<uint64_t>(seed);
     }},
    {0, "temp", "X", "temperature (default: 0.8); 0 takes the most likely token",
     [](auto &o, auto &g) { o.temperature = g.real(0, unbounded, "of at least 0"); }},
    {0, "top-k", "N", "sample among the N most likely (default: 40; 0: all)",
     [](auto &o, auto &g) { o.topK = g.whole(0, INT32_MAX); }},
    {0, "top-p", "X", "... that together have probability X (default: 0.95; 1: all)",
     [](auto &o, auto &g) { o.topP = g.real(0, 1, "from 0 to 1"); }},
    {0, "min-p", "X", "... that have X times the largest probability (default: 0.05; 0: all)",
     [](auto &o, auto &g) { o.minP = g.real(0, 1, "from 0 to 1"); }},
    {0, "repeat-penalty", "X", "penalty for tokens that were there (default: 1: none)",
     [](auto &o, auto &g) { o.repeatPenalty = g.real(1e-6, unbounded, "above 0"); }},
    {0, "repeat-last-n", "N", "how many tokens back it looks (default: 64; -1: the whole context)",
     [](auto &o, auto &g) { o.repeatLastN = g.whole(-1, INT32_MAX); }},
    {0, "ignore-eos", nullptr, "never generate an end of text",
     [](auto &o, auto &) { o.ignoreEos = true; }},
    {0, "special", nullptr, "special tokens: recognise them in the prompt, print those generated",
     [](auto &o, auto &) { o.special = true; }},
    {0, "begin", "TEXT",
     "what the generated text begins with, where the model reads one text and generates another",
     [](auto &o, auto &g) { o.begin = g.value; }},
    {0, "no-display-prompt", nullptr, "print the generated text only",
     [](auto &o, auto &) { o.displayPrompt = false; }},
    {0, "stats", nullptr, "times and tokens re-used after each text, not at the end only",
     [](auto &o, auto &) { o.stats = true; }},
    {0, "save-state", "FILE", "write the text so far and what is kept of it, to go on with later",
     [](auto &o, auto &g) { o.saveState = g.value; }},
    {0, "load-state", "FILE", "begin with what --save-state wrote; the prompt goes on after it",
     [](auto &o, auto &g) { o.loadState = g.value; }},
    {0, "checkpoint-every", "N",
     "copy, every N tokens, what cannot go back (recurrences, windows), so that it can",
     [](auto &o, auto &g) { o.checkpointEvery = g.whole(1, largestContext); }},
    {0, "embed", "TEXT",
     "print the vector of a text, where the model computes one; -: of each line of standard input",
     [](auto &o, auto &g) {
       o.embedText = g.value;
       o.mode = ProgramOptions::Mode::embed;
     }},
    {0, "embed-format", "X", "... as json, an array a line (default), or raw, numbers alone",
     [](auto &o, auto &g) {
       o.embedFormat = g.value;
       if (o.embedFormat != "json" && o.embedFormat != "raw")
         g.refuse("is neither json nor raw");
     }},
    {0, "tokens", "FILE",
     "compute the lists of token ids in a JSON file: {\"tokens\": [[..], [..]]}",
     [](auto &o, auto &g) {
       o.tokensFile = g.value;
       o.mode = ProgramOptions::Mode::tokens;
     }},
    {0, "logits", "FILE",
     "... and write the outputs to a safetensors file: logits.0, logits.1, ...",
     [](auto &o, auto &g) { o.logitsFile = g.value; }},
    {0, "step", nullptr, "... feeding one token at a time", [](auto &o, auto &) { o.step = true; }},
    {0, "greedy", "N", "... and add the N most likely tokens that follow: greedy.0, ...",
     [](auto &o, auto &g) { o.greedy = g.whole(0, largestContext); }},
    {0, "perplexity", "FILE",
     "perplexity of a text, in windows of -c tokens (default: 512), each window alone;\n"
     "a file *.json gives the windows as lists of token ids",
     [](auto &o, auto &g) {
       o.perplexityFile = g.value;
       o.mode = ProgramOptions::Mode::perplexity;
     }},
    {0, "chunks", "N", "... of the first N windows only",
     [](auto &o, auto &g) { o.chunks = g.whole(1, noLimit); }},
    {0, "probe", nullptr,
     "look for outputs that depend on later tokens, on random prompts (of -c tokens, default: 24)",
     [](auto &o, auto &) { o.mode = ProgramOptions::Mode::probe; }},
    {0, "version", nullptr, "what this program was built from",
     [](auto &o, auto &) { o.mode = ProgramOptions::Mode::version; }},
    {'h', "help", nullptr, "this text",
     [](auto &o, auto &) { o.mode = ProgramOptions::Mode::help; }},
};

constexpr int firstLongCode = 256; // getopt's code of row r is firstLongCode + r

/// Combinations that mean nothing.
void checkTogether(const ProgramOptions &options, bool tokens, bool perplexity, bool embed) {
  auto need = [](bool holds, const char *message) {
    if (!holds)
      throw UsageError(message);
  };
  bool prompt = options.prompt || options.promptFile;
  need(options.mode != ProgramOptions::Mode::probe || (!prompt && !tokens && !perplexity && !embed),
       "--probe makes its own prompts");
  need(!(options.prompt && options.promptFile), "-p and -f both give a prompt");
  need(!(tokens && perplexity), "--tokens and --perplexity are two different things to do");
  need(!(tokens && prompt), "--tokens takes no prompt");
  need(!(perplexity && prompt), "--perplexity takes no prompt");
  need(!(tokens && embed) && !(perplexity && embed),
       "--embed, --tokens and --perplexity are different things to do");
  need(!(embed && prompt), "--embed takes its text itself, or - for lines of standard input");
  need(embed || options.embedFormat == "json", "--embed-format needs --embed");
  need(tokens == !options.logitsFile.empty(), tokens ? "--tokens needs --logits FILE to write to"
                                                     : "--logits needs --tokens FILE to read from");
  bool text = options.mode == ProgramOptions::Mode::generate;
  need(text || options.saveState.empty(), "--save-state is for texts: -p, -f or lines");
  need(text || options.loadState.empty(), "--load-state is for texts: -p, -f or lines");
  need(text || !options.begin, "--begin is for texts: -p, -f or lines");
  need(text || !options.stats, "--stats is for texts: -p, -f or lines");
  need(text || options.mode == ProgramOptions::Mode::probe || options.checkpointEvery == 0,
       "--checkpoint-every is for texts: -p, -f or lines");
  need(tokens || !options.step, "--step needs --tokens");
  need(tokens || options.greedy == 0, "--greedy needs --tokens; for text, --temp 0 is greedy");
  need(perplexity || !options.chunks, "--chunks needs --perplexity");
}

} // namespace

ProgramOptions parseProgramOptions(int argc, char **argv) {
  std::string letters = ":"; // tells a missing value from an unknown option
  std::vector<option> names;
  for (const OptionRow &row : rows) {
    int code = firstLongCode + int(&row - rows);
    names.push_back({row.name, row.argument ? required_argument : no_argument, nullptr, code});
    if (row.letter)
      (letters += row.letter) += row.argument ? ":" : "";
  }
  names.push_back({nullptr, 0, nullptr, 0});

  ProgramOptions options;
  bool tokens = false, perplexity = false, embed = false;
  opterr = 0;
  optind = 0; // glibc: start afresh
  for (;;) {
    int before = optind == 0 ? 1 : optind;
    int code = getopt_long(argc, argv, letters.c_str(), names.data(), nullptr);
    if (code < 0)
      break;
    if (code == '?' || code == ':') {
      // For a letter, optopt is it; for a long name the word itself says most.
      std::string word = optopt > 0 && optopt < firstLongCode ? std::string("-") + char(optopt)
                         : optopt >= firstLongCode
                             ? std::string("--") + rows[optopt - firstLongCode].name
                             : argv[optind > before ? optind - 1 : before];
      if (code == ':')
        throw UsageError("`" + word + "` needs a value; see --help");
      if (optopt >= firstLongCode)
        throw UsageError("`" + word + "` takes no value; see --help");
      throw UsageError("unknown option `" + word + "`; see --help");
    }
    const OptionRow *row = nullptr;
    for (const OptionRow &candidate : rows)
      if (code == candidate.letter || code == firstLongCode + int(&candidate - rows))
        row = &candidate;
    std::string shown =
        code < firstLongCode ? std::string("-") + char(code) : std::string("--") + row->name;
    row->apply(options, {shown, optarg});
    tokens |= options.mode == ProgramOptions::Mode::tokens;
    perplexity |= options.mode == ProgramOptions::Mode::perplexity;
    embed |= options.mode == ProgramOptions::Mode::embed;
    if (options.mode == ProgramOptions::Mode::help || options.mode == ProgramOptions::Mode::version)
      return options;
  }
  if (optind < argc)
    throw UsageError("`" + std::string(argv[optind]) +
                     "` is not an option; a prompt is given with -p");
  checkTogether(options, tokens, perplexity, embed);
  return options;
}

/// What the program is for.
static const char *purposeText(Purpose purpose) {
  switch (purpose) {
  case Purpose::continues:
    return " [-p TEXT | -f FILE] [options]\n"
           "\n"
           "Continues a text.  Without -p and -f, lines are read from a terminal, each a prompt of "
           "its\n"
           "own, or all of standard input from a pipe.  Ctrl-C ends a text; status 130.\n";
  case Purpose::generatesFrom:
    return " [-p TEXT | -f FILE] [options]\n"
           "\n"
           "Reads a text and generates another from it: a translation, a summary, what the model "
           "is "
           "made\n"
           "for.  Without -p and -f, lines are read from a terminal, each a text of its own, or "
           "all "
           "of\n"
           "standard input from a pipe.  Ctrl-C ends a text; status 130.\n";
  case Purpose::embeds:
    return " --embed TEXT [options]\n"
           "\n"
           "Prints the vector of a text; of each line of standard input where TEXT is -.  It "
           "generates\n"
           "nothing.\n";
  }
  return "";
}

std::string programHelp(const std::string &name, Purpose purpose) {
  std::string text = "usage: " + name + purposeText(purpose) + "\n";
  constexpr size_t column = 28;
  for (const OptionRow &row : rows) {
    if (!row.help)
      continue;
    std::string left =
        row.letter ? std::string("  -") + row.letter + ", --" : std::string("      --");
    left += row.name;
    if (row.argument)
      left += std::string(" ") + row.argument;
    left.resize(std::max(left.size() + 1, column), ' ');
    text += left;
    for (const char *c = row.help; *c; ++c) {
      text += *c;
      if (*c == '\n')
        text += std::string(column, ' ');
    }
    text += '\n';
  }
  return text;
}

} // namespace tril
