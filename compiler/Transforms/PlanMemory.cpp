//===- PlanMemory.cpp - a place for every stored value and every state
//------------------------------===//
// Regions as in runtime/Abi.h: [0] fixed, [1] rows, [2] capacity, [3] rows * capacity, ...  An
// offset is in bytes of a region for one row (one position, ...), so that places are known before
// the sizes are.  Main's values come first; the bodies, which run one at a time, share what lies
// behind.
#include "Transforms/Passes.h"
#include "runtime/Abi.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tril {
#define GEN_PASS_DEF_PLANMEMORY
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

using Extents = std::array<int64_t, tril_regions>; // bytes of each region

constexpr int64_t kAlign = 64; // a cache line, and a vector of 16 floats

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }
int64_t aligned(int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

struct Interval {
  Value value;
  unsigned region;
  int64_t bytes;
  unsigned begin, end; // positions in the walk of the body, inclusive
  int64_t offset = -1;
};

struct PlanMemoryPass : tril::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    ModelOp model = getOperation();
    auto main = model.lookupSymbol<BodyOp>("main");
    if (!main) {
      model.emitError("the model has no body `@main`");
      return signalPassFailure();
    }
    markOutputs(main);
    Extents base = {}, total = {};
    plan(main, {}, base);
    total = base;
    for (BodyOp body : model.getBody().getOps<BodyOp>()) {
      if (body == main)
        continue;
      for (auto [i, value] : llvm::enumerate(body.getBody().front().getTerminator()->getOperands()))
        if (auto stored = value.getDefiningOp<MaterializeOp>())
          stored.setReturnIndex(i);
      Extents end;
      plan(body, base, end);
      for (unsigned i = 0; i < tril_regions; ++i)
        total[i] = std::max(total[i], end[i]);
    }
    planStates(model, main);
    OpBuilder builder(&getContext());
    Extents unshared = sums["main"];
    main.walk([&](CallOp call) {
      for (auto [sum, more] : llvm::zip(unshared, sums[call.getCallee()]))
        sum += more;
    });
    model->setAttr("tril.unshared", builder.getDenseI64ArrayAttr(unshared));
    model->setAttr("tril.arena", builder.getDenseI64ArrayAttr(total));
  }

