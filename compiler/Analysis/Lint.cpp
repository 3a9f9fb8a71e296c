//===- Lint.cpp - masks and softmaxes that hardly mean what they say
//---------------------------------===//
#include "Analysis/Lint.h"
#include "Analysis/Causality.h"
#include "Analysis/Rules.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

// Rows are looked at one by one up to here.
static constexpr int64_t kRows = 32;

namespace {

class Linter {
public:
  Linter(ModelOp model, int64_t longest, std::vector<Lint> &found)
      : analysis(model), longest(longest), found(found) {}

  void run() {
    analysis.observer = [&](Value value, const Reads &) {
      Operation *op = value.getDefiningOp();
      if (auto reduce = dyn_cast<ReduceOp>(op))
        lookAt(reduce);
      else if (auto where = dyn_cast<WhereOp>(op))
        lookAtMask(op, where.getCondition());
      else if (auto select = dyn_cast<SelectOp>(op))
        lookAtMask(op, select.getCondition());
      else if (isa<LtOp, LeOp, GtOp, GeOp>(op))
        lookAtWindow(op);
    };
    (void)analysis.run();
  }

private:
  void add(Lint::Kind kind, Operation *op, std::string text, std::string help) {
    Location at = placeInText(op->getLoc());
    for (const Lint &other : found)
      if (other.kind == kind && other.at == at && other.text == text)
        return; // layers of several kinds
    found.push_back({kind, at, std::move(text), std::move(help)});
  }

  static SmallVector<AxisAttr> sequencesOf(ReduceOp op) {
    SmallVector<AxisAttr> result;
    for (StringRef name : op.getAxes().getAsValueRange<StringAttr>())
      if (AxisAttr axis = op.getOperand().getType().axis(name); axis.isDynamic())
        result.push_back(axis);
    return result;
  }

  /// exp(x - max x), of a softmax.
  static bool isSoftmaxPower(Value value) {
    auto power = value.getDefiningOp<ExpOp>();
    auto shifted = power ? power.getOperand().getDefiningOp<SubOp>() : SubOp();
    auto largest = shifted ? shifted.getRhs().getDefiningOp<ReduceOp>() : ReduceOp();
    return largest && largest.getKind() == ReduceKind::max &&
           largest.getOperand() == shifted.getLhs();
  }

  void lookAt(ReduceOp op) {
    if (op.getKind() != ReduceKind::sum || !isSoftmaxPower(op.getOperand()))
      return;
    lookForEmptyRow(op);
    lookForOtherAxis(op);
  }

  // The row at `time` t is empty if no position of it can be valid.
  void lookForEmptyRow(ReduceOp op) {
    Terms &terms = analysis.terms;
    auto largest = op.getOperand()
                       .getDefiningOp<ExpOp>()
                       .getOperand()
                       .getDefiningOp<SubOp>()
                       .getRhs()
                       .getDefiningOp<ReduceOp>();
    NamedTensorType type = largest.getOperand().getType();
    Formula valid = analysis.present(analysis.of(largest.getOperand()));
    SmallVector<AxisAttr> sequences = sequencesOf(op);
    if (sequences.size() != 1 || sequences[0].getRootName() != kTime || !type.hasAxis(kTime) ||
        sequences[0].getName() == kTime)
      return;
    Atom time = terms.axis(type.axis(kTime));
    SmallVector<std::string> rows;
    for (int64_t t = 0; t < kRows; ++t)
      if (!analysis.solver.possible(terms.replace(valid, {{time, Affine(t)}})))
        rows.push_back(std::to_string(t));
    if (rows.empty() || analysis.solver.exceeded())
      return;
    std::string which = "position " + rows.front();
    if (rows.size() > 1)
      which = "positions " + rows[0] + ", " + rows[1] + (rows.size() > 2 ? ", ..." : "");
    add(Lint::emptyRow, op,
        "this softmax has nothing to choose from at " + which + ": its weights are holes there",
        "their sum with anything is 0; `<=` for `<` lets the position itself in");
  }

