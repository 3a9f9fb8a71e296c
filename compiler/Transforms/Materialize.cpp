//===- Materialize.cpp - what lies in memory, and in which order
//------------------------------------===//
// Steps, for each body:
//   1. contractions of a value with a param become tril.matmul; this fixes the order of the axes of
//   its operand and result; how params lie in memory is chosen
//   2. decide which values are stored: results of kernels, reductions and recurrences, operands of
//   kernels, of calls and of outputs,
//      and expressions that are dear and read more often than they have elements
//   3. put a tril.materialize behind each of them
// Costs are rough operation counts of one element; a dynamic axis counts as 256 positions.
#include "Target/Pack.h"
#include "Transforms/Passes.h"
#include "Transforms/Recurrence.h"
#include "Transforms/Values.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tril {
#define GEN_PASS_DEF_MATERIALIZE
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

constexpr double kDynamicSize = 256;
constexpr double kDear = 6; // an element that costs less is computed again at each reader

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

double elements(NamedTensorType type) {
  double n = 1;
  for (AxisAttr axis : type.getAxes())
    n *= axis.isDynamic() ? kDynamicSize : static_cast<double>(axis.getSize());
  return n;
}

bool isKernel(Operation *op) {
  return isa_and_nonnull<MatmulOp, GroupedMatmulOp, GroupOp, AttentionOp, ReduceOp, ContractOp,
                         PrepareOp, TopOp, RecOp>(op);
}

double ownCost(Operation *op) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<ExpOp, LogOp, TanhOp, ErfOp, SinOp, CosOp>([](auto) { return 16; })
      .Case<PowOp>([](auto) { return 40; })
      .Case<DivOp, SqrtOp, ModOp>([](auto) { return 4; })
      .Case<ConstantOp, LayerConstantOp, PositionOp, TableOp, ParamOp, InputOp, ExtentOp, RenameOp>(
          [](auto) { return 0.5; })
      .Case<IndexOp, SplitOp, MergeOp, StackOp, JoinOp>([](auto) { return 2; })
      .Default([](Operation *) { return 1; });
}

struct MaterializePass : tril::impl::MaterializeBase<MaterializePass> {
  using MaterializeBase::MaterializeBase;

  void runOnOperation() override {
    for (BodyOp body : getOperation().getBody().getOps<BodyOp>()) {
      makeMatmuls(body);
      packTables(body);
      body.walk([&](GroupedMatmulOp op) { packMatrices(op); });
      choose(body);
    }
  }

private:
  //===------------------------------------------------------------------------------------------===//
  // 1. Matmuls
  //===------------------------------------------------------------------------------------------===//

  void makeMatmuls(BodyOp body) {
    SmallVector<ContractOp> contractions;
    body.walk([&](ContractOp op) {
      if (op->getParentOp() == body)
        contractions.push_back(op);
    });
    for (ContractOp op : contractions)
      makeMatmul(op);
  }

