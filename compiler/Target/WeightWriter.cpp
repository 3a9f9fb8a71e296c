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

/// Packed in groups of 16 outputs.  Where the stored type has blocks, they are taken as they are.
std::vector<std::byte> packed(ParamOp param, const WeightPlace &place, int64_t layer,
                              const Checkpoint &checkpoint) {
  const Tensor &tensor = tensorNamed(checkpoint, param.storedNames(layer).front());
  Axes outputs = axesNamed(param, place.outputs), inputs = axesNamed(param, place.inputs);
  std::vector<int64_t> rows, columns;
  forEachOffset(outputs.sizes, outputs.strides, param.getOffset(),
                [&](int64_t offset) { rows.push_back(offset); });
  forEachOffset(inputs.sizes, inputs.strides, 0,
                [&](int64_t offset) { columns.push_back(offset); });
  std::vector<std::byte> out(weightBytes(param));
  const PackedLayout &layout = packedLayout(place.format);
  bool asStored =
      packedFormatName(place.format) == param->getAttrOfType<StringAttr>("stored").getValue();
  // Inputs at equal distances can be read where they are.
  int64_t stride = columns.size() > 1 ? columns[1] - columns[0] : 1;
  bool even = true;
  for (size_t k = 0; k < columns.size(); ++k)
    even &= columns[k] == static_cast<int64_t>(k) * stride;
  if (!place.blas && asStored && even && (layout.isFloat() || stride == 1)) {
    auto row = [&](int64_t n) -> const std::byte * {
      return n < static_cast<int64_t>(rows.size())
                 ? reinterpret_cast<const std::byte *>(tensor.data) +
                       rows[n] / layout.storedInputs * layout.storedBytes
                 : nullptr;
    };
    pack(place.format, row, place.outputSize, place.inputSize, out.data(), stride);
    return out;
  }
  if (!place.blas && asStored && layout.isFloat()) { // elements as they are, gathered
    int64_t width = layout.storedBytes;
    std::vector<std::byte> gathered(rows.size() * columns.size() * width);
    for (size_t n = 0; n < rows.size(); ++n)
      for (size_t k = 0; k < columns.size(); ++k)
        std::memcpy(gathered.data() + (n * columns.size() + k) * width,
                    reinterpret_cast<const std::byte *>(tensor.data) +
                        (rows[n] + columns[k]) * width,
                    width);
    auto row = [&](int64_t n) -> const std::byte * {
      return n < static_cast<int64_t>(rows.size()) ? gathered.data() + n * columns.size() * width
                                                   : nullptr;
    };
    pack(place.format, row, place.outputSize, place.inputSize, out.data());
    return out;
  }
  std::vector<float> values = decoded(tensor), matrix(rows.size() * columns.size());
  for (size_t n = 0; n < rows.size(); ++n)
    for (size_t k = 0; k < columns.size(); ++k)
      matrix[n * columns.size() + k] = values[rows[n] + columns[k]];
  if (place.blas) {
    std::memcpy(out.data(), matrix.data(), out.size());
    return out;
  }
  auto row = [&](int64_t n) -> const std::byte * {
    return n < static_cast<int64_t>(rows.size())
               ? reinterpret_cast<const std::byte *>(matrix.data() + n * columns.size())
               : nullptr;
  };
  pack(PackedFormat::f32, row, place.outputSize, place.inputSize, out.data());
  return out;
}

} // namespace

void tril::writeWeights(ModelOp model, const Checkpoint &checkpoint,
                        const std::function<void(const void *, size_t)> &sink) {
  int64_t written = 0;
  static constexpr std::byte zeros[64] = {};
  auto write = [&](BodyOp body, int64_t base, int64_t layer) {
    body.walk([&](ParamOp param) {
      if (!param->hasAttr("place"))
        return;
      WeightPlace place = weightPlace(param);
      for (int64_t gap = base + place.offset - written; gap > 0;
           gap = base + place.offset - written) {
        int64_t piece = std::min<int64_t>(gap, sizeof(zeros));
        sink(zeros, piece);
        written += piece;
      }
      if (place.packed) {
        std::vector<std::byte> bytes = packed(param, place, layer, checkpoint);
        sink(bytes.data(), bytes.size());
        written += bytes.size();
      } else {
        std::vector<float> values = plain(param, layer, checkpoint);
        sink(values.data(), values.size() * 4);
        written += values.size() * 4;
      }
    });
  };
  SymbolTable symbols(model);
  write(symbols.lookup<BodyOp>("main"), 0, 0);
  model.walk([&](CallOp call) {
    write(symbols.lookup<BodyOp>(call.getCallee()),
          call->getAttrOfType<IntegerAttr>("weights").getInt(), call.getLayer());
  });
}

void tril::annotateStoredTypes(ModelOp model, const Checkpoint &checkpoint) {
  SymbolTable symbols(model);
  auto annotate = [&](BodyOp body, int64_t layer) {
    body.walk([&](ParamOp param) {
      if (param->hasAttr("stored"))
        return;
      if (const Tensor *tensor = checkpoint.find(param.storedNames(layer).front().str()))
        param->setAttr("stored", StringAttr::get(model.getContext(), storedTypeName(tensor->type)));
    });
  };
  annotate(symbols.lookup<BodyOp>("main"), 0);
  model.walk(
      [&](CallOp call) { annotate(symbols.lookup<BodyOp>(call.getCallee()), call.getLayer()); });
}
