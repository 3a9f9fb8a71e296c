//===- ReadsSources.cpp - inputs, numbers, positions, structure
//--------------------------------------===//
#include "Analysis/Reads.h"
#include "Analysis/Rules.h"
#include <cmath>

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

// Tables of whole numbers are known entry by entry up to this size.
static constexpr size_t kLargestTable = 64;

std::optional<Number> tril::analysis::numberOf(double value) {
  if (std::isinf(value))
    return Number{Affine(), 1, false, value > 0 ? 1 : -1};
  for (int64_t divisor = 1; divisor <= 1024; divisor *= 2)
    if (double scaled = value * static_cast<double>(divisor);
        scaled == std::floor(scaled) && std::abs(scaled) < 1e15)
      return Number{Affine(static_cast<int64_t>(scaled)), divisor};
  return std::nullopt;
}

LogicalResult ConstantOp::reads(ReadsAnalysis &analysis) {
  double value = getValue().convertToDouble();
  Reads reads;
  reads.number = numberOf(value);
  if (value == 0)
    reads.live = kFalse;
  if (getResult().getType().getElement().isInteger(1))
    reads.truth = value != 0 ? kTrue : kFalse;
  analysis.set(getResult(), std::move(reads));
  return success();
}

// One of several whole numbers: `index` is the position along the table's only axis, or null where
// the choice is not known.
static void chooseNumber(ReadsAnalysis &analysis, Reads &reads, NamedTensorType type,
                         ArrayRef<double> values, const Affine *index) {
  Terms &terms = analysis.terms;
  if (values.empty() || !llvm::all_of(values, [](double value) {
        return value == std::floor(value) && std::abs(value) < 1e15;
      }))
    return;
  auto [least, most] = std::minmax_element(values.begin(), values.end());
  int64_t low = static_cast<int64_t>(*least), high = static_cast<int64_t>(*most);
  if (low == high) {
    reads.number = Number{Affine(low)};
    return;
  }
  Affine number = analysis.fresh(type, low, high);
  reads.number = Number{number};
  if (values.size() > kLargestTable)
    return;
  Formula one = kFalse;
  for (auto [k, value] : llvm::enumerate(values)) {
    Formula here = terms.equal(number, Affine(static_cast<int64_t>(value)));
    if (index)
      here = terms.both(here, terms.equal(*index, Affine(static_cast<int64_t>(k))));
    one = terms.either(one, here);
  }
  reads.facts = one;
}

LogicalResult TableOp::reads(ReadsAnalysis &analysis) {
  NamedTensorType type = getResult().getType();
  Reads reads;
  if (type.getAxes().size() == 1) {
    Affine index = analysis.position(type.getAxes().front());
    chooseNumber(analysis, reads, type, getValues(), &index);
  }
  analysis.set(getResult(), std::move(reads));
  return success();
}

// All layers of a kind are looked at as one, so a number that differs between them is any of them.
LogicalResult LayerConstantOp::reads(ReadsAnalysis &analysis) {
  Reads reads;
  chooseNumber(analysis, reads, getResult().getType(), getValues(), nullptr);
  analysis.set(getResult(), std::move(reads));
  return success();
}

LogicalResult PositionOp::reads(ReadsAnalysis &analysis) {
  Reads reads;
  reads.number = Number{analysis.position(getResult().getType().getAxes().front())};
  analysis.set(getResult(), std::move(reads));
  return success();
}

// The length: whether each position exists.
LogicalResult ExtentOp::reads(ReadsAnalysis &analysis) {
  Reads reads;
  AxisAttr axis = getAxis();
  Affine any = Terms::of(analysis.terms.some(0, std::nullopt));
  reads.cases.push_back(analysis.existence(axis, any, kTrue, *this));
  analysis.set(getResult(), std::move(reads));
  return success();
}

LogicalResult ParamOp::reads(ReadsAnalysis &analysis) {
  analysis.set(getResult(), Reads());
  return success();
}

LogicalResult InputOp::reads(ReadsAnalysis &analysis) {
  NamedTensorType type = getResult().getType();
  Reads reads;
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic())
      reads.cases.push_back(analysis.existence(axis, analysis.position(axis), kTrue, *this));
  reads.number = Number{analysis.fresh(type, 0, getLimit() - 1)};
  Atom datum = reads.number->numerator.terms.front().first;
  analysis.inputs[analysis.terms.info(datum).symbol] = getName();
  analysis.set(getResult(), std::move(reads));
  return success();
}

LogicalResult CallOp::reads(ReadsAnalysis &analysis) { return analysis.call(*this); }
LogicalResult RecOp::reads(ReadsAnalysis &analysis) { return analysis.recurrence(*this); }
LogicalResult EarlierOp::reads(ReadsAnalysis &analysis) { return analysis.earlier(*this); }
LogicalResult OutputOp::reads(ReadsAnalysis &analysis) {
  analysis.output(*this);
  return success();
}
// What their operands read, whoever holds the region asks for.
LogicalResult ReturnOp::reads(ReadsAnalysis &) { return success(); }
LogicalResult YieldOp::reads(ReadsAnalysis &) { return success(); }
