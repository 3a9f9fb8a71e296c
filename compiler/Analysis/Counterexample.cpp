//===- Counterexample.cpp - a forbidden read, and how it comes about
//---------------------------------===//
#include "Analysis/Counterexample.h"
#include "Analysis/Rules.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

static constexpr size_t kLongestPath = 8;

std::optional<int64_t> Counterexample::value(const Terms &terms, const Affine &affine) const {
  int64_t result = affine.constant;
  for (auto [atom, factor] : affine.terms) {
    auto found = point.find(atom);
    if (found != point.end()) {
      result += factor * found->second;
      continue;
    }
    const AtomInfo &info = terms.info(atom);
    if (info.kind != AtomInfo::quotient)
      return std::nullopt;
    auto dividend = value(terms, info.dividend);
    if (!dividend)
      return std::nullopt;
    int64_t quotient = *dividend / info.divisor - (*dividend % info.divisor < 0);
    result += factor * quotient;
  }
  return result;
}

static int64_t at(const Point &point, const Affine &affine) {
  int64_t result = affine.constant;
  for (auto [atom, factor] : affine.terms)
    if (auto found = point.find(atom); found != point.end())
      result += factor * found->second;
  return result;
}

// What happens before what may, the earlier positions, tokens before mere existence; of what is
// left the place that comes first in the text, because the later ones follow from it.
bool tril::analysis::tellsMore(const Refutation &a, const Refutation &b) {
  auto key = [](const Refutation &r) {
    return std::tuple(!r.certain, r.position, r.reads, r.input.empty(), r.layer);
  };
  if (key(a) != key(b))
    return key(a) < key(b);
  if (a.entry && b.entry && a.entry != b.entry && a.entry->getBlock() == b.entry->getBlock())
    return a.entry->isBeforeInBlock(b.entry);
  return a.path.size() < b.path.size();
}

namespace {

/// Walks a path from the output to the input.
class Walk {
public:
  Walk(Counterexample found, ReadsAnalysis &analysis, Refutation &result)
      : found(std::move(found)), analysis(analysis), result(result) {}

  void run() {
    for (const Step *step = found.read->path; step; step = step->inner) {
      if (step->ahead && summarised)
        goThrough(*step->ahead);
      if (!step->ahead)
        visit(*step);
    }
    if (!entry && firstMove &&
        result.kind != Refutation::future) // a window is left little by little
      enter(*firstMove, firstTaken);
    if (result.path.size() > kLongestPath) { // both ends matter
      auto middle = result.path.begin() + kLongestPath / 2;
      size_t left = result.path.size() - kLongestPath;
      result.path.erase(middle, middle + left);
    }
  }

  /// Tell from the first value that reads ahead on, because the way from there is not known.
  bool summarised = false;
  const Step *entry = nullptr; ///< through which the forbidden position comes in

private:
  // The way was summarised: from here on, it is told of the value that reads ahead first.
  void goThrough(const Ahead &ahead) {
    Terms &terms = analysis.terms;
    Affine t = analysis.position(ahead.along);
    Formula f = terms.both(ahead.when, terms.below(t, ahead.position));
    found.certain = analysis.solver.certain(f);
    auto point = analysis.solver.smallest(f, !found.certain, t, ahead.position);
    if (!point)
      return;
    found.point = *point;
    inside.clear();
    result.certain = found.certain;
    result.position = found.value(terms, t).value_or(0);
    result.reads = found.value(terms, ahead.position).value_or(0);
    StringRef name = nameInText(ahead.value.getLoc());
    result.through = name.empty() ? "a value" : "`" + name.str() + "`";
    firstMove = nullptr;
  }

  bool isForbidden(int64_t position) const {
    switch (result.kind) {
    case Refutation::future:
      return position > result.position;
    case Refutation::present:
      return position >= result.position;
    case Refutation::beyondWindow:
      return position <= result.reads;
    }
    llvm_unreachable("a kind of refutation");
  }

