//===- FuseRecurrence.cpp - what belongs into a recurrence, and what does not
//---------------------===//
// A recurrence runs position after position, and what it gives at all of them would have to be
// stored: for a matrix state, many times the bytes of everything else.  But most texts read such a
// state only through a sum over one of its axes (`sum[key](s * q)`), at the same position.  That
// sum moves into the recurrence, after which nothing outside reads the state.  What in the
// recurrence does not depend on earlier positions moves out: there it runs over all positions at
// once, on every thread.
#include "Transforms/Passes.h"
#include "Transforms/Values.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

namespace tril {
#define GEN_PASS_DEF_FUSERECURRENCE
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool isOverTimeAlone(Value value) {
  return llvm::all_of(typeOf(value).getAxes(),
                      [](AxisAttr axis) { return !axis.isDynamic() || axis.getName() == "time"; });
}

/// Whether a factor is a weight, which runs faster over many positions together.
bool hasWeight(Operation *sum) {
  return llvm::any_of(sum->getOperands(),
                      [](Value factor) { return factor.getDefiningOp<ParamOp>() != nullptr; });
}

/// The readers of a recurrence's value, up to the sums that end them.
struct Readers {
  llvm::SetVector<Operation *> operations; // sums too
  SmallVector<Operation *> sums;
  int64_t elements = 0; // of the sums at one position

