//===- WeightWriter.cpp
//------------------------------------------------------------------------------------------===//
#include "Target/WeightWriter.h"
#include "Conversion/Weights.h"
#include "runtime/Checkpoint.h"
#include "runtime/Error.h"
#include "runtime/Quantization.h"

using namespace mlir;
using namespace tril;

namespace {

const Tensor &tensorNamed(const Checkpoint &checkpoint, StringRef name) {
  const Tensor *tensor = checkpoint.find(name.str());
  if (!tensor)
    throw Error("the checkpoint has no tensor `" + name.str() + "`");
  return *tensor;
}

/// Calls `visit` with the offset in the stored tensor of every position of `axes`, slowest first.
void forEachOffset(ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides, int64_t offset,
                   llvm::function_ref<void(int64_t)> visit) {
  if (sizes.empty())
    return visit(offset);
  for (int64_t i = 0; i < sizes.front(); ++i)
    forEachOffset(sizes.drop_front(), strides.drop_front(), offset + i * strides.front(), visit);
}

struct Axes {
  SmallVector<int64_t> sizes, strides;
};

Axes axesNamed(ParamOp param, ArrayRef<std::string> names) {
  Axes axes;
  auto type = param.getResult().getType();
  for (const std::string &name : names) {
    unsigned i = *type.indexOf(name);
    axes.sizes.push_back(type.getAxes()[i].getSize());
    axes.strides.push_back(param.getStrides()[i]);
  }
  return axes;
}

std::vector<float> decoded(const Tensor &tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  std::vector<float> values(count);
  dequantize(tensor, 0, count, values.data());
  return values;
}

/// Plain f32 in the order of the axes; one tensor for each position of the stacked axis.
std::vector<float> plain(ParamOp param, int64_t layer, const Checkpoint &checkpoint) {
  auto type = param.getResult().getType();
  std::vector<float> out(type.staticElements());
  if (out.empty())
    return out;
  auto names = param.storedNames(layer);
  SmallVector<int64_t> sizes, strides, places;
  int64_t place = out.size(), stackedPlace = 0;
  for (auto [axis, stride] : llvm::zip(type.getAxes(), param.getStrides())) {
    place /= axis.getSize();
    if (param.getStacked() && axis.getName() == *param.getStacked()) {
      stackedPlace = place;
      continue;
    }
    sizes.push_back(axis.getSize());
    strides.push_back(stride);
    places.push_back(place);
  }
  for (auto [i, name] : llvm::enumerate(names)) {
    std::vector<float> values = decoded(tensorNamed(checkpoint, name));
    std::vector<int64_t> from, to;
    forEachOffset(sizes, strides, param.getOffset(),
                  [&](int64_t offset) { from.push_back(offset); });
    forEachOffset(sizes, places, i * stackedPlace, [&](int64_t offset) { to.push_back(offset); });
    for (size_t k = 0; k < from.size(); ++k)
      out[to[k]] = values[from[k]];
  }
  return out;
}

/// The offsets of outputs and of inputs in the stored tensor; an element is at the sum of its two.
struct Offsets {
  std::vector<int64_t> rows, columns;
};

Offsets offsetsOf(ParamOp param, const WeightPlace &place) {
  Axes outputs = axesNamed(param, place.outputs), inputs = axesNamed(param, place.inputs);
  Offsets offsets;
  forEachOffset(outputs.sizes, outputs.strides, param.getOffset(),
                [&](int64_t offset) { offsets.rows.push_back(offset); });
  forEachOffset(inputs.sizes, inputs.strides, 0,
                [&](int64_t offset) { offsets.columns.push_back(offset); });
  return offsets;
}

/// The entry for what a tensor is rounded to.
Rounding &roundingOf(Roundings &roundings, const Tensor &tensor, PackedFormat format) {
  auto found = llvm::find_if(roundings, [&](const Rounding &rounding) {
    return rounding.tensor == tensor.name && rounding.to == packedFormatName(format);
  });
  if (found != roundings.end())
    return *found;
  Rounding &added = roundings.emplace_back();
  added.tensor = tensor.name;
  added.from = storedTypeName(tensor.type);
  added.to = packedFormatName(format);
  return added;
}

/// The numbers of a tensor, decoded when somebody asks.
class Decoded {
public:
  explicit Decoded(const Tensor &tensor) : tensor(tensor) {}
  const std::vector<float> &values() {
    if (numbers.empty())
      numbers = decoded(tensor);
    return numbers;
  }

