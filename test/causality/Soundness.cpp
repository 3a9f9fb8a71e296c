//===- Soundness.cpp - the proof against brute force
//-------------------------------------------------===//
// soundness [--count N] [--seed S] [--first I] [--longest L] [--jobs J] [--show N] [--slow SECONDS]
// soundness --judge TEXT
// Draws texts, and evaluates each with the interpreter on random inputs: every later position
// changed, and the sequence cut everywhere, must leave what comes before as it was, to the last
// bit.  A text for which they do not must not be accepted.  Prints every text for which this fails,
// and the counts; --show prints the first texts that were refused although nothing leaked, --slow
// (which evaluates nothing) those whose proof takes longer.
// --judge does the same with one text, without a proof: 1 if it leaks, 0 if it was not seen to.
#include "Analysis/Causality.h"
#include "Generator.h"
#include "Import/Import.h"
#include "Interpreter/Interpreter.h"
#include "dsl/Check.h"
#include "dsl/Parser.h"
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace tril;
using Tokens = std::vector<int32_t>;
using Outputs = std::map<std::string, interpreter::OutputArray>;

namespace {

struct Arguments {
  std::string judge;
  uint64_t count = 2000, seed = 1, first = 0, show = 0;
  uint64_t jobs = 1;
  int longest = 24;
  double slow = 0;
};

class Judge {
public:
  Judge() : library(dsl::loadStd("", diagnostics)) {
    context.loadDialect<TrilDialect>();
    context.disableMultithreading();
  }

  /// Null where the text is none of the language.
  mlir::OwningOpRef<mlir::ModuleOp> import(const std::string &text) {
    auto source = std::make_shared<dsl::Source>(dsl::Source{"random.tril", text});
    dsl::Diagnostics messages;
    dsl::ast::Program program = dsl::parse(source, messages);
    if (messages.hasErrors())
      return refused(messages);
    nlohmann::json config = nlohmann::json::object();
    dsl::CheckOptions options;
    options.library = &library;
    options.config = &config;
    auto model = dsl::check(program, options, messages);
    if (!model)
      return refused(messages);
    return importModel(context, *model);
  }

  /// Where the text reads the future on some random input, or "".
  std::string leak(ModelOp model, std::mt19937_64 &random, int longest, int rounds = 2,
                   const Refutation *given = nullptr) {
    int64_t vocabulary = 256;
    model.walk([&](InputOp input) { vocabulary = static_cast<int64_t>(input.getLimit()); });
    for (int round = 0; round < rounds; ++round) {
      int length = 1 + static_cast<int>(random() % static_cast<uint64_t>(longest));
      if (given)
        length = static_cast<int>(
            std::clamp<int64_t>(given->length + random() % 3, round % 2 == 0 ? 1 : longest, 64));
      Tokens tokens = draw(random, length, vocabulary);
      Tokens words = draw(random, 1 + random() % (given ? 64 : 6), vocabulary);
      if (given) {
        plant(tokens, *given, "token");
        plant(words, *given, "word");
      }
      Outputs whole = evaluate(model, tokens, words);
      for (int at = 1; at < length; ++at) {
        Tokens cut(tokens.begin(), tokens.begin() + at);
        if (!same(evaluate(model, cut, words), whole, at))
          return "cut at " + std::to_string(at) + " of " + std::to_string(length);
        for (int i = 0; i < 2; ++i) {
          Tokens changed = tokens;
          changed[at] = static_cast<int32_t>(random() % vocabulary);
          if (!same(evaluate(model, changed, words), whole, at))
            return "changed at " + std::to_string(at) + " of " + std::to_string(length);
        }
      }
    }
    return "";
  }

