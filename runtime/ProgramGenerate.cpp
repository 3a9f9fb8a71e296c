//===- ProgramGenerate.cpp - continue a text
//----------------------------------------------------===//
#include "runtime/Program.h"
#include "runtime/Sampler.h"
#include "runtime/StateFile.h"
#include "runtime/Terminal.h"
#include "runtime/TextFile.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <unistd.h>
#include <utility>

namespace tril {
namespace {

/// What is said on standard error at the end.
struct Timing {
  int64_t promptTokens = 0, reusedTokens = 0, generatedTokens = 0;
  double promptSeconds = 0, generationSeconds = 0;
  double firstToken = -1; // seconds from the start of the program

  void add(const Timing &other) {
    promptTokens += other.promptTokens;
    reusedTokens += other.reusedTokens;
    generatedTokens += other.generatedTokens;
    promptSeconds += other.promptSeconds;
    generationSeconds += other.generationSeconds;
    if (firstToken < 0)
      firstToken = other.firstToken;
  }

  std::string text() const {
    std::string result;
    auto line = [&](const char *what, int64_t tokens, double time) {
      char buffer[160];
      std::snprintf(buffer, sizeof buffer, "%s %lld token%s in %.3f s", what,
                    static_cast<long long>(tokens), tokens == 1 ? "" : "s", time);
      result += buffer;
      if (tokens > 0 && time > 0) {
        std::snprintf(buffer, sizeof buffer, ", %.1f tokens/s", double(tokens) / time);
        result += buffer;
      }
      result += "\n";
    };
    line("prompt:    ", promptTokens, promptSeconds);
    if (reusedTokens > 0)
      result += "re-used:    " + std::to_string(reusedTokens) + " token" +
                (reusedTokens == 1 ? "" : "s") + " computed before\n";
    line("generation:", generatedTokens, generationSeconds);
    if (firstToken >= 0) {
      char buffer[80];
      std::snprintf(buffer, sizeof buffer, "first token %.3f s after the start\n", firstToken);
      result += buffer;
    }
    return result;
  }
};

SamplerOptions samplerOptions(const ProgramOptions &options, uint64_t seed) {
  SamplerOptions result;
  result.temperature = float(options.temperature);
  result.topK = int32_t(options.topK);
  result.topP = float(options.topP);
  result.minP = float(options.minP);
  result.repeatPenalty = float(options.repeatPenalty);
  result.repeatLast = int32_t(options.repeatLastN);
  result.seed = seed;
  return result;
}

/// Continues one text after the other with one session.
class Generator {
public:
  explicit Generator(Program &program)
      : program(program), tokenizer(program.needTokenizer("a prompt")),
        seed(program.options.seed ? *program.options.seed : std::random_device{}()) {
    program.needGeneration();
    const Manifest &manifest = program.manifest;
    source = manifest.sourceInput();
    for (size_t i = 0; i < manifest.inputs.size(); ++i)
      if (int(i) != manifest.mainInput() && int(i) != source)
        throw Error("the model also reads `" + manifest.inputs[i].name +
                    "`, which a prompt does not give; --tokens takes all inputs");
    if (source >= 0 && program.options.loadState.empty()) // else it is loaded
      before = beginning();
    if (source < 0 && program.options.begin)
      throw Error("--begin: `" + manifest.model + "` continues its prompt; it reads no other text");
    logits = manifest.logitsOutput();
    session = program.makeSession(program.options.context.value_or(manifest.context));
    session->keepCheckpoints(program.options.checkpointEvery);
    if (!manifest.steps)
      writeErr("note: the whole text is computed for every token: " + manifest.why + "\n");
  }

