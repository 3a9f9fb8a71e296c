//===- Support.cpp ------------------------------------------------------------------------===//
#include "Support.h"
#include "runtime/Quantization.h"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace tril::test {

Folder::Folder() {
  // Thousands of small files are written: in memory, where that is possible.
  const char *memory = "/dev/shm";
  path = (access(memory, W_OK) == 0 ? memory : std::filesystem::temp_directory_path().string()) +
         "/tril-checkpoint-XXXXXX";
  if (!mkdtemp(path.data()))
    throw Error("cannot make a temporary folder");
}
Folder::~Folder() {
  std::error_code error;
  std::filesystem::remove_all(path, error);
}
std::string Folder::write(const std::string &name, std::string_view content) const {
  std::ofstream(*this / name, std::ios::binary) << content;
  return *this / name;
}

Bytes ggufHeader(uint64_t tensors, uint64_t keys) {
  Bytes bytes;
  bytes.raw("GGUF").put(3u).put(tensors).put(keys);
  return bytes;
}

void describe(Bytes &bytes, std::string_view name, const std::vector<uint64_t> &extents,
              uint32_t type, uint64_t offset) {
  bytes.text(name).put(static_cast<uint32_t>(extents.size()));
  for (uint64_t extent : extents)
    bytes.put(extent);
  bytes.put(type).put(offset);
}

std::string smallGguf() {
  Bytes bytes = ggufHeader(7, 8);
  bytes.text("general.alignment").put(4u).put(16u);
  bytes.text("byte").put(0u).put(uint8_t(200));
  bytes.text("half").put(12u).put(0.5);
  bytes.text("yes").put(7u).put(uint8_t(1));
  bytes.text("name").put(8u).text("h\xc3\xa9");
  bytes.text("tokens").put(9u).put(8u).put(uint64_t(3)).text("a").text("").text("bc");
  bytes.text("nested").put(9u).put(9u).put(uint64_t(2));
  bytes.put(5u).put(uint64_t(1)).put(-7).put(6u).put(uint64_t(0));
  bytes.text("long").put(11u).put(int64_t(-1));
  describe(bytes, "f32", {3, 2}, 0, 0);
  describe(bytes, "q4_1", {32, 2}, 3, 32);
  describe(bytes, "q6_k", {256}, 14, 80);
  describe(bytes, "i8", {3}, 24, 304);
  describe(bytes, "empty", {0, 4}, 1, 0);
  describe(bytes, "scalar", {}, 28, 320);
  describe(bytes, "other", {32}, 10, 0);
  bytes.padTo(16);
  const size_t start = bytes.all.size();
  for (float value : {1.f, 2.f, 3.f, 4.f, 5.f, 6.f})
    bytes.put(value);
  bytes.padTo(16);
  for (int i = 0; i < 272; ++i)
    bytes.put(static_cast<uint8_t>(7 * i));
  bytes.put(uint8_t(1)).put(uint8_t(255)).put(uint8_t(3)).padTo(16);
  bytes.put(2.5).padTo(16);
  EXPECT_EQ(bytes.all.size() - start, 336u);
  return bytes.all;
}

std::string safetensors(std::string_view header, std::string_view data) {
  return Bytes().text(header).raw(data).all;
}

std::string smallSafetensors() {
  return safetensors(
      R"({"__metadata__":{"format":"pt","a":"\u00e9"},)"
      R"("w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
      R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22],"more":[{"x":[1]}]},)"
      R"("none":{"data_offsets":[22,22],"dtype":"F16","shape":[0,7]},)"
      R"("one":{"dtype":"I64","shape":[],"data_offsets":[22,30]},)"
      R"("e":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[30,32]}}   )",
      "0123456789abcdefghijklmnopqrstuv");
}

std::string messageOf(const Folder &folder, const std::string &name) {
  try {
    Checkpoint::open(name.empty() ? folder.path : folder / name);
    return "";
  } catch (const Error &error) {
    std::string message = error.what();
    for (size_t at; (at = message.find(folder.path + "/")) != std::string::npos;)
      message.erase(at, folder.path.size() + 1);
    if (size_t at = message.find(folder.path); at != std::string::npos)
      message.replace(at, folder.path.size(), "FOLDER");
    return message;
  }
}

bool openSafely(const std::string &path) {
  std::unique_ptr<Checkpoint> checkpoint;
  try {
    checkpoint = Checkpoint::open(path);
  } catch (const Error &error) {
    EXPECT_GT(std::strlen(error.what()), 10u);
    EXPECT_LT(std::strlen(error.what()), 1000u);
    return false;
  }
  checkpoint->config().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  EXPECT_EQ(checkpoint->shapes().size(), checkpoint->tensors().size());
  for (const Tensor &tensor : checkpoint->tensors()) {
    EXPECT_EQ(checkpoint->find(tensor.name), &tensor);
    const bool inside =
        std::any_of(checkpoint->files().begin(), checkpoint->files().end(), [&](const auto &map) {
          return tensor.data >= map->data() && tensor.bytes <= map->size() &&
                 static_cast<size_t>(tensor.data - map->data()) <= map->size() - tensor.bytes;
        });
    EXPECT_TRUE(inside) << tensor.name;
    int64_t elements = 1, others = 1;
    for (int64_t extent : tensor.shape) { // overflow here is undefined, which the sanitizer tells
      elements *= extent;
      others *= std::max<int64_t>(extent, 1);
    }
    EXPECT_GT(others, 0);
    // Memory that ends where the tensor ends, so that the sanitizer sees what reads further.
    std::vector<std::byte> bytes(tensor.data, tensor.data + tensor.bytes);
    Tensor copy = tensor;
    copy.data = bytes.data();
    if (tensor.type == StoredType::unsupported) {
      float number;
      EXPECT_THROW(dequantize(copy, 0, 1, &number), Error);
      continue;
    }
    const StoredBlock block = storedBlock(tensor.type);
    EXPECT_EQ(elements % block.elements, 0);
    EXPECT_EQ(static_cast<size_t>(elements / block.elements * block.bytes), tensor.bytes);
    std::vector<float> numbers(static_cast<size_t>(elements));
    dequantize(copy, 0, elements, numbers.data());
    for (int64_t i = 0; i < elements; i += 7) { // one by one, across blocks
      float number[3];
      const int64_t count = std::min<int64_t>(3, elements - i);
      dequantize(copy, i, count, number);
      EXPECT_EQ(std::memcmp(number, &numbers[static_cast<size_t>(i)],
                            static_cast<size_t>(count) * sizeof(float)),
                0);
    }
  }
  return true;
}

} // namespace tril::test
