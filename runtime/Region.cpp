//===- Region.cpp
//--------------------------------------------------------------------------------------===//
#include "runtime/Region.h"
#include "runtime/Error.h"
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <sys/mman.h>

namespace tril {

static constexpr size_t largePage = size_t(2) << 20;

/// Memory that begins at a large page, if it has several; null if there is none.
static void *reserve(size_t size) {
  size_t more = size >= 2 * largePage ? largePage : 0;
  void *memory = mmap(nullptr, size + more, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  if (more == 0)
    return memory;
  char *begin = static_cast<char *>(memory), *end = begin + size + more;
  char *aligned = begin + (largePage - reinterpret_cast<uintptr_t>(begin) % largePage) % largePage;
  if (aligned > begin)
    munmap(begin, size_t(aligned - begin));
  constexpr size_t page = 4096;
  char *behind = aligned + (size + page - 1) / page * page;
  if (end > behind)
    munmap(behind, size_t(end - behind));
  return aligned;
}

void Region::ensure(int64_t bytes, const char *what) {
  size_t wanted = size_t(std::max<int64_t>(bytes, 1));
  if (wanted <= size)
    return;
  release();
  void *memory = bytes < INT64_MAX / 2 ? reserve(wanted) : nullptr;
  if (!memory)
    throw Error("no memory for " + std::string(what) + " (" + std::to_string(bytes >> 20) +
                " MiB)");
  base = static_cast<char *>(memory);
  size = wanted;
}

void Region::expectFull() {
  if (!full && size >= 2 * largePage)
    madvise(base, size, MADV_HUGEPAGE); // a wish: a system without them goes on with small ones
  full = true;
}

void Region::clear() {
  constexpr size_t smallEnoughToWrite = 4 << 20; // page faults cost more than zeros
  if (size == 0)
    return;
  if (size <= smallEnoughToWrite)
    std::memset(base, 0, size);
  else
    madvise(base, size, MADV_DONTNEED); // private anonymous pages come back as zeros
}

void Region::release() {
  if (base)
    munmap(base, size);
  base = nullptr;
  size = 0;
  full = false;
}

} // namespace tril
