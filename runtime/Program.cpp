//===- Program.cpp - start, choice of mode, errors
//----------------------------------------------===//
#include "runtime/Program.h"
#include "runtime/Terminal.h"
#include <cstring>
#include <new>

namespace tril {
namespace {

constexpr int statusError = 1, statusUsage = 2, statusInterrupted = 130, statusPipe = 141;

std::string bytesText(uint64_t bytes) {
  char text[64];
  if (bytes < 1 << 20)
    std::snprintf(text, sizeof text, "%llu bytes", static_cast<unsigned long long>(bytes));
  else
    std::snprintf(text, sizeof text, "%.1f MiB", double(bytes) / (1 << 20));
  return text;
}

int dispatch(const ProgramOptions &options, StepFunction step, const std::string &name) {
  if (options.mode == ProgramOptions::Mode::help) {
    Purpose purpose = Purpose::continues;
    try {
      const Manifest manifest = Manifest::fromJson(Container::openSelf().manifest());
      if (manifest.logitsOutput() >= 0 && manifest.sourceInput() >= 0)
        purpose = Purpose::generatesFrom;
      else if (manifest.logitsOutput() < 0 && manifest.vectorOutput() >= 0)
        purpose = Purpose::embeds;
    } catch (const Error &) {
      purpose = Purpose::continues; // help is given by a damaged product too
    }
    writeOut(programHelp(name, purpose));
    return 0;
  }
  Program program(options, step);
  switch (options.mode) {
  case ProgramOptions::Mode::version:
    writeOut(programVersion(name, program.container, program.manifest));
    return 0;
  case ProgramOptions::Mode::tokens:
    return runTokens(program);
  case ProgramOptions::Mode::perplexity:
    return runPerplexity(program);
  case ProgramOptions::Mode::probe:
    return runProbe(program);
  case ProgramOptions::Mode::embed:
    return runEmbed(program);
  default:
    return runGenerate(program);
  }
}

} // namespace

Program::Program(const ProgramOptions &options, StepFunction step)
    : options(options), step(step), container(Container::openSelf()),
      manifest(Manifest::fromJson(container.manifest())) {}

const Tokenizer &Program::needTokenizer(const char *what) {
  if (tokenizer)
    return *tokenizer;
  std::string_view bytes = container.tokenizer();
  if (bytes.empty())
    throw Error(std::string(what) +
                " needs a tokenizer, and this product has none; --tokens takes token ids");
  tokenizer = std::make_unique<Tokenizer>(TokenizerView::deserialize(
      {reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}));
  return *tokenizer;
}

std::unique_ptr<Session> Program::makeSession(int64_t context) {
  if (!pool)
    pool = std::make_unique<ThreadPool>(options.threads ? int(*options.threads) : availableCores());
  auto session =
      std::make_unique<Session>(manifest, container.weights(), step, *pool, context, options.batch);
  session->interrupted = interrupted;
  return session;
}

void Program::needGeneration() const {
  if (manifest.logitsOutput() < 0)
    throw Error("`" + manifest.model +
                "` does not generate: none of its outputs has one value for each token" +
                (manifest.vectorOutput() < 0 ? "" : "; --embed prints the vector of a text"));
  if (!manifest.steps && !manifest.claim.empty() && !manifest.causal())
    throw Error("`" + manifest.model + "` does not generate: it is " + manifest.claim +
                ", what it gives for a token depends on later ones");
}

std::string programVersion(const std::string &name, const Container &container,
                           const Manifest &manifest) {
  const ManifestBuild &build = manifest.build;
  std::string text = name + ": " + manifest.model + ", built by tril " + build.tril + "\n";
  auto line = [&](const char *what, const std::string &value) {
    std::string left = what;
    left.resize(12, ' ');
    if (!value.empty())
      text += left + value + "\n";
  };
  auto digest = [](const std::string &value) { return value.empty() ? "" : "  sha256 " + value; };
  std::string flags;
  for (const std::string &flag : build.flags)
    flags += (flags.empty() ? "" : " ") + flag;
  line("text", build.text + digest(build.textDigest));
  line("weights",
       build.weights + digest(build.weightsDigest) + "  " + bytesText(container.weightsSize()));
  line("tokenizer",
       container.tokenizer().empty() ? "none" : bytesText(container.tokenizer().size()));
  if (!manifest.claim.empty())
    line("claim", manifest.claim + (!manifest.causal()   ? ""
                                    : manifest.unchecked ? ", not proved: built with --unchecked"
                                                         : ", proved"));
  line("cpu", build.cpu);
  line("flags", flags);
  if (build.blas)
    line("blas", "OpenBLAS for f32 contractions of many rows: splits of a prompt agree within "
                 "rounding only");
  line("context", std::to_string(manifest.context) + " positions unless -c says otherwise");
  if (!manifest.steps)
    line("steps", "no, computed whole: " + manifest.why);
  else
    line("state", bytesText(uint64_t(manifest.state.position)) + " a position, " +
                      bytesText(uint64_t(manifest.state.fixed)) + " fixed");
  return text;
}

int programMain(int argc, char **argv, StepFunction step) {
  const char *path = argc > 0 && argv[0] ? argv[0] : "product";
  const char *slash = std::strrchr(path, '/');
  std::string name = slash ? slash + 1 : path;
  int status;
  try {
    status = dispatch(parseProgramOptions(argc, argv), step, name);
    if (interrupted())
      status = statusInterrupted;
  } catch (const UsageError &error) {
    writeErr("error: " + std::string(error.what()) + "\n");
    status = statusUsage;
  } catch (const Error &error) {
    writeErr("error: " + std::string(error.what()) + "\n");
    status = statusError;
  } catch (const std::bad_alloc &) {
    writeErr("error: out of memory\n");
    status = statusError;
  } catch (const OutputClosed &) {
    status = statusPipe;
  } catch (const std::exception &error) {
    writeErr("error: unexpected: " + std::string(error.what()) + "\n");
    status = statusError;
  }
  return status;
}

} // namespace tril
