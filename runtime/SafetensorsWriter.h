//===- SafetensorsWriter.h - outputs to a safetensors file
//--------------------------------------===//
// The format: https://github.com/huggingface/safetensors (header length as u64, JSON header, data).
// All tensors are declared first; their data may then come in any order and in parts, so that no
// tensor is held whole.
#pragma once
#include "runtime/OutputFile.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tril {

class SafetensorsWriter {
public:
  struct Tensor {
    std::string name;
    std::string dtype; // "F32", "I64", "F16", "BF16"
    std::vector<int64_t> shape;
  };

  /// The file appears at `path` with `commit`, not before.  Throws Error where it cannot be
  /// written.
  SafetensorsWriter(const std::string &path, const std::vector<Tensor> &tensors);

  /// `size` bytes of tensor `index`, from its byte `offset` on.
  void write(size_t index, int64_t offset, const void *data, int64_t size);
  void commit();

private:
  OutputFile file;
  std::vector<int64_t> begins; // of each tensor in the file, and the end
};

} // namespace tril
