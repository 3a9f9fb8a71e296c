//===- SafetensorsWriter.cpp
//--------------------------------------------------------------------===//
#include "runtime/SafetensorsWriter.h"
#include <cassert>
#include <nlohmann/json.hpp>

namespace tril {

SafetensorsWriter::SafetensorsWriter(const std::string &path, const std::vector<Tensor> &tensors)
    : file(path) {
  nlohmann::json header = nlohmann::json::object();
  int64_t offset = 0;
  for (const Tensor &tensor : tensors) {
    int64_t bytes = tensor.dtype == "I64" ? 8 : tensor.dtype == "F32" ? 4 : 2;
    for (int64_t size : tensor.shape)
      bytes *= size;
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + bytes}}};
    begins.push_back(offset);
    offset += bytes;
  }
  begins.push_back(offset);
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' '); // data begins aligned
  uint64_t length = text.size();
  for (int64_t &begin : begins)
    begin += int64_t(sizeof length + length);
  file.write(&length, sizeof length);
  file.write(text.data(), text.size());
}

void SafetensorsWriter::write(size_t index, int64_t offset, const void *data, int64_t size) {
  assert(begins[index] + offset + size <= begins[index + 1]);
  file.writeAt(uint64_t(begins[index] + offset), data, size_t(size));
}

void SafetensorsWriter::commit() { file.commit(); }

} // namespace tril