  /// ` at time 1, past 3`: where a value is read, along its sequences.
  std::string positionsOf(NamedTensorType type, const Substitution &inside) {
    std::string text;
    for (AxisAttr axis : type.getAxes()) {
      if (!axis.isDynamic())
        continue;
      Affine position = analysis.terms.replace(analysis.position(axis), inside);
      // Of what was summarised on the way, positions are not known.
      if (auto value = found.value(analysis.terms, position))
        text +=
            (text.empty() ? " at `" : ", `") + axis.getName().str() + "` " + std::to_string(*value);
    }
    return text;
  }

  void visit(const Step &step) {
    Operation *op = step.op;
    if (step.layer >= 0) { // the first layer in which it happens is the last on the way
      if (result.through.empty())
        result.layer = step.layer;
      return;
    }
    StringRef name = nameInText(op->getLoc());
    std::string what = name.empty() ? "this" : "`" + name.str() + "`";
    NamedTensorType type;
    if (op->getNumResults() > 0)
      type = tensorType(op->getResult(0));
    std::string here = type ? positionsOf(type, inside) : "";
    Substitution deeper = inside;
    for (const auto &[axis, to] : step.positions) {
      Affine position = analysis.terms.replace(to, inside);
      llvm::erase_if(deeper, [&](const auto &entry) { return entry.first == axis; });
      deeper.push_back({axis, position});
    }
    std::string moved; // "`past` 3"
    bool entered = isa<ExtentOp>(op);
    for (const auto &[axis, to] : step.positions) {
      AxisAttr along = analysis.terms.info(axis).along;
      if (!along.isDynamic())
        continue;
      auto value = found.value(analysis.terms, analysis.terms.replace(to, inside));
      entered |= value && along.getRootName() == kTime && isForbidden(*value);
      if (value)
        moved += (moved.empty() ? "" : ", ") + std::string("`") + along.getName().str() + "` " +
                 std::to_string(*value);
    }
    std::string taken;
    if (isa<ExtentOp>(op))
      taken = "is the length: whether each position exists";
    else if (!moved.empty())
      taken = (isa<IndexOp, RenameOp>(op) ? "reads " : "takes in ") + moved;
    if (entered && !entry)
      enter(step, taken);
    else if (!moved.empty() && firstMove == nullptr) {
      firstMove = &step;
      firstTaken = taken;
    }
    if (isa<ExtentOp>(op) || (!taken.empty() && !isa<RenameOp>(op)))
      add(op, what + here + " " + taken);
    else if (isa<RecOp>(op))
      add(op, what + here + " is a recurrence, and has everything before in it");
    else if (auto input = dyn_cast<InputOp>(op)) {
      result.input = input.getName().str();
      add(op, "`" + result.input + "` at `" + kTime.str() + "` " + std::to_string(result.reads));
    } else if (!name.empty() && !isa<RenameOp>(op))
      add(op, what + here);
    inside = deeper;
  }

  void enter(const Step &step, const std::string &taken) {
    entry = &step;
    result.at = placeInText(step.op->getLoc());
    result.taken = taken;
  }

  void add(Operation *op, std::string text) {
    Location place = placeInText(op->getLoc());
    if (isa<UnknownLoc>(place) || !told.insert(text).second)
      return;
    // Of what happens in the library, the outermost is told.
    if (!result.path.empty() && result.path.back().first == place && !text.starts_with('`'))
      return;
    result.path.push_back({place, std::move(text)});
  }

  Counterexample found;
  ReadsAnalysis &analysis;
  Refutation &result;
  Substitution inside; // positions of the value that is looked at, in terms of the output's
  llvm::StringSet<> told;
  const Step *firstMove = nullptr;
  std::string firstTaken;
};

} // namespace

