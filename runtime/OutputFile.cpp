//===- OutputFile.cpp
//---------------------------------------------------------------------------===//
#include "runtime/OutputFile.h"
#include "runtime/Error.h"
#include "runtime/SystemReason.h"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tril {
namespace {

/// Where writing `path` writes: a symbolic link stays a link.
std::string target(const std::string &path) {
  char *real = realpath(path.c_str(), nullptr);
  std::string result = real ? real : path;
  std::free(real);
  return result;
}

} // namespace

OutputFile::OutputFile(const std::string &given, unsigned mode) : path(target(given)), mode(mode) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      fail(errno);
    return;
  }
  temporary = path + ".XXXXXX";
  fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    temporary.clear();
    fail(errno);
  }
}

OutputFile::~OutputFile() {
  if (fd >= 0)
    close(fd);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

void OutputFile::fail(int reason) const {
  throw Error("cannot write `" + path + "`: " + systemReason(reason));
}

void OutputFile::write(const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = ::write(fd, bytes, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(errno);
    bytes += count;
    size -= size_t(count);
    end += uint64_t(count);
  }
}

void OutputFile::writeAt(uint64_t offset, const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = pwrite(fd, bytes, size, off_t(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(errno);
    bytes += count;
    size -= size_t(count);
    offset += uint64_t(count);
  }
}

void OutputFile::commit() {
  if (temporary.empty())
    return;
  // mkostemp makes files that only the owner reads; a new file has what the user's mask leaves.
  mode_t mask = umask(0);
  umask(mask);
  if (fchmod(fd, mode & ~mask) != 0)
    fail(errno);
  int closing = std::exchange(fd, -1);
  if (close(closing) != 0 || rename(temporary.c_str(), path.c_str()) != 0)
    fail(errno);
  temporary.clear();
}

} // namespace tril
