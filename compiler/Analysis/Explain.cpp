//===- Explain.cpp - what each named value reads, in words
//-------------------------------------------===//
#include "Analysis/Explain.h"
#include "Analysis/Causality.h"
#include "Analysis/Reads.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

// A window is told up to this size.
static constexpr int64_t kLargestDistance = int64_t(1) << 20;

namespace {

/// Puts what one value reads in words.
class Description {
public:
  Description(ReadsAnalysis &analysis, Value value, const Reads &reads)
      : analysis(analysis), terms(analysis.terms), reads(reads),
        type(cast<NamedTensorType>(value.getType())) {}

  std::string text() {
    SmallVector<std::pair<StringRef, std::string>> parts;
    auto add = [&](StringRef sequence, std::string part) {
      std::pair<StringRef, std::string> entry(sequence, std::move(part));
      if (!llvm::is_contained(parts, entry))
        parts.push_back(std::move(entry));
    };
    AxisAttr along = alongTime();
    if (along && mergeable(along)) {
      if (std::string range = rangeOf(along, kTime); !range.empty())
        add(kTime, range);
    }
    for (const Case &one : reads.cases)
      if (one.sequence != kTime || !along || !mergeable(along))
        if (analysis.solver.possible(terms.both(analysis.present(reads), one.when)))
          add(one.sequence, partOf(one));
    std::string result;
    for (const auto &[sequence, part] : parts) {
      result += result.empty() ? "" : ", ";
      if (sequence != kTime)
        result += "`" + sequence.str() + "` ";
      result += part;
    }
    if (result.empty())
      return "";
    return (along ? nameOf(along) + " reads " : "reads ") + result;
  }

private:
  static std::string nameOf(AxisAttr axis) {
    return axis.getName() == kTime ? "t" : axis.getName().str();
  }

  AxisAttr alongTime() const {
    for (AxisAttr axis : type.getAxes())
      if (axis.isDynamic() && axis.getName() == kTime)
        return axis;
    for (AxisAttr axis : type.getAxes())
      if (axis.isDynamic() && axis.getRootName() == kTime)
        return axis;
    return {};
  }

  /// Its reads are told as one range: it has one sequence.
  bool mergeable(AxisAttr along) const {
    return llvm::none_of(type.getAxes(),
                         [&](AxisAttr axis) { return axis.isDynamic() && axis != along; });
  }

  /// The largest distance d for which some read is at least that far ahead of t; null if unbounded.
  template <typename Holds> std::optional<int64_t> largest(int64_t least, Holds holds) {
    if (holds(kLargestDistance))
      return std::nullopt;
    int64_t yes = least, no = kLargestDistance;
    while (no - yes > 1) {
      int64_t middle = yes + (no - yes) / 2;
      (holds(middle) ? yes : no) = middle;
    }
    return yes;
  }

  /// "0..t": from the earliest to the latest that any case of the sequence reads.
  std::string rangeOf(AxisAttr along, StringRef sequence) {
    Affine t = analysis.position(along);
    std::optional<Affine> only;
    bool single = true, some = false;
    SmallVector<std::pair<Formula, Affine>> cases;
    for (const Case &one : reads.cases)
      if (one.sequence == sequence) {
        Formula here = terms.both(analysis.present(reads), one.when);
        if (!analysis.solver.possible(here))
          continue;
        cases.push_back({here, one.position});
        single &= (!only || *only == one.position) && !terms.dependsOnData(one.position);
        only = one.position;
        some = true;
      }
    if (!some)
      return "";
    if (single)
      return show(*only);
    auto exists = [&](auto condition) {
      return llvm::any_of(cases, [&](const auto &one) {
        return analysis.solver.possible(terms.both(one.first, condition(one.second)));
      });
    };
    auto ahead = largest(-kLargestDistance, [&](int64_t d) {
      return exists([&](const Affine &q) { return terms.atMost(terms.add(t, Affine(d)), q); });
    });
    auto behind = largest(-kLargestDistance, [&](int64_t d) {
      return exists([&](const Affine &q) { return terms.atMost(terms.add(q, Affine(d)), t); });
    });
    std::string end = ahead ? plus(nameOf(along), *ahead) : "...";
    std::string begin = behind ? plus(nameOf(along), -*behind) : "0";
    if (behind && *behind > 0) { // the chunk that it begins
      Affine chunk = terms.scale(terms.quotient(t, *behind + 1), *behind + 1);
      if (!exists([&](const Affine &q) { return terms.below(q, chunk); }))
        begin = show(chunk);
    }
    if (!ahead && !behind)
      return "any position";
    return begin == end ? begin : begin + ".." + end;
  }

