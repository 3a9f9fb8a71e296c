//===- Gguf.cpp - GGUF, versions 2 and 3 --------------------------------------------------===//
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: magic, version, counts, metadata,
// tensor descriptions, then, aligned, the data.
#include "runtime/Checkpoint.h"
#include "runtime/CheckpointPlaces.h"
#include "runtime/Quantization.h"
#include "runtime/Quote.h"
#include <algorithm>
#include <cstring>

namespace tril {

namespace {

/// Reads forward through the mapped header; whatever would reach past its end is an error.
class Cursor {
public:
  explicit Cursor(const MappedFile &file) : file(file) {}

  /// What is wrong with what begins at `place`.
  [[noreturn]] void fail(size_t place, const std::string &what) const {
    throw Error(file.name() + ": byte " + std::to_string(place) + ": " + what);
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
  std::string string(const char *what, uint64_t longest = UINT64_MAX) {
    const size_t begin = at;
    uint64_t length = read<uint64_t>(what);
    if (length > left())
      fail(begin, std::string("the length of ") + what + ", " + std::to_string(length) +
                      ", is more than the file has left");
    if (length > longest)
      fail(begin, std::string("the length of ") + what + ", " + std::to_string(length) +
                      ", is more than " + std::to_string(longest));
    std::string value(reinterpret_cast<const char *>(file.data()) + at, length);
    at += length;
    return value;
  }
  /// So many things of at least `least` bytes each, as is said at `place`, must fit in what is
  /// left.
  void checkCount(size_t place, uint64_t n, uint64_t least, const std::string &what) const {
    if (n > left() / least)
      fail(place, "the number of " + what + ", " + std::to_string(n) +
                      ", is more than the file has room for");
  }

private:
  void need(size_t bytes, const char *what) const {
    if (left() < bytes)
      fail(at, std::string("the file ends within ") + what);
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

/// Keys have at most so many bytes by the format; no name of a tensor needs more either.
constexpr uint64_t longestName = 65535;
/// Elements of metadata arrays altogether: several times what the largest vocabularies have.  Each
/// becomes a JSON value, some of which are much larger than what they were in the file.
constexpr uint64_t mostElements = 1u << 24;

/// The metadata, as JSON.
class Metadata {
public:
  explicit Metadata(Cursor &cursor) : cursor(cursor) {}

  nlohmann::json value(uint32_t type, size_t typePlace, const std::string &key, int depth = 0) {
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
    case BOOL: {
      const size_t place = cursor.position();
      const auto byte = cursor.read<uint8_t>(what);
      if (byte > 1)
        cursor.fail(place, "metadata " + quote(key) + " is " + std::to_string(byte) +
                               ", neither false (0) nor true (1)");
      return byte == 1;
    }
    case STRING:
      return cursor.string(what);
    case U64:
      return cursor.read<uint64_t>(what);
    case I64:
      return cursor.read<int64_t>(what);
    case F64:
      return cursor.read<double>(what);
    case ARRAY:
      return array(key, depth);
    default:
      cursor.fail(typePlace,
                  "metadata " + quote(key) + " has unknown type " + std::to_string(type));
    }
  }

private:
  nlohmann::json array(const std::string &key, int depth) {
    const size_t typePlace = cursor.position();
    if (depth >= 4)
      cursor.fail(typePlace, "metadata " + quote(key) + " nests arrays more than 4 levels deep");
    const auto element = cursor.read<uint32_t>("a metadata value");
    if (element > F64)
      cursor.fail(typePlace, "metadata " + quote(key) + " has elements of unknown type " +
                                 std::to_string(element));
    const size_t countPlace = cursor.position();
    const auto n = cursor.read<uint64_t>("a metadata value");
    cursor.checkCount(countPlace, n, leastBytes(element), "elements of metadata " + quote(key));
    if (n > mostElements - elements)
      cursor.fail(countPlace, "metadata arrays have more than " + std::to_string(mostElements) +
                                  " elements altogether");
    elements += n;
    nlohmann::json::array_t list;
    list.reserve(n);
    for (uint64_t i = 0; i < n; ++i)
      list.push_back(value(element, typePlace, key, depth + 1));
    return list;
  }

  Cursor &cursor;
  uint64_t elements = 0; // so far
};

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

struct Description {
  Tensor tensor;
  size_t place;    // of the description
  uint64_t offset; // in the data
  uint64_t elements;
};

Description readDescription(Cursor &cursor, uint64_t alignment) {
  Description result = {{}, cursor.position(), 0, 0};
  Tensor &tensor = result.tensor;
  tensor.name = cursor.string("the name of a tensor", longestName);
  auto bad = [&](const std::string &what) {
    cursor.fail(result.place, "tensor " + quote(tensor.name) + " " + what);
  };
  const auto rank = cursor.read<uint32_t>("the rank of a tensor");
  if (rank > maxRank)
    bad("has " + std::to_string(rank) + " dimensions, more than " + std::to_string(maxRank));
  ElementCount count;
  for (uint32_t d = 0; d < rank; ++d) {
    const auto extent = cursor.read<uint64_t>("the shape of a tensor");
    if (!count.multiply(extent))
      bad("has more elements than can be counted");
    tensor.shape.push_back(static_cast<int64_t>(extent));
  }
  std::reverse(tensor.shape.begin(), tensor.shape.end()); // the file lists the fastest first
  result.elements = count.value();
  const auto id = cursor.read<uint32_t>("the type of a tensor");
  tensor.typeText = "type " + std::to_string(id);
  for (const TypeName &entry : typeNames)
    if (entry.id == id) {
      tensor.type = entry.type;
      tensor.typeText = entry.name;
    }
  result.offset = cursor.read<uint64_t>("the offset of a tensor");
  if (result.offset % alignment != 0)
    bad("begins at " + std::to_string(result.offset) + ", which is no multiple of the alignment " +
        std::to_string(alignment));
  return result;
}

/// The bytes of a tensor, which must lie in `size` bytes of data.
uint64_t bytesOf(const Description &description, uint64_t size, const Cursor &cursor) {
  const Tensor &tensor = description.tensor;
  auto bad = [&](const std::string &what) {
    cursor.fail(description.place, "tensor " + quote(tensor.name) + " " + what);
  };
  uint64_t bytes = 0;
  if (tensor.type != StoredType::unsupported) {
    const StoredBlock block = storedBlock(tensor.type);
    const int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
    if (row % block.elements != 0)
      bad("has rows of " + std::to_string(row) + " elements, no multiple of the " +
          std::to_string(block.elements) + " of a block of " + tensor.typeText);
    const uint64_t blocks = description.elements / static_cast<uint64_t>(block.elements);
    if (blocks > size / static_cast<uint64_t>(block.bytes))
      bad("has " + std::to_string(blocks) + " blocks of " + std::to_string(block.bytes) +
          " bytes, and there are " + std::to_string(size) + " bytes of data: is the file cut off?");
    bytes = blocks * static_cast<uint64_t>(block.bytes);
  }
  if (description.offset > size || bytes > size - description.offset)
    bad("begins at " + std::to_string(description.offset) + " and has " + std::to_string(bytes) +
        " bytes, and there are " + std::to_string(size) + " bytes of data: is the file cut off?");
  return bytes;
}

} // namespace

void Checkpoint::readGguf(const std::string &path) {
  kind = "gguf";
  maps.push_back(std::make_unique<MappedFile>(path));
  const MappedFile &map = *maps.back();
  Cursor cursor(map);
  if (map.size() < 4 || std::memcmp(map.data(), "GGUF", 4) != 0)
    cursor.fail(0, "this is not GGUF: the file does not begin with `GGUF`");
  cursor.read<uint32_t>("the magic");
  const auto version = cursor.read<uint32_t>("the version");
  if (version != 2 && version != 3)
    cursor.fail(4, version == 0x03000000 || version == 0x02000000
                       ? "the file is big-endian, which is not supported"
                       : "GGUF version " + std::to_string(version) +
                             " is not supported (2 and 3 are)");
  const auto tensorCount = cursor.read<uint64_t>("the number of tensors");
  const auto keyCount = cursor.read<uint64_t>("the number of metadata keys");
  cursor.checkCount(8, tensorCount, 24, "tensors");
  cursor.checkCount(16, keyCount, 13, "metadata keys");

  Metadata metadata(cursor);
  std::map<std::string, size_t> valuePlaces;
  for (uint64_t i = 0; i < keyCount; ++i) {
    const size_t place = cursor.position();
    const std::string key = cursor.string("a metadata key", longestName);
    if (!valuePlaces.emplace(key, place).second)
      cursor.fail(place, "metadata " + quote(key) + " is there twice");
    const size_t typePlace = cursor.position();
    const auto type = cursor.read<uint32_t>("the type of a metadata value");
    configuration[key] = metadata.value(type, typePlace, key);
  }
  uint64_t alignment = 32;
  if (auto given = configuration.find("general.alignment"); given != configuration.end()) {
    alignment = given->is_number_unsigned() ? given->get<uint64_t>() : 0;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > 1u << 20)
      cursor.fail(
          valuePlaces["general.alignment"],
          "`general.alignment` is " +
              (given->is_number() ? given->dump() : "a " + std::string(given->type_name())) +
              ", which is no power of two up to 2^20");
  }
  if (auto parts = configuration.find("split.count");
      parts != configuration.end() && parts->is_number_integer() && parts->get<int64_t>() > 1)
    cursor.fail(valuePlaces["split.count"],
                "this is one of " + parts->dump() +
                    " parts, which must be merged first (`llama-gguf-split --merge`)");

  std::vector<Description> descriptions;
  descriptions.reserve(std::min<uint64_t>(tensorCount, 1 << 16)); // what is said may be wrong
  for (uint64_t i = 0; i < tensorCount; ++i)
    descriptions.push_back(readDescription(cursor, alignment));
  const uint64_t start = (cursor.position() + alignment - 1) / alignment * alignment;
  const uint64_t size = map.size() > start ? map.size() - start : 0;
  Places places;
  for (size_t i = 0; i < descriptions.size(); ++i) {
    auto &[tensor, place, offset, elements] = descriptions[i];
    const uint64_t bytes = bytesOf(descriptions[i], size, cursor);
    places.add(offset, offset + bytes, i);
    tensor.data = map.data() + std::min<uint64_t>(start + offset, map.size());
    tensor.bytes = bytes;
    add(std::move(tensor), path);
  }
  if (auto two = places.overlap())
    cursor.fail(start + two->second.begin, "tensors " + quote(list[two->first.tensor].name) +
                                               " and " + quote(list[two->second.tensor].name) +
                                               " overlap");
}

} // namespace tril
