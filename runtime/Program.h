//===- Program.h - the program of a product
//-----------------------------------------------------===//
// What every executable made by `tril build` runs: reads its own tail, then does what the command
// line asks for. Exit status: 0; 1 for something that went wrong; 2 for a command line that cannot
// be; 130 after Ctrl-C, as llama.cpp; 141 when standard output is closed.
#pragma once
#include "runtime/Container.h"
#include "runtime/ProgramOptions.h"
#include "runtime/Session.h"
#include "runtime/Tokenizer.h"
#include <chrono>
#include <memory>

namespace tril {

/// What all modes share.
struct Program {
  using Clock = std::chrono::steady_clock;

  Program(const ProgramOptions &options, StepFunction step);

  /// The tokenizer; throws Error if the product has none.  `what` needs it.
  const Tokenizer &needTokenizer(const char *what);
  /// A session for `context` positions on the threads asked for, stopped by Ctrl-C.
  std::unique_ptr<Session> makeSession(int64_t context);
  /// Throws Error unless tokens can be drawn from the model one after the other.
  void needGeneration() const;

  const Clock::time_point start = Clock::now();
  const ProgramOptions &options;
  const StepFunction step;
  const Container container;
  const Manifest manifest;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<ThreadPool> pool;
};

/// Seconds between two times.
inline double seconds(Program::Clock::time_point begin, Program::Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

/// The modes; each returns the exit status.
int runGenerate(Program &program);
int runTokens(Program &program);
int runPerplexity(Program &program);
int runProbe(Program &program);
int runEmbed(Program &program);

/// What --version prints.
std::string programVersion(const std::string &name, const Container &container,
                           const Manifest &manifest);

/// The program, with the generated function that it calls.  Never throws.
int programMain(int argc, char **argv, StepFunction step);

} // namespace tril
