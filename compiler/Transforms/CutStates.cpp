//===- CutStates.cpp - what to keep of earlier positions
//--------------------------------------------===//
// Later positions read values of earlier ones under another name of the time axis (`k[past]`). What
// such a value is computed from at its own position may be kept in its place.  Two rewrites:
//   1. f(rename v), f of one position at a time, becomes rename f(v): computed once, not again by
//      every later step.
//   2. with k = c . W (W does not depend on the position), where that is cheaper:
//        q . k[past]         becomes   (q . W) . c[past]
//        w . v[past], over past,       (w . c[past]) . W
//      This keeps the latent c once in the place of all the k and v that come from it (multi-head
//      latent attention, arXiv:2405.04434, section 2.1.2, where the same is done by hand).
// Rule 2 makes c the key or value of every head, so that less memory is read, by more arithmetic:
// the cost of reading one earlier position is taken to be the larger of the two (Williams et al.
// 2009, the roofline).
#include "Transforms/Passes.h"
#include "Transforms/Values.h"
#include "llvm/ADT/DenseSet.h"

namespace tril {
#define GEN_PASS_DEF_CUTSTATES
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

/// Multiplications and additions that a core does while it reads a byte of memory: 16 lanes, two
/// units, 3 GHz beside 25 GB/s is 7.7; the kernel reaches about half of it.
constexpr double kOperationsPerByte = 4;

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool isTime(AxisAttr axis) { return axis.isDynamic() && axis.getName() == "time"; }

bool hasName(ArrayAttr names, StringRef name) {
  return llvm::is_contained(names.getAsValueRange<StringAttr>(), name);
}

bool isFree(Value value) { // of positions
  return llvm::none_of(typeOf(value).getAxes(), [](AxisAttr axis) { return axis.isDynamic(); });
}

/// Elements at one position.
double elementsAt(NamedTensorType type) {
  double n = 1;
  for (AxisAttr axis : type.getAxes())
    n *= axis.isDynamic() ? 1 : static_cast<double>(axis.getSize());
  return n;
}

/// A rename of a value over time, or another sequence.
RenameOp readingOf(Value value) {
  auto rename = value.getDefiningOp<RenameOp>();
  if (!rename)
    return {};
  AxisAttr from = typeOf(rename.getOperand()).axis(rename.getFrom());
  return from.isDynamic() && from.getName() == from.getRootName() ? rename : RenameOp();
}

/// What one reader makes of a renamed value.
struct Reader {
  ContractOp contract;
  unsigned at;     // which factor the renamed value is
  bool sumsValues; // over past; else a product with a query

  Value other() { return contract.getFactors()[1 - at]; }
};

/// A renamed value that is latent . weight, or that times a number.
struct Reading {
  RenameOp rename;
  ContractOp made;
  Value latent, weight;
  Value scale; // null: 1
  SmallVector<Reader> readers;
};

struct CutStatesPass : tril::impl::CutStatesBase<CutStatesPass> {
  using CutStatesBase::CutStatesBase;

  void runOnOperation() override {
    if (keep != "auto" && keep != "latent" && keep != "direct") {
      getOperation().emitError() << "unknown choice of what to keep `" << keep
                                 << "`; there are auto, latent and direct";
      return signalPassFailure();
    }
    for (BodyOp body : getOperation().getBody().getOps<BodyOp>()) {
      for (Operation &op : llvm::make_early_inc_range(body.getBody().front()))
        computeOnce(&op);
      if (keep != "direct")
        chooseLatents(body);
      eraseDead(body.getBody().front());
    }
  }

private:
  //===------------------------------------------------------------------------------------------===//
  // 1. What is of one position is computed once
  //===------------------------------------------------------------------------------------------===//

  /// Whether `op` gives each position along `axis` from that position of its operands alone.
  static bool isOfOnePosition(Operation *op, StringRef axis) {
    if (isElementwise(op))
      return true;
    if (auto contract = dyn_cast<ContractOp>(op))
      return !hasName(contract.getAxes(), axis);
    if (auto reduce = dyn_cast<ReduceOp>(op))
      return !hasName(reduce.getAxes(), axis);
    if (auto softmax = dyn_cast<SoftmaxOp>(op))
      return !hasName(softmax.getAxes(), axis);
    if (auto index = dyn_cast<IndexOp>(op))
      return !hasName(index.getAxes(), axis) && !typeOf(index.getOperand()).hasAxis(axis);
    return false;
  }

