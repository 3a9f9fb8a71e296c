//===- tril-interpret.cpp - runs the reference interpreter on a text or a dump
//------------------------===//
// tril-interpret TEXT.tril --weights DIR --tokens tokens.json [--expect logits.safetensors]
// What `tril eval --interpret` does for a person, with what tests of the dialect need: any dump as
// input, both precisions, the comparison with a reference.
#include "Import/Import.h"
#include "Interpreter/CheckpointParams.h"
#include "Interpreter/Interpreter.h"
#include "dsl/Check.h"
#include "dsl/Parser.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "runtime/Error.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include <fstream>
#include <iostream>

using namespace mlir;
using namespace tril;
namespace cl = llvm::cl;

static cl::opt<std::string> text(cl::Positional, cl::Required, cl::desc("TEXT.tril or DUMP.mlir"));
static cl::opt<std::string> weights("weights", cl::desc("Checkpoint: a folder or a file"));
static cl::opt<std::string> configuration("config",
                                          cl::desc("Another configuration than the checkpoint's"));
static cl::opt<std::string>
    tokens("tokens", cl::desc("tokens.json: {\"tokens\": [[1, 2], [3]], \"other input\": ...}"));
static cl::opt<std::string>
    expect("expect", cl::desc("Safetensors with NAME.0, NAME.1, ... to compare the outputs with"));
static cl::opt<double> within("within", cl::init(1e-3), cl::desc("The difference that is allowed"));
static cl::opt<bool> single("f32", cl::desc("Compute in f32, not f64"));
static cl::opt<bool> onlyImport("import", cl::desc("Print the imported module and stop"));
static cl::opt<bool> locations("locations", cl::desc("With --import: print locations"));
static cl::opt<int64_t> blas("blas-from", cl::init(1 << 15),
                             cl::desc("Contractions of so many products use BLAS; -1: none"));

static OwningOpRef<ModuleOp> importText(MLIRContext &context, const Checkpoint *checkpoint) {
  auto source = std::make_shared<dsl::Source>();
  source->path = text;
  std::ifstream file(text);
  if (!file)
    throw Error("cannot read `" + text + "`");
  source->text.assign(std::istreambuf_iterator<char>(file), {});
  dsl::Diagnostics diagnostics;
  dsl::Library library = dsl::loadStd("", diagnostics);
  dsl::ast::Program program = dsl::parse(source, diagnostics);
  std::optional<dsl::Model> model;
  nlohmann::json config;
  std::map<std::string, std::vector<int64_t>> shapes;
  if (!diagnostics.hasErrors()) {
    dsl::CheckOptions options;
    options.library = &library;
    if (checkpoint) {
      shapes = checkpoint->shapes();
      config = configuration.empty() ? checkpoint->config() : readConfig(configuration);
      options.config = &config;
      options.dialect = checkpoint->dialect();
      options.tensors = &shapes;
    }
    model = dsl::check(program, options, diagnostics);
  }
  if (!diagnostics.all().empty())
    std::cerr << dsl::render(diagnostics, false);
  return model ? importModel(context, *model) : nullptr;
}

/// One list of an input, nested by its axes.
static void flatten(const nlohmann::json &value, unsigned depth, interpreter::InputArray &array) {
  if (!value.is_array()) {
    array.values.push_back(value.get<int32_t>());
    return;
  }
  if (array.extents.size() <= depth)
    array.extents.push_back(value.size());
  for (const auto &item : value)
    flatten(item, depth + 1, array);
}

/// The inputs of sequence `s`: by their names; what is not there by name is the list `tokens`.
static std::map<std::string, interpreter::InputArray>
inputsOf(ModelOp model, const nlohmann::json &lists, size_t s) {
  std::map<std::string, interpreter::InputArray> inputs;
  model.walk([&](InputOp input) {
    std::string name = input.getName().str();
    auto list = lists.find(name);
    if (list == lists.end())
      list = lists.find(name + "s");
    if (list == lists.end())
      list = lists.find("tokens");
    inputs[name] = {};
    if (list != lists.end())
      flatten(list->at(s), 0, inputs[name]);
  });
  return inputs;
}

static bool compare(const interpreter::OutputArray &output, const Checkpoint &reference,
                    const std::string &name, Location location, double &worst) {
  const Tensor *want = reference.find(name);
  if (!want)
    return false;
  auto values = interpreter::checkpointParams(reference, location)(name);
  if (failed(values) || values->size() != output.values.size())
    throw Error("`" + name + "` has " + std::to_string(values->size()) + " elements, the output " +
                std::to_string(output.values.size()));
  for (size_t n = 0; n < values->size(); ++n) {
    double difference = std::abs(output.values[n] - (*values)[n]);
    worst = difference > worst || std::isnan(difference) ? difference : worst;
  }
  return true;
}

static int run() {
  MLIRContext context;
  context.loadDialect<TrilDialect>();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  std::unique_ptr<Checkpoint> checkpoint;
  if (!weights.empty())
    checkpoint = Checkpoint::open(weights);
  OwningOpRef<ModuleOp> module = StringRef(text).ends_with(".mlir")
                                     ? parseSourceFile<ModuleOp>(text, sources, &context)
                                     : importText(context, checkpoint.get());
  if (!module)
    return 1;
  if (onlyImport) {
    OpPrintingFlags flags;
    if (locations)
      flags.enableDebugInfo();
    module->print(llvm::outs(), flags);
    return 0;
  }
  auto models = module->getBody()->getOps<ModelOp>();
  if (models.empty())
    throw Error("`" + text + "` has no model");
  ModelOp model = *models.begin();
  nlohmann::json lists = nlohmann::json::object();
  if (!tokens.empty())
    std::ifstream(tokens) >> lists;
  std::unique_ptr<Checkpoint> reference;
  if (!expect.empty())
    reference = Checkpoint::open(expect);

  interpreter::Options options;
  options.precision = single ? interpreter::Precision::f32 : interpreter::Precision::f64;
  options.blasFrom = blas;
  interpreter::ParamSource params = [](StringRef) { return failure(); };
  if (checkpoint)
    params = interpreter::checkpointParams(*checkpoint, model.getLoc());
  size_t sequences = lists.empty() ? 1 : lists.begin()->size();
  double worst = 0;
  unsigned compared = 0;
  for (size_t s = 0; s < sequences; ++s) {
    auto result = interpreter::evaluate(model, inputsOf(model, lists, s), params, options);
    if (failed(result))
      return 1;
    for (const auto &[name, output] : result->outputs) {
      std::string full = name + "." + std::to_string(s);
      if (reference) {
        compared += compare(output, *reference, full, model.getLoc(), worst);
        continue;
      }
      std::cout << full << " [";
      for (size_t k = 0; k < output.axes.size(); ++k)
        std::cout << (k ? ", " : "") << output.axes[k] << "=" << output.extents[k];
      std::cout << "]:";
      for (double value : output.values)
        std::cout << " " << value;
      std::cout << "\n";
    }
  }
  if (reference) {
    std::cout << compared << " outputs compared, largest difference " << worst << "\n";
    return compared > 0 && worst <= within ? 0 : 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "tril reference interpreter\n");
  try {
    return run();
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
