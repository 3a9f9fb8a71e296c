//===- Region.cpp
//--------------------------------------------------------------------------------------===//
#include "runtime/Region.h"
#include "runtime/Error.h"
#include <algorithm>
#include <cstring>
#include <string>
#include <sys/mman.h>

namespace tril {

void Region::ensure(int64_t bytes, const char *what) {
  size_t wanted = size_t(std::max<int64_t>(bytes, 1));
  if (wanted <= size)
    return;
  release();
  void *memory = MAP_FAILED;
  if (bytes < INT64_MAX / 2)
    memory = mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw Error("no memory for " + std::string(what) + " (" + std::to_string(bytes >> 20) +
                " MiB)");
  base = static_cast<char *>(memory);
  size = wanted;
}

void Region::clear() {
  constexpr size_t smallEnoughToWrite = 256 * 1024;
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
}

} // namespace tril
