//===- Gguf.cpp - GGUF, versions 2 and 3
//----------------------------------------------------------------------------===//
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: magic, version, counts, metadata,
// tensor descriptions, then, aligned, the data.
#include "runtime/Checkpoint.h"
#include "runtime/Quantization.h"
#include <algorithm>
#include <cstring>

namespace tril {

namespace {

/// Reads forward through the mapped header; whatever would reach past its end is an error.
class Cursor {
public:
  explicit Cursor(const MappedFile &file) : file(file) {}

  [[noreturn]] void fail(const std::string &what) const {
    throw Error(file.name() + ": byte " + std::to_string(at) + ": " + what);
  }
  size_t position() const { return at; }
  size_t left() const { return file.size() - at; }

  template <typename T> T read(const char *what) {
    need(sizeof(T), what);
    T value;
    std::memcpy(&value, file.data() + at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::string string(const char *what) {
    uint64_t length = read<uint64_t>(what);
    if (length > left())
      fail(std::string("the length of ") + what + ", " + std::to_string(length) +
           ", is more than the file has left");
    std::string value(reinterpret_cast<const char *>(file.data()) + at, length);
    at += length;
    return value;
  }
  /// So many things of at least `least` bytes each must fit in what is left.
  uint64_t count(uint64_t n, uint64_t least, const char *what) const {
    if (n > left() / least)
      fail("the number of " + std::string(what) + ", " + std::to_string(n) +
           ", is more than the file has room for");
    return n;
  }

private:
  void need(size_t bytes, const char *what) const {
    if (left() < bytes)
      fail(std::string("the file ends within ") + what);
  }
  const MappedFile &file;
  size_t at = 0;
};

enum MetadataType : uint32_t {
  U8,
  I8,
  U16,
  I16,
  U32,
  I32,
  F32,
  BOOL,
  STRING,
  ARRAY,
  U64,
  I64,
  F64
};

uint64_t leastBytes(uint32_t type) {
  switch (type) {
  case U8:
  case I8:
  case BOOL:
    return 1;
  case U16:
  case I16:
    return 2;
  case U32:
  case I32:
  case F32:
    return 4;
  case ARRAY:
    return 12;
  default:
    return 8;
  }
}

nlohmann::json value(Cursor &cursor, uint32_t type, const std::string &key, int depth) {
  constexpr const char *what = "a metadata value";
  switch (type) {
  case U8:
    return cursor.read<uint8_t>(what);
  case I8:
    return cursor.read<int8_t>(what);
  case U16:
    return cursor.read<uint16_t>(what);
  case I16:
    return cursor.read<int16_t>(what);
  case U32:
    return cursor.read<uint32_t>(what);
  case I32:
    return cursor.read<int32_t>(what);
  case F32:
    return cursor.read<float>(what);
  case BOOL:
    return cursor.read<uint8_t>(what) != 0;
  case STRING:
    return cursor.string(what);
  case U64:
    return cursor.read<uint64_t>(what);
  case I64:
    return cursor.read<int64_t>(what);
  case F64:
    return cursor.read<double>(what);
  case ARRAY: {
    if (depth >= 4)
      cursor.fail("metadata `" + key + "` nests arrays more than 4 levels deep");
    uint32_t element = cursor.read<uint32_t>(what);
    if (element > F64)
      cursor.fail("metadata `" + key + "` has elements of unknown type " + std::to_string(element));
    uint64_t n = cursor.read<uint64_t>(what);
    cursor.count(n, leastBytes(element), "elements of a metadata array");
    nlohmann::json list = nlohmann::json::array();
    for (uint64_t i = 0; i < n; ++i)
      list.push_back(value(cursor, element, key, depth + 1));
    return list;
  }
  default:
    cursor.fail("metadata `" + key + "` has unknown type " + std::to_string(type));
  }
}

struct TypeName {
  uint32_t id;
  StoredType type;
  const char *name;
};
constexpr TypeName typeNames[] = {
    {0, StoredType::f32, "F32"},
    {1, StoredType::f16, "F16"},
    {2, StoredType::q4_0, "Q4_0"},
    {3, StoredType::q4_1, "Q4_1"},
    {6, StoredType::q5_0, "Q5_0"},
    {7, StoredType::q5_1, "Q5_1"},
    {8, StoredType::q8_0, "Q8_0"},
    {12, StoredType::q4_k, "Q4_K"},
    {13, StoredType::q5_k, "Q5_K"},
    {14, StoredType::q6_k, "Q6_K"},
    {24, StoredType::i8, "I8"},
    {25, StoredType::i16, "I16"},
    {26, StoredType::i32, "I32"},
    {27, StoredType::i64, "I64"},
    {28, StoredType::f64, "F64"},
    {30, StoredType::bf16, "BF16"},
    {10, StoredType::unsupported, "Q2_K"},
    {11, StoredType::unsupported, "Q3_K"},
    {15, StoredType::unsupported, "Q8_K"},
    {39, StoredType::unsupported, "MXFP4"},
};

} // namespace

void Checkpoint::readGguf(const std::string &path) {
  kind = "gguf";
  maps.push_back(std::make_unique<MappedFile>(path));
  const MappedFile &map = *maps.back();
  Cursor cursor(map);
  if (map.size() < 4 || std::memcmp(map.data(), "GGUF", 4) != 0)
    cursor.fail("this is not GGUF: the file does not begin with `GGUF`");
  cursor.read<uint32_t>("the magic");
  uint32_t version = cursor.read<uint32_t>("the version");
  if (version != 2 && version != 3)
    cursor.fail(version == 0x03000000 || version == 0x02000000
                    ? "the file is big-endian, which is not supported"
                    : "GGUF version " + std::to_string(version) +
                          " is not supported (2 and 3 are)");
  uint64_t tensorCount = cursor.read<uint64_t>("the number of tensors"),
           keyCount = cursor.read<uint64_t>("the number of metadata keys");
  cursor.count(tensorCount, 24, "tensors");
  cursor.count(keyCount, 13, "metadata keys");
  for (uint64_t i = 0; i < keyCount; ++i) {
    std::string key = cursor.string("a metadata key");
    if (configuration.contains(key))
      cursor.fail("metadata `" + key + "` is there twice");
    uint32_t type = cursor.read<uint32_t>("the type of a metadata value");
    configuration[key] = value(cursor, type, key, 0);
  }
  uint64_t alignment = 32;
  if (configuration.contains("general.alignment")) {
    const auto &given = configuration["general.alignment"];
    alignment = given.is_number_unsigned() ? given.get<uint64_t>() : 0;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > 1u << 20)
      cursor.fail("`general.alignment` is " + given.dump() +
                  ", which is no power of two up to 2^20");
  }
  struct Place {
    uint64_t offset;
    uint64_t elements;
  };
  std::vector<Tensor> tensors;
  std::vector<Place> places;
  for (uint64_t i = 0; i < tensorCount; ++i) {
    Tensor tensor;
    tensor.name = cursor.string("the name of a tensor");
    uint32_t rank = cursor.read<uint32_t>("the rank of a tensor");
    if (rank > 8)
      cursor.fail("tensor `" + tensor.name + "` has " + std::to_string(rank) + " dimensions");
    uint64_t elements = 1;
    for (uint32_t d = 0; d < rank; ++d) {
      uint64_t extent = cursor.read<uint64_t>("the shape of a tensor");
      if (extent > static_cast<uint64_t>(INT64_MAX) ||
          (extent != 0 && elements > static_cast<uint64_t>(INT64_MAX) / extent))
        cursor.fail("tensor `" + tensor.name + "` has more elements than can be counted");
      elements *= extent;
      tensor.shape.insert(tensor.shape.begin(),
                          static_cast<int64_t>(extent)); // the file lists the fastest first
    }
    uint32_t id = cursor.read<uint32_t>("the type of a tensor");
    tensor.typeText = "type " + std::to_string(id);
    for (const TypeName &entry : typeNames)
      if (entry.id == id) {
        tensor.type = entry.type;
        tensor.typeText = entry.name;
      }
    uint64_t offset = cursor.read<uint64_t>("the offset of a tensor");
    if (offset % alignment != 0)
      cursor.fail("tensor `" + tensor.name + "` begins at " + std::to_string(offset) +
                  ", which is no multiple of the alignment " + std::to_string(alignment));
    places.push_back({offset, elements});
    tensors.push_back(std::move(tensor));
  }
  uint64_t start = (cursor.position() + alignment - 1) / alignment * alignment;
  uint64_t size = map.size() > start ? map.size() - start : 0;
  std::vector<std::pair<uint64_t, uint64_t>> taken;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Tensor &tensor = tensors[i];
    auto [offset, elements] = places[i];
    uint64_t bytes = 0;
    if (tensor.type != StoredType::unsupported) {
      StoredBlock block = storedBlock(tensor.type);
      if (!tensor.shape.empty() && tensor.shape.back() % block.elements != 0)
        cursor.fail("rows of tensor `" + tensor.name + "` have " +
                    std::to_string(tensor.shape.back()) + " elements, no multiple of the " +
                    std::to_string(block.elements) + " of a block of " + tensor.typeText);
      if (elements / block.elements > size / block.bytes)
        cursor.fail("tensor `" + tensor.name + "` is larger than the file");
      bytes = elements / block.elements * block.bytes;
    }
    if (offset > size || bytes > size - offset)
      cursor.fail("tensor `" + tensor.name + "` lies at " + std::to_string(offset) + ".." +
                  std::to_string(offset + bytes) + " of " + std::to_string(size) +
                  " bytes of data: is the file cut off?");
    tensor.data = map.data() + start + offset;
    tensor.bytes = bytes;
    if (bytes)
      taken.push_back({offset, offset + bytes});
    add(std::move(tensor), path);
  }
  std::sort(taken.begin(), taken.end());
  for (size_t i = 1; i < taken.size(); ++i)
    if (taken[i].first < taken[i - 1].second)
      cursor.fail("two tensors overlap at " + std::to_string(taken[i].first) + " of the data");
}

} // namespace tril
