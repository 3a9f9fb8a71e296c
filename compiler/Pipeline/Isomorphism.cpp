//===- Isomorphism.cpp
//----------------------------------------------------------------------------===//
#include "Pipeline/Isomorphism.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace tril;

namespace {

/// A correspondence of axes and of values that grows as the models are walked; it is one to one.
class Walk {
public:
  Walk(ModelOp a, ModelOp b) : tableA(a), tableB(b) {}
  std::optional<Parting> parting;

  bool bodies(BodyOp a, BodyOp b) {
    auto [known, isNew] = bodyOf.try_emplace(a, b);
    if (!isNew)
      return known->second == b || part(a.getLoc(), b.getLoc());
    return regions(a->getRegion(0), b->getRegion(0), a.getLoc(), b.getLoc());
  }

private:
  SymbolTable tableA, tableB;
  llvm::StringMap<std::string> axisOf, axisBack; // from a to b, from b to a
  DenseMap<Value, Value> valueOf;
  DenseMap<Operation *, Operation *> bodyOf;
  DenseMap<Value, llvm::hash_code> lookOf; // see `look`

  bool part(Location a, Location b) {
    if (!parting) // the innermost
      parting = Parting{a, b};
    return false;
  }

  bool axes(StringRef a, StringRef b) {
    auto forth = axisOf.find(a), back = axisBack.find(b);
    if (forth != axisOf.end() || back != axisBack.end())
      return forth != axisOf.end() && forth->second == b && back != axisBack.end();
    axisOf[a] = b.str();
    axisBack[b] = a.str();
    return true;
  }
  bool axes(AxisAttr a, AxisAttr b) {
    return a.getSize() == b.getSize() && a.getRoot().empty() == b.getRoot().empty() &&
           (a.getRoot().empty() || axes(a.getRoot(), b.getRoot())) &&
           axes(a.getName(), b.getName());
  }

  bool types(Type a, Type b) {
    auto x = dyn_cast<NamedTensorType>(a), y = dyn_cast<NamedTensorType>(b);
    if (!x || !y)
      return a == b;
    if (x.getElement() != y.getElement() || x.getHoles() != y.getHoles() || x.rank() != y.rank())
      return false;
    // Axes that are known already first: the order within a value has no meaning.
    SmallVector<AxisAttr> left(y.getAxes());
    SmallVector<AxisAttr> open;
    for (AxisAttr axis : x.getAxes()) {
      auto known = axisOf.find(axis.getName());
      if (known == axisOf.end()) {
        open.push_back(axis);
        continue;
      }
      auto found =
          llvm::find_if(left, [&](AxisAttr other) { return other.getName() == known->second; });
      if (found == left.end() || !axes(axis, *found))
        return false;
      left.erase(found);
    }
    for (auto [one, other] : llvm::zip_equal(open, left))
      if (!axes(one, other))
        return false;
    return true;
  }

  bool attributes(Attribute a, Attribute b) {
    if (a == b && !isa<ArrayAttr, StringAttr>(a))
      return true;
    if (auto x = dyn_cast<AxisAttr>(a))
      return isa<AxisAttr>(b) && axes(x, cast<AxisAttr>(b));
    if (auto x = dyn_cast<StringAttr>(a)) {
      auto y = dyn_cast<StringAttr>(b);
      if (!y)
        return false;
      auto known = axisOf.find(x.getValue());
      return known == axisOf.end() ? x == y : y.getValue() == known->second;
    }
    if (auto x = dyn_cast<ArrayAttr>(a)) {
      auto y = dyn_cast<ArrayAttr>(b);
      return y && x.size() == y.size() && llvm::all_of(llvm::zip_equal(x, y), [&](auto pair) {
               return attributes(std::get<0>(pair), std::get<1>(pair));
             });
    }
    auto x = dyn_cast<TypeAttr>(a), y = dyn_cast<TypeAttr>(b);
    return x && y && types(x.getValue(), y.getValue());
  }

  bool values(Value a, Value b) {
    if (auto known = valueOf.find(a); known != valueOf.end())
      return known->second == b;
    auto result = dyn_cast<OpResult>(a), other = dyn_cast<OpResult>(b);
    if (!result || !other || result.getResultNumber() != other.getResultNumber())
      return part(a.getLoc(), b.getLoc());
    if (!operations(result.getOwner(), other.getOwner()))
      return false;
    for (auto [one, two] :
         llvm::zip_equal(result.getOwner()->getResults(), other.getOwner()->getResults()))
      valueOf[one] = two;
    return true;
  }

  static bool commutes(Operation *op) {
    return isa<AddOp, MulOp, MaxOp, MinOp, EqOp, NeOp, AndOp, OrOp>(op);
  }

