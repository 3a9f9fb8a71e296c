//===- Driver.cpp - building, evaluating, running
//------------------------------------------------------------------===//
#include "Pipeline/Driver.h"
#include "Interpreter/Interpreter.h"
#include "Pipeline/EvaluateApart.h"
#include "Pipeline/Frontend.h"
#include "Pipeline/InnerValues.h"
#include "Pipeline/Pipeline.h"
#include "Target/Codegen.h"
#include "Target/Product.h"
#include "Target/WeightWriter.h"
#include "Transforms/Passes.h"
#include "dsl/Parser.h"
#include "dsl/Printer.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/Quantization.h"
#include "runtime/SafetensorsWriter.h"
#include "runtime/TokensFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace mlir;
using namespace tril;

namespace {

/// Writes the module after each pass to DIRECTORY/NN-PASS.mlir.
struct DumpAfterPass : PassInstrumentation {
  explicit DumpAfterPass(std::string directory, unsigned &count)
      : directory(std::move(directory)), count(count) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    if (pass->getArgument().empty())
      return;
    while (Operation *parent = op->getParentOp())
      op = parent;
    std::string number = std::to_string(count++);
    std::string path = directory + "/" +
                       std::string(number.size() < 2 ? 2 - number.size() : 0, '0') + number + "-" +
                       pass->getArgument().str() + ".mlir";
    std::error_code error;
    llvm::raw_fd_ostream out(path, error);
    if (error)
      throw Error("cannot write `" + path + "`: " + error.message());
    op->print(out, OpPrintingFlags().useLocalScope().enableDebugInfo(false));
  }
  std::string directory;
  unsigned &count;
};

void printTo(const std::string &path, llvm::function_ref<void(llvm::raw_pwrite_stream &)> print) {
  if (path.empty() || path == "-") {
    llvm::SmallString<0> buffer;
    llvm::raw_svector_ostream memory(buffer);
    print(memory);
    llvm::outs() << buffer;
    return;
  }
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream memory(buffer);
  print(memory);
  OutputFile file(path);
  file.write(buffer.data(), buffer.size());
  file.commit();
}

struct Compilation {
  const BuildRequest &request;
  DialectRegistry registry;
  std::unique_ptr<MLIRContext> context;
  unsigned dumps = 0;

  explicit Compilation(const BuildRequest &request) : request(request) {
    registerCodegenDialects(registry);
    registry.insert<TrilDialect, math::MathDialect>();
    context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
  }

  bool run(ModuleOp module, Phase from, Phase to) {
    // MLIR itself tells errors only.
    ScopedDiagnosticHandler remarks(context.get(), [](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Remark)
        return failure();
      llvm::errs() << placeOf(diagnostic.getLocation()) << ": remark: " << diagnostic.str() << "\n";
      return success();
    });
    PassManager passes(context.get());
    if (failed(applyPassManagerCLOptions(passes)))
      return false;
    applyDefaultTimingPassManagerCLOptions(passes);
    PipelineOptions options;
    options.cpu = request.cpu;
    options.blas = request.blas;
    options.keep = request.keep;
    options.cache = request.cache;
    options.attention = request.attention;
    options.remarks = request.remarks;
    addPasses(passes, from, to, options);
    if (!request.dumpDirectory.empty()) {
      if (auto error = llvm::sys::fs::create_directories(request.dumpDirectory))
        throw Error("cannot make `" + request.dumpDirectory + "`: " + error.message());
      passes.addInstrumentation(std::make_unique<DumpAfterPass>(request.dumpDirectory, dumps));
    }
    return succeeded(passes.run(module));
  }
};

void progress(const BuildRequest &request, const std::string &text) {
  if (!request.quiet)
    llvm::errs() << text << "\n";
}

/// Tells how far the weights are, on a terminal, where they take a while.
std::function<void(int64_t, int64_t)> weightProgress(const BuildRequest &request) {
  if (request.quiet || !isatty(STDERR_FILENO))
    return nullptr;
  return [shown = int64_t(-1)](int64_t done, int64_t total) mutable {
    constexpr int64_t many = 500'000'000;
    if (total < many || 100 * done / total == shown)
      return;
    shown = 100 * done / total;
    llvm::errs() << "\rweights: " << shown << " %" << (done == total ? "\n" : "");
  };
}

void tellRoundings(const BuildRequest &request, const Roundings &roundings) {
  progress(request, roundingSummary(roundings));
  if (request.errors.empty())
    return;
  std::string text = StringRef(request.errors).ends_with(".json") ? roundingJson(roundings)
                                                                  : roundingTable(roundings);
  printTo(request.errors, [&](llvm::raw_pwrite_stream &out) { out << text; });
}

