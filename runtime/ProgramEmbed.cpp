//===- ProgramEmbed.cpp - the vector of a text
//--------------------------------------------------===//
// Which vector that is (a mean over positions, the first position's, the last one's, of length 1 or
// not) is part of the model's text: an output whose axes all have sizes.  Here it is printed.
#include "runtime/Program.h"
#include "runtime/Terminal.h"
#include <algorithm>

namespace tril {
namespace {

class Embedder {
public:
  explicit Embedder(Program &program)
      : program(program), tokenizer(program.needTokenizer("--embed")),
        output(program.manifest.vectorOutput()) {
    const Manifest &manifest = program.manifest;
    if (output < 0)
      throw Error("`" + manifest.model + "` computes no vector of a text: each of its outputs (" +
                  outputNames() + ") has a row for each position; one without, such as " +
                  "`output embedding[axis] = mean[time](...)`, is what --embed prints");
    for (size_t i = 0; i < manifest.inputs.size(); ++i)
      if (int(i) != manifest.mainInput())
        throw Error("the model also reads `" + manifest.inputs[i].name +
                    "`, which --embed does not give; --tokens takes all inputs");
    session = program.makeSession(program.options.context.value_or(manifest.context));
  }

  /// Prints the vector of a text, `name` for messages.  False if Ctrl-C came first.
  bool run(const std::string &text, const std::string &name) {
    std::vector<int32_t> given = tokensOf(text, name);
    session->reset();
    if (!session->advance(given, int64_t(given.size()) - 1))
      return false;
    writeOut(format(session->output(output)));
    ++texts;
    tokens += int64_t(given.size());
    return true;
  }

  std::string summary() const {
    char buffer[120];
    const double time = seconds(program.start, Program::Clock::now());
    std::snprintf(buffer, sizeof buffer, "%lld text%s, %lld tokens in %.3f s\n",
                  static_cast<long long>(texts), texts == 1 ? "" : "s",
                  static_cast<long long>(tokens), time);
    return buffer;
  }

private:
  std::string outputNames() const {
    std::string names;
    for (const ManifestOutput &each : program.manifest.outputs)
      if (!each.inner)
        names += (names.empty() ? "`" : ", `") + each.name + "`";
    return names;
  }

  /// With what the tokenizer puts around a text; a text that is too long loses its end.
  std::vector<int32_t> tokensOf(const std::string &text, const std::string &name) const {
    const bool special = program.options.special;
    std::vector<int32_t> all = tokenizer.encode(text, /*addSpecial=*/true, special);
    const auto room = size_t(session->context());
    if (all.empty())
      throw Error(name + " has no tokens");
    if (all.size() <= room)
      return all;
    std::vector<int32_t> inner = tokenizer.encode(text, /*addSpecial=*/false, special);
    const size_t around = all.size() - inner.size();
    if (around >= room)
      throw Error("the tokenizer puts " + std::to_string(around) + " tokens around a text; -c " +
                  "gives room for " + std::to_string(room));
    auto begin = std::search(all.begin(), all.end(), inner.begin(), inner.end());
    writeErr("note: " + name + " is cut to its first " + std::to_string(room - around) + " of " +
             std::to_string(inner.size()) + " tokens\n");
    all.erase(begin + std::ptrdiff_t(room - around), begin + std::ptrdiff_t(inner.size()));
    return all;
  }

  /// A line: a JSON array, or numbers with blanks between them.  As many digits as tell an f32 from
  /// its neighbours.
  std::string format(std::span<const float> vector) const {
    const bool raw = program.options.embedFormat == "raw";
    std::string line = raw ? "" : "[";
    for (size_t i = 0; i < vector.size(); ++i) {
      char number[32];
      std::snprintf(number, sizeof number, "%.9g", double(vector[i]));
      line += (i == 0 ? "" : raw ? " " : ", ") + std::string(number);
    }
    return line + (raw ? "\n" : "]\n");
  }

  Program &program;
  const Tokenizer &tokenizer;
  const int output;
  std::unique_ptr<Session> session;
  int64_t texts = 0, tokens = 0;
};

} // namespace

int runEmbed(Program &program) {
  Embedder embedder(program);
  catchInterrupt();
  const std::string &text = program.options.embedText;
  if (text != "-") {
    embedder.run(text, "the text");
  } else {
    int64_t number = 0;
    while (std::optional<std::string> line = readLine())
      if (!embedder.run(*line, "line " + std::to_string(++number)))
        break;
  }
  writeErr(embedder.summary());
  return 0;
}

} // namespace tril
