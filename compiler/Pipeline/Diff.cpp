//===- Diff.cpp - how two texts differ, as a command
//----------------------------------------------===//
#include "Pipeline/Diff.h"
#include "Import/Import.h"
#include "Pipeline/Frontend.h"
#include "Pipeline/Isomorphism.h"
#include "Target/Codegen.h"
#include "Target/Product.h"
#include "dsl/Check.h"
#include "dsl/Diff.h"
#include "dsl/Parser.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "runtime/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace mlir;
using namespace tril;

namespace {

/// A text, and what it is with a configuration, if there is one.
struct Text {
  dsl::ast::Program program;
  std::optional<dsl::Model> model;
};

/// Tells what is wrong on standard error and returns nothing then.
std::optional<Text> readText(const DiffRequest::Side &side, const dsl::Library &library) {
  Text text;
  dsl::Diagnostics diagnostics;
  text.program = dsl::parse(readSource(side.text), diagnostics);
  bool configured = !side.weights.empty() || !side.config.empty();
  if (!diagnostics.hasErrors() && configured) {
    dsl::CheckOptions options;
    options.library = &library;
    nlohmann::json config;
    std::unique_ptr<Checkpoint> checkpoint;
    std::map<std::string, std::vector<int64_t>> shapes;
    if (!side.weights.empty()) {
      checkpoint = Checkpoint::open(side.weights);
      shapes = checkpoint->shapes();
      config = checkpoint->config();
      options.dialect = checkpoint->dialect();
      options.tensors = &shapes;
    } else {
      bool folder = llvm::sys::fs::is_directory(side.config);
      config = readConfig(folder ? side.config + "/config.json" : side.config);
    }
    options.config = &config;
    text.model = dsl::check(text.program, options, diagnostics);
  }
  if (diagnostics.hasErrors()) {
    llvm::errs() << dsl::render(diagnostics, isatty(STDERR_FILENO) != 0);
    return std::nullopt;
  }
  return text;
}

/// Where two texts part with their configurations; nothing if they compute the same.
std::optional<Parting> partingOf(MLIRContext &context, const dsl::Model &a, const dsl::Model &b,
                                 std::vector<OwningOpRef<ModuleOp>> &modules) {
  for (const dsl::Model *model : {&a, &b}) {
    modules.push_back(importModel(context, *model));
    PassManager passes(&context);
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    if (!modules.back() || failed(passes.run(*modules.back())))
      throw Error("a text that was checked cannot be compiled");
  }
  auto modelOf = [](ModuleOp module) { return *module.getOps<ModelOp>().begin(); };
  return tril::partingOf(modelOf(*modules[0]), modelOf(*modules[1]));
}

int compare(DiffRequest request) {
  if (request.b.weights.empty() && request.b.config.empty()) {
    request.b.weights = request.a.weights;
    request.b.config = request.a.config;
  }
  dsl::Diagnostics diagnostics;
  dsl::Library library = dsl::loadStd(stdDirectory(), diagnostics);
  std::optional<Text> a = readText(request.a, library);
  std::optional<Text> b = a ? readText(request.b, library) : std::nullopt;
  if (!b)
    return 2;
  dsl::Diff diff = dsl::diff(a->program, b->program, library);
  nlohmann::json json = dsl::toJson(diff);
  std::string text = dsl::render(diff, a->program, b->program);
  if (a->model && b->model) {
    DialectRegistry registry;
    registerCodegenDialects(registry);
    registry.insert<TrilDialect, math::MathDialect>();
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.loadAllAvailableDialects();
    std::vector<OwningOpRef<ModuleOp>> modules;
    std::optional<Parting> parting = partingOf(context, *a->model, *b->model, modules);
    json["computeTheSame"] = !parting;
    if (parting) {
      text += "with the configuration: they part at " + placeOf(parting->a) + " and " +
              placeOf(parting->b) + "\n";
      json["part"] = {placeOf(parting->a), placeOf(parting->b)};
    } else {
      text += "with the configuration: both compute the same\n";
    }
  }
  llvm::outs() << (request.json ? json.dump(2) + "\n" : text);
  return diff.differences.empty() ? 0 : 1;
}

} // namespace

int tril::diffTexts(const DiffRequest &request) {
  try {
    return compare(request);
  } catch (const Error &error) {
    llvm::errs() << "tril: " << error.what() << "\n";
    return 2;
  }
}