/// Those that make it another program than a build without any.
std::vector<std::string> flagsOf(const BuildRequest &request) {
  std::vector<std::string> flags;
  if (request.keep != "auto")
    flags.push_back("--keep " + request.keep);
  if (request.cache != "f32")
    flags.push_back("--cache " + request.cache);
  if (request.attention != "f32")
    flags.push_back("--attention " + request.attention);
  if (!request.quantize.empty())
    flags.push_back("--quantize " + request.quantize);
  for (const std::string &renaming : request.renames)
    flags.push_back("--rename " + renaming);
  if (request.context)
    flags.push_back("--ctx " + std::to_string(request.context));
  for (auto [given, flag] : {std::pair(request.blas, "--blas"),
                             {request.unchecked, "--unchecked"},
                             {request.inner, "--probe-inner"}})
    if (given)
      flags.emplace_back(flag);
  return flags;
}

/// Whether code asks for the tile registers of AMX.
bool usesTileRegisters(const llvm::Module &code) {
  const llvm::Function *configure = code.getFunction("llvm.x86.ldtilecfg");
  return configure && !configure->use_empty();
}

} // namespace

int tril::build(const BuildRequest &request) {
  if (request.emit == "ast") {
    auto source = readSource(request.text);
    dsl::Diagnostics diagnostics;
    dsl::ast::Program program = dsl::parse(source, diagnostics);
    llvm::errs() << dsl::render(diagnostics, isatty(STDERR_FILENO) != 0);
    if (diagnostics.hasErrors())
      return 1;
    printTo(request.output, [&](llvm::raw_pwrite_stream &out) { out << dsl::print(program); });
    return 0;
  }
  std::optional<Phase> phase = parsePhase(request.emit);
  bool binary = request.emit == "llvm" || request.emit == "asm" || request.emit == "obj" ||
                request.emit == "exe";
  if (!phase && !binary)
    throw Error(
        "`--emit=" + request.emit +
        "` is none of ast, tril, step, fused, planned, loops, lowered, llvm, asm, obj, exe");
  llvm::Expected<Machine> machine = Machine::named(request.cpu);
  if (!machine)
    throw Error(llvm::toString(machine.takeError()));
  auto frontend = readModel(request.text, request.weights, request.renames, request.context);
  if (!frontend)
    return 1;
  Compilation compilation(request);
  OwningOpRef<ModuleOp> module = importFrontend(*compilation.context, *frontend, request.quantize);
  if (!module || (!request.unchecked && !proved(*frontend, *module)))
    return 1;
  if (request.inner) { // the claim is of the outputs alone
    addInnerOutputs(*frontend->model);
    module = importFrontend(*compilation.context, *frontend, request.quantize);
    if (!module)
      return 1;
  }
  auto print = [&] {
    printTo(request.output, [&](llvm::raw_pwrite_stream &out) { module->print(out); });
    return 0;
  };
  Phase target = phase.value_or(Phase::lowered);
  Phase first = std::min(target, Phase::planned);
  if (!compilation.run(*module, Phase::tril, first))
    return 1;
  if (target <= Phase::planned)
    return print();
  // The planned model is what the product's weights and manifest come from; the rest of the way
  // destroys it.
  OwningOpRef<ModuleOp> planned = module->clone();
  if (!compilation.run(*module, Phase::planned, target))
    return 1;
  if (phase)
    return print();

  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule = translateToLLVMIR(*module, llvmContext, *machine);
  if (!llvmModule)
    return 1;
  optimize(*llvmModule, *machine);
  if (request.emit == "llvm") {
    printTo(request.output, [&](llvm::raw_pwrite_stream &out) { llvmModule->print(out, nullptr); });
    return 0;
  }
  if (request.emit == "asm") {
    printTo(request.output,
            [&](llvm::raw_pwrite_stream &out) { emitAssembly(*llvmModule, *machine, out); });
    return 0;
  }
  llvm::SmallString<0> object;
  {
    llvm::raw_svector_ostream out(object);
    if (!emitObject(*llvmModule, *machine, out))
      throw Error("LLVM cannot write objects for `" + request.cpu + "`");
  }
  if (request.emit == "obj") {
    printTo(request.output, [&](llvm::raw_pwrite_stream &out) { out << object; });
    return 0;
  }
  ProductParts parts{object,
                     *planned->getOps<ModelOp>().begin(),
                     *frontend,
                     request.cpu,
                     versionText(),
                     request.blas,
                     request.unchecked,
                     usesTileRegisters(*llvmModule),
                     flagsOf(request),
                     weightProgress(request)};
  Roundings roundings = makeProduct(parts, request.output);
  if (!request.quantize.empty())
    tellRoundings(request, roundings);
  progress(request, "built " + request.output);
  return 0;
}

