//===- Plan.cpp
//---------------------------------------------------------------------------------------===//
#include "Pipeline/Plan.h"
#include "Pipeline/Driver.h"
#include "Pipeline/Frontend.h"
#include "Pipeline/Pipeline.h"
#include "Target/Codegen.h"
#include "Target/Product.h"
#include "Target/WeightWriter.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "runtime/ProgramOptions.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tril;

namespace {

/// Code of the runtime and of a model, stacks, buffers: measured, between 1.7 and 2.1 MB.
constexpr int64_t kProgram = 2'000'000;

/// What a product needs, as a function of the context and the largest step.
struct Plan {
  Manifest manifest;
  int64_t batch = 1; // sequences, which go on one at a time
  Extent unshared;   // the scratch memory if no two values shared bytes
  int64_t weights = 0;
  std::map<std::string, int64_t> weightTypes; // their bytes by type
  int64_t tokenizer = 0;

  /// The capacity for a context.
  int64_t roundUp(int64_t context) const { return llvm::alignTo(context, manifest.unit); }
  int64_t bytesOf(const Extent &e, int64_t context, int64_t step) const {
    int64_t capacity = roundUp(context);
    return e.fixed + e.row * step + (e.position + e.rowPosition * step) * capacity +
           (e.square + e.rowSquare * step) * capacity * capacity;
  }
  int64_t ringPositions(const ManifestState &state, int64_t context, int64_t step) const {
    return manifest.rings[state.ring].positions(step, roundUp(context));
  }
  int64_t stateBytes(const ManifestState &state, int64_t context, int64_t step) const {
    int64_t positions = state.window >= 0 ? ringPositions(state, context, step) : roundUp(context);
    return state.fixed + state.position * positions;
  }
  /// Positions that a state can go back from any place; nothing where it keeps all.
  std::optional<int64_t> goesBack(const ManifestState &state, int64_t context, int64_t step) const {
    if (state.lag)
      return 0;
    if (state.window < 0)
      return std::nullopt;
    int64_t positions = ringPositions(state, context, step);
    return positions < roundUp(context) ? std::optional(positions - state.pinned - state.window)
                                        : std::nullopt;
  }
  /// Of one checkpoint: what cannot go back to any place.
  int64_t checkpoint(int64_t context, int64_t step) const {
    int64_t total = 0;
    for (const ManifestState &state : manifest.states)
      if (goesBack(state, context, step))
        total += static_cast<int64_t>(state.copies.size()) * state.rowBytes() *
                 (state.lag ? state.lag : std::min(state.pinned + state.window, context));
    return total;
  }
  int64_t states(int64_t context, int64_t step) const {
    int64_t total = 0;
    for (const ManifestState &state : manifest.states)
      total += batch * stateBytes(state, context, step);
    return total;
  }
  /// Of one position, as generation asks for them.
  int64_t outputs(int64_t context) const {
    int64_t total = 0;
    for (const ManifestOutput &output : manifest.outputs) {
      int64_t bytes = sizeof(float);
      for (auto [i, size] : llvm::enumerate(output.shape))
        bytes *= size >= 0 ? size : i == 0 && output.overTime() ? 1 : context;
      total += bytes;
    }
    return total;
  }
  int64_t total(int64_t context, int64_t step) const {
    return weights + states(context, step) + bytesOf(manifest.arena, context, step) +
           batch * outputs(context) + tokenizer + kProgram;
  }
  /// The largest context that fits; 0 if none does.
  int64_t fit(int64_t bytes, int64_t step) const {
    int64_t unit = manifest.unit;
    int64_t low = 0, high = (manifest.longest ? manifest.longest : int64_t(1) << 31) / unit;
    if (manifest.longest && total(manifest.longest, std::min(step, manifest.longest)) <= bytes)
      return manifest.longest;
    while (low < high) { // in units: what is low fits, what is above high does not
      int64_t middle = (low + high + 1) / 2;
      if (total(middle * unit, std::min(step, middle * unit)) <= bytes)
        low = middle;
      else
        high = middle - 1;
    }
    return low * unit;
  }
};

std::string formula(const ManifestState &state, const Manifest &manifest) {
  std::string up = "up" + std::to_string(manifest.unit) + "(";
  if (state.window >= 0) {
    int64_t unit = manifest.rings[state.ring].unit;
    auto ring = [&](const std::string &text) {
      return unit == 1 ? text : "up" + std::to_string(unit) + "(" + text + ")";
    };
    return std::to_string(state.position) + " * min(" +
           (state.pinned ? std::to_string(state.pinned) + " + " : "") +
           ring(std::to_string(state.window)) + " + " + ring("step") + ", " + up + "context))";
  }
  if (state.position)
    return std::to_string(state.position) + " * " + up + "context)";
  return std::to_string(state.fixed);
}

std::string why(const ManifestState &state, const Manifest &manifest) {
  if (state.sequence >= 0)
    return "all of `" + manifest.sequences[state.sequence] + "`, which comes at once";
  if (state.window >= 0)
    return "read at most " + std::to_string(state.window) + " back" +
           (state.pinned ? ", and the first " + std::to_string(state.pinned) + " positions for ever"
                         : "");
  return state.position ? "read without a bound" : "the last values of a recurrence";
}

/// Whether a running sequence can go back, and if not, why.
std::string truncates(const ManifestState &state, std::optional<int64_t> goesBack) {
  if (!goesBack)
    return "truncates";
  if (state.lag)
    return "does not truncate, only the last value is kept";
  return "truncates by at most " + std::to_string(*goesBack) +
         " positions, earlier ones are overwritten";
}

/// With a unit that a person reads.
std::string readable(int64_t bytes) {
  std::string text;
  llvm::raw_string_ostream out(text);
  if (bytes < 10'000)
    out << bytes << " B";
  else if (bytes < 10'000'000)
    out << llvm::format("%.1f kB", double(bytes) / 1e3);
  else if (bytes < 10'000'000'000)
    out << llvm::format("%.1f MB", double(bytes) / 1e6);
  else
    out << llvm::format("%.1f GB", double(bytes) / 1e9);
  return text;
}

std::optional<Plan> planOf(const PlanRequest &request) {
  std::optional<Frontend> frontend =
      readModel(request.text, request.weights, request.renames, request.context);
  if (!frontend)
    return std::nullopt;
  DialectRegistry registry;
  registerCodegenDialects(registry);
  registry.insert<TrilDialect, math::MathDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = importFrontend(context, *frontend, request.quantize);
  if (!module || !proved(*frontend, *module))
    return std::nullopt;
  PassManager passes(&context);
  PipelineOptions options;
  options.keep = request.keep;
  options.cache = request.cache;
  options.attention = request.attention;
  addPasses(passes, Phase::tril, Phase::planned, options);
  if (failed(passes.run(*module)))
    return std::nullopt;
  ModelOp model = *module->getOps<ModelOp>().begin();
  Plan plan;
  plan.manifest = manifestOf(model, *frontend, "native", versionText());
  if (auto weights = model->getAttrOfType<IntegerAttr>("tril.weights"))
    plan.weights = weights.getInt();
  plan.weightTypes = weightBytesByType(model);
  plan.tokenizer = static_cast<int64_t>(tokenizerOf(*frontend->checkpoint).size());
  if (auto unshared = model->getAttrOfType<DenseI64ArrayAttr>("tril.unshared"))
    plan.unshared = {unshared[0], unshared[1], unshared[2], unshared[3], unshared[4], unshared[5]};
  return plan;
}

void printJson(const Plan &plan, int64_t context, int64_t step) {
  llvm::json::Array states;
  for (const ManifestState &state : plan.manifest.states) {
    llvm::json::Object entry{{"name", state.name},
                             {"kind", state.kind},
                             {"why", why(state, plan.manifest)},
                             {"place", state.place},
                             {"formula", formula(state, plan.manifest)},
                             {"bytes", plan.stateBytes(state, context, step)},
                             {"type", state.type},
                             {"shape", state.shape},
                             {"copies", int64_t(state.copies.size())}};
    std::optional<int64_t> goesBack = plan.goesBack(state, context, step);
    entry["truncates"] = !goesBack;
    if (goesBack) {
      entry["truncates_by"] = *goesBack;
      entry["why_not"] = truncates(state, goesBack);
    }
    if (state.window >= 0) {
      entry["window"] = state.window;
      entry["positions"] = plan.ringPositions(state, context, step);
    }
    states.push_back(std::move(entry));
  }
  llvm::json::Object types;
  for (const auto &[type, bytes] : plan.weightTypes)
    types[type] = bytes;
  llvm::json::Object result{
      {"model", plan.manifest.model},
      {"context", context},
      {"step", step},
      {"batch", plan.batch},
      {"states", std::move(states)},
      {"state_bytes", plan.states(context, step)},
      {"arena_bytes", plan.bytesOf(plan.manifest.arena, context, step)},
      {"arena_bytes_without_sharing", plan.bytesOf(plan.unshared, context, step)},
      {"checkpoint_bytes", plan.checkpoint(context, step)},
      {"weight_bytes", plan.weights},
      {"weight_types", std::move(types)},
      {"output_bytes", plan.batch * plan.outputs(context)},
      {"tokenizer_bytes", plan.tokenizer},
      {"program_bytes", kProgram},
      {"total_bytes", plan.total(context, step)}};
  llvm::outs() << llvm::formatv("{0:2}", llvm::json::Value(std::move(result))) << "\n";
}

void printText(const Plan &plan, int64_t context, int64_t step) {
  llvm::raw_ostream &out = llvm::outs();
  out << plan.manifest.model << ": "
      << (plan.batch > 1 ? std::to_string(plan.batch) + " sequences of " : "") << context
      << " positions, steps of at most " << step << "\n\n";
  size_t width = 10; // of the longest name
  for (const ManifestState &state : plan.manifest.states)
    width = std::max(width, state.name.size());
  for (const ManifestState &state : plan.manifest.states) {
    out << "  " << llvm::left_justify(state.name, width) << "  "
        << llvm::left_justify(state.kind, 10) << "  "
        << llvm::right_justify(readable(plan.stateBytes(state, context, step)), 9) << "  = "
        << formula(state, plan.manifest) << "\n"
        << "  " << std::string(width, ' ') << "  ";
    if (state.copies.size() > 1)
      out << state.copies.size() << " of ";
    out << state.shape << " " << state.type << "; " << why(state, plan.manifest);
    if (!state.place.empty())
      out << ", " << state.place;
    if (plan.manifest.steps)
      out << "; " << truncates(state, plan.goesBack(state, context, step));
    out << "\n";
  }
  if (plan.manifest.states.empty())
    out << "  nothing is kept between steps"
        << (plan.manifest.why.empty() ? "" : ": " + plan.manifest.why) << "\n";
  auto line = [&](StringRef name, int64_t bytes, const std::string &more) {
    out << "  " << llvm::left_justify(name, width) << "  " << std::string(10, ' ') << "  "
        << llvm::right_justify(readable(bytes), 9) << more << "\n";
  };
  out << "\n";
  line("state", plan.states(context, step), plan.batch > 1 ? "  (of all sequences)" : "");
  line("arena", plan.bytesOf(plan.manifest.arena, context, step),
       "  (" + readable(plan.bytesOf(plan.unshared, context, step)) +
           " if no values shared bytes)");
  line("outputs", plan.batch * plan.outputs(context), "  (of one position)");
  std::string types;
  for (const auto &[type, bytes] : plan.weightTypes)
    types += (types.empty() ? "  (" : ", ") + type + " " + readable(bytes);
  line("weights", plan.weights, types + (types.empty() ? "" : ")"));
  line("tokenizer", plan.tokenizer, "");
  line("program", kProgram, "  (code, stacks and buffers, about)");
  line("total", plan.total(context, step), "");
  if (int64_t bytes = plan.checkpoint(context, step); bytes && plan.manifest.steps)
    line("checkpoint", bytes, "  (each, with --checkpoint-every)");
}

} // namespace

int64_t tril::parseSize(const std::string &text) {
  StringRef rest = text;
  double number = 0;
  StringRef digits = rest.take_while([](char c) { return llvm::isDigit(c) || c == '.'; });
  StringRef unit = rest.drop_front(digits.size()).trim();
  static const std::pair<StringRef, double> units[] = {{"", 1},
                                                       {"B", 1},
                                                       {"KB", 1e3},
                                                       {"kB", 1e3},
                                                       {"MB", 1e6},
                                                       {"GB", 1e9},
                                                       {"TB", 1e12},
                                                       {"KiB", 1 << 10},
                                                       {"MiB", 1 << 20},
                                                       {"GiB", 1 << 30},
                                                       {"TiB", 1e12 * 1.099511627776}};
  const auto *found = llvm::find_if(units, [&](auto &entry) { return entry.first == unit; });
  if (digits.empty() || digits.getAsDouble(number) || found == std::end(units) ||
      number * found->second > 1e18)
    throw Error("`" + text +
                "` is not a size: a number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB");
  return static_cast<int64_t>(number * found->second);
}

int tril::printPlan(const PlanRequest &request) {
  int64_t room = request.fit.empty() ? 0 : parseSize(request.fit);
  std::optional<Plan> plan = planOf(request);
  if (!plan)
    return 1;
  plan->batch = request.batch;
  int64_t step = request.step ? request.step : ProgramOptions().batch;
  int64_t context = request.context ? request.context : plan->manifest.context;
  if (room) {
    int64_t unit = plan->manifest.unit;
    context = plan->fit(room, step);
    if (context == 0)
      throw Error(readable(room) +
                  " is too little: " + readable(plan->total(unit, std::min(step, unit))) +
                  " are needed for " + std::to_string(unit) + " positions");
  }
  if (plan->manifest.longest && context > plan->manifest.longest)
    throw Error("`" + plan->manifest.model + "` has a table with " +
                std::to_string(plan->manifest.longest) + " positions, and " +
                std::to_string(context) + " are asked for");
  step = std::min(step, context);
  if (request.json)
    printJson(*plan, context, step);
  else
    printText(*plan, context, step);
  return 0;
}
