//===- Emit.cpp - operations for nodes
//-----------------------------------------------------------===//
#include "Import/Emit.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tril;
using namespace tril::import;
using dsl::NodeId;
using NodeOp = dsl::Op;

Emitter::Emitter(const Graph &graph, OpBuilder builder, const LoopPlan *loop, const LayerKind *kind)
    : builder(builder), graph(graph), model(graph.model), loop(loop), kind(kind) {}

Value Emitter::value(NodeId id) const {
  Value value = values_.lookup(id);
  assert(value && "a node is emitted after what it needs");
  return value;
}

Value Emitter::operand(NodeId id, unsigned k) const { return value(model.nodes[id].operands[k]); }
Value Emitter::operandAs(NodeId id, unsigned k, Type element) {
  return convert(graph.location(id), operand(id, k), element);
}

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

Operation *Emitter::uniqueImpl(Operation *op) {
  size_t hash = OperationEquivalence::computeHash(op, OperationEquivalence::directHashValue,
                                                  OperationEquivalence::ignoreHashValue,
                                                  OperationEquivalence::IgnoreLocations);
  for (auto [at, end] = emitted.equal_range(hash); at != end; ++at)
    if (at->second->getBlock() == op->getBlock() &&
        OperationEquivalence::isEquivalentTo(at->second, op, OperationEquivalence::exactValueMatch,
                                             nullptr, OperationEquivalence::IgnoreLocations)) {
      op->erase();
      return at->second;
    }
  emitted.emplace(hash, op);
  return op;
}

Value Emitter::create(StringRef name, Location location, ValueRange operands,
                      NamedTensorType type) {
  OperationState state(location, name, operands, type);
  return uniqueImpl(builder.create(state))->getResult(0);
}

Value Emitter::convert(Location location, Value value, Type element) {
  auto type = typeOf(value);
  if (type.getElement() == element)
    return value;
  if (auto constant = value.getDefiningOp<ConstantOp>())
    if (!element.isInteger(1) && !type.getElement().isInteger(1))
      return unique(ConstantOp::create(builder, location, type.withElement(element),
                                       constant.getValueAttr()));
  return create("tril.convert", location, value, type.withElement(element));
}

Value Emitter::inOrder(Location location, Value value, ArrayRef<AxisAttr> axes) {
  auto type = typeOf(value);
  if (type.getAxes() == axes)
    return value;
  return create("tril.convert", location, value, type.withAxes(axes));
}

Value Emitter::filled(Location location, Value value) {
  NamedTensorType type = typeOf(value).withHoles(false);
  if (type == value.getType())
    return value;
  Value zero =
      unique(ConstantOp::create(builder, location, type.withAxes({}), builder.getF64FloatAttr(0)));
  return create("tril.else", location, {value, zero}, type);
}

NodeId Emitter::counterpart(NodeId id, unsigned iteration) const {
  return loop->iterations[iteration]
      .body[loop->iterations[kind->iterations.front()].local.lookup(id)];
}

void Emitter::emit(ArrayRef<NodeId> nodes) {
  planRecurrences(nodes);
  for (NodeId id : nodes)
    if (!has(id) && !regionOf.contains(id))
      bind(id, emitNode(id));
}

