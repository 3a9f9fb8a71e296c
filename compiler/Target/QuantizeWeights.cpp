//===- QuantizeWeights.cpp
//---------------------------------------------------------------------------------------===//
#include "Target/QuantizeWeights.h"
#include "runtime/Error.h"
#include "runtime/Quantization.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Parallel.h"
#include <atomic>
#include <cmath>
#include <mutex>

using namespace mlir;
using namespace tril;

double Rounding::relative() const {
  return errorSquares == 0 ? 0 : std::sqrt(errorSquares / squares);
}

static StoredType storedTypeOf(PackedFormat format) {
  switch (format) {
  case PackedFormat::f16:
    return StoredType::f16;
  case PackedFormat::bf16:
    return StoredType::bf16;
  case PackedFormat::q8_0:
    return StoredType::q8_0;
  case PackedFormat::q5_0:
    return StoredType::q5_0;
  case PackedFormat::q4_0:
    return StoredType::q4_0;
  case PackedFormat::q4_k:
    return StoredType::q4_k;
  default:
    llvm_unreachable("quantizedFormat gives no other");
  }
}

/// The params whose last sum is an output: the weights of a head, which may be the embedding too.
static llvm::DenseSet<Operation *> headsOf(ModelOp model) {
  llvm::DenseSet<Operation *> seen[2], heads;
  SmallVector<std::pair<Value, bool>> work; // values, and whether they are summed on their way
  model.walk([&](OutputOp output) { work.emplace_back(output->getOperand(0), false); });
  while (!work.empty()) {
    auto [value, summed] = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !seen[summed].insert(op).second)
      continue;
    if (isa<ParamOp>(op) && summed)
      heads.insert(op);
    auto sum = dyn_cast<ReduceOp>(op);
    if (sum && !summed && sum.getKind() == ReduceKind::sum)
      work.emplace_back(sum.getOperand(), true);
    else if (op->hasTrait<tril::OpTrait::Elementwise>() || isa<RenameOp, ConvertOp>(op))
      for (Value operand : op->getOperands())
        work.emplace_back(operand, summed);
  }
  return heads;
}

void tril::quantizeParams(ModelOp model, const Checkpoint &checkpoint, PackedFormat type) {
  // What 4 bits lose in a head goes into every output as it is; nothing after it averages that out.
  bool few = type == PackedFormat::q4_0 || type == PackedFormat::q4_k;
  llvm::DenseSet<Operation *> heads = few ? headsOf(model) : llvm::DenseSet<Operation *>();
  model.walk([&](ParamOp param) {
    auto wanted = StringAttr::get(
        model.getContext(), packedFormatName(heads.contains(param) ? PackedFormat::q8_0 : type));
    auto stored = param->getAttrOfType<StringAttr>("stored");
    if (stored && stored != wanted && llvm::is_contained({"f32", "f16", "bf16"}, stored.getValue()))
      param->setAttr("quantize", wanted);
  });
}

std::optional<PackedFormat> tril::roundedTo(ParamOp param, const WeightPlace &place) {
  auto wanted = param->getAttrOfType<StringAttr>("quantize");
  if (!wanted || !place.packed || place.blas)
    return std::nullopt;
  auto format = quantizedFormat(*parsePackedFormat(wanted.getValue()), place.inputSize);
  return format && *format == place.format ? format : std::nullopt;
}

namespace {

/// Rounds rows of a tensor, some at a time.
class RowRounder {
public:
  RowRounder(PackedFormat format, const Tensor &tensor, const std::vector<int64_t> &rows,
             const std::vector<int64_t> &columns)
      : type(storedTypeOf(format)), block(storedBlock(type)), tensor(tensor), rows(rows),
        columns(columns) {
    for (size_t k = 0; k < columns.size(); ++k)
      inOrder &= columns[k] == columns[0] + static_cast<int64_t>(k);
  }

  size_t rowBytes() const { return columns.size() / block.elements * block.bytes; }

  struct Result {
    double squares = 0, errorSquares = 0, largest = 0;
  };

  /// Row n as blocks; `numbers` and `back` have room for a row, and get what was stored and what
  /// the blocks say.
  Result round(size_t n, std::byte *blocks, float *numbers, float *back) {
    if (inOrder)
      dequantize(tensor, rows[n] + columns[0], columns.size(), numbers);
    else
      for (size_t k = 0; k < columns.size(); ++k)
        dequantize(tensor, rows[n] + columns[k], 1, numbers + k);
    for (size_t k = 0; k < columns.size(); ++k)
      if (!std::isfinite(numbers[k])) {
        refuse(numbers[k]);
        return {};
      }
    Result result;
    for (size_t k = 0; k < columns.size(); k += block.elements, blocks += block.bytes) {
      quantizeBlock(type, numbers + k, blocks);
      dequantizeBlock(type, blocks, back + k);
      for (size_t i = k; i < k + block.elements; ++i) {
        const double difference = double(back[i]) - numbers[i];
        if (!std::isfinite(difference)) {
          refuse(numbers[i]);
          return {};
        }
        result.squares += double(numbers[i]) * numbers[i];
        result.errorSquares += difference * difference;
        result.largest = std::max(result.largest, std::fabs(difference));
      }
    }
    return result;
  }

  /// Throws Error if a row was refused.
  void finish() const {
    if (!refused)
      return;
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%g", double(culprit));
    throw Error("tensor `" + tensor.name + "` holds " + text + ", which " +
                std::string(storedTypeName(type)) + " cannot say" +
                (std::isfinite(culprit) ? "; `--quantize bf16` can" : ""));
  }

private:
  void refuse(float number) {
    std::lock_guard lock(mutex);
    if (!refused)
      culprit = number;
    refused = true;
  }

