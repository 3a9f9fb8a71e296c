//===- TextFile.cpp
//-----------------------------------------------------------------------------===//
#include "runtime/TextFile.h"
#include "runtime/Error.h"
#include "runtime/SystemReason.h"
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tril {

std::string readTextFile(const std::string &path) {
  std::string text;
  FILE *file = std::fopen(path.c_str(), "re");
  bool failed = !file;
  if (file) {
    char buffer[1 << 16];
    while (size_t count = std::fread(buffer, 1, sizeof buffer, file))
      text.append(buffer, count);
    failed = std::ferror(file) != 0; // a folder can be opened, but not read
  }
  int reason = errno;
  if (file)
    std::fclose(file);
  if (failed)
    throw Error("cannot read `" + path + "`: " + systemReason(reason));
  return text;
}

} // namespace tril
