//===- Container.cpp - reading a product's tail
//-------------------------------------------------===//
#include "runtime/Container.h"
#include "runtime/Error.h"
#include "runtime/SystemReason.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tril {

uint64_t containerChecksum(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t prime = 0x100000001b3;
  uint64_t hash = seed;
  auto add = [&](uint64_t word) { hash = (hash ^ word) * prime; };
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    add(word);
  }
  uint64_t last = 0;
  if (i < bytes.size())
    std::memcpy(&last, bytes.data() + i, bytes.size() - i);
  add(last);
  add(bytes.size());
  return hash;
}

namespace {

/// /proc/self/exe is a name that nobody typed.
std::string shownName(const std::string &path) {
  return path == "/proc/self/exe" ? "this program" : "`" + path + "`";
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0)
      close(fd);
  }
};

/// Sections lie in order, without overlap, between the ELF and the trailer.
void checkLayout(const ContainerTrailer &trailer, uint64_t fileSize, const std::string &name) {
  auto fail = [&](const std::string &what) { throw Error(name + " is damaged: " + what); };
  if (trailer.fileSize != fileSize)
    fail("its trailer speaks of " + std::to_string(trailer.fileSize) + " bytes, the file has " +
         std::to_string(fileSize));
  uint64_t end = fileSize - sizeof(ContainerTrailer);
  uint64_t position = 0;
  auto take = [&](const ContainerSection &section, const char *what) {
    if (section.offset < position || section.offset > end || section.size > end - section.offset)
      fail(std::string("the section `") + what + "` lies outside its place (offset " +
           std::to_string(section.offset) + ", size " + std::to_string(section.size) + ")");
    position = section.offset + section.size;
  };
  take(trailer.weights, "weights");
  take(trailer.tokenizer, "tokenizer");
  take(trailer.manifest, "manifest");
  if (trailer.weights.offset % uint64_t(sysconf(_SC_PAGESIZE)) != 0)
    fail("its weights do not begin at a page");
}

} // namespace

Container Container::open(const std::string &path) {
  std::string name = shownName(path);
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status;
  if (file.fd < 0 || fstat(file.fd, &status) != 0)
    throw Error("cannot read " + name + ": " + systemReason(errno));
  uint64_t size = status.st_size;

  Container result;
  ContainerTrailer &trailer = result.trailer;
  bool whole = size >= sizeof trailer &&
               pread(file.fd, &trailer, sizeof trailer, off_t(size - sizeof trailer)) ==
                   ssize_t(sizeof trailer);
  if (!whole ||
      std::memcmp(trailer.magic, ContainerTrailer::expectedMagic, sizeof trailer.magic) != 0)
    throw Error(
        name +
        " has no model at its end: it was not made by `tril build`, or it was cut off or stripped");
  if (trailer.version != ContainerTrailer::currentVersion)
    throw Error(name + " has a tail of version " + std::to_string(trailer.version) +
                "; this program reads " + std::to_string(ContainerTrailer::currentVersion));
  checkLayout(trailer, size, name);

  result.start = trailer.weights.offset;
  result.mapped = size - result.start;
  void *base = mmap(nullptr, result.mapped, PROT_READ, MAP_PRIVATE, file.fd, off_t(result.start));
  if (base == MAP_FAILED)
    throw Error("cannot map " + name + ": " + systemReason(errno));
  result.base = static_cast<char *>(base);

  ContainerTrailer sealed = trailer;
  sealed.checksum = 0;
  uint64_t checksum = containerChecksum(result.tokenizer());
  checksum = containerChecksum(result.manifest(), checksum);
  checksum = containerChecksum({reinterpret_cast<char *>(&sealed), sizeof sealed}, checksum);
  if (checksum != trailer.checksum)
    throw Error(name + " is damaged: the checksum of its tokenizer and manifest does not match");
  return result;
}

Container::Container(Container &&other) noexcept
    : base(std::exchange(other.base, nullptr)), start(other.start), mapped(other.mapped),
      trailer(other.trailer) {}

Container::~Container() {
  if (base)
    munmap(base, mapped);
}

} // namespace tril