  void makeMatmul(ContractOp op) {
    if (op.getFactors().size() != 2)
      return;
    Value x = op.getFactors()[0], weight = op.getFactors()[1];
    if (!weight.getDefiningOp<ParamOp>() ||
        (x.getDefiningOp<ParamOp>() && elements(typeOf(x)) > elements(typeOf(weight))))
      std::swap(x, weight);
    auto param = weight.getDefiningOp<ParamOp>();
    if (!param || param.getStacked())
      return;
    SmallVector<AxisAttr> contracted, outputs, riders, each;
    auto isContracted = [&](AxisAttr axis) {
      return llvm::is_contained(op.getAxes().getAsValueRange<StringAttr>(), axis.getName());
    };
    for (AxisAttr axis : typeOf(weight).getAxes())
      (isContracted(axis) ? contracted : outputs).push_back(axis);
    bool dynamic = false;
    for (AxisAttr axis : memoryOrder(typeOf(x).getAxes())) {
      if (llvm::is_contained(contracted, axis))
        continue;
      if (isContracted(axis)) // a sum over x alone
        return;
      dynamic |= axis.isDynamic();
      (llvm::is_contained(outputs, axis) ? each : riders).push_back(axis);
    }
    // An axis that both have and nobody sums: a matrix for each of its positions, if lanes are not
    // idle.
    if (each.size() > 1)
      return;
    if (!each.empty()) {
      llvm::erase(outputs, each.front());
      int64_t lanes = 1;
      for (AxisAttr axis : outputs)
        lanes *= axis.getSize();
      if (lanes < packedRows)
        return;
    }
    if (typeOf(weight).staticElements() == 0) // an axis without positions
      return;
    if (!dynamic || contracted.empty() || outputs.empty() ||
        typeOf(x).rank() != riders.size() + each.size() + contracted.size())
      return;

    OpBuilder builder(op);
    llvm::append_range(riders, each);
    SmallVector<AxisAttr> order = riders, resultOrder = riders;
    llvm::append_range(order, contracted);
    llvm::append_range(resultOrder, outputs);
    Value stored = store(builder, op.getLoc(), withoutHoles(builder, x), order);
    SmallVector<StringRef> names;
    for (AxisAttr axis : contracted)
      names.push_back(axis.getName());
    auto type = op.getResult().getType().withAxes(resultOrder);
    ArrayAttr contractedNames = builder.getStrArrayAttr(names);
    if (!each.empty() && !param->hasOneUse()) { // others read it as it is
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(param);
      param = cast<ParamOp>(builder.clone(*param));
    }
    param = packFor(builder, param, contractedNames, contracted);
    StringAttr matrices;
    if (!each.empty())
      matrices = severalMatrices(builder, param, each.front().getName());
    auto matmul = MatmulOp::create(builder, op.getLoc(), type, stored, param, Value(),
                                   contractedNames, matrices);
    if (auto format = param->getAttrOfType<StringAttr>("format");
        format.getValue().starts_with("q")) {
      builder.setInsertionPoint(matmul);
      matmul.getPreparedMutable().assign(prepare(builder, stored, riders, contracted));
    }
    // Calls and outputs keep the order that they were given; returns have that of the signature.
    auto keepsOrder = [](OpOperand &use) { return isa<CallOp, OutputOp>(use.getOwner()); };
    builder.setInsertionPointAfter(matmul);
    if (op.getResult().getType() != type && llvm::any_of(op.getResult().getUses(), keepsOrder))
      op.getResult().replaceUsesWithIf(
          store(builder, op.getLoc(), matmul.getResult(), op.getResult().getType().getAxes()),
          keepsOrder);
    op.getResult().setType(type);
    op.getResult().replaceAllUsesWith(matmul.getResult());
    op.erase();
    ++matmuls;
  }

  /// Says that a packed weight is one matrix after the other, for the positions of an axis.
  static StringAttr severalMatrices(OpBuilder &builder, ParamOp param, StringRef axis) {
    StringAttr matrices = builder.getStringAttr(axis);
    param->setAttr("matrices", matrices);
    if (param->getAttrOfType<StringAttr>("format").getValue() == "blas")
      param->setAttr("format", builder.getStringAttr("f32"));
    return matrices;
  }

  void packMatrices(GroupedMatmulOp op) {
    OpBuilder builder(op);
    auto param = op.getWeight().getDefiningOp<ParamOp>();
    ArrayRef<AxisAttr> axes = op.getX().getType().getAxes();
    ArrayRef<AxisAttr> contracted = axes.take_back(op.getContracted().size());
    param = packFor(builder, param, op.getContracted(), contracted);
    op.getWeightMutable().assign(param);
    severalMatrices(builder, param, op.getAxis());
    auto format = param->getAttrOfType<StringAttr>("format");
    if (format.getValue().starts_with("q"))
      op.getPreparedMutable().assign(
          prepare(builder, op.getX(), axes.drop_back(contracted.size()), contracted));
    ++matmuls;
  }

  /// Large tables that are only read at positions, such as an embedding that is not the last
  /// layer's weight too, take no more memory than they are stored in: packed with what is read at a
  /// position as inputs.  Small ones are plain f32, which costs least to read.
  void packTables(BodyOp body) {
    constexpr double large = 1 << 16;
    SmallVector<std::pair<ParamOp, ArrayAttr>> tables;
    body.walk([&](ParamOp param) {
      auto stored = param->getAttrOfType<StringAttr>("stored");
      bool narrow = param->hasAttr("quantize") || (stored && stored.getValue() != "f32");
      if (!narrow || param->hasAttr("contracted") || param.getStacked() || param->use_empty() ||
          elements(typeOf(param)) < large)
        return;
      ArrayAttr read;
      for (OpOperand &use : param->getUses()) {
        auto index = dyn_cast<IndexOp>(use.getOwner());
        if (!index || use.getOperandNumber() != 0 || (read && read != index.getAxes()))
          return;
        read = index.getAxes();
      }
      if (read.size() == 1 && typeOf(param).rank() > 1)
        tables.emplace_back(param, read);
    });
    for (auto [param, read] : tables) {
      OpBuilder builder(param);
      SmallVector<AxisAttr> inputs;
      SmallVector<StringRef> names;
      for (AxisAttr axis : typeOf(param).getAxes())
        if (axis.getName() != cast<StringAttr>(read[0]).getValue()) {
          inputs.push_back(axis);
          names.push_back(axis.getName());
        }
      packFor(builder, param, builder.getStrArrayAttr(names), inputs);
      if (auto format = param->getAttrOfType<StringAttr>("format");
          format.getValue() == "f32" || format.getValue() == "blas") {
        param->removeAttr("contracted"); // no block fits
        param->removeAttr("format");
      }
    }
  }