  /// `echo`: print the prompt first.
  void run(const std::string &prompt, bool echo) {
    const ProgramOptions &options = program.options;
    // Of a loaded text the other one is loaded too, and the prompt goes on with it.
    const bool translates = source >= 0 && !loaded;
    std::vector<int32_t> tokens = before;
    std::vector<int32_t> added =
        tokenizer.encode(prompt, /*addSpecial=*/translates || tokens.empty(), options.special);
    if (!translates)
      tokens.insert(tokens.end(), added.begin(), added.end());
    else if (added.empty())
      throw Error("the prompt is empty");
    if (tokens.empty())
      throw Error("the prompt is empty");
    if (int64_t(tokens.size()) > session->context())
      throw Error("the prompt " +
                  std::string(before.empty() ? "has " : "and the loaded text have ") +
                  std::to_string(tokens.size()) + " tokens; -c gives room for " +
                  std::to_string(session->context()));
    if (echo && !translates)
      print(prompt);
    if (translates && program.options.begin)
      print(*program.options.begin);

    timing = {};
    Sampler sampler(samplerOptions(options, seed));
    for (int32_t token : tokens)
      sampler.accept(token);
    auto begin = Program::Clock::now();
    if (translates) {
      session->reset();
      session->setSequence(source, added);
    }
    int64_t common = translates ? 0 : commonWith(tokens);
    timing.reusedTokens = session->computedAgainFrom(common);
    bool whole = session->truncate(common);
    if (whole) {
      auto rest = std::span<const int32_t>(tokens).subspan(size_t(session->position()));
      whole = session->advance(rest, int64_t(rest.size()) - 1);
    }
    auto computed = Program::Clock::now();
    timing.promptTokens = session->position() - timing.reusedTokens;
    if (translates)
      timing.promptTokens += int64_t(added.size());
    timing.promptSeconds = seconds(begin, computed);
    pending.assign(tokens.begin() + session->position(), tokens.end());
    if (whole)
      generate(sampler);
    timing.generationSeconds = seconds(computed, Program::Clock::now());
    if (!endsLine)
      print("\n");
    total.add(timing);
  }

  /// Begins every text with the one in the file.
  void load(const std::string &path) {
    if (program.options.begin)
      throw Error("--begin: the loaded text has begun; -p goes on with it");
    pending = loadState(*session, path);
    loaded = true;
    std::span<const int32_t> taken = session->taken();
    before.assign(taken.begin(), taken.end());
    before.insert(before.end(), pending.begin(), pending.end());
    session->checkpoint(); // a text that goes back goes back to here
  }

  void save(const std::string &path) const { saveState(*session, pending, path); }

  /// Of the last text.
  std::string stats() const {
    Timing last = timing;
    last.firstToken = -1; // from the start of the program: of the first text only
    return last.text();
  }

  std::string summary() const {
    std::string text = total.text();
    if (program.options.temperature > 0 && !program.options.seed)
      text += "seed " + std::to_string(seed) + "\n";
    return text;
  }

private:
  /// What is generated from another text begins with: a token of the model's, then what was asked
  /// for.
  std::vector<int32_t> beginning() const {
    const Manifest &manifest = program.manifest;
    int64_t start = manifest.start >= 0 ? manifest.start : tokenizer.bos();
    if (start < 0)
      throw Error("the checkpoint's configuration does not say with which token a text begins "
                  "(`decoder_start_token_id`)");
    std::vector<int32_t> tokens = {int32_t(start)};
    if (program.options.begin) {
      std::vector<int32_t> more =
          tokenizer.encode(*program.options.begin, /*addSpecial=*/false, program.options.special);
      tokens.insert(tokens.end(), more.begin(), more.end());
    }
    return tokens;
  }

  /// How many tokens the session and these begin with alike, and it can go back to; never the last
  /// one: what follows it is wanted.
  int64_t commonWith(const std::vector<int32_t> &tokens) const {
    std::span<const int32_t> taken = session->taken();
    auto most = int64_t(std::min(taken.size(), tokens.size() - 1));
    auto common = int64_t(std::mismatch(taken.begin(), taken.begin() + most, tokens.begin()).first -
                          taken.begin());
    // Where the model cannot step, all of it is computed anew whatever is kept.
    return program.manifest.steps && session->whyNotTruncate(common).empty() ? common : 0;
  }

