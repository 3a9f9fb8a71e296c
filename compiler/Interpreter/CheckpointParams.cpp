//===- CheckpointParams.cpp - params of the interpreter from a checkpoint
//----------------------------===//
#include "Interpreter/CheckpointParams.h"
#include "mlir/IR/Diagnostics.h"
#include "runtime/Error.h"
#include "runtime/Quantization.h"

using namespace mlir;
using namespace tril;

interpreter::ParamSource interpreter::checkpointParams(const Checkpoint &checkpoint,
                                                       Location location) {
  return [&checkpoint, location](StringRef name) -> FailureOr<std::vector<float>> {
    const Tensor *tensor = checkpoint.find(std::string_view(name.data(), name.size()));
    if (!tensor)
      return emitError(location) << "`" << checkpoint.path() << "` has no tensor `" << name << "`";
    int64_t size = 1;
    for (int64_t extent : tensor->shape)
      size *= extent;
    std::vector<float> values(size);
    try {
      dequantize(*tensor, 0, size, values.data());
    } catch (const Error &error) {
      return emitError(location) << error.what();
    }
    return values;
  };
}