Value Emitter::emitNode(NodeId id) {
  const dsl::Node &node = model.nodes[id];
  NamedTensorType type = graph.type(id);
  Location location = graph.location(id);
  Type element = type.getElement();
  auto names = [&](unsigned from) {
    SmallVector<Attribute> result;
    for (dsl::AxisId axis : ArrayRef(node.axes).drop_front(from))
      result.push_back(axis < 0 ? builder.getStringAttr("") : graph.axisName(axis));
    return builder.getArrayAttr(result);
  };
  auto all = [&] {
    SmallVector<Value> result;
    for (unsigned k = 0; k < node.operands.size(); ++k)
      result.push_back(operandAs(id, k, element));
    return result;
  };

  switch (node.op) {
  case NodeOp::constant:
    return emitConstant(id);
  case NodeOp::table:
    return unique(TableOp::create(builder, location, type, ArrayRef(node.values)));
  case NodeOp::position: {
    auto op = unique(PositionOp::create(builder, location, type.withElement(builder.getI32Type())));
    return convert(location, op, element);
  }
  case NodeOp::size: {
    auto op = unique(ExtentOp::create(builder, location, type.withElement(builder.getI32Type()),
                                      graph.axis(node.axes[0])));
    return convert(location, op, element);
  }
  case NodeOp::param:
    return emitParam(id);
  case NodeOp::input: {
    const dsl::Input &input = model.inputs[node.index];
    return unique(
        InputOp::create(builder, location, type, input.name, graph.axis(input.in).getSize()));
  }
  case NodeOp::unary:
    return emitUnary(id);
  case NodeOp::binary:
    return emitBinary(id);
  case NodeOp::select:
    return create("tril.select", location,
                  {operandAs(id, 0, builder.getI1Type()), operandAs(id, 1, element),
                   operandAs(id, 2, element)},
                  type);
  case NodeOp::where:
    return create("tril.where", location,
                  {operandAs(id, 0, element), operandAs(id, 1, builder.getI1Type())}, type);
  case NodeOp::otherwise:
    // Without holes there is nothing to fill; the other side may still bring axes.
    if (!typeOf(operand(id, 0)).getHoles() && typeOf(operand(id, 0)).rank() == type.rank())
      return operandAs(id, 0, element);
    return create("tril.else", location, all(), type);
  case NodeOp::reduce:
    return emitReduce(id);
  case NodeOp::index:
    return emitIndex(id);
  case NodeOp::rename:
    if (graph.axis(node.axes[0]) ==
        graph.axis(node.axes[1])) // two objects of the text, one axis here
      return operandAs(id, 0, element);
    return unique(RenameOp::create(builder, location, type, operandAs(id, 0, element),
                                   graph.axisName(node.axes[0]), graph.axisName(node.axes[1])));
  case NodeOp::split:
    return unique(SplitOp::create(
        builder, location, type, operandAs(id, 0, element), graph.axisName(node.axes[0]), names(1),
        builder.getDenseI64ArrayAttr(node.strides), builder.getI64IntegerAttr(node.offset)));
  case NodeOp::merge:
    return unique(MergeOp::create(builder, location, type, operandAs(id, 0, element), names(1),
                                  graph.axisName(node.axes[0])));
  case NodeOp::stack:
    return unique(StackOp::create(builder, location, type, graph.axisName(node.axes[0]), all()));
  case NodeOp::join:
    return unique(
        JoinOp::create(builder, location, type, graph.axisName(node.axes[0]), names(1), all()));
  case NodeOp::top_value:
  case NodeOp::top_index: {
    Value from = operand(id, 0);
    auto of = type.withElement(typeOf(from).getElement()),
         at = type.withElement(builder.getI32Type());
    auto op = unique(TopOp::create(builder, location, of, at, graph.axisName(node.axes[0]),
                                   graph.axisName(node.axes[1]), from));
    return convert(location, node.op == NodeOp::top_value ? op.getValue() : op.getPosition(),
                   element);
  }
  case NodeOp::rec:
    return emitRecurrence(id);
  case NodeOp::rec_read:
    return unique(EarlierOp::create(builder, location, type, builder.getI64IntegerAttr(node.result),
                                    builder.getI64IntegerAttr(node.lag)));
  }
  llvm_unreachable("an op of the checked model");
}

Value Emitter::emitConstant(NodeId id) {
  NamedTensorType type = graph.type(id);
  if (loop) {
    // By the number of the layer; layers of other kinds have a number that nobody reads.
    std::vector<double> values(loop->iterations.size(), model.nodes[id].value);
    for (unsigned i : kind->iterations)
      values[i] = model.nodes[counterpart(id, i)].value;
    bool differ = llvm::any_of(values, [&](double value) { return value != values.front(); });
    if (differ)
      return LayerConstantOp::create(builder, graph.location(id), type, values);
  }
  return unique(ConstantOp::create(builder, graph.location(id), type,
                                   builder.getF64FloatAttr(model.nodes[id].value)));
}