  std::string refusal; ///< of the language, for the last text
  /// By how numbers are made, so that no coincidence of values hides a read; or by their values.
  interpreter::Precision precision = interpreter::Precision::symbolic;

private:
  mlir::OwningOpRef<mlir::ModuleOp> refused(const dsl::Diagnostics &messages) {
    refusal = dsl::render(messages, false);
    return nullptr;
  }
  /// What the proof has seen the read with.
  static void plant(Tokens &tokens, const Refutation &given, const std::string &input) {
    if (auto found = given.tokens.find(input); found != given.tokens.end())
      for (auto [at, token] : found->second)
        if (at < static_cast<int64_t>(tokens.size()))
          tokens[at] = static_cast<int32_t>(token);
  }
  static Tokens draw(std::mt19937_64 &random, uint64_t length, uint64_t vocabulary) {
    Tokens result(length);
    for (int32_t &token : result)
      token = static_cast<int32_t>(random() % vocabulary);
    return result;
  }
  Outputs evaluate(ModelOp model, const Tokens &tokens, const Tokens &words) {
    interpreter::Options options;
    options.blasFrom = -1;
    options.precision = precision;
    auto result = interpreter::evaluate(
        model,
        {{"token", {{static_cast<int64_t>(tokens.size())}, tokens}},
         {"word", {{static_cast<int64_t>(words.size())}, words}}},
        [](llvm::StringRef) { return mlir::failure(); }, options);
    if (failed(result)) {
      std::cerr << "the interpreter refuses\n";
      std::exit(1);
    }
    return result->outputs;
  }
  /// The outputs at the first `count` positions; one that is not over time, altogether.
  static bool same(const Outputs &a, const Outputs &b, int64_t count) {
    for (const auto &[name, output] : a) {
      const std::vector<double> &x = output.values, &y = b.at(name).values;
      size_t compared = output.axes.empty() ? 1 : count;
      for (size_t i = 0; i < compared; ++i)
        if (x[i] != y[i] && !(x[i] != x[i] && y[i] != y[i]))
          return false;
    }
    return true;
  }

  dsl::Diagnostics diagnostics;
  dsl::Library library;
  mlir::MLIRContext context;
};

Arguments parse(int argc, char **argv) {
  Arguments result;
  auto usage = [](int status) {
    (status ? std::cerr : std::cout)
        << "soundness [--count N] [--seed S] [--first I] [--longest L] [--jobs J] [--show N] "
           "[--slow SECONDS] [--judge FILE]\n";
    std::exit(status);
  };
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc)
      usage(std::strcmp(argv[i], "--help") && std::strcmp(argv[i], "-h") ? 2 : 0);
    uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (!std::strcmp(argv[i], "--judge"))
      result.judge = argv[i + 1];
    else if (!std::strcmp(argv[i], "--count"))
      result.count = value;
    else if (!std::strcmp(argv[i], "--seed"))
      result.seed = value;
    else if (!std::strcmp(argv[i], "--first"))
      result.first = value;
    else if (!std::strcmp(argv[i], "--show"))
      result.show = value;
    else if (!std::strcmp(argv[i], "--slow"))
      result.slow = std::strtod(argv[i + 1], nullptr);
    else if (!std::strcmp(argv[i], "--jobs"))
      result.jobs = std::max<uint64_t>(1, value);
    else if (!std::strcmp(argv[i], "--longest"))
      result.longest = static_cast<int>(value);
    else
      usage(2);
  }
  return result;
}

/// What came out so far; plain, since the workers hand it over through a pipe.
struct Counts {
  uint64_t accepted = 0, refusedLeaks = 0, refusedHarmless = 0, undecided = 0, none = 0, wrong = 0;
  uint64_t lost = 0; ///< programs whose worker ended before it told
  double proving = 0, slowest = 0;
  uint64_t slowestProgram = 0;

  [[nodiscard]] uint64_t judged() const {
    return accepted + refusedLeaks + refusedHarmless + none + wrong;
  }
  void add(const Counts &other) {
    accepted += other.accepted;
    refusedLeaks += other.refusedLeaks;
    refusedHarmless += other.refusedHarmless;
    undecided += other.undecided;
    none += other.none;
    wrong += other.wrong;
    lost += other.lost;
    proving += other.proving;
    if (other.slowest > slowest) {
      slowest = other.slowest;
      slowestProgram = other.slowestProgram;
    }
  }
  [[nodiscard]] std::string summary() const {
    std::ostringstream out;
    out << accepted << " accepted, " << refusedLeaks << " refused that leak, " << refusedHarmless
        << " refused that did not leak here (" << undecided << " undecided), " << none
        << " no texts; proofs took "
        << 1000 * proving / static_cast<double>(std::max<uint64_t>(1, judged() - none))
        << " ms on average, " << 1000 * slowest << " at most (program " << slowestProgram << ")";
    if (lost > 0)
      out << "; " << lost << " programs were lost";
    return out.str();
  }
};

