//===- FuseAttention.cpp - one operation for scores, mask, softmax and values
//----------------------===//
// Looks for contract [past] (softmax [past] s) v where s comes, by elementwise operations, from
// contractions of queries (over time) with keys (over past), and where keys and value are states.
// The technique is that of FlashAttention (Dao et al. 2022, arXiv:2205.14135): a running maximum
// and sum over tiles of keys; the score and mask are any expression, in the manner of FlexAttention
// (Dong et al. 2024, arXiv:2412.05496).  Scores that several attentions read are computed by each.
// A state that is read in several ways is kept once for each layout that its readers want.
#include "Analysis/Lattice.h"
#include "Transforms/Passes.h"
#include "Transforms/Values.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace tril {
#define GEN_PASS_DEF_FUSEATTENTION
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

/// A query with its key.
struct Dot {
  ContractOp contract;
  unsigned queryAt = 0; // which factor; the other one is the key
  Value key;
  SmallVector<AxisAttr> contracted; // in the query's order
  bool asValue = false;             // the key is read as a value too

  Value query() const { return ContractOp(contract).getFactors()[queryAt]; }
};

struct Candidate {
  ContractOp op;
  SoftmaxOp softmax;
  Value value;
  StringRef time, past; // of queries and keys
  SmallVector<Dot> dots;
  KeyLattice lattice;             // of the keys that a query sees
  SmallVector<Operation *> chain; // between the dots and the softmax, in block order
  SmallVector<AxisAttr> groups, members, features;
};

/// How an attention wants a state to lie.
struct Wish {
  StateLayout layout;
  SmallVector<AxisAttr> groups, rest;
  int64_t step = 1; // keys that a query sees are so far apart
  bool operator==(const Wish &) const = default;
};

struct FuseAttentionPass : tril::impl::FuseAttentionBase<FuseAttentionPass> {
  using FuseAttentionBase::FuseAttentionBase;

  void runOnOperation() override {
    for (BodyOp body : getOperation().getBody().getOps<BodyOp>()) {
      std::vector<Candidate> candidates;
      body.walk([&](ContractOp op) {
        if (auto softmax = softmaxOf(op)) {
          Candidate candidate;
          const char *why = match(op, softmax, candidate);
          if (!why)
            candidates.push_back(std::move(candidate));
          else if (why != kNoProduct || overSequence(softmax, candidate.past))
            refuse(op, why); // else it weighs what was chosen, such as experts
        }
      });
      // Weights that somebody else reads too have to be in memory anyway.
      llvm::DenseSet<Operation *> readers;
      auto settled = [&] {
        readers.clear();
        for (Candidate &c : candidates)
          readers.insert(c.op);
        for (auto it = candidates.begin(); it != candidates.end(); ++it)
          if (!llvm::all_of(it->softmax->getUsers(),
                            [&](Operation *user) { return readers.contains(user); })) {
            refuse(it->op,
                   "its weights are read by something else too, so that they must be in memory");
            candidates.erase(it);
            return false;
          }
        return true;
      };
      while (!settled()) {
      }
      for (Candidate &candidate : candidates)
        candidate.lattice = latticeOf(candidate);
      layStates(candidates);
      for (Candidate &candidate : candidates)
        fuse(candidate);
      for (Candidate &candidate : candidates)
        eraseDead(candidate);
      fused += candidates.size();
    }
  }

private:
  void refuse(ContractOp op, const Twine &why) {
    if (remarks)
      op.emitRemark() << "this attention is not fused: " << why;
  }

  static constexpr const char *kNoProduct = "its score has no product of a query with a key";

  static bool overSequence(SoftmaxOp softmax, StringRef past) {
    return llvm::any_of(typeOf(softmax.getResult()).getAxes(),
                        [&](AxisAttr axis) { return axis.isDynamic() && axis.getName() == past; });
  }

  static StringRef firstName(ArrayAttr axes) { return cast<StringAttr>(axes[0]).getValue(); }

  /// The softmax over the summed axis that a contraction of weights with values reads.
  static SoftmaxOp softmaxOf(ContractOp op) {
    if (op.getAxes().size() != 1 || op.getFactors().size() != 2)
      return {};
    for (Value factor : op.getFactors())
      if (auto softmax = factor.getDefiningOp<SoftmaxOp>();
          softmax && softmax.getAxes() == op.getAxes() &&
          llvm::any_of(typeOf(softmax.getResult()).getAxes(), [&](AxisAttr axis) {
            return axis.isDynamic() && axis.getName() != firstName(op.getAxes());
          }))
        return softmax;
    return {};
  }