  const Tensor &tensor;

private:
  std::vector<float> numbers;
};

/// Packs one matrix in groups of 16 outputs.  Where the stored type has blocks, they are taken as
/// they are.
void packMatrix(ParamOp param, const WeightPlace &place, const Offsets &offsets, Decoded &source,
                std::byte *out) {
  const auto &[rows, columns] = offsets;
  const Tensor &tensor = source.tensor;
  const PackedLayout &layout = packedLayout(place.format);
  bool asStored =
      packedFormatName(place.format) == param->getAttrOfType<StringAttr>("stored").getValue();
  // Inputs at equal distances can be read where they are.
  int64_t stride = columns.size() > 1 ? columns[1] - columns[0] : 1;
  bool even = true;
  for (size_t k = 0; k < columns.size(); ++k)
    even &= columns[k] == static_cast<int64_t>(k) * stride;
  const auto *stored = reinterpret_cast<const std::byte *>(tensor.data);
  auto packRows = [&](PackedFormat format, const std::byte *first, size_t rowBytes) {
    auto row = [&](int64_t n) -> const std::byte * {
      return n < static_cast<int64_t>(rows.size()) ? first + n * rowBytes : nullptr;
    };
    pack(format, row, place.outputSize, place.inputSize, out);
  };
  if (!place.blas && asStored && even && (layout.isFloat() || stride == 1)) {
    auto row = [&](int64_t n) -> const std::byte * {
      return n < static_cast<int64_t>(rows.size())
                 ? stored + rows[n] / layout.storedInputs * layout.storedBytes
                 : nullptr;
    };
    pack(place.format, row, place.outputSize, place.inputSize, out, stride);
    return;
  }
  if (!place.blas && asStored && layout.isFloat()) { // elements as they are, gathered
    int64_t width = layout.storedBytes;
    std::vector<std::byte> gathered(rows.size() * columns.size() * width);
    for (size_t n = 0; n < rows.size(); ++n)
      for (size_t k = 0; k < columns.size(); ++k)
        std::memcpy(gathered.data() + (n * columns.size() + k) * width,
                    stored + (rows[n] + columns[k]) * width, width);
    return packRows(place.format, gathered.data(), columns.size() * width);
  }
  const std::vector<float> &values = source.values();
  std::vector<float> matrix(rows.size() * columns.size());
  for (size_t n = 0; n < rows.size(); ++n)
    for (size_t k = 0; k < columns.size(); ++k)
      matrix[n * columns.size() + k] = values[rows[n] + columns[k]];
  if (place.blas)
    std::memcpy(out, matrix.data(), matrix.size() * sizeof(float));
  else
    packRows(PackedFormat::f32, reinterpret_cast<const std::byte *>(matrix.data()),
             columns.size() * sizeof(float));
}

/// Calls `visit` with the tensor and the offsets in it of each matrix of a packed weight.
void forEachMatrix(ParamOp param, const WeightPlace &place, int64_t layer,
                   llvm::function_ref<void(StringRef tensor, const Offsets &, int64_t)> visit) {
  auto names = param.storedNames(layer);
  Offsets offsets = offsetsOf(param, place);
  int64_t stride = 0;
  if (!param.getStacked() && !place.matrices.empty())
    stride = param.getStrides()[*param.getResult().getType().indexOf(place.matrices)];
  for (int64_t i = 0; i < place.matrixCount; ++i) {
    visit(names[param.getStacked() ? i : 0], offsets, i);
    for (int64_t &row : offsets.rows)
      row += stride;
  }
}

std::vector<std::byte> packed(ParamOp param, const WeightPlace &place, int64_t layer,
                              const Checkpoint &checkpoint, Roundings &roundings) {
  std::vector<std::byte> out(weightBytes(param));
  std::optional<Decoded> source;
  forEachMatrix(param, place, layer, [&](StringRef name, const Offsets &offsets, int64_t i) {
    const Tensor &tensor = tensorNamed(checkpoint, name);
    std::byte *at = out.data() + i * place.matrixBytes;
    if (auto format = roundedTo(param, place)) {
      Rounding &rounding = roundingOf(roundings, tensor, *format);
      rounding.bytesBefore += static_cast<int64_t>(offsets.rows.size() * offsets.columns.size()) *
                              storedBlock(tensor.type).bytes;
      rounding.bytesAfter += place.matrixBytes;
      packRounded(*format, tensor, offsets.rows, offsets.columns, at, rounding);
      return;
    }
    if (!source || &source->tensor != &tensor)
      source.emplace(tensor);
    packMatrix(param, place, offsets, *source, at);
  });
  return out;
}

} // namespace

