//===- Checkpoint.cpp - files, configuration, index ---------------------------------------===//
#include "runtime/Checkpoint.h"
#include "runtime/CheckpointPlaces.h"
#include "runtime/Json.h"
#include "runtime/Quote.h"
#include "runtime/SystemReason.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <limits>
#include <set>
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

[[noreturn]] static void cannotRead(const std::string &path, const std::string &reason) {
  throw Error("cannot read `" + path + "`: " + reason);
}

MappedFile::MappedFile(const std::string &path) : path(path) {
  // A pipe without a writer would keep us waiting.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    cannotRead(path, systemReason(errno));
  struct stat status;
  std::string reason;
  if (fstat(fd, &status) != 0)
    reason = systemReason(errno);
  else if (S_ISDIR(status.st_mode))
    reason = systemReason(EISDIR);
  else if (!S_ISREG(status.st_mode))
    reason = "is not a regular file";
  else if (length = static_cast<size_t>(status.st_size); length > 0) {
    void *map = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
      reason = systemReason(errno);
    else
      base = static_cast<std::byte *>(map);
  }
  ::close(fd);
  if (!reason.empty())
    cannotRead(path, reason);
}

MappedFile::~MappedFile() {
  if (base)
    munmap(base, length);
}

//===-------------------------------------------------------------------------------------------===//
// Configuration
//===-------------------------------------------------------------------------------------------===//

namespace {

/// A text in which bare NaN and Infinity, which JSON does not have, are objects that it has.
struct QuotedSpecials {
  std::string text;
  struct Replaced {
    size_t at, before; // in `text`, in the text before
  };
  std::vector<Replaced> replaced;

  explicit QuotedSpecials(std::string_view before) {
    text.reserve(before.size());
    bool inString = false;
    for (size_t i = 0; i < before.size(); ++i) {
      const char c = before[i];
      if (inString) {
        text += c;
        if (c == '\\' && i + 1 < before.size())
          text += before[++i];
        else if (c == '"')
          inString = false;
        continue;
      }
      std::string_view special;
      if (c == '-' || c == 'I' || c == 'N')
        for (std::string_view word : {"-Infinity", "Infinity", "NaN"})
          if (before.substr(i).starts_with(word))
            special = word;
      if (special.empty()) {
        inString = c == '"';
        text += c;
      } else {
        const std::string object = "{\"__float__\":\"" + std::string(special) + "\"}";
        replaced.push_back({text.size(), i});
        text += object;
        i += special.size() - 1;
      }
    }
  }

  /// The place in the text before of a place in `text`.
  size_t placeBefore(size_t at) const {
    auto next = std::upper_bound(replaced.begin(), replaced.end(), at,
                                 [](size_t at, const Replaced &r) { return at < r.at; });
    if (next == replaced.begin())
      return at;
    const Replaced &last = *--next;
    const size_t end = text.find('}', last.at) + 1;
    if (at < end)
      return last.before;
    const size_t word = end - last.at - std::strlen("{\"__float__\":\"\"}");
    return last.before + word + (at - end);
  }
};

/// The object {"__float__": "Infinity"} becomes the number.
void revive(nlohmann::json &object) {
  if (object.size() != 1 || !object.contains("__float__") || !object["__float__"].is_string())
    return;
  const std::string text = object["__float__"];
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (text == "Infinity")
    object = infinity;
  else if (text == "-Infinity")
    object = -infinity;
  else if (text == "NaN")
    object = std::numeric_limits<double>::quiet_NaN();
}

std::string_view textOf(const MappedFile &file) {
  return {reinterpret_cast<const char *>(file.data()), file.size()};
}

bool isThere(const fs::path &path) {
  std::error_code error;
  return fs::exists(path, error);
}

} // namespace

nlohmann::json readConfig(const std::string &path) {
  const MappedFile file(path);
  const std::string_view text = textOf(file);
  const QuotedSpecials quoted(text);
  nlohmann::json config;
  try {
    config = parseJson(quoted.text, revive); // at once, as an object is much larger than a number
  } catch (const JsonError &error) {
    throw Error(path + lineAndColumn(text, quoted.placeBefore(error.at)) +
                "this is not JSON: " + error.what);
  }
  if (!config.is_object())
    throw Error(path + ":1:1: a configuration is a JSON object");
  return config;
}

//===-------------------------------------------------------------------------------------------===//
// Opening
//===-------------------------------------------------------------------------------------------===//

/// The file in a folder that holds the weights, or says where they are.
static fs::path weightsIn(const fs::path &folder) {
  std::vector<fs::path> gguf, tensors;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".gguf")
      gguf.push_back(it->path());
    if (it->path().extension() == ".safetensors")
      tensors.push_back(it->path());
  }
  if (error)
    cannotRead(folder.string(), systemReason(error.value()));
  for (const char *name : {"model.safetensors.index.json", "model.safetensors"})
    if (isThere(folder / name))
      return folder / name;
  if (gguf.size() + tensors.size() == 1)
    return gguf.empty() ? tensors[0] : gguf[0];
  if (gguf.empty() && tensors.empty())
    throw Error("`" + folder.string() + "` holds neither a .gguf nor a .safetensors file");
  throw Error("`" + folder.string() + "` holds " + std::to_string(gguf.size()) + " .gguf and " +
              std::to_string(tensors.size()) + " .safetensors files: name the one to read");
}