  //===------------------------------------------------------------------------------------------===//
  // Matching
  //===------------------------------------------------------------------------------------------===//

  /// Fills `c`; else says why not.
  const char *match(ContractOp op, SoftmaxOp softmax, Candidate &c) {
    c.op = op;
    c.softmax = softmax;
    c.past = firstName(op.getAxes());
    for (AxisAttr axis : typeOf(softmax.getOperand()).getAxes())
      if (axis.isDynamic() && axis.getName() != c.past) {
        if (!c.time.empty())
          return "its score has a third sequence";
        c.time = axis.getName();
      }
    c.value = op.getFactors()[op.getFactors()[0] == softmax.getResult() ? 1 : 0];
    if (const char *why = between(c))
      return why;
    if (c.dots.empty())
      return kNoProduct;
    if (typeOf(c.value).hasAxis(c.time))
      return "its values differ from query to query";
    if (!c.value.getDefiningOp<ExtendOp>())
      return "its values are not kept from earlier positions but computed from what is";
    auto hasSomewhere = [&](AxisAttr axis) {
      return typeOf(c.value).hasAxis(axis.getName()) || llvm::any_of(c.dots, [&](const Dot &dot) {
               return typeOf(dot.key).hasAxis(axis.getName());
             });
    };
    for (AxisAttr axis : typeOf(softmax.getOperand()).getAxes()) {
      if (axis.getName() == c.time || axis.getName() == c.past)
        continue;
      (hasSomewhere(axis) ? c.groups : c.members).push_back(axis);
    }
    auto isOfScore = [&](AxisAttr axis) {
      return llvm::is_contained(c.groups, axis) || llvm::is_contained(c.members, axis);
    };
    for (AxisAttr axis : typeOf(c.value).getAxes())
      if (axis.getName() != c.past && !llvm::is_contained(c.groups, axis)) {
        if (axis.isDynamic() || isOfScore(axis))
          return "its values have an axis that this kernel does not know";
        c.features.push_back(axis);
      }
    for (Dot &dot : c.dots) {
      auto isContracted = [&](AxisAttr axis) {
        return llvm::is_contained(dot.contract.getAxes().getAsValueRange<StringAttr>(),
                                  axis.getName());
      };
      for (AxisAttr axis : typeOf(dot.query()).getAxes())
        if (isContracted(axis))
          dot.contracted.push_back(axis);
        else if (axis.getName() != c.time && !isOfScore(axis))
          return "a query has an axis that its score does not have";
      for (AxisAttr axis : typeOf(dot.key).getAxes())
        if (!isContracted(axis) && axis.getName() != c.past && !llvm::is_contained(c.groups, axis))
          return "a key has an axis that its score does not have";
      if (dot.contracted.size() != dot.contract.getAxes().size())
        return "a product sums an axis that only one of query and key has";
    }
    return nullptr;
  }

