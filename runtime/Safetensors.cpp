//===- Safetensors.cpp --------------------------------------------------------------------===//
// https://huggingface.co/docs/safetensors: u64 length, a JSON header of that length, the data.
#include "runtime/Checkpoint.h"
#include "runtime/CheckpointPlaces.h"
#include "runtime/Json.h"
#include "runtime/Quantization.h"
#include "runtime/Quote.h"
#include <cstring>
#include <functional>

namespace tril {

namespace {

using nlohmann::json;

/// What the header says of a tensor.
struct Entry {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<std::vector<uint64_t>> shape, offsets;
};

/// Takes entries out of the events of a header one by one: nothing else of it is kept, so that a
/// header full of other things needs no memory.
class HeaderEvents final : public JsonEvents {
public:
  HeaderEvents(std::function<void(Entry &)> take, std::function<void(const std::string &)> fail)
      : take(std::move(take)), fail(std::move(fail)) {}

  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(int64_t) override { return other(); }
  bool number_float(double, const std::string &) override { return other(); }
  bool binary(json::binary_t &) override { return other(); }
  bool number_unsigned(uint64_t number) override {
    if (level != 3 || (member != Member::shape && member != Member::offsets))
      return other();
    std::vector<uint64_t> &list = member == Member::shape ? *entry.shape : *entry.offsets;
    if (list.size() == (member == Member::shape ? maxRank : 2))
      member == Member::shape ? bad("has more than " + std::to_string(maxRank) + " dimensions")
                              : incomplete();
    list.push_back(number);
    return true;
  }
  bool string(std::string &text) override {
    if (level != 2 || member != Member::dtype)
      return other();
    entry.dtype = std::move(text);
    return true;
  }
  bool start_object(size_t) override {
    if (level == 1) {
      entry = {std::move(name), {}, {}, {}};
      isTensor = entry.name != "__metadata__";
      member = Member::other;
    } else if (level > 1)
      other();
    ++level;
    return true;
  }
  bool start_array(size_t) override {
    if (level == 2 && member == Member::shape)
      entry.shape.emplace();
    else if (level == 2 && member == Member::offsets)
      entry.offsets.emplace();
    else
      other();
    ++level;
    return true;
  }
  bool key(std::string &text) override {
    if (level == 1)
      name = text;
    if (level != 2 || !isTensor)
      return true;
    member = text == "dtype"          ? Member::dtype
             : text == "shape"        ? Member::shape
             : text == "data_offsets" ? Member::offsets
                                      : Member::other;
    if ((member == Member::dtype && entry.dtype) || (member == Member::shape && entry.shape) ||
        (member == Member::offsets && entry.offsets))
      bad("says `" + text + "` twice");
    return true;
  }
  bool end_object() override {
    if (--level == 1 && isTensor) {
      if (!entry.dtype || !entry.shape || !entry.offsets || entry.offsets->size() != 2)
        incomplete();
      take(entry);
    }
    return true;
  }
  bool end_array() override {
    --level;
    return true;
  }

private:
  /// Something that is not what the format has there; members that we do not know may have it.
  bool other() {
    if (level == 0)
      fail("the header is not a JSON object");
    if (level == 1 && name == "__metadata__")
      fail("`__metadata__` is not an object");
    if (level == 1) {
      entry.name = name;
      incomplete();
    }
    if (isTensor && member == Member::shape && level > 2)
      bad("has a shape that is not a list of sizes");
    if (isTensor && member == Member::offsets && level > 2)
      bad("has `data_offsets` that are not positions in the file");
    if (isTensor && member != Member::other)
      incomplete();
    return true;
  }
  void bad(const std::string &what) { fail("tensor " + quote(entry.name) + " " + what); }
  void incomplete() { bad("needs `dtype`, `shape` and two `data_offsets`"); }

