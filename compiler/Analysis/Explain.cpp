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
      if (!entry.second.empty() && !llvm::is_contained(parts, entry))
        parts.push_back(std::move(entry));
    };
    // What is read relative to `along` is one range; beside it, what is read at other axes'
    // positions.
    AxisAttr along = alongTime();
    SmallVector<Case> ranged;
    for (const Case &one : reads.cases) {
      if (!analysis.solver.possible(terms.both(analysis.matters(reads, one.role), one.when)))
        continue;
      if (along && one.sequence == kTime && !isAtOther(one.position, along))
        ranged.push_back(one);
      else if (terms.dependsOnData(one.position))
        add(one.sequence, "any position");
      else
        add(one.sequence, show(one.position));
    }
    // Any position has all others in it.
    llvm::erase_if(parts, [&](const auto &part) {
      std::pair<StringRef, std::string> any(part.first, "any position");
      return part.second != any.second && llvm::is_contained(parts, any);
    });
    std::string result = ranged.empty() ? "" : rangeOf(ranged, along);
    for (const auto &[sequence, part] : parts) {
      result += result.empty() ? "" : ", ";
      if (sequence != kTime)
        result += "`" + sequence.str() + "`: ";
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

  bool isAtOther(const Affine &position, AxisAttr along) const {
    return llvm::any_of(position.terms, [&](const auto &term) {
      const AtomInfo &info = terms.info(term.first);
      return (info.kind == AtomInfo::axis && info.along.isDynamic() && info.along != along) ||
             (info.kind == AtomInfo::quotient && isAtOther(info.dividend, along));
    });
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

  /// "0..t": from the earliest to the latest.
  std::string rangeOf(ArrayRef<Case> ranged, AxisAttr along) {
    Affine t = analysis.position(along);
    const Affine &first = ranged.front().position;
    if (!terms.dependsOnData(first) &&
        llvm::all_of(ranged, [&](const Case &one) { return one.position == first; }))
      return show(first);
    SmallVector<std::pair<Formula, Affine>> cases;
    for (const Case &one : ranged)
      cases.push_back({terms.both(analysis.matters(reads, one.role), one.when), one.position});
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

std::vector<ExplainedValue> tril::explainReads(ModelOp model) {
  std::vector<ExplainedValue> result;
  for (bool ofLayers : {false, true}) {
    ReadsAnalysis analysis(model);
    analysis.keepWindows = true;
    analysis.layersAlone = ofLayers;
    llvm::MapVector<Value, std::string> seen;
    analysis.observer = [&](Value value, const Reads &reads) {
      Operation *op = value.getDefiningOp();
      if (isa<CallOp, ParamOp>(op) || nameInText(op->getLoc()).empty() ||
          (op->getParentOfType<BodyOp>().getName() != "main") != ofLayers)
        return;
      seen[value] = Description(analysis, value, reads).text();
    };
    if (failed(analysis.run()))
      continue;
    for (const auto &[value, text] : seen) {
      std::vector<int64_t> layers;
      if (ofLayers)
        model.walk([&](CallOp call) {
          if (call.getCallee() == value.getDefiningOp()->getParentOfType<BodyOp>().getName())
            layers.push_back(call.getLayer());
        });
      result.push_back(
          {nameInText(value.getLoc()).str(), placeInText(value.getLoc()), layers, text});
    }
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
  for (const auto &entry : order) {
    ExplainedValue &value = result[entry.second];
    // Layers of several kinds may read the same.
    auto same = llvm::find_if(sorted, [&](const ExplainedValue &other) {
      return other.at == value.at && other.name == value.name && other.reads == value.reads &&
             other.layers.empty() == value.layers.empty();
    });
    if (same == sorted.end()) {
      // Parts of one expression may carry its name: the last is all of it.
      llvm::erase_if(sorted, [&](const ExplainedValue &other) {
        return other.at == value.at && other.name == value.name && other.layers == value.layers;
      });
      sorted.push_back(std::move(value));
      continue;
    }
    same->layers.insert(same->layers.end(), value.layers.begin(), value.layers.end());
    llvm::sort(same->layers);
    same->layers.erase(llvm::unique(same->layers), same->layers.end());
  }
  return sorted;
}
