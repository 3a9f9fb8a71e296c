//===- ContainerWriter.cpp - making a product of an executable and its sections
//-----------------===//
#include "runtime/Container.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/SystemReason.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tril {
namespace {

constexpr uint64_t pageSize = 4096;
constexpr uint64_t sectionAlignment = 8;

/// The executable that a tail is added to.
class Executable {
public:
  explicit Executable(const std::string &path)
      : path(path), fd(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd < 0)
      fail();
  }
  ~Executable() {
    if (fd >= 0)
      close(fd);
  }
  Executable(const Executable &) = delete;
  Executable &operator=(const Executable &) = delete;

  void copyTo(OutputFile &out) const {
    struct stat status;
    if (fstat(fd, &status) != 0)
      fail();
    uint64_t size = withoutTail(uint64_t(status.st_size));
    char buffer[1 << 16];
    for (uint64_t offset = 0; offset < size;) {
      ssize_t count =
          pread(fd, buffer, std::min<uint64_t>(sizeof buffer, size - offset), off_t(offset));
      if (count < 0)
        fail();
      if (count == 0)
        throw Error("`" + path + "` became shorter while it was read");
      if (offset == 0 && (count < 4 || std::memcmp(buffer,
                                                   "\x7f"
                                                   "ELF",
                                                   4) != 0))
        throw Error("`" + path + "` is not an ELF executable");
      out.write(buffer, size_t(count));
      offset += uint64_t(count);
    }
    if (size == 0)
      throw Error("`" + path + "` is empty");
  }

private:
  [[noreturn]] void fail() const {
    throw Error("cannot read `" + path + "`: " + systemReason(errno));
  }

  uint64_t withoutTail(uint64_t size) const {
    ContainerTrailer trailer;
    if (size < sizeof trailer ||
        pread(fd, &trailer, sizeof trailer, off_t(size - sizeof trailer)) !=
            ssize_t(sizeof trailer) ||
        std::memcmp(trailer.magic, ContainerTrailer::expectedMagic, sizeof trailer.magic) != 0)
      return size;
    return std::min(size, trailer.weights.offset);
  }

  const std::string path;
  const int fd;
};

void padTo(OutputFile &out, uint64_t alignment) {
  static const char zeros[pageSize] = {};
  out.write(zeros, (alignment - out.size() % alignment) % alignment);
}

ContainerSection append(OutputFile &out, std::string_view bytes) {
  padTo(out, sectionAlignment);
  ContainerSection section{out.size(), bytes.size()};
  out.write(bytes.data(), bytes.size());
  return section;
}

} // namespace

void writeProduct(const std::string &elfPath, const ProductSections &sections,
                  const std::string &outPath) {
  Executable executable(elfPath);
  OutputFile out(outPath, 0777);
  executable.copyTo(out);
  padTo(out, pageSize);

  ContainerTrailer trailer{};
  std::memcpy(trailer.magic, ContainerTrailer::expectedMagic, sizeof trailer.magic);
  trailer.version = ContainerTrailer::currentVersion;
  trailer.weights.offset = out.size();
  if (sections.weights)
    sections.weights([&](const void *data, size_t size) { out.write(data, size); });
  trailer.weights.size = out.size() - trailer.weights.offset;

  std::string manifest = sections.manifest();
  std::string_view tokenizer(reinterpret_cast<const char *>(sections.tokenizer.data()),
                             sections.tokenizer.size());
  trailer.tokenizer = append(out, tokenizer);
  trailer.manifest = append(out, manifest);
  padTo(out, sectionAlignment);
  trailer.fileSize = out.size() + sizeof trailer;
  uint64_t checksum = containerChecksum(tokenizer);
  checksum = containerChecksum(manifest, checksum);
  checksum =
      containerChecksum({reinterpret_cast<const char *>(&trailer), sizeof trailer}, checksum);
  trailer.checksum = checksum;
  out.write(&trailer, sizeof trailer);
  out.commit();
}

} // namespace tril