//===-------------------------------------------------------------------------------------------===//
// The cache
//===-------------------------------------------------------------------------------------------===//

static std::string cacheDirectory() {
  const char *set = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  std::string base = set && *set ? set : home && *home ? std::string(home) + "/.cache" : "/tmp";
  return base + "/tril/products";
}

std::string tril::buildCached(const BuildRequest &request) {
  llvm::SHA256 hash;
  auto add = [&](StringRef text) {
    hash.update(text);
    hash.update(StringRef("\0", 1));
  };
  auto addFile = [&](const std::string &path) {
    llvm::sys::fs::file_status status;
    if (llvm::sys::fs::status(path, status))
      return;
    add(path);
    add(std::to_string(status.getSize()));
    add(std::to_string(status.getLastModificationTime().time_since_epoch().count()));
  };
  add(readSource(request.text)->text);
  add(request.cpu);
  add(request.blas ? "blas" : "");
  add(request.unchecked ? "unchecked" : "");
  add(request.inner ? "inner" : "");
  add(request.keep);
  add(request.cache);
  add(request.attention);
  add(request.quantize);
  for (const std::string &renaming : request.renames)
    add("rename " + renaming);
  add("context " + std::to_string(request.context));
  addFile(llvm::sys::fs::getMainExecutable(nullptr, nullptr));
  std::string archives = archiveDirectory();
  addFile(archives + "/libtril_runtime.a");
  addFile(archives + "/libtril_product.a");
  std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(request.weights);
  for (const auto &file : checkpoint->files()) {
    SmallString<256> real;
    if (llvm::sys::fs::real_path(file->name(), real))
      continue; // opened already: it is there
    addFile(real.str().str());
  }
  add(checkpoint->config().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (!checkpoint->tokenizerPath().empty())
    addFile(checkpoint->tokenizerPath());
  std::string directory = cacheDirectory();
  if (auto error = llvm::sys::fs::create_directories(directory))
    throw Error("cannot make `" + directory + "`: " + error.message());
  std::string path = directory + "/" + llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 32);
  if (llvm::sys::fs::exists(path))
    return path;
  BuildRequest cached = request;
  cached.output = path;
  cached.emit = "exe";
  cached.quiet = true;
  if (!request.quiet)
    llvm::errs() << "building ...\n";
  return build(cached) == 0 ? path : "";
}

int tril::runProduct(const std::string &path, const std::vector<std::string> &arguments) {
  std::vector<char *> argv = {const_cast<char *>(path.c_str())};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  llvm::outs().flush();
  execv(path.c_str(), argv.data());
  throw Error("cannot run `" + path + "`: " + std::strerror(errno));
}

//===-------------------------------------------------------------------------------------------===//
// Evaluating
//===-------------------------------------------------------------------------------------------===//