  /// `value`, over `past`, as it is computed at the position itself; null if it is of more than
  /// one.
  static Value atTime(Value value, AxisAttr past, AxisAttr time, OpBuilder &builder) {
    NamedTensorType type = typeOf(value);
    if (!type.hasAxis(past.getName()))
      return isFree(value) ? value : Value();
    if (RenameOp reading = readingOf(value); reading && reading.getTo() == past.getName())
      return reading.getOperand();
    Operation *op = value.getDefiningOp();
    if (!op || op->getNumResults() != 1 || type.hasAxis(time.getName()))
      return {};
    if (!isa<PositionOp>(op) && !isOfOnePosition(op, past.getName()))
      return {};
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      operands.push_back(atTime(operand, past, time, builder));
      if (!operands.back())
        return {};
    }
    SmallVector<AxisAttr> axes(type.getAxes());
    llvm::replace(axes, past, time);
    Operation *early = builder.clone(*op);
    early->setOperands(operands);
    early->getResult(0).setType(type.withAxes(axes));
    return early->getResult(0);
  }

  void computeOnce(Operation *op) {
    if (op->getNumResults() != 1)
      return;
    NamedTensorType type = typeOf(op->getResult(0));
    StringRef past;
    AxisAttr pastAxis;
    for (AxisAttr axis : type.getAxes())
      if (axis.isDynamic()) {
        if (!past.empty() || axis.getName() == axis.getRootName())
          return;
        past = axis.getName();
        pastAxis = axis;
      }
    if (past.empty() || !isOfOnePosition(op, past))
      return;
    AxisAttr time; // positions alone are not kept
    for (Value operand : op->getOperands())
      if (RenameOp reading = readingOf(operand); reading && reading.getTo() == past)
        time = typeOf(reading.getOperand()).axis(reading.getFrom());
    if (!time)
      return;
    OpBuilder builder(op);
    Value early = atTime(op->getResult(0), pastAxis, time, builder);
    if (!early)
      return;
    Value late = RenameOp::create(builder, op->getLoc(), type, early, time.getName(), past);
    op->getResult(0).replaceAllUsesWith(late);
    op->erase();
    ++once;
  }

  //===------------------------------------------------------------------------------------------===//
  // 2. Latents
  //===------------------------------------------------------------------------------------------===//

  void chooseLatents(BodyOp body) {
    SmallVector<RenameOp> renames;
    body.walk([&](RenameOp rename) { renames.push_back(rename); });
    // One latent after the other: what is rewritten may be the latent of the next.
    llvm::DenseSet<Operation *> done;
    for (RenameOp first : renames) {
      auto reading = latentOf(first);
      if (!reading || done.contains(first))
        continue;
      SmallVector<Reading> readings;
      for (RenameOp rename : renames)
        if (auto other = latentOf(rename);
            other && other->latent == reading->latent && rename.getTo() == first.getTo()) {
          done.insert(rename);
          readings.push_back(std::move(*other));
        }
      if (!isCheaper(reading->latent, readings))
        continue;
      for (Reading &each : readings)
        rewrite(each);
      ++latents;
    }
  }