  /// Equal for values that are the same but for the names of axes and the order of operands that
  /// commute.
  llvm::hash_code look(Value value) {
    if (auto known = lookOf.find(value); known != lookOf.end())
      return known->second;
    llvm::hash_code hash = llvm::hash_value(cast<NamedTensorType>(value.getType()).rank());
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      hash = llvm::hash_combine(hash, argument.getArgNumber());
    } else {
      Operation *op = value.getDefiningOp();
      hash = llvm::hash_combine(hash, op->getName().getStringRef(),
                                cast<OpResult>(value).getResultNumber());
      SmallVector<size_t> operands;
      for (Value operand : op->getOperands())
        operands.push_back(look(operand));
      if (commutes(op))
        llvm::sort(operands);
      hash = llvm::hash_combine(hash, llvm::hash_combine_range(operands));
      for (NamedAttribute attribute : op->getAttrs())
        if (isa<FloatAttr, DenseF64ArrayAttr>(attribute.getValue()) || isa<ParamOp, InputOp>(op))
          hash = llvm::hash_combine(hash, attribute.getName().getValue(),
                                    textOf(attribute.getValue()));
    }
    return lookOf[value] = hash;
  }
  static llvm::hash_code textOf(Attribute attribute) { // of another context it is another object
    std::string text;
    llvm::raw_string_ostream(text) << attribute;
    return llvm::hash_value(text);
  }

  bool operations(Operation *a, Operation *b) {
    auto parted = [&] { return part(a->getLoc(), b->getLoc()); };
    if (a->getName() != b->getName())
      return parted();
    if (a->getNumOperands() != b->getNumOperands() || a->getNumResults() != b->getNumResults() ||
        a->getNumRegions() != b->getNumRegions())
      return parted();
    // Operands first: they say which axis is which.
    SmallVector<Value> others(b->getOperands());
    if (commutes(a) && look(a->getOperand(0)) != look(others[0]) &&
        look(a->getOperand(0)) == look(others[1]))
      std::swap(others[0], others[1]);
    for (auto [one, two] : llvm::zip_equal(a->getOperands(), others))
      if (!values(one, two))
        return parted();
    for (auto [one, two] : llvm::zip_equal(a->getResultTypes(), b->getResultTypes()))
      if (!types(one, two))
        return parted();
    NamedAttrList from(a->getAttrDictionary()), to(b->getAttrDictionary());
    if (auto call = dyn_cast<CallOp>(a)) {
      auto callA = tableA.lookup<BodyOp>(call.getCallee());
      auto callB = tableB.lookup<BodyOp>(cast<CallOp>(b).getCallee());
      if (!callA || !callB || !bodies(callA, callB))
        return parted();
      from.erase(call.getCalleeAttrName());
      to.erase(call.getCalleeAttrName());
    }
    if (from.getAttrs().size() != to.getAttrs().size())
      return parted();
    for (NamedAttribute attribute : from) {
      Attribute other = to.get(attribute.getName());
      // Not names of axes, whatever they look like.
      bool exact = isa<ParamOp, InputOp, OutputOp>(a) &&
                   llvm::is_contained({"name", "names", "pattern"}, attribute.getName().getValue());
      if (!other ||
          !(exact ? attribute.getValue() == other : attributes(attribute.getValue(), other)))
        return parted();
    }
    for (auto [one, two] : llvm::zip_equal(a->getRegions(), b->getRegions()))
      if (!regions(one, two, a->getLoc(), b->getLoc()))
        return false;
    return true;
  }

  /// What a region gives: its outputs in the order of their names, then its terminator's operands.
  bool regions(Region &a, Region &b, Location locA, Location locB) {
    Block &blockA = a.front(), &blockB = b.front();
    if (blockA.getNumArguments() != blockB.getNumArguments())
      return part(locA, locB);
    for (auto [one, two] : llvm::zip_equal(blockA.getArguments(), blockB.getArguments())) {
      if (!types(one.getType(), two.getType()))
        return part(locA, locB);
      valueOf[one] = two;
    }
    auto rootsOf = [](Block &block) {
      SmallVector<Operation *> roots;
      for (Operation &op : block)
        if (isa<OutputOp>(op))
          roots.push_back(&op);
      llvm::sort(roots, [](Operation *x, Operation *y) {
        return cast<OutputOp>(x).getName() < cast<OutputOp>(y).getName();
      });
      roots.push_back(block.getTerminator());
      return roots;
    };
    auto rootsA = rootsOf(blockA), rootsB = rootsOf(blockB);
    if (rootsA.size() != rootsB.size())
      return part(locA, locB);
    for (auto [one, two] : llvm::zip_equal(rootsA, rootsB))
      if (!operations(one, two))
        return false;
    return true;
  }
};

} // namespace

std::optional<Parting> tril::partingOf(ModelOp a, ModelOp b) {
  auto mainOf = [](ModelOp model) { return SymbolTable(model).lookup<BodyOp>("main"); };
  Walk walk(a, b);
  walk.bodies(mainOf(a), mainOf(b));
  return walk.parting;
}
