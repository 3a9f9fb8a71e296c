//===- Frontend.cpp
//------------------------------------------------------------------------------------------------===//
#include "Pipeline/Frontend.h"
#include "Import/Import.h"
#include "Pipeline/Claims.h"
#include "Pipeline/Driver.h"
#include "Target/WeightWriter.h"
#include "dsl/Check.h"
#include "dsl/CheckUnused.h"
#include "dsl/Parser.h"
#include "runtime/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace mlir;
using namespace tril;

std::shared_ptr<const dsl::Source> tril::readSource(const std::string &path) {
  auto file =
      llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    throw Error("cannot read `" + path + "`: " + file.getError().message());
  return std::make_shared<dsl::Source>(dsl::Source{path, (*file)->getBuffer().str()});
}

std::string tril::stdDirectory() {
  // Beside the compiler: <prefix>/bin/tril and <prefix>/share/tril/std.
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  SmallString<256> directory(llvm::sys::path::parent_path(llvm::sys::path::parent_path(self)));
  llvm::sys::path::append(directory, "share", "tril", "std");
  return llvm::sys::fs::is_directory(directory) ? directory.str().str() : "";
}

static void tell(const dsl::Diagnostics &diagnostics) {
  llvm::errs() << dsl::render(diagnostics, isatty(STDERR_FILENO) != 0);
}

/// TEXT=CHECKPOINT of `--rename`, taken apart.
static std::vector<dsl::Rename> renamesOf(const std::vector<std::string> &options) {
  std::vector<dsl::Rename> renames;
  for (const std::string &option : options) {
    size_t equals = option.find('=');
    if (equals == std::string::npos)
      throw Error("`--rename " + option +
                  "`: is not TEXT=CHECKPOINT, what names begin with in the one and in the other");
    renames.push_back({option.substr(0, equals), option.substr(equals + 1)});
  }
  return renames;
}

static std::optional<Frontend> read(const std::string &text, const std::string &weights,
                                    const std::vector<std::string> &renames, int64_t context,
                                    bool quiet) {
  Frontend result;
  result.source = readSource(text);
  result.context = context;
  dsl::Diagnostics diagnostics;
  dsl::ast::Program program = dsl::parse(result.source, diagnostics);
  if (diagnostics.hasErrors()) {
    if (!quiet)
      tell(diagnostics);
    return std::nullopt;
  }
  result.checkpoint = Checkpoint::open(weights);
  dsl::Library library = dsl::loadStd(stdDirectory(), diagnostics);
  auto shapes = result.checkpoint->shapes();
  dsl::CheckOptions options;
  options.config = &result.checkpoint->config();
  options.dialect = result.checkpoint->dialect();
  options.tensors = &shapes;
  options.renames = renamesOf(renames);
  options.library = &library;
  options.context = context;
  result.model = dsl::check(program, options, diagnostics);
  if (!quiet && !diagnostics.all().empty())
    tell(diagnostics);
  if (!result.model)
    return std::nullopt;
  return result;
}

std::optional<Frontend> tril::readModel(const std::string &text, const std::string &weights,
                                        const std::vector<std::string> &renames, int64_t context) {
  return read(text, weights, renames, context, /*quiet=*/false);
}

bool tril::dependsOnContext(const std::string &text, const std::string &weights,
                            const std::vector<std::string> &renames) {
  // A build of the same text tells what is wrong.
  std::optional<Frontend> result = read(text, weights, renames, 0, /*quiet=*/true);
  return result && result->model->readsContext;
}

bool tril::proved(const Frontend &frontend, ModuleOp module) {
  dsl::Diagnostics diagnostics;
  for (ModelOp model : module.getOps<ModelOp>()) {
    proveClaim(*frontend.model, model, diagnostics);
    lintText(*frontend.model, model, 0, /*warnings=*/false, diagnostics);
  }
  if (!diagnostics.all().empty())
    tell(diagnostics);
  return !diagnostics.hasErrors();
}

OwningOpRef<ModuleOp> tril::importFrontend(MLIRContext &context, const Frontend &frontend,
                                           const std::string &quantize) {
  ImportOptions options;
  options.storage = [&](StringRef name) -> std::string {
    const Tensor *tensor = frontend.checkpoint ? frontend.checkpoint->find(name.str()) : nullptr;
    return tensor ? std::string(storedTypeName(tensor->type)) : "";
  };
  auto module = importModel(context, *frontend.model, options);
  if (!module)
    return module;
  ModelOp model = *module->getOps<ModelOp>().begin();
  if (frontend.checkpoint)
    annotateStoredTypes(model, *frontend.checkpoint);
  if (frontend.checkpoint && !quantize.empty())
    quantizeParams(model, *frontend.checkpoint, *parsePackedFormat(quantize));
  OpBuilder builder(&context);
  SmallVector<StringRef> inputs, sequences;
  for (const dsl::Input &input : frontend.model->inputs)
    inputs.push_back(input.name);
  for (size_t i = 0; i < frontend.model->axes.size(); ++i) {
    const dsl::AxisInfo &axis = frontend.model->axes[i];
    if (axis.sequence && axis.root == static_cast<int>(i) && axis.root != frontend.model->time)
      sequences.push_back(axis.name);
  }
  model->setAttr("tril.inputs", builder.getStrArrayAttr(inputs));
  model->setAttr("tril.sequences", builder.getStrArrayAttr(sequences));
  return module;
}