  std::string partOf(const Case &one) {
    if (!terms.dependsOnData(one.position))
      return show(one.position);
    return "any position";
  }

  static std::string plus(const std::string &name, int64_t by) {
    if (by == 0)
      return name;
    return name + (by < 0 ? "-" : "+") + std::to_string(by < 0 ? -by : by);
  }

  std::string show(const Affine &affine) {
    std::string text;
    for (auto [atom, factor] : affine.terms) {
      const AtomInfo &info = terms.info(atom);
      std::string name =
          info.kind == AtomInfo::axis ? nameOf(info.along)
          : info.kind == AtomInfo::quotient
              ? "floor(" + parenthesised(info.dividend) + "/" + std::to_string(info.divisor) + ")"
              : "?";
      int64_t size = factor < 0 ? -factor : factor;
      text += factor < 0 ? "-" : text.empty() ? "" : "+";
      text += name + (size == 1 ? "" : "*" + std::to_string(size));
    }
    if (text.empty())
      return std::to_string(affine.constant);
    return plus(text, affine.constant);
  }
  std::string parenthesised(const Affine &affine) {
    std::string text = show(affine);
    bool simple = affine.constant == 0 && affine.terms.size() == 1 && affine.terms[0].second == 1;
    return simple ? text : "(" + text + ")";
  }

  ReadsAnalysis &analysis;
  Terms &terms;
  const Reads &reads;
  NamedTensorType type;
};

} // namespace

static void explainBody(ModelOp model, BodyOp body, std::vector<int64_t> layers,
                        std::vector<ExplainedValue> &result) {
  ReadsAnalysis analysis(model);
  analysis.keepWindows = true;
  llvm::MapVector<Value, std::string> seen;
  analysis.observer = [&](Value value, const Reads &reads) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getParentOfType<BodyOp>() != body || nameInText(op->getLoc()).empty())
      return;
    seen[value] = Description(analysis, value, reads).text();
  };
  if (failed(body.getName() == "main" ? analysis.run() : analysis.runAlone(body)))
    return;
  for (const auto &[value, text] : seen)
    result.push_back({nameInText(value.getLoc()).str(), placeInText(value.getLoc()), layers, text});
}

std::vector<ExplainedValue> tril::explainReads(ModelOp model) {
  std::vector<ExplainedValue> result;
  for (BodyOp body : model.getOps<BodyOp>()) {
    std::vector<int64_t> layers;
    model.walk([&](CallOp call) {
      if (call.getCallee() == body.getName())
        layers.push_back(call.getLayer());
    });
    explainBody(model, body, layers, result);
  }
  auto place = [](const ExplainedValue &value) {
    auto file = dyn_cast<FileLineColRange>(value.at);
    return file ? std::pair(file.getStartLine(), file.getStartColumn()) : std::pair(0u, 0u);
  };
  std::vector<std::pair<std::pair<unsigned, unsigned>, size_t>> order;
  for (auto [i, value] : llvm::enumerate(result))
    order.push_back({place(value), i});
  llvm::sort(order);
  std::vector<ExplainedValue> sorted;
  for (const auto &entry : order)
    sorted.push_back(result[entry.second]);
  return sorted;
}
