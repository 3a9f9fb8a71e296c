//===- Checkpoint.cpp - files, names, configuration
//---------------------------------------------------------------===//
#include "runtime/Checkpoint.h"
#include "runtime/Quantization.h"
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tril {

namespace fs = std::filesystem;

std::string_view storedTypeName(StoredType type) {
  static constexpr std::string_view names[] = {
      "f32",  "f16",  "bf16", "f64", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1",       "q4_k",
      "q5_k", "q6_k", "i8",   "i16", "i32",  "i64",  "u8",   "bool", "unsupported"};
  return names[static_cast<int>(type)];
}

MappedFile::MappedFile(const std::string &path) : path(path) {
  auto fail = [&] { throw Error("cannot read `" + path + "`: " + std::strerror(errno)); };
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    fail();
  struct stat status;
  if (fstat(fd, &status) != 0 || (!S_ISREG(status.st_mode) && (errno = EINVAL))) {
    int reason = errno;
    ::close(fd);
    errno = reason;
    fail();
  }
  length = status.st_size;
  if (length > 0) {
    void *map = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, 0);
    int reason = errno;
    ::close(fd);
    errno = reason;
    if (map == MAP_FAILED)
      fail();
    base = static_cast<std::byte *>(map);
  } else {
    ::close(fd);
  }
}

MappedFile::~MappedFile() {
  if (base)
    munmap(base, length);
}

//===-------------------------------------------------------------------------------------------===//
// Configuration
//===-------------------------------------------------------------------------------------------===//

namespace {

/// Bare NaN and Infinity become strings that JSON allows; `revive` makes numbers of them.
std::string quoteSpecials(const std::string &text) {
  std::string out;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      out += c;
      if (c == '\\' && i + 1 < text.size())
        out += text[++i];
      else if (c == '"')
        inString = false;
      continue;
    }
    inString = c == '"';
    bool special = false;
    for (std::string_view word : {"-Infinity", "Infinity", "NaN"})
      if (text.compare(i, word.size(), word) == 0) {
        out += "{\"__float__\":\"" + std::string(word) + "\"}";
        i += word.size() - 1;
        special = true;
        break;
      }
    if (!special)
      out += c;
  }
  return out;
}

void revive(nlohmann::json &value) {
  if (value.is_object() && value.size() == 1 && value.contains("__float__") &&
      value["__float__"].is_string()) {
    std::string text = value["__float__"];
    constexpr double infinity = std::numeric_limits<double>::infinity();
    value = text == "Infinity"    ? infinity
            : text == "-Infinity" ? -infinity
                                  : std::numeric_limits<double>::quiet_NaN();
    return;
  }
  if (value.is_structured())
    for (auto &item : value)
      revive(item);
}

/// nlohmann's parser recurses; a file that only opens brackets must not exhaust the stack.
void checkDepth(const std::string &text, const std::string &path) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"')
      inString = true;
    else if (c == '[' || c == '{') {
      if (++depth > 200)
        throw Error(path + ": byte " + std::to_string(i) +
                    ": brackets are nested more than 200 levels deep");
    } else if (c == ']' || c == '}')
      --depth;
  }
}

std::string slurp(const std::string &path) {
  MappedFile file(path);
  return {reinterpret_cast<const char *>(file.data()), file.size()};
}

nlohmann::json parseJson(const std::string &text, const std::string &path) {
  checkDepth(text, path);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error &error) {
    size_t at = std::min<size_t>(error.byte ? error.byte - 1 : 0, text.size());
    size_t line = 1 + std::count(text.begin(), text.begin() + at, '\n');
    size_t start = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    size_t column = at - (start == std::string::npos ? 0 : start + 1) + 1;
    throw Error(path + ":" + std::to_string(line) + ":" + std::to_string(column) +
                ": this is not JSON");
  } catch (const nlohmann::json::exception &error) {
    throw Error(path + ": this is not JSON: " + error.what());
  }
}

} // namespace