  /// Whether all readers of `value` compute sums of it at the same position.
  bool collect(Value value, Block *block) {
    for (Operation *user : value.getUsers()) {
      if (user->getBlock() != block || user->getNumResults() != 1 ||
          !isOverTimeAlone(user->getResult(0)))
        return false;
      if (isa<ReduceOp, ContractOp>(user)) {
        if (!typeOf(user->getResult(0)).hasAxis("time") || hasWeight(user))
          return false; // a sum over the sequence, or a matrix product
        if (operations.insert(user)) {
          sums.push_back(user);
          elements += typeOf(user->getResult(0)).staticElements();
        }
      } else if (isElementwise(user)) {
        if (operations.insert(user) && !collect(user->getResult(0), block))
          return false;
      } else {
        return false;
      }
    }
    return true;
  }
};

struct FuseRecurrencePass : tril::impl::FuseRecurrenceBase<FuseRecurrencePass> {
  void runOnOperation() override {
    SmallVector<RecOp> recurrences;
    getOperation().walk([&](RecOp rec) { recurrences.push_back(rec); });
    for (RecOp rec : recurrences) {
      hoist(rec);
      rec = clean(rec);
      for (unsigned i = 0, equations = rec ? rec.getNumResults() : 0; i < equations; ++i)
        rec = sink(rec, i);
      if (rec)
        rec = clean(rec);
      if (rec)
        eraseDead(rec.getBody().front()); // products that were taken apart
    }
  }

private:
  void hoist(RecOp rec) {
    llvm::DenseSet<Operation *> dependent;
    for (Operation &op : llvm::make_early_inc_range(rec.getBody().front().without_terminator())) {
      bool depends = isa<EarlierOp>(op);
      op.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (Operation *def = operand.getDefiningOp())
            depends |= dependent.contains(def);
        depends |= isa<EarlierOp>(inner);
      });
      if (depends)
        dependent.insert(&op);
      else {
        op.moveBefore(rec);
        ++hoisted;
      }
    }
  }

  /// Moves the readers of result `i` into the region, if there are sums alone that are smaller.
  RecOp sink(RecOp rec, unsigned i) {
    Value result = rec.getResult(i);
    Readers readers;
    if (result.use_empty() || !readers.collect(result, rec->getBlock()) || readers.sums.empty() ||
        readers.elements >= typeOf(result).staticElements())
      return rec;
    SmallVector<Value> outside;
    for (Operation *op : readers.operations)
      for (Value operand : op->getOperands())
        if (Operation *def = operand.getDefiningOp();
            def && def != rec && !readers.operations.contains(def) &&
            def->getBlock() == rec->getBlock() && rec->isBeforeInBlock(def))
          outside.push_back(operand);
    IRRewriter rewriter(&getContext());
    if (failed(moveValueDefinitions(rewriter, outside, rec)))
      return rec; // something else that the readers need depends on the recurrence
    SmallVector<Operation *> order(readers.operations.begin(), readers.operations.end());
    llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    Operation *yield = rec.getBody().front().getTerminator();
    for (Operation *op : order) {
      op->moveBefore(yield);
      for (OpOperand &operand : op->getOpOperands())
        if (operand.get().getDefiningOp() == rec)
          operand.set(yield->getOperand(cast<OpResult>(operand.get()).getResultNumber()));
    }
    SmallVector<Value> values(rec.getValues());
    for (Operation *sum : readers.sums)
      if (auto contract = dyn_cast<ContractOp>(sum))
        gatherFactors(rec, contract);
    SmallVector<Value> added;
    for (Operation *sum : readers.sums)
      added.push_back(sum->getResult(0));
    moved += added.size();
    return extend(rec, added);
  }

  /// Of a sum's product, multiplies what is outside of the recurrence there, once for each
  /// position.
  void gatherFactors(RecOp rec, ContractOp contract) {
    SmallVector<Value> factors, inside, outside;
    auto isInside = [&](Value value) {
      return value.getDefiningOp() && value.getDefiningOp()->getParentOp() == rec;
    };
    auto apart = [&](MulOp product) {
      return isInside(product) && product->hasOneUse() && !typeOf(product).getHoles();
    };
    for (Value factor : contract.getFactors())
      collectFactors(factor, apart, factors);
    for (Value factor : factors)
      (isInside(factor) || typeOf(factor).getHoles() ? inside : outside).push_back(factor);
    if (outside.size() < 2)
      return;
    OpBuilder builder(rec);
    Value together = outside[0];
    for (Value factor : llvm::drop_begin(outside)) {
      auto axes = unionAxes({typeOf(together), typeOf(factor)});
      together = MulOp::create(builder, contract.getLoc(), typeOf(together).withAxes(axes),
                               together, factor);
    }
    inside.push_back(together);
    contract.getFactorsMutable().assign(inside);
  }

  /// The same recurrence with further results, in the place of `values` outside of it.
  RecOp extend(RecOp rec, MutableArrayRef<Value> values) {
    Operation *yield = rec.getBody().front().getTerminator();
    SmallVector<Type> types(rec->getResultTypes());
    for (Value value : values)
      types.push_back(value.getType());
    OpBuilder builder(rec);
    auto wider = RecOp::create(builder, rec.getLoc(), types, rec.getAxisAttr());
    wider.getBody().takeBody(rec.getBody());
    for (auto [i, value] : llvm::enumerate(values))
      value.replaceUsesWithIf(wider.getResult(rec.getNumResults() + i), [&](OpOperand &use) {
        return use.getOwner()->getParentOp() != wider;
      });
    yield->insertOperands(yield->getNumOperands(), values);
    rec->replaceAllUsesWith(wider->getResults().take_front(rec.getNumResults()));
    rec.erase();
    return wider;
  }

  /// Leaves out equations that nobody reads, earlier or outside, and those that are no recurrence.
  RecOp clean(RecOp rec) {
    Operation *yield = rec.getBody().front().getTerminator();
    llvm::DenseSet<uint64_t> carried;
    rec.walk([&](EarlierOp earlier) { carried.insert(earlier.getEquation()); });
    SmallVector<Type> types;
    SmallVector<Value> yielded;
    llvm::DenseMap<uint64_t, int64_t> place;
    for (auto [i, result] : llvm::enumerate(rec.getValues())) {
      Value value = yield->getOperand(i);
      Operation *def = value.getDefiningOp();
      if (!def || def->getParentOp() != rec)
        result.replaceAllUsesWith(value);
      if (result.use_empty() && !carried.contains(i))
        continue;
      place[i] = static_cast<int64_t>(types.size());
      types.push_back(value.getType());
      yielded.push_back(value);
    }
    if (types.size() == rec.getNumResults())
      return rec;
    OpBuilder builder(rec);
    rec.walk([&](EarlierOp earlier) {
      earlier.setEquation(static_cast<uint64_t>(place[earlier.getEquation()]));
    });
    if (types.empty()) {
      rec.erase();
      return nullptr;
    }
    auto smaller = RecOp::create(builder, rec.getLoc(), types, rec.getAxisAttr());
    smaller.getBody().takeBody(rec.getBody());
    yield->setOperands(yielded);
    for (auto [i, result] : llvm::enumerate(rec.getValues()))
      if (auto kept = place.find(i); kept != place.end())
        result.replaceAllUsesWith(smaller.getResult(static_cast<unsigned>(kept->second)));
    rec.erase();
    return smaller;
  }
};

} // namespace
