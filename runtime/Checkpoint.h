//===- Checkpoint.h - weights and configuration as a trainer left them --------------------===//
// GGUF (versions 2 and 3) and safetensors (one file, or several with an index), behind one face.
// Files are mapped, not read: a tensor's bytes are touched when somebody looks at them.  Everything
// that a header says is checked before that, so that no file, however damaged, makes us read
// outside of it or allocate more than some thirty times its size.  (One that another program
// shortens while it is mapped ends the process by SIGBUS.)
#pragma once
#include "runtime/Error.h"
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tril {

/// How the numbers of a tensor are stored.
enum class StoredType {
  f32,
  f16,
  bf16,
  f64,
  q8_0,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q4_k,
  q5_k,
  q6_k,
  i8,
  i16,
  i32,
  i64,
  u8,
  boolean,
  unsupported
};

/// "q4_1", ...
std::string_view storedTypeName(StoredType type);

struct Tensor {
  std::string name;
  StoredType type = StoredType::unsupported;
  std::string typeText; // as the file calls it
  /// Row-major, slowest first; at most 8 extents.  Their product fits in int64_t, also without
  /// those that are 0.
  std::vector<int64_t> shape;
  const std::byte *data = nullptr; // in the mapped file, aligned to nothing
  size_t bytes = 0;                // all elements are in them; 0 for an unsupported type of GGUF
};

/// A file mapped for reading.
class MappedFile {
public:
  explicit MappedFile(const std::string &path); // throws Error with the system's reason
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();
  const std::byte *data() const { return base; }
  size_t size() const { return length; }
  const std::string &name() const { return path; }

private:
  std::string path;
  std::byte *base = nullptr;
  size_t length = 0;
};

class Checkpoint {
public:
  /// `path`: a .gguf file, a .safetensors file (config.json beside it), an index .json, a file of
  /// another name that begins like one of the first two, or a folder with one of these. Throws
  /// Error for what is missing or damaged, naming file and offset.
  static std::unique_ptr<Checkpoint> open(const std::string &path);

  /// "" for safetensors, "gguf": which `names` block of a text applies.
  const std::string &dialect() const { return kind; }
  /// config.json; or the metadata of a GGUF file as one flat object.
  const nlohmann::json &config() const { return configuration; }
  const Tensor *find(std::string_view name) const;
  const std::vector<Tensor> &tensors() const { return list; }
  std::map<std::string, std::vector<int64_t>> shapes() const;
  /// A tokenizer.json beside the weights; "" if there is none.
  const std::string &tokenizerPath() const { return tokenizer; }
  const std::string &path() const { return where; }
  /// The files that hold the tensors, in order.
  const std::vector<std::unique_ptr<MappedFile>> &files() const { return maps; }

private:
  Checkpoint() = default;
  void add(Tensor tensor, const std::string &file);
  void readGguf(const std::string &file);
  void readSafetensors(const std::string &file);
  void readIndex(const std::string &file);

  std::string where, kind, tokenizer;
  nlohmann::json configuration = nlohmann::json::object();
  std::vector<Tensor> list;
  std::unordered_map<std::string, size_t> byName;
  std::vector<std::unique_ptr<MappedFile>> maps;
};

/// A configuration: a JSON object of at most 200 levels, with bare NaN, Infinity and -Infinity (as
/// Python writes them) and with {"__float__": "Infinity"} for the numbers that JSON does not have.
/// Throws Error, naming the line and column.
nlohmann::json readConfig(const std::string &path);

} // namespace tril
