//===- OutputFile.h - a file that is there whole or not at all
//----------------------------------===//
#pragma once
#include <cstdint>
#include <string>

namespace tril {

/// Written beside its place under a temporary name, put in place by `commit`; until then, and if
/// anything fails, what was there stays as it was.  A path that is a device or pipe is written
/// directly.  Every error is an Error that names the path and the system's reason ("no space left
/// on device").
class OutputFile {
public:
  explicit OutputFile(const std::string &path, unsigned mode = 0666);
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  ~OutputFile();

  /// Appends.
  void write(const void *data, size_t size);
  /// Writes at an offset; what is between stays zero.  Not for devices.
  void writeAt(uint64_t offset, const void *data, size_t size);
  /// Bytes appended.
  uint64_t size() const { return end; }
  /// Throws like the others, for a disk that tells only now that it is full.
  void commit();

private:
  [[noreturn]] void fail(int reason) const;

  const std::string path; // of the file itself, where `path` given was a symbolic link
  std::string temporary;  // empty: written directly
  int fd = -1;
  uint64_t end = 0;
  const unsigned mode;
};

} // namespace tril
