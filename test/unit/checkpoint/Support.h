//===- Support.h - small checkpoints, made by hand ----------------------------------------===//
#pragma once
#include "runtime/Checkpoint.h"
#include <string>
#include <string_view>

namespace tril::test {

/// A folder that is gone when this is.
class Folder {
public:
  Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  ~Folder();
  /// Writes a file and returns its path.
  std::string write(const std::string &name, std::string_view content) const;
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  std::string path;
};

/// Bytes of a file, put one after the other.
struct Bytes {
  std::string all;
  template <typename T> Bytes &put(T value) {
    all.append(reinterpret_cast<const char *>(&value), sizeof value);
    return *this;
  }
  Bytes &raw(std::string_view bytes) {
    all += bytes;
    return *this;
  }
  /// As GGUF has strings.
  Bytes &text(std::string_view bytes) {
    return put(static_cast<uint64_t>(bytes.size())).raw(bytes);
  }
  Bytes &padTo(size_t alignment) {
    all.resize((all.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
};

/// "GGUF", version 3, the two counts.
Bytes ggufHeader(uint64_t tensors, uint64_t keys);
/// The description of a tensor; extents with the fastest first.
void describe(Bytes &bytes, std::string_view name, const std::vector<uint64_t> &extents,
              uint32_t type, uint64_t offset);
/// Metadata of many types and tensors of many types, some of them empty.
std::string smallGguf();

/// A header with its length in front, then data.
std::string safetensors(std::string_view header, std::string_view data);
std::string smallSafetensors();

/// What `Checkpoint::open` says, without the path of the folder; "" if it opens.
std::string messageOf(const Folder &folder, const std::string &name);

/// Opens a damaged file.  Only an Error may escape; and if it opens, all that it holds must lie in
/// the mapped files, be as large as its shape says, and mean numbers.  True if it opened.
bool openSafely(const std::string &path);

} // namespace tril::test
