//===- Import.cpp - from the checked model to the tril dialect
//----------------------------------===//
#include "Import/Import.h"
#include "Import/Emit.h"
#include "Import/Graph.h"
#include "Import/Layers.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tril;
using namespace tril::import;
using dsl::NodeId;

namespace {

class Importer {
public:
  explicit Importer(const Graph &graph)
      : graph(graph), model(graph.model), builder(&graph.context) {}
  OwningOpRef<ModuleOp> run();

private:
  void emitBody(const LoopPlan &loop, const LayerKind &kind, StringRef name);
  void emitLoop(const LoopPlan &loop, Emitter &main);
  void emitOutputs(Emitter &main);
  std::string freshName(StringRef name);

  const Graph &graph;
  const dsl::Model &model;
  OpBuilder builder;
  ModelOp modelOp;
  llvm::StringSet<> taken;
};

} // namespace

std::string Importer::freshName(StringRef name) {
  std::string result = name.str();
  for (unsigned n = 1; !taken.insert(result).second; ++n)
    result = (name + "." + Twine(n)).str();
  return result;
}

void Importer::emitBody(const LoopPlan &loop, const LayerKind &kind, StringRef name) {
  const Iteration &first = loop.iterations[kind.iterations.front()];
  SmallVector<Type> inputs, results;
  for (NodeId id : first.inputs)
    inputs.push_back(graph.type(id));
  for (unsigned local : kind.outputs)
    results.push_back(graph.type(first.body[local]));
  Location location =
      first.body.empty() ? UnknownLoc::get(&graph.context) : graph.location(first.body.front());
  auto body = BodyOp::create(builder, location, name, builder.getFunctionType(inputs, results));
  Block &block = body.getBody().front();
  Emitter emitter(graph, OpBuilder::atBlockEnd(&block), &loop, &kind);
  for (auto [id, argument] : llvm::zip(first.inputs, block.getArguments())) {
    argument.setLoc(graph.location(id));
    emitter.bind(id, argument);
  }
  emitter.emit(first.body);
  SmallVector<Value> values;
  for (auto [local, type] : llvm::zip(kind.outputs, results)) {
    auto want = cast<NamedTensorType>(type);
    values.push_back(emitter.inOrder(location, emitter.value(first.body[local]), want.getAxes()));
  }
  ReturnOp::create(emitter.builder, location, values);
}

void Importer::emitLoop(const LoopPlan &loop, Emitter &main) {
  std::vector<std::string> names;
  for (const LayerKind &kind : loop.kinds) {
    names.push_back(freshName(loop.axis));
    emitBody(loop, kind, names.back());
  }
  for (auto [i, iteration] : llvm::enumerate(loop.iterations)) {
    main.emit(iteration.hoisted);
    const LayerKind &kind = loop.kinds[iteration.kind];
    if (kind.outputs.empty())
      continue; // nothing reads what it computes
    Location location = graph.location(iteration.body.front());
    SmallVector<Value> arguments;
    for (NodeId id : iteration.inputs)
      arguments.push_back(main.inOrder(location, main.value(id), graph.type(id).getAxes()));
    SmallVector<Type> results;
    for (unsigned local : kind.outputs)
      results.push_back(graph.type(iteration.body[local]));
    auto call =
        CallOp::create(main.builder, location, results, names[iteration.kind], arguments, i);
    for (auto [local, value] : llvm::zip(kind.outputs, call.getValues()))
      main.bind(iteration.body[local], value);
  }
}

void Importer::emitOutputs(Emitter &main) {
  for (const dsl::Output &output : model.outputs) {
    SmallVector<AxisAttr> axes;
    SmallVector<StringRef> names;
    for (dsl::AxisId axis : output.axes) {
      axes.push_back(graph.axis(axis));
      names.push_back(axes.back().getName());
    }
    Location location = graph.place(output.place);
    // Whole numbers and truth values are written as the real numbers that they are, holes as 0.
    Value value = main.convert(location, main.value(output.value), builder.getF32Type());
    value = main.inOrder(location, main.filled(location, value), axes);
    OutputOp::create(main.builder, location, output.name, value, builder.getStrArrayAttr(names));
  }
}

OwningOpRef<ModuleOp> Importer::run() {
  Location location = UnknownLoc::get(&graph.context);
  // The text is where the outermost call of an output stands; the other sources are the library.
  if (!model.outputs.empty() && model.outputs.front().place >= 0) {
    const dsl::Place *place = &model.places[model.outputs.front().place];
    while (place->caller >= 0)
      place = &model.places[place->caller];
    if (place->span.source)
      location = FileLineColLoc::get(&graph.context, place->span.source->path, 1, 1);
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  builder.setInsertionPointToEnd(module->getBody());
  std::string claim = model.claim;
  if (model.window > 0)
    claim += " " + std::to_string(model.window);
  modelOp = ModelOp::create(builder, location,
                            builder.getStringAttr(model.name.empty() ? "model" : model.name),
                            claim.empty() ? StringAttr() : builder.getStringAttr(claim));
  builder.setInsertionPointToEnd(&modelOp.getBody().emplaceBlock());
  taken.insert("main");
  auto body = BodyOp::create(builder, location, "main", builder.getFunctionType({}, {}));
  Emitter main(graph, OpBuilder::atBlockEnd(&body.getBody().front()));

  NodeId next = 0;
  auto emitUpTo = [&](NodeId end) {
    std::vector<NodeId> nodes;
    for (; next < end; ++next)
      if (graph.live(next))
        nodes.push_back(next);
    main.emit(nodes);
  };
  for (const dsl::Loop &loop : model.loops) {
    if (loop.iterations.empty())
      continue;
    emitUpTo(loop.iterations.front().first);
    emitLoop(planLoop(graph, loop), main);
    next = loop.iterations.back().second;
  }
  emitUpTo(model.nodes.size());
  emitOutputs(main);
  ReturnOp::create(main.builder, location, ValueRange());
  // Formulas and params that only bodies read are theirs.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  if (failed(verify(*module))) {
    emitError(location) << "internal error: the imported model does not verify";
    return nullptr;
  }
  return module;
}

OwningOpRef<ModuleOp> tril::importModel(MLIRContext &context, const dsl::Model &model,
                                        const ImportOptions &options) {
  context.loadDialect<TrilDialect>();
  Graph graph(context, model, options);
  if (!graph.fault().empty()) {
    emitError(UnknownLoc::get(&context)) << "internal error: " << graph.fault();
    return nullptr;
  }
  return Importer(graph).run();
}