// What a person may have meant, by the operation through which the forbidden position comes in.
static void help(const Step *entry, ReadsAnalysis &analysis, Refutation &result) {
  auto add = [&](std::string text) {
    if (!llvm::is_contained(result.helps, text))
      result.helps.push_back(std::move(text));
  };
  if (entry) {
    Operation *op = entry->op;
    if (isa<ExtentOp>(op))
      add("the length is not known yet at an earlier position; `time + 1` is the number of "
          "positions so far");
    for (const auto &[axis, to] : entry->positions) {
      AxisAttr along = analysis.terms.info(axis).along;
      if (!along.isDynamic() || along.getRootName() != kTime)
        continue;
      std::string name = along.getName().str();
      if (isa<ReduceOp, ContractOp, SoftmaxOp, TopOp>(op)) {
        Value operand = op->getOperand(0);
        NamedTensorType type = tensorType(operand);
        if (along.getName() == kTime)
          add("this goes over `time` itself, so over the whole sequence; to look back, read a "
              "second name of it: `axis past = time`, `x[past] where past <= time`");
        else if (operand.getDefiningOp<ElseOp>() || operand.getDefiningOp<SelectOp>())
          add("`else` gives positions that the mask leaves out a value again; reductions skip "
              "holes, so leave it out");
        else if (result.kind == Refutation::beyondWindow)
          add("a window of `W` positions is `where " + name + " <= time and time - " + name +
              " < W`");
        else if (!type.getHoles())
          add("nothing keeps later positions out: `... where " + name + " <= time`");
        else if (result.kind == Refutation::present)
          add("`" + name + " < time` leaves the position itself out, `<=` does not");
        else if (result.reads == result.position + 1)
          add("the mask lets `" + name + "` " + std::to_string(result.reads) + " in at `time` " +
              std::to_string(result.position) + "; `" + name +
              " <= time` is the latest that is known there");
        else
          add("the mask lets `" + name + "` " + std::to_string(result.reads) + " in at `time` " +
              std::to_string(result.position) + "; a window looks back: `" + name +
              " <= time and time - " + name + " < W`");
      } else if (isa<IndexOp>(op)) {
        Affine ahead = analysis.terms.add(to, analysis.position(along), -1);
        if (ahead.isConstant() && ahead.constant > 0)
          add("`time + " + std::to_string(ahead.constant) + "` is a later position; `time - " +
              std::to_string(ahead.constant) + "` is an earlier one");
        else if (!to.isConstant() && analysis.terms.dependsOnData(to))
          add("the index is only known when the model runs; `min(..., time)` bounds it");
      }
    }
  }
  bool maskIsMissing = llvm::any_of(result.helps, [](const std::string &text) {
    return text.starts_with("nothing keeps later positions out");
  });
  if (!result.certain && !maskIsMissing)
    add("the analysis follows comparisons and whole-number arithmetic of positions; what is "
        "multiplied with each other, or computed from weights, may be anything to it");
}

Refutation tril::analysis::explain(const Counterexample &found, ReadsAnalysis &analysis) {
  OutputOp output = found.output;
  Refutation result{found.kind,
                    output.getName().str(),
                    placeInText(output.getLoc()),
                    "",
                    at(found.point, found.time),
                    0,
                    0,
                    -1,
                    "",
                    {},
                    "",
                    found.certain,
                    {},
                    {},
                    nullptr};
  result.reads = found.value(analysis.terms, found.read->position).value_or(0);
  Refutation blank = result;
  std::optional<Walk> walk;
  walk.emplace(found, analysis, result).run();
  if (!walk->entry && found.kind == Refutation::future) {
    result = blank;
    walk.emplace(found, analysis, result).summarised = true;
    walk->run();
  }
  for (const auto &[atom, value] : found.point) {
    const AtomInfo &info = analysis.terms.info(atom);
    auto input = analysis.inputs.find(info.symbol);
    if (info.kind != AtomInfo::datum || input == analysis.inputs.end() || info.indices.size() != 1)
      continue;
    if (auto at = found.value(analysis.terms, info.indices[0]); at && *at >= 0)
      result.tokens[input->second.str()][*at] = value;
  }
  result.length = std::max(result.position, result.reads) + 1;
  help(walk->entry, analysis, result);
  if (walk->entry)
    result.entry = walk->entry->op;
  return result;
}