nlohmann::json readConfig(const std::string &path) {
  nlohmann::json config = parseJson(quoteSpecials(slurp(path)), path);
  if (!config.is_object())
    throw Error(path + ":1:1: a configuration is a JSON object");
  revive(config);
  return config;
}

//===-------------------------------------------------------------------------------------------===//
// Opening
//===-------------------------------------------------------------------------------------------===//

std::unique_ptr<Checkpoint> Checkpoint::open(const std::string &path) {
  std::unique_ptr<Checkpoint> result(new Checkpoint);
  result->where = path;
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  if (error || !fs::exists(status))
    throw Error("cannot read `" + path + "`: " + std::strerror(error ? error.value() : ENOENT));
  fs::path folder = path, file;
  if (fs::is_directory(status)) {
    std::vector<fs::path> gguf, tensors;
    for (const auto &entry : fs::directory_iterator(path)) {
      if (entry.path().extension() == ".gguf")
        gguf.push_back(entry.path());
      if (entry.path().extension() == ".safetensors")
        tensors.push_back(entry.path());
    }
    if (fs::exists(folder / "model.safetensors.index.json"))
      file = folder / "model.safetensors.index.json";
    else if (fs::exists(folder / "model.safetensors"))
      file = folder / "model.safetensors";
    else if (gguf.size() == 1 && tensors.empty())
      file = gguf[0];
    else if (gguf.empty() && tensors.size() == 1)
      file = tensors[0];
    else
      throw Error("`" + path + "` holds " + std::to_string(gguf.size()) + " .gguf and " +
                  std::to_string(tensors.size()) +
                  " .safetensors files, and no model.safetensors or model.safetensors.index.json: "
                  "name the file");
  } else {
    file = path;
    folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  }
  if (file.extension() == ".gguf")
    result->readGguf(file.string());
  else if (file.extension() == ".json")
    result->readIndex(file.string());
  else if (file.extension() == ".safetensors")
    result->readSafetensors(file.string());
  else {
    MappedFile probe(file.string());
    if (probe.size() >= 4 && std::memcmp(probe.data(), "GGUF", 4) == 0)
      result->readGguf(file.string());
    else
      throw Error("`" + file.string() + "` is neither GGUF nor safetensors");
  }
  if (result->kind.empty() && fs::exists(folder / "config.json"))
    result->configuration = readConfig((folder / "config.json").string());
  if (fs::exists(folder / "tokenizer.json"))
    result->tokenizer = (folder / "tokenizer.json").string();
  return result;
}

void Checkpoint::add(Tensor tensor, const std::string &file) {
  if (!byName.emplace(tensor.name, list.size()).second)
    throw Error(file + ": tensor `" + tensor.name + "` is there twice");
  list.push_back(std::move(tensor));
}

const Tensor *Checkpoint::find(std::string_view name) const {
  auto found = byName.find(std::string(name));
  return found == byName.end() ? nullptr : &list[found->second];
}

std::map<std::string, std::vector<int64_t>> Checkpoint::shapes() const {
  std::map<std::string, std::vector<int64_t>> result;
  for (const Tensor &tensor : list)
    result[tensor.name] = tensor.shape;
  return result;
}

void Checkpoint::readIndex(const std::string &file) {
  nlohmann::json index = parseJson(slurp(file), file);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
    throw Error(file + ": has no object `weight_map`");
  std::vector<std::string> parts;
  for (const auto &[tensor, part] : index["weight_map"].items()) {
    if (!part.is_string())
      throw Error(file + ": the file of tensor `" + tensor + "` is not a string");
    std::string name = part;
    if (name.empty() || name.find('/') != std::string::npos || name == "..")
      throw Error(file + ": the file of tensor `" + tensor + "`, `" + name +
                  "`, is not a file in the same folder");
    if (std::find(parts.begin(), parts.end(), name) == parts.end())
      parts.push_back(name);
  }
  for (const std::string &part : parts)
    readSafetensors((fs::path(file).parent_path() / part).string());
  for (const auto &[tensor, part] : index["weight_map"].items())
    if (!find(tensor))
      throw Error(file + ": tensor `" + tensor + "` is not in `" + part.get<std::string>() + "`");
}

