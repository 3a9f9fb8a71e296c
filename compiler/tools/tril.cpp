//===- tril.cpp - the command
//---------------------------------------------------------------------------------------===//
#include "Pipeline/Diff.h"
#include "Pipeline/Driver.h"
#include "Pipeline/NewText.h"
#include "Pipeline/Plan.h"
#include "Pipeline/Show.h"
#include "runtime/Error.h"
#include <CLI/CLI.hpp>
#include <iostream>

using namespace tril;

static void addUnchecked(CLI::App *command, BuildRequest &request) {
  command->add_flag("--unchecked", request.unchecked,
                    "do not prove what the text claims of itself, such as `is causal`");
}

static void addKeep(CLI::App *command, std::string &keep) {
  command
      ->add_option("--keep", keep,
                   "what is kept of earlier positions: direct: the keys and values that attention "
                   "reads; latent: what these are computed from, where that is smaller; auto: the "
                   "latent where reading it is also faster")
      ->check(CLI::IsMember({"auto", "latent", "direct"}))
      ->capture_default_str();
}

static void addCache(CLI::App *command, std::string &cache) {
  command
      ->add_option(
          "--cache", cache,
          "how the keys and values that attention reads are stored: f32, or rounded to f16 "
          "or bf16")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}))
      ->capture_default_str();
}

static void addAttention(CLI::App *command, std::string &attention) {
  command
      ->add_option("--attention", attention,
                   "what attention multiplies: f32, or queries, keys, weights and values rounded "
                   "to bf16, whose products processors of today add faster; sums stay f32")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
}

static void addRename(CLI::App *command, std::vector<std::string> &renames) {
  command
      ->add_option("--rename", renames,
                   "TEXT=CHECKPOINT: names of tensors that begin with TEXT in the text begin with "
                   "CHECKPOINT in the checkpoint; may be given several times")
      ->allow_extra_args(false);
}

static void addQuantize(CLI::App *command, std::string &quantize) {
  command
      ->add_option("--quantize", quantize,
                   "round weights that are stored as f32, f16 or bf16: f16, bf16, q8_0, q4_0 or "
                   "q4_k (q5_0 where its blocks do not fit)")
      ->check(CLI::IsMember({"f16", "bf16", "q8_0", "q4_0", "q4_k"}));
}

static void addCpu(CLI::App *command, std::string &cpu) {
  command
      ->add_option("--mcpu", cpu,
                   "the processor to make code for: native, x86-64-v2, x86-64-v3, x86-64-v4, or a "
                   "name that LLVM knows")
      ->capture_default_str();
}

static void addContext(CLI::App *command, int64_t &context) {
  command
      ->add_option("--ctx", context,
                   "positions that the product is for: its -c unless that says otherwise, and what "
                   "a text may go by")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 31));
}

static void addBuildOptions(CLI::App *command, BuildRequest &request) {
  command->add_option("model", request.text, "the text (.tril)")->required();
  command
      ->add_option("--weights", request.weights,
                   "a .gguf file, a .safetensors file, or a folder with config.json and weights")
      ->required();
  addCpu(command, request.cpu);
  command->add_flag("--blas", request.blas,
                    "contract f32 weights with OpenBLAS; how a prompt is split then changes "
                    "results within rounding");
  addKeep(command, request.keep);
  addCache(command, request.cache);
  addAttention(command, request.attention);
  addQuantize(command, request.quantize);
  addRename(command, request.renames);
  addContext(command, request.context);
  addUnchecked(command, request);
  command->add_option("--dump-ir", request.dumpDirectory,
                      "write the IR after every pass to this folder, one numbered file each");
}