Value Emitter::emitParam(NodeId id) {
  const dsl::Param &param = model.params[model.nodes[id].index];
  auto list = [&](const dsl::Param &p) {
    SmallVector<StringRef> names(p.tensors.begin(), p.tensors.end());
    return Attribute(builder.getStrArrayAttr(names));
  };
  SmallVector<Attribute> names = {list(param)};
  if (loop) {
    SmallVector<Attribute> each(loop->iterations.size(), builder.getArrayAttr({}));
    bool same = true;
    for (unsigned i : kind->iterations) {
      each[i] = list(model.params[model.nodes[counterpart(id, i)].index]);
      same &= each[i] == names[0];
    }
    if (!same)
      names = each;
  }
  auto stacked = param.stacked ? graph.axisName(*param.stacked) : StringAttr();
  // The type lists its axes in stored order, so that `strides` follows them.
  SmallVector<AxisAttr> axes;
  for (dsl::AxisId axis : param.axes)
    axes.push_back(graph.axis(axis));
  return unique(ParamOp::create(builder, graph.location(id), graph.type(id).withAxes(axes),
                                param.pattern, param.strides, param.offset, stacked,
                                param.storedShape, builder.getArrayAttr(names)));
}

Value Emitter::emitUnary(NodeId id) {
  const std::string &function = model.nodes[id].function;
  NamedTensorType type = graph.type(id);
  Location location = graph.location(id);
  Type real = builder.getF32Type(), element = type.getElement();
  if (function == "not")
    return create("tril.not", location, operandAs(id, 0, builder.getI1Type()), type);
  if (function == "neg" || function == "abs")
    return create("tril." + function, location, operandAs(id, 0, element), type);
  // A whole number is its own floor.
  if ((function == "floor" || function == "ceil" || function == "round") &&
      typeOf(operand(id, 0)).getElement().isInteger(32))
    return operandAs(id, 0, element);
  return convert(
      location,
      create("tril." + function, location, operandAs(id, 0, real), type.withElement(real)),
      element);
}

Value Emitter::emitBinary(NodeId id) {
  const std::string &function = model.nodes[id].function;
  NamedTensorType type = graph.type(id);
  Location location = graph.location(id);
  Type real = builder.getF32Type(), whole = builder.getI32Type(), truth = builder.getI1Type();
  auto emit = [&](Type operands, Type result) {
    Value value =
        create("tril." + function, location,
               {operandAs(id, 0, operands), operandAs(id, 1, operands)}, type.withElement(result));
    return convert(location, value, type.getElement());
  };
  if (function == "and" || function == "or")
    return emit(truth, truth);
  if (function == "div" || function == "pow")
    return emit(real, real);
  Type a = typeOf(operand(id, 0)).getElement(), b = typeOf(operand(id, 1)).getElement();
  Type common = a.isF32() || b.isF32() ? real : a.isInteger(32) || b.isInteger(32) ? whole : truth;
  if (type.getElement().isInteger(1))
    return emit(common, truth);
  // Arithmetic; of two whole numbers, whole.
  return emit(common == truth ? whole : common, common == truth ? whole : common);
}

Value Emitter::emitReduce(NodeId id) {
  const dsl::Node &node = model.nodes[id];
  NamedTensorType type = graph.type(id);
  Location location = graph.location(id);
  auto kind = *symbolizeReduceKind(node.function);
  Type element = type.getElement();
  switch (kind) {
  case ReduceKind::any:
  case ReduceKind::all:
    element = builder.getI1Type();
    break;
  case ReduceKind::count:
    element = builder.getI1Type();
    break;
  case ReduceKind::mean:
    element = builder.getF32Type();
    break;
  default:
    break;
  }
  Value from = operandAs(id, 0, element);
  Type result = kind == ReduceKind::count ? builder.getI32Type() : element;
  SmallVector<Attribute> axes;
  for (dsl::AxisId axis : node.axes)
    axes.push_back(graph.axisName(axis));
  auto op = unique(ReduceOp::create(builder, location, type.withElement(result), kind,
                                    builder.getArrayAttr(axes), from));
  return convert(location, op, type.getElement());
}

Value Emitter::emitIndex(NodeId id) {
  const dsl::Node &node = model.nodes[id];
  Location location = graph.location(id);
  SmallVector<Value> indices;
  SmallVector<Attribute> axes;
  for (unsigned k = 1; k < node.operands.size(); ++k) {
    Value index = operand(id, k);
    // A real number that is used as a position is a whole one but for rounding.
    if (typeOf(index).getElement().isF32() && !index.getDefiningOp<ConstantOp>() &&
        !llvm::isa_and_nonnull<FloorOp, CeilOp, RoundOp>(index.getDefiningOp()))
      index = create("tril.round", location, index, typeOf(index));
    indices.push_back(convert(location, index, builder.getI32Type()));
    axes.push_back(graph.axisName(node.axes[k - 1]));
  }
  NamedTensorType type = graph.type(id);
  return unique(IndexOp::create(builder, location, type, operandAs(id, 0, type.getElement()),
                                builder.getArrayAttr(axes), indices));
}