  static std::optional<Reading> latentOf(RenameOp rename) {
    if (!readingOf(rename) || rename.getFrom() != "time")
      return std::nullopt;
    Value value = rename.getOperand(), scale;
    if (auto scaled = value.getDefiningOp<MulOp>())
      for (unsigned at : {0, 1})
        if (Value by = scaled->getOperand(at); typeOf(by).getAxes().empty() && isFree(by)) {
          scale = by;
          value = scaled->getOperand(1 - at);
          break;
        }
    auto made = value.getDefiningOp<ContractOp>();
    if (!made || made.getFactors().size() != 2)
      return std::nullopt;
    Reading reading{rename, made, made.getFactors()[0], made.getFactors()[1], scale, {}};
    if (isFree(reading.latent))
      std::swap(reading.latent, reading.weight);
    NamedTensorType latent = typeOf(reading.latent), weight = typeOf(reading.weight);
    if (!isFree(reading.weight) || weight.getHoles() || latent.getHoles())
      return std::nullopt;
    // The latent has its positions and what is summed; the weight all the rest.
    for (AxisAttr axis : latent.getAxes())
      if (!isTime(axis) &&
          (!hasName(made.getAxes(), axis.getName()) || !weight.hasAxis(axis.getName())))
        return std::nullopt;
    for (StringRef axis : made.getAxes().getAsValueRange<StringAttr>())
      if (!latent.hasAxis(axis))
        return std::nullopt;
    for (OpOperand &use : rename->getUses()) {
      auto contract = dyn_cast<ContractOp>(use.getOwner());
      if (!contract || contract.getFactors().size() != 2)
        return std::nullopt;
      Reader reader{contract, use.getOperandNumber(), hasName(contract.getAxes(), rename.getTo())};
      NamedTensorType other = typeOf(reader.other());
      for (StringRef axis : made.getAxes().getAsValueRange<StringAttr>())
        if (other.hasAxis(axis))
          return std::nullopt;
      if (reader.sumsValues) {
        if (contract.getAxes().size() != 1)
          return std::nullopt;
      } else {
        if (!other.hasAxis("time") || other.hasAxis(rename.getTo()) || other.getHoles())
          return std::nullopt;
        for (StringRef axis : contract.getAxes().getAsValueRange<StringAttr>())
          if (!weight.hasAxis(axis) || !other.hasAxis(axis))
            return std::nullopt;
      }
      reading.readers.push_back(reader);
    }
    if (reading.readers.empty())
      return std::nullopt;
    return reading;
  }

  /// Whether keeping the latent costs less than keeping what is made of it, for one earlier
  /// position and one query.
  bool isCheaper(Value latent, MutableArrayRef<Reading> readings) {
    double width = elementsAt(typeOf(latent)), elements = 0, operations = 0, latentOperations = 0;
    for (Reading &reading : readings) {
      NamedTensorType read = typeOf(reading.made.getResult());
      elements += elementsAt(read);
      for (Reader reader : reading.readers) {
        double scores = elementsAt(reader.sumsValues ? typeOf(reader.other())
                                                     : typeOf(reader.contract.getResult()));
        double summed = 1;
        for (AxisAttr axis : read.getAxes())
          if (hasName(reader.contract.getAxes(), axis.getName()))
            summed *= static_cast<double>(axis.getSize());
        operations += 2 * summed * elementsAt(typeOf(reader.contract.getResult()));
        latentOperations += 2 * scores * width;
      }
    }
    if (keep == "latent")
      return width < elements;
    auto cost = [](double bytes, double operations) {
      return std::max(bytes, operations / kOperationsPerByte);
    };
    return cost(4 * width, latentOperations) < cost(4 * elements, operations);
  }

  static void rewrite(Reading &reading) {
    ArrayAttr summed = reading.made.getAxes();
    for (Reader &reader : reading.readers) {
      ContractOp contract = reader.contract;
      OpBuilder builder(contract);
      Location loc = contract.getLoc();
      StringRef past = reading.rename.getTo();
      // Under the name that the text gives the value: the state is called so.
      NamedTensorType latent = typeOf(reading.latent);
      SmallVector<AxisAttr> axes(latent.getAxes());
      llvm::replace(axes, latent.axis("time"), typeOf(reading.rename.getResult()).axis(past));
      Value kept = RenameOp::create(builder, reading.rename.getLoc(), latent.withAxes(axes),
                                    reading.latent, "time", past);
      Value result;
      if (reader.sumsValues) {
        Value sum = contractOf(builder, loc, contract.getAxes(), reader.other(), kept);
        result = ContractOp::create(builder, loc, contract.getResult().getType(), summed,
                                    ValueRange{sum, reading.weight});
      } else {
        Value query = contractOf(builder, loc, contract.getAxes(), reader.other(), reading.weight);
        result = ContractOp::create(builder, loc, contract.getResult().getType(), summed,
                                    ValueRange{query, kept});
      }
      if (reading.scale)
        result = MulOp::create(builder, loc, result.getType(), result, reading.scale);
      contract.getResult().replaceAllUsesWith(result);
      contract.erase();
    }
  }

  static Value contractOf(OpBuilder &builder, Location loc, ArrayAttr axes, Value a, Value b) {
    SmallVector<AxisAttr> left;
    for (AxisAttr axis : unionAxes({typeOf(a), typeOf(b)}))
      if (!hasName(axes, axis.getName()))
        left.push_back(axis);
    auto type = NamedTensorType::get(builder.getContext(), left, builder.getF32Type(), false);
    return ContractOp::create(builder, loc, type, axes, ValueRange{a, b});
  }
};

} // namespace