/// What follows the model, as `modules.json` of the sentence-transformers library lists it: for
/// each module, by the last word of its type, its own configuration, {} where it has none.
static nlohmann::json readModules(const fs::path &folder) {
  const std::string path = (folder / "modules.json").string();
  nlohmann::json list;
  {
    const MappedFile map(path);
    list = parseJson(textOf(map), path);
  }
  nlohmann::json modules = nlohmann::json::object();
  auto refuse = [&](const std::string &what) { throw Error(path + ": " + what); };
  if (!list.is_array())
    refuse("this is not a list of modules");
  for (const nlohmann::json &module : list) {
    auto text = [&](const char *key) -> std::string {
      if (!module.is_object() || !module.contains(key) || !module[key].is_string())
        refuse("a module has no text `" + std::string(key) + "`");
      return module[key];
    };
    const std::string type = text("type"), place = text("path");
    if (place.find_first_of(std::string_view("/\0", 2)) != std::string::npos || place == "..")
      refuse("the path of a module, " + quote(place) + ", is not a folder beside it");
    const std::string name = type.substr(type.rfind('.') + 1);
    if (modules.contains(name))
      refuse("two modules are of type " + quote(name));
    const fs::path config = folder / place / "config.json";
    modules[name] =
        !place.empty() && isThere(config) ? readConfig(config.string()) : nlohmann::json::object();
  }
  return modules;
}

std::unique_ptr<Checkpoint> Checkpoint::open(const std::string &path) {
  std::unique_ptr<Checkpoint> result(new Checkpoint);
  result->where = path;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    cannotRead(path, systemReason(error ? error.value() : ENOENT));
  const bool isFolder = fs::is_directory(status);
  const fs::path file = isFolder ? weightsIn(path) : fs::path(path);
  const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  const std::string extension = file.extension().string();
  if (extension == ".gguf")
    result->readGguf(file.string());
  else if (extension == ".json")
    result->readIndex(file.string());
  else if (extension == ".safetensors")
    result->readSafetensors(file.string());
  else {
    // By its content: a file of a cache whose names are digests, say.
    std::string begin;
    {
      const MappedFile probe(file.string());
      begin = textOf(probe).substr(0, 9);
    }
    if (begin.starts_with("GGUF"))
      result->readGguf(file.string());
    else if (begin.size() == 9 && begin[7] == 0 && begin[8] == '{')
      result->readSafetensors(file.string());
    else
      throw Error("`" + file.string() + "` is neither GGUF nor safetensors");
  }
  if (result->kind.empty() && isThere(folder / "config.json"))
    result->configuration = readConfig((folder / "config.json").string());
  if (result->kind.empty() && isThere(folder / "modules.json") &&
      !result->configuration.contains("modules"))
    result->configuration["modules"] = readModules(folder);
  if (isThere(folder / "tokenizer.json"))
    result->tokenizer = (folder / "tokenizer.json").string();
  return result;
}

void Checkpoint::add(Tensor tensor, const std::string &file) {
  if (!byName.emplace(tensor.name, list.size()).second)
    throw Error(file + ": tensor " + quote(tensor.name) + " is there twice");
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
  nlohmann::json index;
  {
    const MappedFile map(file);
    index = parseJson(textOf(map), file);
  }
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
    throw Error(file + ": has no object `weight_map`");
  // Each file, in order of names, and the tensors that it should hold.
  std::map<std::string, std::vector<std::string>> parts;
  for (const auto &[tensor, part] : index["weight_map"].items()) {
    if (!part.is_string())
      throw Error(file + ": the file of tensor " + quote(tensor) + " is not a string");
    const std::string name = part;
    if (name.empty() || name.find_first_of(std::string_view("/\0", 2)) != std::string::npos ||
        name == "." || name == "..")
      throw Error(file + ": the file of tensor " + quote(tensor) + ", " + quote(name) +
                  ", is not a file in the same folder");
    if (!isPlain(name)) // it stands in messages, as a path that a person can copy
      throw Error(file + ": the file of tensor " + quote(tensor) + ", " + quote(name) +
                  ", has a name with control characters");
    parts[name].push_back(tensor);
  }
  for (const auto &[part, tensors] : parts) {
    const size_t before = list.size();
    readSafetensors((fs::path(file).parent_path() / part).string());
    for (const std::string &tensor : tensors)
      if (auto found = byName.find(tensor); found == byName.end() || found->second < before)
        throw Error(file + ": tensor " + quote(tensor) + " is not in " + quote(part));
  }
}

} // namespace tril