/// How long a sequence may be by the configuration, under its usual names; 0 if it does not say.
static int64_t longestOf(const nlohmann::json &config) {
  for (const auto &[key, value] : config.items())
    if ((key == "max_position_embeddings" || key == "n_positions" || key == "max_seq_len" ||
         llvm::StringRef(key).ends_with(".context_length")) &&
        value.is_number_integer())
      return value.get<int64_t>();
  return 0;
}

/// Proves the claim of a text; with `explain`, says there what its values read.
static void checkClaim(const dsl::Model &text, const CheckRequest &request, int64_t longest,
                       dsl::Diagnostics &diagnostics, std::string &table, nlohmann::json &list) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  auto module = importModel(context, text);
  if (!module)
    return;
  ModelOp model = *module->getOps<ModelOp>().begin();
  proveClaim(text, model, diagnostics);
  lintText(text, model, longest, /*warnings=*/true, diagnostics);
  if (request.explain && request.json)
    list = explainJson(text, model);
  else if (request.explain)
    table = explainText(text, model);
}

/// Says that a claim waits for a configuration.
static void tellNotProved(const dsl::Model &text, dsl::Diagnostics &diagnostics) {
  if (text.claim.empty() || text.claim == "bidirectional")
    return;
  diagnostics
      .warning(dsl::Kind::not_proved, text.places[text.claimPlace].span,
               "the claim `" + text.claim +
                   "` is not proved here: sizes and choices depend on the configuration")
      .help(
          "give one with `--config` or `--weights`; `build`, `eval` and `run` prove it for theirs");
}

/// The stored tensors that a text reads, and their shapes.
static std::map<std::string, std::vector<int64_t>> tensorsOf(const dsl::Model &text) {
  std::map<std::string, std::vector<int64_t>> tensors;
  for (const dsl::Param &param : text.params)
    for (const std::string &name : param.tensors)
      tensors[name] = param.storedShape;
  return tensors;
}

int tril::checkText(const CheckRequest &request) {
  auto source = readSource(request.text);
  dsl::Diagnostics diagnostics;
  dsl::ast::Program program = dsl::parse(source, diagnostics);
  std::string table;
  nlohmann::json list = nlohmann::json::array();
  std::map<std::string, std::vector<int64_t>> tensors;
  dsl::Library library; // messages point into its texts
  if (!diagnostics.hasErrors()) {
    library = dsl::loadStd(stdDirectory(), diagnostics);
    std::unique_ptr<Checkpoint> checkpoint;
    nlohmann::json config;
    std::map<std::string, std::vector<int64_t>> shapes;
    dsl::CheckOptions options;
    options.library = &library;
    options.renames = renamesOf(request.renames);
    if (!request.weights.empty()) {
      checkpoint = Checkpoint::open(request.weights);
      shapes = checkpoint->shapes();
      config = checkpoint->config();
      options.config = &config;
      options.dialect = checkpoint->dialect();
      options.tensors = &shapes;
    }
    if (!request.config.empty()) {
      config = readConfig(request.config);
      options.config = &config;
      options.dialect = "";
    }
    auto model = dsl::check(program, options, diagnostics);
    if (model && !options.config) {
      // Sizes are unknown, unless the text asks for none.
      nlohmann::json nothing = nlohmann::json::object();
      dsl::Diagnostics ignored;
      options.config = &nothing;
      auto unconfigured = dsl::check(program, options, ignored);
      if (!unconfigured)
        tellNotProved(*model, diagnostics);
      model = std::move(unconfigured);
    }
    if (model && request.tensors)
      tensors = tensorsOf(*model);
    if (!diagnostics.hasErrors())
      dsl::warnOfUnused(program, diagnostics);
    if (model)
      checkClaim(*model, request, longestOf(config), diagnostics, table, list);
    else if (request.explain && !diagnostics.hasErrors())
      throw Error("what values read depends on sizes: give `--weights` or `--config`");
    else if (request.tensors && !diagnostics.hasErrors())
      throw Error("the tensors depend on the configuration: give `--weights` or `--config`");
  }
  if (request.json) {
    nlohmann::json messages = dsl::toJson(diagnostics);
    if (request.explain || request.tensors)
      messages = {{"messages", messages}};
    if (request.explain)
      messages["values"] = list;
    if (request.tensors)
      messages["tensors"] = tensors;
    llvm::outs() << messages.dump(2) << "\n";
  } else {
    for (const auto &[name, shape] : tensors) {
      llvm::outs() << name << " [";
      llvm::interleaveComma(shape, llvm::outs());
      llvm::outs() << "]\n";
    }
    llvm::outs() << table;
    tell(diagnostics);
  }
  return diagnostics.hasErrors() ? 1 : 0;
}

int tril::printStd(const std::string &name) {
  dsl::Diagnostics diagnostics;
  dsl::Library library = dsl::loadStd(stdDirectory(), diagnostics);
  if (diagnostics.hasErrors()) {
    tell(diagnostics);
    return 1;
  }
  if (name.empty()) {
    for (const std::string &definition : library.names())
      llvm::outs() << definition << "\n";
    return 0;
  }
  if (auto text = library.text(name)) {
    llvm::outs() << *text << "\n";
    return 0;
  }
  llvm::errs() << "tril: std has no `" << name << "`";
  std::string near = dsl::nearest(name, library.names());
  if (!near.empty())
    llvm::errs() << "; is `" << near << "` meant?";
  llvm::errs() << "\n";
  return 1;
}