  // The weights sum to 1 along the softmax's axis; what sums them along another sequence meant that
  // one.
  void lookForOtherAxis(ReduceOp op) {
    SmallVector<AxisAttr> along = sequencesOf(op);
    if (along.size() != 1)
      return;
    for (Operation *division : op.getResult().getUsers()) {
      if (!isa<DivOp>(division) || division->getOperand(0) != op.getOperand())
        continue;
      for (Operation *product : division->getResult(0).getUsers()) {
        if (!isa<MulOp>(product))
          continue;
        for (Operation *user : product->getResult(0).getUsers()) {
          auto sum = dyn_cast<ReduceOp>(user);
          if (!sum || sum.getKind() != ReduceKind::sum)
            continue;
          SmallVector<AxisAttr> summed = sequencesOf(sum);
          if (llvm::is_contained(summed, along[0]))
            lookAtWeighed(sum, division->getResult(0), product, along[0]);
          if (summed.empty() || llvm::is_contained(summed, along[0]))
            continue;
          add(Lint::softmaxAxis, sum,
              "weights of a softmax along `" + along[0].getName().str() + "` are summed along `" +
                  summed[0].getName().str() + "`",
              "along `" + summed[0].getName().str() +
                  "` they do not sum to 1: the softmax is over the wrong axis, or the sum is");
        }
      }
    }
  }

  // `sum[past](weight * v)` is v, if v does not have `past`.
  void lookAtWeighed(ReduceOp sum, Value weights, Operation *product, AxisAttr along) {
    Value weighed = product->getOperand(product->getOperand(0) == weights ? 1 : 0);
    NamedTensorType type = tensorType(weighed);
    if (type.hasAxis(along.getName()) ||
        llvm::none_of(type.getAxes(), [](AxisAttr axis) { return axis.isDynamic(); }))
      return;
    std::string name = along.getName().str();
    add(Lint::sameValue, sum,
        "what is weighed here is the same at every `" + name + "`: the sum is that value itself",
        "the weights sum to 1; is `[" + name + "]` missing behind it?");
  }

  void lookAtMask(Operation *op, Value condition) {
    const Reads &mask = analysis.of(condition);
    // Choices of the configuration may well leave nothing out.
    if (condition.getDefiningOp<ConstantOp>() || mask.truth == kOpaque ||
        !llvm::any_of(tensorType(condition).getAxes(),
                      [](AxisAttr axis) { return axis.isDynamic(); }))
      return;
    if (!analysis.solver.possible(analysis.notTrue(mask)) && !analysis.solver.exceeded())
      add(Lint::idleMask, op, "this mask leaves nothing out: it is true everywhere", "");
  }

  // `t - s < W`, of two names of time.
  void lookAtWindow(Operation *op) {
    if (longest <= 0)
      return;
    const auto &a = analysis.of(op->getOperand(0)).number;
    const auto &b = analysis.of(op->getOperand(1)).number;
    if (!a || !b || a->infinite || b->infinite || a->divisor != 1 || b->divisor != 1)
      return;
    Affine difference = analysis.terms.add(a->numerator, b->numerator, -1);
    if (difference.terms.size() != 2 ||
        difference.terms[0].second + difference.terms[1].second != 0)
      return;
    for (const auto &term : difference.terms) {
      const AtomInfo &info = analysis.terms.info(term.first);
      if (info.kind != AtomInfo::axis || info.along.getRootName() != kTime)
        return;
    }
    int64_t size = std::abs(difference.constant);
    if (size >= longest)
      add(Lint::windowTooBig, op,
          "this window has " + std::to_string(size) +
              " positions, and by the configuration a sequence has at most " +
              std::to_string(longest),
          "it leaves nothing out");
  }

  ReadsAnalysis analysis;
  int64_t longest;
  std::vector<Lint> &found;
};

} // namespace

std::vector<Lint> tril::lint(ModelOp model, int64_t longest) {
  std::vector<Lint> found;
  Linter(model, longest, found).run();
  return found;
}