  /// Says how the weight is packed: groups of 16 outputs, in its stored type where the inputs lie
  /// as its blocks need them.  A weight that is already packed for other inputs is taken a second
  /// time.
  ParamOp packFor(OpBuilder &builder, ParamOp param, ArrayAttr contracted,
                  ArrayRef<AxisAttr> inputs) {
    if (auto already = param->getAttrOfType<ArrayAttr>("contracted");
        already && already != contracted) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(param);
      param = cast<ParamOp>(builder.clone(*param));
      param->removeAttr("format");
    }
    param->setAttr("contracted", contracted);
    auto stored = param->getAttrOfType<StringAttr>("stored");
    StringRef type = stored ? stored.getValue() : "f32";
    // Blocks run along the inputs: these must be the fastest stored axes, without gaps, and whole
    // blocks.
    NamedTensorType tensor = typeOf(param);
    int64_t size = 1;
    bool inOrder = true;
    for (AxisAttr axis : llvm::reverse(inputs)) {
      inOrder &= param.getStrides()[*tensor.indexOf(axis.getName())] == size;
      size *= axis.getSize();
    }
    if (auto wanted = param->getAttrOfType<StringAttr>("quantize"))
      if (auto format = quantizedFormat(*parsePackedFormat(wanted.getValue()), size)) {
        param->setAttr("format", builder.getStringAttr(packedFormatName(*format)));
        return param;
      }
    int64_t block = type.ends_with("_k") ? 256 : 32;
    bool whole = inOrder && size % block == 0 && param.getOffset() % block == 0;
    for (auto [axis, stride] : llvm::zip(tensor.getAxes(), param.getStrides()))
      whole &= llvm::is_contained(inputs, axis) || stride % block == 0;
    bool quantised = type.starts_with("q");
    bool known = quantised ? whole : type == "f16" || type == "bf16" || type == "f32";
    StringRef format = known ? type : "f32";
    param->setAttr("format", builder.getStringAttr(blas && format == "f32" ? "blas" : format));
    return param;
  }

  static Value prepare(OpBuilder &builder, Value stored, ArrayRef<AxisAttr> riders,
                       ArrayRef<AxisAttr> inputs) {
    for (Operation *user : stored.getUsers())
      if (auto other = dyn_cast<PrepareOp>(user); other && other.getInner() == inputs.size()) {
        Operation *memory = *other->user_begin();
        if (!other->isBeforeInBlock(&*builder.getInsertionPoint())) {
          other->moveBefore(&*builder.getInsertionPoint());
          memory->moveAfter(other);
        }
        return memory->getResult(0);
      }
    int64_t size = 1;
    for (AxisAttr axis : inputs)
      size *= axis.getSize();
    SmallVector<AxisAttr> axes(riders);
    axes.push_back(AxisAttr::get(builder.getContext(), "block", size / 32, ""));
    axes.push_back(AxisAttr::get(builder.getContext(), "word", 28, ""));
    auto type =
        NamedTensorType::get(builder.getContext(), axes, builder.getF32Type(), /*holes=*/false);
    Value prepared = PrepareOp::create(builder, stored.getLoc(), type, stored, inputs.size());
    return MaterializeOp::create(builder, stored.getLoc(), type, prepared);
  }

  /// `value` in memory in this order, reusing what is there.
  Value store(OpBuilder &builder, Location loc, Value value, ArrayRef<AxisAttr> order) {
    if (auto already = value.getDefiningOp<MaterializeOp>())
      value = already.getOperand();
    for (Operation *user : value.getUsers())
      if (auto other = dyn_cast<MaterializeOp>(user);
          other && other->getBlock() == builder.getInsertionBlock() &&
          llvm::equal(other.getResult().getType().getAxes(), order)) {
        if (builder.getInsertionPoint() != builder.getInsertionBlock()->end() &&
            builder.getInsertionPoint()->isBeforeInBlock(other))
          other->moveBefore(&*builder.getInsertionPoint());
        return other.getResult();
      }
    auto op = MaterializeOp::create(builder, loc, typeOf(value).withAxes(order), value);
    ++stored;
    return op.getResult();
  }

  //===------------------------------------------------------------------------------------------===//
  // 2. and 3. Choosing and storing
  //===------------------------------------------------------------------------------------------===//

  void choose(BodyOp body) {
    // Operands that have to lie in memory, at their readers.
    body.walk([&](Operation *op) {
      OpBuilder builder(op);
      llvm::TypeSwitch<Operation *>(op)
          .Case([&](AttentionOp o) {
            for (auto [query, contracted] : llvm::zip(o.getQueriesMutable(), o.getContracted())) {
              NamedTensorType type = typeOf(query.get());
              SmallVector<AxisAttr> order = {type.axis(o.getTime())};
              for (ArrayAttr list : {o.getGroups(), o.getMembers(), cast<ArrayAttr>(contracted)})
                for (StringRef name : list.getAsValueRange<StringAttr>())
                  if (type.hasAxis(name))
                    order.push_back(type.axis(name));
              query.set(store(builder, op->getLoc(), withoutHoles(builder, query.get()), order));
            }
          })
          .Case([&](CallOp o) {
            for (OpOperand &operand : o.getArgumentsMutable())
              operand.set(storeForCall(builder, operand.get()));
          })
          .Case([&](OutputOp o) {
            Value value = o.getValue();
            if (!value.getDefiningOp<MaterializeOp>() || value.getType() != o.getValue().getType())
              o.getValueMutable().assign(
                  store(builder, op->getLoc(), value, typeOf(value).getAxes()));
          })
          .Case([&](ReturnOp o) {
            for (OpOperand &operand : o->getOpOperands())
              operand.set(storeForReturn(
                  builder, operand.get(),
                  cast<NamedTensorType>(body.getResultTypes()[operand.getOperandNumber()])));
          })
          .Case([&](RecOp o) { storeEquations(o); });
    });
    // Values that are stored where they are made.
    // Readers first: what is computed once, for a reader that is stored, need not be stored itself.
    SmallVector<Operation *> operations;
    body.walk([&](Operation *op) { operations.push_back(op); });
    SmallVector<Value> make;
    chosen.clear();
    for (Operation *op : llvm::reverse(operations)) {
      if (isa<MaterializeOp>(op) || op->getParentOfType<AttentionOp>())
        continue;
      for (Value result : op->getResults())
        if ((isKernel(op) && !isa<RecOp>(op)) || isWorthStoring(result)) {
          make.push_back(result);
          chosen.insert(result);
        }
    }
    for (Value value : llvm::reverse(make))
      storeAtDefinition(value);
    body.walk([](RecOp rec) { arrangeRecurrence(rec); });
  }

  /// Arguments and results of bodies keep the order of the signature.
  Value storeForCall(OpBuilder &builder, Value value) {
    if (isa<BlockArgument>(value) || value.getDefiningOp<CallOp>() || value.getDefiningOp<RecOp>())
      return value;
    return store(builder, value.getLoc(), value, typeOf(value).getAxes());
  }

  /// Every result of a body has a place of its own: what is not made here is copied.
  Value storeForReturn(OpBuilder &builder, Value value, NamedTensorType type) {
    auto stored = value.getDefiningOp<MaterializeOp>();
    bool owned = !isa<BlockArgument>(value) && !value.getDefiningOp<RecOp>() &&
                 !value.getDefiningOp<CallOp>();
    if (owned) {
      Value candidate =
          store(builder, value.getLoc(), stored ? stored.getOperand() : value, type.getAxes());
      if (!llvm::is_contained(candidate.getUsers(), value.getParentBlock()->getTerminator()))
        return candidate;
    }
    return MaterializeOp::create(builder, value.getLoc(), type, value);
  }

  /// How often an element of `value` is computed by its readers, for each time that it would be
  /// stored.
  double readings(Value value, unsigned depth = 0) {
    double total = 0;
    for (Operation *user : value.getUsers()) {
      double space = 0;
      if (isa<MaterializeOp, ReduceOp, ContractOp, ExtendOp, TopOp, PrepareOp, OutputOp>(user))
        space = userSpace(user);
      else if (auto attention = user->getParentOfType<AttentionOp>())
        space = scoreElements(attention);
      else if (user->getNumResults() == 1 && chosen.contains(user->getResult(0)))
        space = elements(typeOf(user->getResult(0)));
      else if (user->getNumResults() == 1 && depth < 12)
        space = readings(user->getResult(0), depth + 1) * elements(typeOf(user->getResult(0)));
      total += space / elements(typeOf(value));
      if (total > 1e6)
        break;
    }
    return total;
  }

  static double scoreElements(AttentionOp attention) {
    double n = kDynamicSize * kDynamicSize;
    NamedTensorType type = attention.getResult().getType();
    for (ArrayAttr list : {attention.getGroups(), attention.getMembers()})
      for (StringRef name : list.getAsValueRange<StringAttr>())
        n *= static_cast<double>(type.axis(name).getSize());
    return n;
  }

  static double userSpace(Operation *user) {
    SmallVector<NamedTensorType> types;
    for (Value operand : user->getOperands())
      types.push_back(typeOf(operand));
    double n = 1;
    for (AxisAttr axis : unionAxes(types))
      n *= axis.isDynamic() ? kDynamicSize : static_cast<double>(axis.getSize());
    return n;
  }

  double cost(Value value, unsigned depth = 0) {
    Operation *op = value.getDefiningOp();
    if (!op || isKernel(op) || isa<MaterializeOp, CallOp, ExtendOp>(op))
      return 1;
    if (depth > 40)
      return 100;
    double total = ownCost(op);
    for (Value operand : op->getOperands()) {
      total += cost(operand, depth + 1);
      if (total > 100)
        break;
    }
    return total;
  }

  bool isWorthStoring(Value value) {
    NamedTensorType type = typeOf(value);
    Operation *op = value.getDefiningOp();
    if (type.getElement().isInteger(1) ||
        isa<CallOp, ExtendOp, RecOp, ParamOp, ConstantOp, LayerConstantOp, TableOp, PositionOp,
            InputOp, EarlierOp>(op))
      return false;
    if (type.getAxes().empty() || isOfScores(value))
      return false;
    double dear = cost(value);
    return dear >= kDear && readings(value) > 1.01 && !isStoredAnyway(value);
  }

  /// Whether it is over two sequences and an attention reads it: its kernel computes it tile by
  /// tile, however dear, so that nothing of every pair of positions is in memory.
  static bool isOfScores(Value value) {
    auto isPair = [](Value v) {
      return llvm::count_if(typeOf(v).getAxes(), [](AxisAttr a) { return a.isDynamic(); }) > 1;
    };
    std::function<bool(Value)> isRead = [&](Value v) {
      return llvm::any_of(v.getUsers(), [&](Operation *user) {
        return user->getParentOfType<AttentionOp>() ||
               (user->getNumResults() == 1 && !isKernel(user) && isPair(user->getResult(0)) &&
                isRead(user->getResult(0)));
      });
    };
    return isPair(value) && isRead(value);
  }

  /// Whether the only reader stores it already.
  static bool isStoredAnyway(Value value) {
    return value.hasOneUse() && isa<MaterializeOp>(*value.user_begin()) &&
           cast<MaterializeOp>(*value.user_begin()).getResult().getType().rank() ==
               typeOf(value).rank();
  }

  void storeAtDefinition(Value value) {
    // One that is there already serves all readers; other orders are made from it.
    // A generated kernel writes its own order, whatever its reader wants.
    bool fixedOrder =
        isa<MatmulOp, GroupedMatmulOp, GroupOp, AttentionOp, PrepareOp>(value.getDefiningOp());
    MaterializeOp home;
    for (Operation *user : value.getUsers())
      if (auto other = dyn_cast<MaterializeOp>(user);
          other && other->getBlock() == value.getParentBlock() && !home &&
          (!fixedOrder ||
           llvm::equal(typeOf(other.getResult()).getAxes(), typeOf(value).getAxes())))
        home = other;
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(value);
    if (home) {
      if (home->getPrevNode() != value.getDefiningOp())
        home->moveAfter(value.getDefiningOp());
    } else {
      home = MaterializeOp::create(builder, value.getLoc(),
                                   typeOf(value).withAxes(memoryOrder(typeOf(value).getAxes())),
                                   value);
      ++stored;
    }
    value.replaceAllUsesExcept(home.getResult(), home);
  }

  llvm::DenseSet<Value> chosen; // what will be stored, of the operations looked at so far
};

} // namespace