// The region of a recurrence has what depends on its own earlier values, and elementwise work as
// large as they are that only such nodes use: it would have to be stored for every position.  The
// rest of its body (projections, gathers, decays) goes before the recurrence, for all positions at
// once.
void Emitter::planRecurrences(ArrayRef<NodeId> nodes) {
  llvm::DenseSet<NodeId> given(nodes.begin(), nodes.end());
  llvm::DenseMap<int, NodeId> found;
  for (NodeId id : nodes)
    if (model.nodes[id].op == NodeOp::rec)
      found.try_emplace(model.nodes[id].index, id);
  for (auto [r, _] : found) {
    const dsl::Recurrence &recurrence = model.recurrences[r];
    auto inside = [&](NodeId id) {
      return id >= recurrence.begin && id < recurrence.end && given.contains(id);
    };
    llvm::DenseSet<NodeId> depends;
    for (NodeId id = recurrence.begin; id < recurrence.end; ++id) {
      const dsl::Node &node = model.nodes[id];
      if (inside(id) &&
          ((node.op == NodeOp::rec_read && node.index == r) ||
           llvm::any_of(node.operands, [&](NodeId operand) { return depends.contains(operand); })))
        depends.insert(id);
    }
    // Backwards: elementwise work whose every user is in the region joins it.
    llvm::DenseMap<NodeId, SmallVector<NodeId>> users;
    for (NodeId id = 0; id < static_cast<NodeId>(model.nodes.size()); ++id)
      if (graph.live(id))
        for (NodeId operand : model.nodes[id].operands)
          users[operand].push_back(id);
    llvm::DenseSet<NodeId> yielded;
    for (const auto &equation : recurrence.equations)
      yielded.insert(equation.value);
    for (const dsl::Output &output : model.outputs)
      yielded.insert(output.value);
    int64_t stateSize = 1;
    for (const auto &equation : recurrence.equations)
      stateSize = std::max(stateSize, graph.type(equation.value).staticElements());
    llvm::DenseSet<NodeId> region = depends;
    for (NodeId id = recurrence.end; id-- > recurrence.begin;) {
      const dsl::Node &node = model.nodes[id];
      bool elementwise = node.op == NodeOp::unary || node.op == NodeOp::binary ||
                         node.op == NodeOp::select || node.op == NodeOp::where ||
                         node.op == NodeOp::otherwise;
      bool large = graph.type(id).hasAxis(graph.axis(recurrence.axis).getName()) &&
                   graph.type(id).staticElements() >= stateSize;
      if (inside(id) && elementwise && large && !yielded.contains(id) && users.contains(id) &&
          llvm::all_of(users[id], [&](NodeId user) { return region.contains(user); }))
        region.insert(id);
    }
    for (NodeId id = recurrence.begin; id < recurrence.end; ++id)
      if (region.contains(id)) {
        regions[r].push_back(id);
        regionOf[id] = r;
      }
  }
}

Value Emitter::emitRecurrence(NodeId id) {
  const dsl::Node &node = model.nodes[id];
  Operation *&rec = recurrences[node.index];
  if (!rec) {
    const dsl::Recurrence &recurrence = model.recurrences[node.index];
    SmallVector<Type> types;
    for (const auto &equation : recurrence.equations) {
      NamedTensorType type = graph.type(equation.value);
      types.push_back(graph.type(equation.type, type.getHoles()));
    }
    auto op = RecOp::create(builder, graph.location(id), types, graph.axisName(recurrence.axis));
    op.getBody().emplaceBlock();
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(&op.getBody().front());
      for (NodeId inner : regions[node.index])
        bind(inner, emitNode(inner));
      SmallVector<Value> results;
      for (auto [equation, type] : llvm::zip(recurrence.equations, types)) {
        auto want = cast<NamedTensorType>(type);
        Location location = graph.place(equation.place);
        results.push_back(inOrder(
            location, convert(location, value(equation.value), want.getElement()), want.getAxes()));
      }
      YieldOp::create(builder, graph.location(id), results);
    }
    rec = op;
  }
  return rec->getResult(node.result);
}
