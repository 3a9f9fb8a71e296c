//===- CompiledText.cpp
//----------------------------------------------------------------------------===//
#include "CompiledText.h"
#include "Interpreter/CheckpointParams.h"
#include "Pipeline/Pipeline.h"
#include "Target/Codegen.h"
#include "Target/Product.h"
#include "Target/WeightWriter.h"
#include "Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "runtime/SafetensorsWriter.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>
#include <fstream>

using namespace tril;
using namespace tril::test;

static uint16_t bfloat(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return static_cast<uint16_t>(bits >> 16);
}

/// Truncated; for the small normal numbers, NaN and infinities that are written here.
static uint16_t half(float x) {
  if (std::isnan(x))
    return 0x7e00;
  uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isinf(x))
    return sign | 0x7c00;
  int exponent;
  float fraction = std::frexp(std::fabs(x), &exponent); // 0.5 <= fraction < 1
  if (x == 0 || exponent < -13)
    return sign;
  return static_cast<uint16_t>(sign | ((exponent + 14) << 10) |
                               (static_cast<int>(fraction * 2048) & 1023));
}

void CompiledText::writeCheckpoint(const AttentionText &text, const std::string &path,
                                   uint64_t seed) {
  std::vector<SafetensorsWriter::Tensor> declared;
  for (const RandomTensor &tensor : text.tensors)
    declared.push_back({tensor.name, tensor.dtype, tensor.shape});
  SafetensorsWriter writer(path, declared);
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < text.tensors.size(); ++i) {
    const RandomTensor &tensor = text.tensors[i];
    size_t count = 1;
    for (int64_t extent : tensor.shape)
      count *= static_cast<size_t>(extent);
    std::vector<float> values(count);
    for (float &value : values)
      value = normal(random);
    if (tensor.poisoned) {
      const float poison[] = {NAN, INFINITY, -INFINITY};
      for (size_t k = 0; k < count / static_cast<size_t>(tensor.shape[0]); ++k)
        values[k] = poison[random() % 3];
    }
    if (tensor.dtype == "F32") {
      writer.write(i, 0, values.data(), static_cast<int64_t>(count * 4));
      continue;
    }
    std::vector<uint16_t> bits(count);
    for (size_t k = 0; k < count; ++k)
      bits[k] = tensor.dtype == "F16" ? half(values[k]) : bfloat(values[k]);
    writer.write(i, 0, bits.data(), static_cast<int64_t>(count * 2));
  }
  writer.commit();
}

CompiledText::CompiledText(const AttentionText &text, const std::string &folder, uint64_t seed) {
  std::string path = folder + "/random.tril", checkpoint = folder + "/random.safetensors";
  std::ofstream(path) << text.text;
  writeCheckpoint(text, checkpoint, seed);
  mlir::DialectRegistry registry;
  registerCodegenDialects(registry);
  registry.insert<TrilDialect, mlir::math::MathDialect>();
  context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  auto read = readModel(path, checkpoint);
  if (!read)
    throw Error("the text is refused");
  frontend = std::move(*read);
  imported = importFrontend(*context, frontend);
  if (!imported)
    throw Error("the text is not imported");
  options.cache = text.cache;
  options.attention = text.products;
  options.cpu = text.cpu;
  if (text.cpu == "x86-64-v4" && !llvm::cantFail(Machine::named("native")).avx512)
    options.cpu = "native";
  compile();
}

void CompiledText::compile() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  Machine machine = llvm::cantFail(Machine::named(options.cpu));
  mlir::OwningOpRef<mlir::ModuleOp> module = imported->clone();
  auto lower = [&](Phase from, Phase to) {
    mlir::PassManager passes(context.get());
    addPasses(passes, from, to, options);
    if (failed(passes.run(*module)))
      throw Error("the passes to `" + phaseName(to).str() + "` fail");
  };
  lower(Phase::tril, Phase::planned);
  module->walk([&](AttentionOp) { ++attentions; });
  ModelOp planned = *module->getOps<ModelOp>().begin();
  described = manifestOf(planned, frontend, "native", "test");
  std::vector<char> bytes;
  writeWeights(planned, *frontend.checkpoint, [&](const void *data, size_t size) {
    bytes.insert(bytes.end(), static_cast<const char *>(data),
                 static_cast<const char *>(data) + size);
  });
  weights.reset(static_cast<char *>(std::aligned_alloc(4096, (bytes.size() / 4096 + 1) * 4096)));
  std::memcpy(weights.get(), bytes.data(), bytes.size());
  lower(Phase::planned, Phase::lowered);
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code = translateToLLVMIR(*module, llvmContext, machine);
  if (!code)
    throw Error("the translation to LLVM fails");
  optimize(*code, machine);
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream out(object);
  if (!emitObject(*code, machine, out))
    throw Error("LLVM writes no object");
  jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvm::cantFail(jit->addObjectFile(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object), "step", false)));
  step = llvm::cantFail(jit->lookup("tril_step")).toPtr<StepFunction>();
}