static int runTool(int argc, char **argv) {
  CLI::App app{"tril: transformer architectures as text, compiled to one native file"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "tril " + versionText());
  app.footer("Options that begin with --mlir- go to the pass manager: --mlir-timing, "
             "--mlir-pass-statistics, --mlir-print-ir-after-all, ...");

  // MLIR's own options may stand anywhere.
  std::vector<std::string> own, mlir;
  for (int i = 1; i < argc; ++i)
    (std::string(argv[i]).rfind("--mlir-", 0) == 0 ? mlir : own).push_back(argv[i]);

  CheckRequest checkRequest;
  CLI::App *check = app.add_subcommand(
      "check", "check a text; with a checkpoint or a configuration, its sizes and names too");
  check->add_option("model", checkRequest.text, "the text (.tril)")->required();
  auto *checkWeights = check->add_option("--weights", checkRequest.weights,
                                         "a checkpoint, to which the text is bound");
  check->add_option("--config", checkRequest.config, "a config.json alone")->excludes(checkWeights);
  addRename(check, checkRequest.renames);
  check->add_flag("--json", checkRequest.json, "print the messages as JSON on standard output");
  check->add_flag("--tensors", checkRequest.tensors,
                  "also list the tensors that the text reads, optional ones too if there is a "
                  "configuration alone");
  check->add_flag("--explain", checkRequest.explain,
                  "also say which positions each named value reads");

  BuildRequest buildRequest;
  std::string stopAfter;
  CLI::App *buildCommand =
      app.add_subcommand("build", "compile a text and its weights to one executable");
  buildCommand->add_option("model", buildRequest.text, "the text (.tril)")->required();
  buildCommand->add_option(
      "--weights", buildRequest.weights,
      "a .gguf file, a .safetensors file, or a folder with config.json and weights");
  buildCommand->add_option(
      "-o,--output", buildRequest.output,
      "where to write (default: the model's name for an executable, else standard output)");
  addCpu(buildCommand, buildRequest.cpu);
  buildCommand->add_flag("--blas", buildRequest.blas,
                         "contract f32 weights with OpenBLAS; how a prompt is split then changes "
                         "results within rounding");
  buildCommand
      ->add_option(
          "--emit", buildRequest.emit,
          "what to write: ast, tril, step, fused, planned, loops, lowered, llvm, asm, obj or exe")
      ->capture_default_str();
  buildCommand->add_option(
      "--stop-after", stopAfter,
      "print the IR after this phase: tril, step, fused, planned, loops or lowered");
  addKeep(buildCommand, buildRequest.keep);
  addCache(buildCommand, buildRequest.cache);
  addAttention(buildCommand, buildRequest.attention);
  addQuantize(buildCommand, buildRequest.quantize);
  addRename(buildCommand, buildRequest.renames);
  addContext(buildCommand, buildRequest.context);
  buildCommand->add_option(
      "--quantize-errors", buildRequest.errors,
      "write how far each tensor is off to this file: as JSON where it ends in "
      ".json, else as a table; - for standard output");
  addUnchecked(buildCommand, buildRequest);
  buildCommand->add_flag("--probe-inner", buildRequest.inner,
                         "let the product's --probe look at the text's named values of every layer "
                         "too; for looking, not for use: they are all stored");
  buildCommand->add_flag("--remarks", buildRequest.remarks,
                         "say of each attention that is not fused why it is not");
  buildCommand->add_option("--dump-ir", buildRequest.dumpDirectory,
                           "write the IR after every pass to this folder, one numbered file each");

  EvalRequest evalRequest;
  CLI::App *eval = app.add_subcommand("eval", "evaluate a text on lists of tokens");
  addBuildOptions(eval, evalRequest.build);
  eval->add_option("--tokens", evalRequest.tokens,
                   "JSON: {\"tokens\": [[...], ...]}, further inputs beside it by name")
      ->required();
  eval->add_option("-o,--output", evalRequest.output,
                   "where to write the outputs (safetensors: logits.0, logits.1, ...)")
      ->required();
  eval->add_flag("--step", evalRequest.step, "feed one token at a time");
  eval->add_flag("--interpret", evalRequest.interpret,
                 "run the reference interpreter, not compiled code");
  eval->add_option("--precision", evalRequest.precision, "of the interpreter: f64 or f32")
      ->check(CLI::IsMember({"f64", "f32"}))
      ->capture_default_str();
  eval->add_option("--greedy", evalRequest.greedy, "add greedy.0, ...: so many tokens that follow")
      ->check(CLI::NonNegativeNumber);
  eval->add_option("-t,--threads", evalRequest.threads, "threads")->check(CLI::PositiveNumber);
  eval->add_option("-b,--batch-size", evalRequest.batch, "positions of a step")
      ->check(CLI::PositiveNumber);

  PlanRequest planRequest;
  CLI::App *plan = app.add_subcommand(
      "plan", "say what a product will keep in memory: states, scratch memory, weights");
  plan->add_option("model", planRequest.text, "the text (.tril)")->required();
  plan->add_option("--weights", planRequest.weights, "a checkpoint, of which only names are read")
      ->required();
  auto *planContext = plan->add_option("--ctx", planRequest.context,
                                       "positions of the context (default: the product's)")
                          ->check(CLI::Range(int64_t(1), int64_t(1) << 31));
  plan->add_option("--step", planRequest.step, "positions of the largest step (the product's -b)")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20));
  plan->add_option("--batch", planRequest.batch,
                   "sequences that are kept at a time, each with states of its own")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20))
      ->capture_default_str();
  plan->add_option("--fit", planRequest.fit, "a size, such as 8GiB: the largest context for it")
      ->excludes(planContext);
  addKeep(plan, planRequest.keep);
  addCache(plan, planRequest.cache);
  addAttention(plan, planRequest.attention);
  addQuantize(plan, planRequest.quantize);
  addRename(plan, planRequest.renames);
  plan->add_flag("--json", planRequest.json, "print JSON");

  ShowRequest showRequest;
  CLI::App *show = app.add_subcommand(
      "show", "draw the mask of each attention of a text, with the tiles that are visited");
  show->add_option("model", showRequest.text, "the text (.tril)")->required();
  auto *showWeights = show->add_option("--weights", showRequest.weights,
                                       "a checkpoint, of which only names are read");
  show->add_option("--config", showRequest.config, "a config.json alone")->excludes(showWeights);
  addRename(show, showRequest.renames);
  show->add_option("-o,--output", showRequest.output,
                   "an SVG file to write (default: draw on standard output)");
  addCpu(show, showRequest.cpu);
  addAttention(show, showRequest.attention);
  show->add_option("--positions", showRequest.positions, "positions of the picture")
      ->check(CLI::Range(1, 2048))
      ->capture_default_str();

  BuildRequest runRequest;
  CLI::App *run = app.add_subcommand(
      "run", "build into a cache, then run with the product's own options (-p, -n, ...)");
  addBuildOptions(run, runRequest);
  run->allow_extras();
  run->prefix_command(false);

  std::string stdName;
  CLI::App *std_ =
      app.add_subcommand("std", "print a definition of the library, or the names of all");
  std_->add_option("name", stdName, "the definition");

  NewTextRequest newRequest;
  CLI::App *new_ = app.add_subcommand("new", "write a text to start from");
  new_->add_option("name", newRequest.path,
                   "the file to write, NAME or NAME.tril; NAME is the model's")
      ->required();
  new_->add_option("--from", newRequest.from, "the text of the examples to begin with")->required();

  DiffRequest diffRequest;
  CLI::App *diff = app.add_subcommand(
      "diff",
      "say how two texts differ; exit status 0 if they do not, 1 if they do, 2 for trouble");
  diff->add_option("a", diffRequest.a.text, "a text (.tril)")->required();
  diff->add_option("b", diffRequest.b.text, "another text")->required();
  for (auto [side, suffix, whose] :
       {std::tuple(&diffRequest.a, "", "also say whether both compute the same with"),
        std::tuple(&diffRequest.b, "-b", "for the other text, if it is not the same:")}) {
    auto *weights = diff->add_option(std::string("--weights") + suffix, side->weights,
                                     whose + std::string(" a checkpoint"));
    diff->add_option(std::string("--config") + suffix, side->config,
                     whose + std::string(" a config.json, or a folder with one"))
        ->excludes(weights);
  }
  diff->add_flag("--json", diffRequest.json, "print JSON");

  try {
    std::reverse(own.begin(), own.end()); // CLI11 takes them from the back
    app.parse(own);
  } catch (const CLI::ParseError &error) {
    int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  parseMlirOptions(mlir);
  if (*check)
    return checkText(checkRequest);
  if (*buildCommand) {
    if (!stopAfter.empty())
      buildRequest.emit = stopAfter;
    if (buildRequest.weights.empty() && buildRequest.emit != "ast")
      throw Error("`tril build` needs `--weights`: a .gguf file, a .safetensors file, or a "
                  "folder with config.json and weights");
    if (!buildRequest.errors.empty() && buildRequest.quantize.empty())
      throw Error("`--quantize-errors` needs `--quantize`");
    if (buildRequest.output.empty() && buildRequest.emit == "exe") {
      std::string name = buildRequest.text.substr(buildRequest.text.rfind('/') + 1);
      buildRequest.output = name.size() > 5 && name.ends_with(".tril")
                                ? name.substr(0, name.size() - 5)
                                : name + ".out";
    }
    return build(buildRequest);
  }
  if (*plan)
    return printPlan(planRequest);
  if (show->parsed())
    return showAttentions(showRequest);
  if (*eval)
    return evaluateText(evalRequest);
  if (*run) {
    std::string product = buildCached(runRequest);
    return product.empty() ? 1 : runProduct(product, run->remaining());
  }
  if (*diff) {
    bool other = !diffRequest.b.weights.empty() || !diffRequest.b.config.empty();
    if (other && diffRequest.a.weights.empty() && diffRequest.a.config.empty()) {
      std::cerr << "tril: `--weights-b` and `--config-b` need `--weights` or `--config`\n";
      return 2;
    }
    return diffTexts(diffRequest);
  }
  if (*new_)
    return newText(newRequest);
  return printStd(stdName);
}

int main(int argc, char **argv) {
  try {
    return runTool(argc, argv);
  } catch (const std::exception &error) {
    std::cerr << "tril: " << error.what() << "\n";
    return 1;
  }
}