//===-------------------------------------------------------------------------------------------===//
// Safetensors (https://huggingface.co/docs/safetensors): u64 length, a JSON header of that length,
// the data.
//===-------------------------------------------------------------------------------------------===//

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
  std::string text(reinterpret_cast<const char *>(map.data()) + 8, length);
  checkDepth(text, file);
  nlohmann::json header;
  std::vector<std::string> keys; // to see names that are there twice
  try {
    std::string twice;
    header = nlohmann::json::parse(
        text, [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json &parsed) {
          if (event == nlohmann::json::parse_event_t::key && depth == 1)
            keys.push_back(parsed.get<std::string>());
          return true;
        });
  } catch (const nlohmann::json::exception &) {
    fail(8, "the header is not JSON");
  }
  std::sort(keys.begin(), keys.end());
  if (auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end())
    fail(8, "tensor `" + *twice + "` is there twice");
  if (!header.is_object())
    fail(8, "the header is not a JSON object");
  static const std::map<std::string, StoredType> types = {
      {"F32", StoredType::f32},     {"F16", StoredType::f16}, {"BF16", StoredType::bf16},
      {"F64", StoredType::f64},     {"I8", StoredType::i8},   {"I16", StoredType::i16},
      {"I32", StoredType::i32},     {"I64", StoredType::i64}, {"U8", StoredType::u8},
      {"BOOL", StoredType::boolean}};
  const std::byte *data = map.data() + 8 + length;
  uint64_t size = map.size() - 8 - length;
  std::vector<std::pair<uint64_t, uint64_t>> taken;
  for (const auto &[name, entry] : header.items()) {
    if (name == "__metadata__")
      continue;
    auto bad = [&](const std::string &what) { fail(8, "tensor `" + name + "` " + what); };
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
      bad("needs `dtype`, `shape` and two `data_offsets`");
    Tensor tensor;
    tensor.name = name;
    tensor.typeText = entry["dtype"];
    if (auto found = types.find(tensor.typeText); found != types.end())
      tensor.type = found->second;
    uint64_t elements = 1;
    for (const auto &extent : entry["shape"]) {
      if (!extent.is_number_unsigned() || extent.get<uint64_t>() > INT64_MAX)
        bad("has a shape that is not a list of sizes");
      uint64_t n = extent;
      if (n != 0 && elements > static_cast<uint64_t>(INT64_MAX) / n)
        bad("has a shape with more elements than can be counted");
      elements *= n;
      tensor.shape.push_back(static_cast<int64_t>(n));
    }
    for (const auto &offset : entry["data_offsets"])
      if (!offset.is_number_unsigned())
        bad("has `data_offsets` that are not positions in the file");
    uint64_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
    if (begin > end || end > size)
      bad("lies at " + std::to_string(begin) + ".." + std::to_string(end) + " of " +
          std::to_string(size) + " bytes of data");
    if (tensor.type != StoredType::unsupported) {
      uint64_t bytes = storedBlock(tensor.type).bytes;
      if (elements > size / bytes || elements * bytes != end - begin)
        bad("has " + std::to_string(end - begin) + " bytes for " + std::to_string(elements) +
            " elements of " + tensor.typeText);
    }
    tensor.data = data + begin;
    tensor.bytes = end - begin;
    if (end > begin)
      taken.push_back({begin, end});
    add(std::move(tensor), file);
  }
  std::sort(taken.begin(), taken.end());
  for (size_t i = 1; i < taken.size(); ++i)
    if (taken[i].first < taken[i - 1].second)
      fail(8 + length + taken[i].first, "two tensors overlap");
}

} // namespace tril