OutputValues CompiledText::meaning(const Inputs &inputs, interpreter::Precision precision,
                                   bool exact) {
  PipelineOptions options = this->options;
  if (exact)
    options.attention = "f32";
  std::map<std::string, interpreter::InputArray> arrays;
  for (size_t i = 0; i < inputs.size(); ++i)
    arrays[described.inputs[i].name] = {{static_cast<int64_t>(inputs[i].size())}, inputs[i]};
  mlir::OwningOpRef<mlir::ModuleOp> module = imported->clone();
  mlir::PassManager passes(context.get());
  // What is rounded follows from what is kept, and from contractions.
  if (options.cache != "f32" || options.attention != "f32")
    addPasses(passes, Phase::tril, Phase::step, options);
  else // so that contractions are computed as such
    passes.nest<ModelOp>().addPass(createRecognise());
  if (failed(passes.run(*module)))
    throw Error("the passes before the interpreter fail");
  interpreter::Options how;
  how.blasFrom = -1;
  how.precision = precision;
  ModelOp model = *module->getOps<ModelOp>().begin();
  auto result = interpreter::evaluate(
      model, arrays, interpreter::checkpointParams(*frontend.checkpoint, model.getLoc()), how);
  if (failed(result))
    throw Error("the interpreter refuses");
  OutputValues values;
  for (const ManifestOutput &output : described.outputs) {
    const std::vector<double> &all = result->outputs[output.name].values;
    values.emplace_back(all.begin(), all.end());
  }
  return values;
}

static int64_t lengthOf(const Inputs &inputs) { return static_cast<int64_t>(inputs[0].size()); }

/// Positions begin .. begin + count; their outputs go behind `values`.
static void advance(Session &session, const Inputs &inputs, int64_t count, OutputValues &values) {
  int64_t begin = session.position();
  std::vector<std::span<const int32_t>> now;
  for (const std::vector<int32_t> &list : inputs)
    now.emplace_back(list.data() + begin, static_cast<size_t>(count));
  session.advance(now, 0, [&](int64_t, int64_t) {
    for (size_t o = 0; o < values.size(); ++o) {
      std::span<const float> rows = session.output(static_cast<int>(o));
      values[o].insert(values[o].end(), rows.begin(), rows.end());
    }
  });
}

OutputValues CompiledText::whole(const Inputs &inputs, int threads) const {
  ThreadPool pool(threads);
  int64_t length = lengthOf(inputs);
  Session session(described, weights.get(), step, pool, length, length);
  OutputValues values(described.outputs.size());
  advance(session, inputs, length, values);
  return values;
}

OutputValues CompiledText::divided(const Inputs &inputs, int threads, int64_t most,
                                   std::mt19937_64 &random, std::string &told) const {
  ThreadPool pool(threads);
  int64_t length = lengthOf(inputs);
  auto fresh = [&] {
    auto context = length + static_cast<int64_t>(random() % 100);
    return std::make_unique<Session>(described, weights.get(), step, pool, context, most);
  };
  std::unique_ptr<Session> session = fresh();
  OutputValues values(described.outputs.size());
  int interruptions = 6; // at most, or small steps would never come to the end
  while (session->position() < length) {
    int64_t position = session->position();
    switch (position && interruptions ? random() % 12 : 11) {
    case 0: { // back
      auto n = static_cast<int64_t>(random() % static_cast<uint64_t>(position));
      if (!session->whyNotTruncate(n).empty())
        break;
      session->truncate(n);
      --interruptions;
      for (size_t o = 0; o < values.size(); ++o)
        values[o].resize(static_cast<size_t>(n * session->rowElements(static_cast<int>(o))));
      told += " back to " + std::to_string(n);
      break;
    }
    case 1:
      session = session->fork();
      --interruptions;
      told += " copied";
      break;
    case 2: { // into another session, of another context
      std::string bytes;
      --interruptions;
      session->save([&](const char *data, size_t size) { bytes.append(data, size); });
      session = fresh();
      size_t read = 0;
      session->restore(position, {}, [&](char *data, size_t size) {
        std::memcpy(data, bytes.data() + read, size);
        read += size;
      });
      told += " restored";
      break;
    }
    default: {
      int64_t part = 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(most));
      part = std::min(part, length - position);
      advance(*session, inputs, part, values);
      told += " " + std::to_string(part);
    }
    }
  }
  return values;
}