/// Calls `visit` with every param that has a place, in order of its place, for each layer that has
/// it, and where the weights of its body begin.
static void forEachWeight(ModelOp model,
                          llvm::function_ref<void(ParamOp, int64_t base, int64_t layer)> visit) {
  SymbolTable symbols(model);
  auto walk = [&](StringRef name, int64_t base, int64_t layer) {
    symbols.lookup<BodyOp>(name).walk([&](ParamOp param) {
      if (param->hasAttr("place"))
        visit(param, base, layer);
    });
  };
  walk("main", 0, 0);
  model.walk([&](CallOp call) {
    walk(call.getCallee(), call->getAttrOfType<IntegerAttr>("weights").getInt(), call.getLayer());
  });
}

Roundings tril::writeWeights(ModelOp model, const Checkpoint &checkpoint,
                             const std::function<void(const void *, size_t)> &sink) {
  Roundings roundings;
  int64_t written = 0;
  static constexpr std::byte zeros[64] = {};
  auto write = [&](const void *data, size_t bytes) {
    sink(data, bytes);
    written += static_cast<int64_t>(bytes);
  };
  forEachWeight(model, [&](ParamOp param, int64_t base, int64_t layer) {
    WeightPlace place = weightPlace(param);
    while (base + place.offset > written)
      write(zeros, std::min<int64_t>(base + place.offset - written, sizeof(zeros)));
    if (place.packed) {
      std::vector<std::byte> bytes = packed(param, place, layer, checkpoint, roundings);
      write(bytes.data(), bytes.size());
    } else {
      std::vector<float> values = plain(param, layer, checkpoint);
      write(values.data(), values.size() * sizeof(float));
    }
  });
  return roundings;
}

std::vector<float> tril::numbersInProduct(ModelOp planned, const Tensor &tensor) {
  std::vector<float> values = decoded(tensor);
  forEachWeight(planned, [&](ParamOp param, int64_t /*base*/, int64_t layer) {
    WeightPlace place = weightPlace(param);
    auto format = roundedTo(param, place);
    if (!format)
      return;
    forEachMatrix(param, place, layer, [&](StringRef name, const Offsets &offsets, int64_t) {
      if (name == tensor.name)
        roundInPlace(*format, tensor, offsets.rows, offsets.columns, values);
    });
  });
  return values;
}

std::map<std::string, int64_t> tril::weightBytesByType(ModelOp planned) {
  std::map<std::string, int64_t> bytes;
  forEachWeight(planned, [&](ParamOp param, int64_t /*base*/, int64_t /*layer*/) {
    bytes[packedFormatName(weightPlace(param).format).str()] += weightBytes(param);
  });
  return bytes;
}

void tril::annotateStoredTypes(ModelOp model, const Checkpoint &checkpoint) {
  SymbolTable symbols(model);
  auto annotate = [&](BodyOp body, int64_t layer) {
    body.walk([&](ParamOp param) {
      if (param->hasAttr("stored"))
        return;
      // Of one type, or of none that kernels read: a product may stack tensors of several.
      std::optional<StoredType> type;
      for (StringRef name : param.storedNames(layer)) {
        const Tensor *tensor = checkpoint.find(name.str());
        if (!tensor || (type && *type != tensor->type))
          return;
        type = tensor->type;
      }
      if (type)
        param->setAttr("stored", StringAttr::get(model.getContext(), storedTypeName(*type)));
    });
  };
  annotate(symbols.lookup<BodyOp>("main"), 0);
  model.walk(
      [&](CallOp call) { annotate(symbols.lookup<BodyOp>(call.getCallee()), call.getLayer()); });
}