  void generate(Sampler &sampler) {
    const ProgramOptions &options = program.options;
    int64_t count = options.predict.value_or(std::numeric_limits<int64_t>::max());
    StreamDecoder decoder(tokenizer, options.special);
    for (int64_t i = 0; i < count && !interrupted(); ++i) {
      int32_t token = sampler.sample(allowed(session->lastRow(logits)));
      if (timing.firstToken < 0)
        timing.firstToken = seconds(program.start, Program::Clock::now());
      if (!options.ignoreEos && tokenizer.isEndOfGeneration(token)) {
        if (options.special)
          print(decoder.push(token));
        break;
      }
      ++timing.generatedTokens;
      sampler.accept(token);
      pending.assign(1, token);
      print(decoder.push(token));
      if (i + 1 == count)
        break;
      if (session->position() == session->context()) {
        print(decoder.flush());
        full = true;
        break;
      }
      if (!session->advance(std::span<const int32_t>(&token, 1), 0))
        break;
      pending.clear();
    }
    print(decoder.flush());
    if (std::exchange(full, false)) {
      if (!endsLine)
        print("\n");
      writeErr("note: stopped, the context of " + std::to_string(session->context()) +
               " tokens is full (-c)\n");
    }
  }

  /// The logits that may be drawn from: without the ends of generation if those are to be ignored,
  /// and without rows of the vocabulary that no token has.
  std::span<const float> allowed(std::span<const float> row) {
    row = row.first(std::min<size_t>(row.size(), size_t(tokenizer.vocabSize())));
    if (!program.options.ignoreEos)
      return row;
    masked.assign(row.begin(), row.end());
    if (ends.empty())
      for (int32_t token = 0; token < int32_t(row.size()); ++token)
        if (tokenizer.isEndOfGeneration(token))
          ends.push_back(token);
    for (int32_t token : ends)
      masked[token] = -std::numeric_limits<float>::infinity();
    return masked;
  }

  void print(std::string_view text) {
    if (text.empty())
      return;
    endsLine = text.back() == '\n';
    writeOut(text);
  }

  Program &program;
  const Tokenizer &tokenizer;
  const uint64_t seed;
  std::unique_ptr<Session> session;
  int logits = -1;
  int source = -1;              // the input that the prompt is, where another text is generated
  std::vector<int32_t> before;  // the loaded text, or what a generated one begins with
  std::vector<int32_t> pending; // what the text has after the session's position
  Timing timing, total;         // of the last text, of all
  bool endsLine = true, full = false, loaded = false;
  std::vector<float> masked;
  std::vector<int32_t> ends;
};

/// An editor ends a file with a newline, `echo` a line; a prompt seldom means it.
std::string withoutLastNewline(std::string text) {
  if (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

/// A prompt a line, each a text of its own; what it and the text before begin with alike is not
/// computed again.  Ctrl-C ends a text that is being generated; at the
/// prompt, the program.
void converse(Generator &generator, bool stats) {
  for (;;) {
    writeErr("> ");
    std::optional<std::string> line = readLine();
    if (!line) {
      writeErr("\n");
      return;
    }
    if (line->empty())
      continue;
    try {
      generator.run(*line, /*echo=*/false);
      if (stats)
        writeErr(generator.stats());
    } catch (const Error &error) {
      writeErr("error: " + std::string(error.what()) + "\n");
    }
    clearInterrupt();
  }
}

} // namespace

int runGenerate(Program &program) {
  const ProgramOptions &options = program.options;
  Generator generator(program);
  catchInterrupt();
  if (!options.loadState.empty())
    generator.load(options.loadState);
  bool terminal = !options.prompt && !options.promptFile && isatty(STDIN_FILENO);
  if (terminal) {
    converse(generator, options.stats);
  } else {
    std::string prompt = options.prompt ? *options.prompt
                         : options.promptFile
                             ? withoutLastNewline(readTextFile(*options.promptFile))
                             : withoutLastNewline(readInput());
    if (!interrupted())
      generator.run(prompt, options.displayPrompt);
  }
  writeErr(generator.summary());
  if (!options.saveState.empty())
    generator.save(options.saveState);
  return 0;
}

} // namespace tril