namespace {

int interpret(const EvalRequest &request) {
  auto frontend = readModel(request.build.text, request.build.weights, request.build.renames,
                            request.build.context);
  if (!frontend)
    return 1;
  Compilation compilation(request.build);
  OwningOpRef<ModuleOp> module = importFrontend(*compilation.context, *frontend);
  if (!module || (!request.build.unchecked && !proved(*frontend, *module)))
    return 1;
  ModelOp model = *module->getOps<ModelOp>().begin();
  {
    PassManager passes(compilation.context.get());
    if (request.build.cache != "f32" || request.build.attention != "f32") {
      // What is rounded follows from what is kept, and from contractions.
      PipelineOptions options;
      options.keep = request.build.keep;
      options.cache = request.build.cache;
      options.attention = request.build.attention;
      addPasses(passes, Phase::tril, Phase::step, options);
    } else {
      // Only what speeds the interpreter up: contractions are known as such.
      passes.nest<ModelOp>().addPass(createRecognise());
    }
    if (failed(passes.run(*module)))
      return 1;
  }
  // Which weights are rounded is known when they have their places.
  OwningOpRef<ModuleOp> planned;
  if (!request.build.quantize.empty()) {
    planned = importFrontend(*compilation.context, *frontend, request.build.quantize);
    if (!planned || !compilation.run(*planned, Phase::tril, Phase::planned))
      return 1;
  }
  Manifest manifest = manifestOf(model, *frontend, request.build.cpu, versionText());
  TokensFile tokens = readTokensFile(request.tokens, manifest);
  interpreter::ParamSource source = [&](StringRef name) -> FailureOr<std::vector<float>> {
    const Tensor *tensor = frontend->checkpoint->find(name.str());
    if (!tensor)
      return failure();
    if (planned)
      return numbersInProduct(*planned->getOps<ModelOp>().begin(), *tensor);
    int64_t count = 1;
    for (int64_t size : tensor->shape)
      count *= size;
    std::vector<float> values(count);
    dequantize(*tensor, 0, count, values.data());
    return values;
  };
  interpreter::Options options;
  options.precision =
      request.precision == "f32" ? interpreter::Precision::f32 : interpreter::Precision::f64;
  auto evaluate = [&](const std::vector<std::vector<int32_t>> &lists) {
    std::map<std::string, interpreter::InputArray> inputs;
    for (size_t i = 0; i < manifest.inputs.size(); ++i)
      inputs[manifest.inputs[i].name] = {{static_cast<int64_t>(lists[i].size())}, lists[i]};
    return interpreter::evaluate(model, inputs, source, options);
  };
  std::vector<SafetensorsWriter::Tensor> tensors;
  std::vector<std::vector<char>> contents;
  auto append = [&](std::string name, std::string dtype, std::vector<int64_t> shape,
                    const void *data, size_t bytes) {
    tensors.push_back({std::move(name), std::move(dtype), std::move(shape)});
    contents.emplace_back(static_cast<const char *>(data), static_cast<const char *>(data) + bytes);
  };
  for (size_t s = 0; s < tokens.lists.size(); ++s) {
    auto result = evaluate(tokens.lists[s]);
    if (failed(result))
      return 1;
    for (auto &[name, output] : result->outputs) {
      std::vector<float> values(output.values.begin(), output.values.end());
      append(name + "." + std::to_string(s), "F32", output.extents, values.data(),
             values.size() * 4);
    }
    if (request.greedy > 0) {
      int main = manifest.mainInput(), logits = manifest.logitsOutput();
      if (main < 0 || logits < 0)
        throw Error("the text has no output to choose tokens from");
      std::vector<int64_t> chosen;
      auto lists = tokens.lists[s];
      for (int i = 0; i < request.greedy; ++i) {
        auto next = evaluate(lists);
        if (failed(next))
          return 1;
        auto &output = next->outputs[manifest.outputs[logits].name];
        int64_t width = output.extents.back();
        auto last = output.values.end() - width;
        int64_t token = std::max_element(last, output.values.end()) - last;
        chosen.push_back(token);
        lists[main].push_back(static_cast<int32_t>(token));
      }
      append("greedy." + std::to_string(s), "I64", {static_cast<int64_t>(chosen.size())},
             chosen.data(), chosen.size() * 8);
    }
  }
  SafetensorsWriter writer(request.output, tensors);
  for (size_t i = 0; i < contents.size(); ++i)
    writer.write(i, 0, contents[i].data(), contents[i].size());
  writer.commit();
  return 0;
}

} // namespace

int tril::evaluateText(const EvalRequest &request) {
  if (const BuildRequest &build = request.build;
      !build.context && dependsOnContext(build.text, build.weights, build.renames))
    return evaluateApart(request);
  if (request.interpret) {
    if (request.step)
      throw Error("`--interpret` gives the meaning of the whole sequence; it has no `--step`");
    return interpret(request);
  }
  BuildRequest quiet = request.build;
  quiet.quiet = true;
  std::string product = buildCached(quiet);
  if (product.empty())
    return 1;
  std::vector<std::string> arguments = {"--tokens", request.tokens, "--logits", request.output};
  if (request.step)
    arguments.push_back("--step");
  if (request.greedy > 0) {
    arguments.push_back("--greedy");
    arguments.push_back(std::to_string(request.greedy));
  }
  if (request.threads > 0) {
    arguments.push_back("-t");
    arguments.push_back(std::to_string(request.threads));
  }
  if (request.batch > 0) {
    arguments.push_back("-b");
    arguments.push_back(std::to_string(request.batch));
  }
  return runProduct(product, arguments);
}

void tril::parseMlirOptions(const std::vector<std::string> &options) {
  registerTrilPasses(); // --mlir-print-ir-after=PASS knows them by name
  registerPassManagerCLOptions();
  registerMLIRContextCLOptions();
  registerDefaultTimingManagerCLOptions();
  std::vector<const char *> argv = {"tril"};
  for (const std::string &option : options)
    argv.push_back(option.c_str());
  llvm::cl::ParseCommandLineOptions(argv.size(), argv.data(), "options of the pass manager\n");
}

std::string tril::versionText() { return "0.1.0"; }