/// Draws program `i`, proves it and judges it.
void judgeOne(Judge &judge, const Arguments &arguments, uint64_t i, Counts &counts) {
  std::seed_seq seeds{arguments.seed, i};
  std::mt19937_64 random(seeds);
  std::string text = test::Generator(random()).text();
  auto module = judge.import(text);
  if (!module) {
    if (counts.none++ < arguments.show)
      std::cout << "no text of the language:\n" << text << judge.refusal << "\n" << std::flush;
    return;
  }
  ModelOp model = *module->getOps<ModelOp>().begin();
  std::clock_t start = std::clock(); // of this process, however busy the machine is
  ClaimResult claim = proveClaim(model);
  double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  counts.proving += seconds;
  if (seconds > counts.slowest) {
    counts.slowest = seconds;
    counts.slowestProgram = i;
  }
  counts.undecided += !claim.undecided.empty();
  if (arguments.slow > 0) {
    if (seconds > arguments.slow)
      std::cout << "program " << i << " took " << seconds << " s and " << claim.queries
                << " queries" << (claim.undecided.empty() ? "" : ", undecided") << "\n"
                << std::flush;
    counts.accepted += claim.holds();
    return;
  }
  std::string leak = judge.leak(model, random, arguments.longest);
  if (!claim.holds() && leak.empty()) // some leak on few inputs alone
    leak = judge.leak(model, random, 8, 40);
  if (!claim.refutations.empty() && leak.empty()) // or on what the proof says
    leak = judge.leak(model, random, arguments.longest, 40, &claim.refutations[0]);
  if (claim.holds() && !leak.empty()) {
    ++counts.wrong;
    std::cout << "program " << i << " of seed " << arguments.seed
              << " is accepted and leaks: " << leak << "\n"
              << text << "\n"
              << std::flush;
  } else if (claim.holds()) {
    ++counts.accepted;
  } else if (!leak.empty()) {
    ++counts.refusedLeaks;
  } else if (counts.refusedHarmless++ < arguments.show) {
    std::cout << "program " << i << " is refused and did not leak ("
              << (claim.undecided.empty() ? claim.refutations[0].taken : claim.undecided) << ")\n"
              << text << "\n"
              << std::flush;
  }
}

/// All programs in slices, each by a process of its own: what one proof leaves in memory (types,
/// attributes, terms) never piles up, and a slice that ends before its time is counted as lost.
Counts judgeAll(const Arguments &arguments) {
  constexpr uint64_t slice = 500;
  Counts total;
  std::map<int, std::pair<pid_t, uint64_t>> running; // its pipe: who writes, how many programs
  uint64_t next = arguments.first, end = arguments.first + arguments.count;
  time_t begun = std::time(nullptr), told = begun;
  while (next < end || !running.empty()) {
    while (next < end && running.size() < arguments.jobs) {
      uint64_t count = std::min(slice, end - next);
      int ends[2];
      if (pipe(ends) != 0)
        std::abort();
      pid_t child = fork();
      if (child == 0) {
        Judge judge;
        Counts counts;
        for (uint64_t i = next; i < next + count; ++i)
          judgeOne(judge, arguments, i, counts);
        bool whole = write(ends[1], &counts, sizeof counts) == sizeof counts;
        _exit(whole ? 0 : 1);
      }
      close(ends[1]);
      running[ends[0]] = {child, count};
      next += count;
    }
    std::vector<pollfd> waiting;
    for (const auto &[from, worker] : running)
      waiting.push_back({from, POLLIN, 0});
    poll(waiting.data(), waiting.size(), 1000);
    for (const pollfd &ready : waiting)
      if (ready.revents != 0) {
        auto [child, count] = running[ready.fd];
        Counts counts;
        if (read(ready.fd, &counts, sizeof counts) == sizeof counts)
          total.add(counts);
        else
          total.lost += count;
        waitpid(child, nullptr, 0);
        close(ready.fd);
        running.erase(ready.fd);
      }
    if (time_t now = std::time(nullptr); now - told >= 30) {
      told = now;
      std::cerr << now - begun << " s: " << total.judged() << " of " << arguments.count
                << " judged, " << total.wrong << " accepted that leak\n";
    }
  }
  return total;
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments = parse(argc, argv);
  if (!arguments.judge.empty()) {
    Judge judge;
    std::ifstream file(arguments.judge);
    auto module = judge.import({std::istreambuf_iterator<char>(file), {}});
    if (!module) {
      std::cerr << judge.refusal;
      return 2;
    }
    std::mt19937_64 random(arguments.seed);
    judge.precision = interpreter::Precision::f64;
    std::string leak =
        judge.leak(*module->getOps<ModelOp>().begin(), random, arguments.longest, 20);
    std::cout << (leak.empty() ? "no leak was seen" : "leaks: " + leak) << "\n";
    return leak.empty() ? 0 : 1;
  }
  Counts counts = judgeAll(arguments);
  std::cout << counts.summary() << "\n"
            << counts.accepted << " passed, " << counts.wrong << " failed\n";
  return counts.wrong > 0 || counts.lost > 0 || counts.accepted == 0 ? 1 : 0;
}