private:
  /// None if there are more sequences than regions.
  static std::optional<unsigned> regionOf(NamedTensorType type) {
    unsigned others = 0;
    for (AxisAttr axis : type.getAxes())
      others += axis.isDynamic() && axis.getName() != "time";
    unsigned region = arenaRegion(type.hasAxis("time"), others);
    return region < tril_regions ? std::optional(region) : std::nullopt;
  }

  static bool isOfAllRows(Value value) {
    return isa_and_nonnull<GroupOp, GroupedMatmulOp>(value.getDefiningOp());
  }

  /// Outputs are written where the caller wants them; what only they read is made for the wanted
  /// rows alone.
  void markOutputs(BodyOp main) {
    int64_t index = 0;
    for (OutputOp output : main.getBody().getOps<OutputOp>()) {
      auto stored = output.getValue().getDefiningOp<MaterializeOp>();
      // Others read it too, or it is made at all positions: the output is a copy.
      if (!stored || !stored->hasOneUse() || isOfAllRows(stored.getOperand())) {
        OpBuilder builder(output);
        stored = MaterializeOp::create(builder, output.getLoc(), output.getValue().getType(),
                                       output.getValue());
        output.getValueMutable().assign(stored.getResult());
      }
      stored.setOutputIndex(index);
      ++index;
    }
    llvm::DenseSet<Operation *> needsAllRows;
    for (Operation &op : llvm::reverse(main.getBody().front())) {
      bool all = isa<CallOp, ExtendOp, RecOp, TopOp>(op) ||
                 (isa<MaterializeOp>(op) && isOfAllRows(op.getOperand(0)));
      for (Operation *user : op.getUsers())
        all |= needsAllRows.contains(user) || user->getBlock() != op.getBlock() ||
               isa<AttentionOp>(user);
      if (all)
        needsAllRows.insert(&op);
      else if (auto stored = dyn_cast<MaterializeOp>(op);
               stored && typeOf(stored.getResult()).hasAxis("time"))
        stored.setTail(true);
    }
  }

  void plan(BodyOp body, Extents base, Extents &end) {
    // Number the operations; a region's operations come before the one that holds it.
    llvm::DenseMap<Operation *, unsigned> at;
    unsigned count = 0;
    body.walk([&](Operation *op) { at[op] = count++; });
    std::vector<Interval> intervals;
    auto add =
        [&](Value value, unsigned begin, unsigned last) {
          NamedTensorType type = typeOf(value);
          auto stored = value.getDefiningOp<MaterializeOp>();
          auto extend = value.getDefiningOp<ExtendOp>();
          std::optional<unsigned> region =
              stored && stored.getOneRow() ? std::optional(0U) : regionOf(type);
          if (!region) {
            emitError(value.getLoc())
                << "this value is over more than two sequences besides `time`, and is stored";
            return signalPassFailure();
          }
          int64_t bytes = type.staticElements() * (extend ? extend.getStoredBytes() : 4);
          intervals.push_back({value, *region, aligned(bytes), begin, last});
        };
    // The last place where a value is needed: its readers compute inline, so follow what is not
    // stored.
    std::function<unsigned(Value)> lastUse = [&](Value value) {
      unsigned last = 0;
      for (Operation *user : value.getUsers()) {
        last = std::max(last, at[user]);
        if (auto rec = user->getParentOfType<RecOp>())
          last = std::max(last, at[rec]);
        // Its region runs where the attention is stored, and reads while that is written.
        if (auto attention = user->getParentOfType<AttentionOp>())
          last = std::max({last, at[attention], lastUse(attention.getResult())});
        if (auto yield = dyn_cast<YieldOp>(user)) {
          if (auto rec = dyn_cast<RecOp>(yield->getParentOp()))
            for (auto [operand, result] : llvm::zip(yield.getValues(), rec.getValues()))
              if (operand == value)
                last = std::max(last, lastUse(result));
        } else if (!isa<MaterializeOp, CallOp, ExtendOp>(user))
          for (Value result : user->getResults())
            last = std::max(last, lastUse(result));
        else if (auto stored = dyn_cast<MaterializeOp>(user)) {
          // A materialize stands for the kernel before it, whose operands are read there.
          last = std::max(last, at[stored]);
        }
      }
      return last;
    };
    body.walk([&](Operation *op) {
      if (auto stored = dyn_cast<MaterializeOp>(op)) {
        if (stored.getReturnIndex() || stored.getOutputIndex() || stored.getKept())
          return;
        unsigned begin = at[op], end = std::max(begin, lastUse(stored.getResult()));
        if (auto rec = op->getParentOfType<RecOp>()) { // which runs again and again
          begin = at[&rec.getBody().front().front()];
          end = std::max(end, at[rec]);
        }
        add(stored.getResult(), begin, end);
      } else if (auto extend = dyn_cast<ExtendOp>(op); extend && extend.getTransient()) {
        add(extend.getResult(), at[op], std::max(at[op], lastUse(extend.getResult())));
      } else if (auto call = dyn_cast<CallOp>(op)) {
        for (Value result : call.getValues())
          add(result, at[op], std::max(at[op], lastUse(result)));
      }
    });
    Extents &sum = sums[body.getSymName()];
    sum.fill(0);
    for (const Interval &interval : intervals)
      sum[interval.region] += interval.bytes;
    // First fit, large ones first.
    std::vector<Interval *> order;
    order.reserve(intervals.size());
    for (Interval &interval : intervals)
      order.push_back(&interval);
    llvm::sort(order, [](const Interval *a, const Interval *b) {
      return a->bytes != b->bytes   ? a->bytes > b->bytes
             : a->begin != b->begin ? a->begin < b->begin
                                    : a < b;
    });
    end = base;
    std::vector<Interval *> placed;
    for (Interval *interval : order) {
      std::vector<Interval *> near;
      for (Interval *other : placed)
        if (other->region == interval->region && other->begin <= interval->end &&
            interval->begin <= other->end)
          near.push_back(other);
      llvm::sort(near, [](const Interval *a, const Interval *b) { return a->offset < b->offset; });
      int64_t offset = base[interval->region];
      for (Interval *other : near) {
        if (offset + interval->bytes <= other->offset)
          break;
        offset = std::max(offset, other->offset + other->bytes);
      }
      interval->offset = offset;
      end[interval->region] = std::max(end[interval->region], offset + interval->bytes);
      placed.push_back(interval);
    }
    OpBuilder builder(&getContext());
    llvm::DenseMap<Operation *, SmallVector<int64_t>> calls;
    for (Interval &interval : intervals) {
      if (auto stored = interval.value.getDefiningOp<MaterializeOp>())
        stored.setOffset(interval.offset);
      else if (auto extend = interval.value.getDefiningOp<ExtendOp>())
        extend.setPositionOffset(interval.offset);
      else
        calls[interval.value.getDefiningOp()].push_back(interval.offset);
    }
    for (auto &[call, offsets] : calls)
      call->setAttr("offsets", builder.getDenseI64ArrayAttr(offsets));
  }

  llvm::StringMap<Extents> sums; // of what each body stores, as if nothing shared bytes

  //===------------------------------------------------------------------------------------------===//
  // States
  //===------------------------------------------------------------------------------------------===//

  /// Bytes that do not depend on the context, bytes a position of the context, and then bytes a
  /// position of each ring.
  using StateBytes = SmallVector<int64_t>;

  /// Places the states of a body, from 0.
  StateBytes planBody(BodyOp body, size_t rings) {
    // What has a fixed size comes first; where the rest lies depends on the capacity.
    StateBytes bytes(2 + rings, 0);
    SmallVector<ExtendOp> extends;
    body.walk([&](Operation *op) {
      if (auto extend = dyn_cast<ExtendOp>(op)) {
        if (extend.getTransient())
          return;
        extends.push_back(extend);
        int64_t &position = bytes[extend.isRing() ? 2 + extend.getRing() : 1];
        extend.setPositionOffset(position);
        position += aligned(typeOf(extend.getOperand()).staticElements() * extend.getStoredBytes());
      } else if (auto rec = dyn_cast<RecOp>(op)) {
        int64_t lag = 0;
        rec.walk([&](EarlierOp earlier) { lag = std::max<int64_t>(lag, earlier.getLag()); });
        SmallVector<int64_t> offsets;
        for (Value value : rec.getValues()) {
          bool carried = false;
          rec.walk([&](EarlierOp earlier) {
            carried |= earlier.getEquation() == static_cast<uint64_t>(offsets.size());
          });
          offsets.push_back(carried ? bytes[0] : -1);
          if (carried)
            bytes[0] += aligned(typeOf(value).staticElements() * 4 * lag);
        }
        OpBuilder builder(op);
        op->setAttr("state_offsets", builder.getDenseI64ArrayAttr(offsets));
        op->setAttr("lag", builder.getI64IntegerAttr(lag));
      }
    });
    for (ExtendOp extend : extends)
      extend.setFixedOffset(extend.isRing() ? 0 : bytes[0]);
    return bytes;
  }

  void planStates(ModelOp model, BodyOp main) {
    OpBuilder builder(&getContext());
    auto windows = model->getAttrOfType<DenseI64ArrayAttr>("tril.rings");
    size_t rings = windows ? windows.size() : 0;
    llvm::StringMap<StateBytes> sizes;
    for (BodyOp body : model.getBody().getOps<BodyOp>())
      sizes[body.getSymName()] = planBody(body, rings);
    StateBytes total = sizes["main"];
    main.walk([&](CallOp call) {
      call->setAttr("state", builder.getDenseI64ArrayAttr(total));
      for (auto [sum, more] : llvm::zip(total, sizes[call.getCallee()]))
        sum += more;
    });
    model->setAttr("tril.state", builder.getDenseI64ArrayAttr(total));
  }
};

} // namespace