  std::function<void(Entry &)> take;
  std::function<void(const std::string &)> fail; // throws
  int level = 0;                                 // of brackets
  enum class Member { other, dtype, shape, offsets } member = Member::other;
  bool isTensor = false;
  std::string name; // the key that was read last outside of all entries
  Entry entry;
};

constexpr std::pair<std::string_view, StoredType> types[] = {
    {"F32", StoredType::f32},     {"F16", StoredType::f16}, {"BF16", StoredType::bf16},
    {"F64", StoredType::f64},     {"I8", StoredType::i8},   {"I16", StoredType::i16},
    {"I32", StoredType::i32},     {"I64", StoredType::i64}, {"U8", StoredType::u8},
    {"BOOL", StoredType::boolean}};

} // namespace

void Checkpoint::readSafetensors(const std::string &file) {
  maps.push_back(std::make_unique<MappedFile>(file));
  const MappedFile &map = *maps.back();
  auto fail = [&](uint64_t at, const std::string &what) {
    throw Error(file + ": byte " + std::to_string(at) + ": " + what);
  };
  if (map.size() < 8)
    fail(map.size(), "the file ends before the length of its header");
  uint64_t length;
  std::memcpy(&length, map.data(), 8);
  if (length > map.size() - 8)
    fail(0, "the header is said to have " + std::to_string(length) + " bytes, and the file has " +
                std::to_string(map.size() - 8) + " more");
  if (length > 100'000'000)
    fail(0, "the header is said to have " + std::to_string(length) +
                " bytes, more than the format allows");
  const std::byte *data = map.data() + 8 + length;
  const uint64_t size = map.size() - 8 - length;
  Places places;

  auto take = [&](Entry &entry) {
    auto bad = [&](const std::string &what) {
      fail(8, "tensor " + quote(entry.name) + " " + what);
    };
    Tensor tensor;
    tensor.name = std::move(entry.name);
    entry.name = tensor.name;
    tensor.typeText = *entry.dtype;
    if (tensor.typeText.size() > 16 ||
        tensor.typeText.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
            std::string::npos)
      bad("has the dtype " + quote(tensor.typeText) + ", which the format does not know");
    for (auto [name, type] : types)
      if (name == tensor.typeText)
        tensor.type = type;
    ElementCount count;
    for (uint64_t extent : *entry.shape) {
      if (!count.multiply(extent))
        bad("has more elements than can be counted");
      tensor.shape.push_back(static_cast<int64_t>(extent));
    }
    const uint64_t begin = (*entry.offsets)[0], end = (*entry.offsets)[1];
    if (begin > end || end > size)
      bad("lies at " + std::to_string(begin) + ".." + std::to_string(end) + " of " +
          std::to_string(size) + " bytes of data");
    if (tensor.type != StoredType::unsupported) {
      const auto bytes = static_cast<uint64_t>(storedBlock(tensor.type).bytes);
      if (count.value() > size / bytes || count.value() * bytes != end - begin)
        bad("has " + std::to_string(end - begin) + " bytes for " + std::to_string(count.value()) +
            " elements of " + tensor.typeText);
    }
    tensor.data = data + begin;
    tensor.bytes = end - begin;
    places.add(begin, end, list.size());
    add(std::move(tensor), file);
  };

  HeaderEvents events(take, [&](const std::string &what) { fail(8, what); });
  try {
    events.read({reinterpret_cast<const char *>(map.data()) + 8, length});
  } catch (const JsonError &error) {
    fail(8 + error.at, "the header is not JSON: " + error.what);
  }
  if (auto two = places.overlap())
    fail(8 + length + two->second.begin, "tensors " + quote(list[two->first.tensor].name) +
                                             " and " + quote(list[two->second.tensor].name) +
                                             " overlap");
  if (auto hole = places.hole(size))
    fail(8 + length + hole->first,
         "the next " + std::to_string(hole->second - hole->first) + " bytes belong to no tensor");
}

} // namespace tril