  /// The dots, and the operations between them and the softmax.
  static const char *between(Candidate &c) {
    llvm::DenseMap<Value, bool> depends;
    llvm::SetVector<Operation *> chain;
    const char *why = nullptr;
    std::function<bool(Value)> visit = [&](Value value) -> bool {
      auto found = depends.find(value);
      if (found != depends.end())
        return found->second;
      Operation *op = value.getDefiningOp();
      bool result = false;
      if (op && typeOf(value).hasAxis(c.past) && typeOf(value).hasAxis(c.time)) {
        if (auto contract = dyn_cast<ContractOp>(op)) {
          Dot dot;
          if (const char *reason = dotOf(contract, c, dot))
            why = reason;
          else
            c.dots.push_back(dot);
          result = true;
        } else if (isElementwise(op)) {
          for (Value operand : op->getOperands())
            result |= visit(operand);
          if (result)
            chain.insert(op);
        }
      }
      return depends[value] = result;
    };
    visit(c.softmax.getOperand());
    c.chain.assign(chain.begin(), chain.end());
    llvm::sort(c.chain, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return why;
  }

  static const char *dotOf(ContractOp contract, const Candidate &c, Dot &dot) {
    if (contract.getFactors().size() != 2)
      return "its score sums a product of more than a query and a key";
    Value query = contract.getFactors()[0], key = contract.getFactors()[1];
    if (typeOf(query).hasAxis(c.past))
      std::swap(query, key);
    if (typeOf(query).hasAxis(c.past) || typeOf(key).hasAxis(c.time))
      return "a query and its key are not apart: one of them has both sequences";
    if (!key.getDefiningOp<ExtendOp>())
      return "its keys are not kept from earlier positions but computed from what is";
    dot.contract = contract;
    dot.queryAt = query == contract.getFactors()[0] ? 0 : 1;
    dot.key = key;
    return nullptr;
  }

  //===------------------------------------------------------------------------------------------===//
  // States
  //===------------------------------------------------------------------------------------------===//

  KeyLattice latticeOf(Candidate &c) {
    Value score = c.softmax.getOperand();
    Mask mask = maskOf(score, c.past);
    if (remarks && mask.coarse)
      c.op.emitRemark() << "the mask of this attention has more than " << Mask::kMostParts
                        << " parts: some count as one that holds them, so keys may be visited, or "
                           "kept, that nobody sees";
    if (c.time != "time" || typeOf(score).axis(c.past).getRootName() != "time")
      return {};
    return tril::latticeOf(mask);
  }

  static SmallVector<AxisAttr> groupsOf(Value state, const Candidate &c) {
    return llvm::to_vector(llvm::make_filter_range(
        c.groups, [&](AxisAttr axis) { return typeOf(state).hasAxis(axis.getName()); }));
  }

  /// Gives each attention its keys and values in the layout of the kernel.
  void layStates(MutableArrayRef<Candidate> candidates) {
    struct Reading {
      Wish wish;
      Value *place;
    };
    struct Laid {
      ExtendOp state;
      Wish wish;
      SmallVector<AxisAttr> axes;
    };
    std::vector<Laid> pending;
    llvm::MapVector<Operation *, SmallVector<Reading>> readings;
    llvm::DenseSet<Operation *> inside; // operations that go away, or read in the kernel's way only
    // A state that is read as a key and as a value lies as values do; the kernel turns its tiles.
    llvm::DenseMap<Value, SmallVector<AxisAttr>> valueOrder;
    for (Candidate &c : candidates)
      valueOrder[c.value] = c.features;
    for (Candidate &c : candidates)
      for (Dot &dot : c.dots) {
        auto value = valueOrder.find(dot.key);
        dot.asValue = value != valueOrder.end() && value->second.size() == dot.contracted.size() &&
                      llvm::all_of(dot.contracted, [&](AxisAttr axis) {
                        return llvm::is_contained(value->second, axis);
                      });
        if (dot.asValue)
          dot.contracted = value->second;
      }
    for (Candidate &c : candidates) {
      inside.insert(c.op);
      readings[c.value.getDefiningOp()].push_back(
          {{StateLayout::groups, groupsOf(c.value, c), c.features, c.lattice.step}, &c.value});
      for (Dot &dot : c.dots) {
        readings[dot.key.getDefiningOp()].push_back(
            {{dot.asValue ? StateLayout::groups : StateLayout::lanes, groupsOf(dot.key, c),
              dot.contracted, c.lattice.step},
             &dot.key});
        bool all = llvm::all_of(dot.contract->getUsers(), [&](Operation *user) {
          return llvm::any_of(candidates, [&](Candidate &other) {
            return user == other.softmax || llvm::is_contained(other.chain, user);
          });
        });
        if (all)
          inside.insert(dot.contract);
      }
    }
    for (auto &[op, list] : readings) {
      auto extend = cast<ExtendOp>(op);
      bool free =
          llvm::all_of(extend->getUsers(), [&](Operation *user) { return inside.contains(user); });
      SmallVector<std::pair<Wish, Value>> laid;
      for (Reading &reading : list) {
        auto known = llvm::find_if(laid, [&](auto &other) { return other.first == reading.wish; });
        if (known != laid.end()) {
          *reading.place = known->second;
          continue;
        }
        ExtendOp state = extend;
        if (!free || !laid.empty()) {
          OpBuilder builder(extend->getContext());
          builder.setInsertionPointAfter(extend);
          state = cast<ExtendOp>(builder.clone(*extend));
          state.setName(
              (extend.getName() + (reading.wish.layout == StateLayout::lanes ? ".key" : ".value"))
                  .str());
          if (remarks)
            extend.emitRemark() << "`" << extend.getName()
                                << "` is kept more than once, in different layouts";
        }
        SmallVector<AxisAttr> axes = {typeOf(extend.getResult()).axis(extend.getPast())};
        llvm::append_range(axes, reading.wish.groups);
        llvm::append_range(axes, reading.wish.rest);
        laid.push_back({reading.wish, state.getResult()});
        pending.push_back({state, reading.wish, axes});
        *reading.place = state.getResult();
      }
    }
    // Types last: matching has looked at them as they were.
    for (auto &[state, wish, axes] : pending) {
      state.getResult().setType(typeOf(state.getResult()).withAxes(axes));
      state.setLayout(wish.layout);
      state.setGroups(wish.groups.size());
      state.setStep(wish.step);
    }
  }

  //===------------------------------------------------------------------------------------------===//
  // Rewriting
  //===------------------------------------------------------------------------------------------===//

  void fuse(Candidate &c) {
    OpBuilder builder(c.op);
    auto names = [&](ArrayRef<AxisAttr> axes) {
      return builder.getStrArrayAttr(
          llvm::to_vector(llvm::map_range(axes, [](AxisAttr axis) { return axis.getName(); })));
    };
    AxisAttr time = typeOf(c.softmax.getResult()).axis(c.time),
             past = typeOf(c.softmax.getResult()).axis(c.past);
    SmallVector<AxisAttr> axes = {time};
    for (ArrayRef<AxisAttr> part : {ArrayRef(c.groups), ArrayRef(c.members), ArrayRef(c.features)})
      llvm::append_range(axes, part);
    auto type = NamedTensorType::get(&getContext(), axes, builder.getF32Type(), /*holes=*/false);
    SmallVector<Value> queries, keys;
    SmallVector<Attribute> contracted;
    SmallVector<Location> locations = {c.op.getLoc(), c.softmax.getLoc()};
    for (Dot &dot : c.dots) {
      queries.push_back(dot.query());
      keys.push_back(dot.key);
      contracted.push_back(names(dot.contracted));
      locations.push_back(dot.contract.getLoc());
    }
    auto fusedOp = AttentionOp::create(
        builder, builder.getFusedLoc(locations), type, queries, keys, c.value, c.softmax.getSink(),
        builder.getStringAttr(c.past), names(c.groups), names(c.members),
        builder.getArrayAttr(contracted), names(c.features), c.op.getRounded());
    setLattice(fusedOp, c.lattice);
    Block *block = builder.createBlock(&fusedOp.getScore());
    IRMapping map;
    for (Dot &dot : c.dots) {
      NamedTensorType dotType = typeOf(dot.contract.getResult());
      SmallVector<AxisAttr> dotAxes = {time, past};
      for (ArrayRef<AxisAttr> part : {ArrayRef(c.groups), ArrayRef(c.members)})
        for (AxisAttr axis : part)
          if (dotType.hasAxis(axis.getName()))
            dotAxes.push_back(axis);
      map.map(dot.contract.getResult(),
              block->addArgument(dotType.withAxes(dotAxes), dot.contract.getLoc()));
    }
    for (Operation *link : c.chain)
      builder.clone(*link, map);
    YieldOp::create(builder, c.softmax.getLoc(), ValueRange{map.lookup(c.softmax.getOperand())});

    // Calls, returns and outputs keep the order that they were given.
    auto keepsOrder = [](OpOperand &use) {
      return isa<CallOp, ReturnOp, OutputOp>(use.getOwner());
    };
    Value result = c.op.getResult();
    if (result.getType() != type && llvm::any_of(result.getUses(), keepsOrder)) {
      builder.setInsertionPointAfter(fusedOp);
      result.replaceUsesWithIf(
          MaterializeOp::create(builder, c.op.getLoc(), typeOf(result), fusedOp.getResult()),
          keepsOrder);
    }
    result.setType(type);
    result.replaceAllUsesWith(fusedOp.getResult());
  }

  void eraseDead(Candidate &c) {
    SmallVector<Operation *> operations = {c.op, c.softmax};
    llvm::append_range(operations, llvm::reverse(c.chain));
    for (Dot &dot : c.dots)
      operations.push_back(dot.contract);
    for (Operation *op : operations)
      if (!gone.contains(op) && op->use_empty()) {
        gone.insert(op);
        op->erase();
      }
  }
  llvm::DenseSet<Operation *> gone;
};

} // namespace