  const StoredType type;
  const StoredBlock block;
  const Tensor &tensor;
  const std::vector<int64_t> &rows, &columns;
  bool inOrder = true;
  std::mutex mutex;
  bool refused = false;
  float culprit = 0;
};

} // namespace

void tril::packRounded(PackedFormat format, const Tensor &tensor, const std::vector<int64_t> &rows,
                       const std::vector<int64_t> &columns, std::byte *out, Rounding &rounding) {
  RowRounder rounder(format, tensor, rows, columns);
  const int64_t count = rows.size(), groups = llvm::divideCeil(count, packedRows);
  // Sums in the order of the groups: they do not depend on the number of cores.
  std::vector<RowRounder::Result> results(groups);
  llvm::parallelFor(0, groups, [&](size_t g) {
    std::vector<std::byte> blocks(packedRows * rounder.rowBytes());
    std::vector<float> numbers(columns.size()), back(columns.size());
    const int64_t first = g * packedRows, last = std::min(first + packedRows, count);
    for (int64_t n = first; n < last; ++n) {
      RowRounder::Result row = rounder.round(n, blocks.data() + (n - first) * rounder.rowBytes(),
                                             numbers.data(), back.data());
      results[g].squares += row.squares;
      results[g].errorSquares += row.errorSquares;
      results[g].largest = std::max(results[g].largest, row.largest);
    }
    auto stored = [&](int64_t n) -> const std::byte * {
      return n < count ? blocks.data() + (n - first) * rounder.rowBytes() : nullptr;
    };
    pack(format, stored, count, columns.size(), g, g + 1, out);
  });
  rounder.finish();
  rounding.numbers += count * static_cast<int64_t>(columns.size());
  for (const RowRounder::Result &result : results) {
    rounding.squares += result.squares;
    rounding.errorSquares += result.errorSquares;
    rounding.largest = std::max(rounding.largest, result.largest);
  }
}

void tril::roundInPlace(PackedFormat format, const Tensor &tensor, const std::vector<int64_t> &rows,
                        const std::vector<int64_t> &columns, std::vector<float> &values) {
  RowRounder rounder(format, tensor, rows, columns);
  llvm::parallelFor(0, rows.size(), [&](size_t n) {
    std::vector<std::byte> blocks(rounder.rowBytes());
    std::vector<float> numbers(columns.size()), back(columns.size());
    rounder.round(n, blocks.data(), numbers.data(), back.data());
    for (size_t k = 0; k < columns.size(); ++k)
      values[rows[n] + columns[k]] = back[k];
  });
  rounder.finish();
}

//===-------------------------------------------------------------------------------------------===//
// Telling
//===-------------------------------------------------------------------------------------------===//

static std::string percent(double part) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g %%", 100 * part);
  return text;
}

static std::string megabytes(int64_t bytes) {
  std::string text;
  const bool many = bytes >= 1'000'000;
  llvm::raw_string_ostream(text) << llvm::format(many ? "%.1f MB" : "%.1f kB",
                                                 double(bytes) / (many ? 1e6 : 1e3));
  return text;
}

std::string tril::roundingSummary(const Roundings &roundings) {
  if (roundings.empty())
    return "quantised no tensor: none that a contraction reads is f32, f16 or bf16 with whole "
           "blocks of inputs";
  std::string text;
  llvm::raw_string_ostream out(text);
  llvm::MapVector<StringRef, int64_t> counts;
  Rounding all;
  const Rounding *worst = &roundings.front();
  for (const Rounding &rounding : roundings) {
    ++counts[rounding.to];
    all.squares += rounding.squares;
    all.errorSquares += rounding.errorSquares;
    all.bytesBefore += rounding.bytesBefore;
    all.bytesAfter += rounding.bytesAfter;
    if (rounding.relative() > worst->relative())
      worst = &rounding;
  }
  out << "quantised ";
  llvm::interleaveComma(counts, out, [&](auto &entry) {
    out << entry.second << (entry.second == 1 ? " tensor" : " tensors") << " to " << entry.first;
  });
  out << ": " << megabytes(all.bytesBefore) << " become " << megabytes(all.bytesAfter)
      << ", off by " << percent(all.relative()) << " (root mean square), "
      << percent(worst->relative()) << " in `" << worst->tensor << "`";
  return text;
}

std::string tril::roundingTable(const Roundings &roundings) {
  std::string text;
  llvm::raw_string_ostream out(text);
  size_t width = 6;
  for (const Rounding &rounding : roundings)
    width = std::max(width, rounding.tensor.size());
  out << llvm::left_justify("tensor", width)
      << "  from  to          numbers  relative error  largest difference\n";
  for (const Rounding &rounding : roundings)
    out << llvm::left_justify(rounding.tensor, width) << "  "
        << llvm::left_justify(rounding.from, 4) << "  " << llvm::left_justify(rounding.to, 4)
        << llvm::right_justify(std::to_string(rounding.numbers), 15)
        << llvm::right_justify(percent(rounding.relative()), 16)
        << llvm::format("%20.3g", rounding.largest) << "\n";
  return text;
}

std::string tril::roundingJson(const Roundings &roundings) {
  llvm::json::Array list;
  for (const Rounding &rounding : roundings)
    list.push_back(llvm::json::Object{{"tensor", rounding.tensor},
                                      {"from", rounding.from},
                                      {"to", rounding.to},
                                      {"numbers", rounding.numbers},
                                      {"bytes_before", rounding.bytesBefore},
                                      {"bytes_after", rounding.bytesAfter},
                                      {"relative_error", rounding.relative()},
                                      {"largest_difference", rounding.largest}});
  return llvm::formatv("{0:2}", llvm::json::Value(std::move(list))).str() + "\n";
}
