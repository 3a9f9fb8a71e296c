//===- Region.h - memory of a run
//----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>

namespace tril {

/// Anonymous memory: zero when new, resident page by page as it is touched.
class Region {
public:
  Region() = default;
  Region(const Region &) = delete;
  Region &operator=(const Region &) = delete;
  ~Region() { release(); }

  /// At least `bytes` of memory; what was there is lost if it has to grow.  Throws Error, with
  /// `what` it is for.
  void ensure(int64_t bytes, const char *what);
  /// It will be used as a whole, or nearly: asks for pages of 2 MiB, which become resident
  /// at once, if it has several.  They cost fewer misses of address translation, and lie in the
  /// caches as planned; attention of 4096 positions takes a fifth less time.
  void expectFull();
  /// Zeros everywhere, giving back large memory instead of writing it.
  void clear();
  char *data() const { return base; }

private:
  void release();
  char *base = nullptr;
  size_t size = 0;
  bool full = false; ///< expected
};

/// a * b, or more than any machine has.
inline int64_t productOrMost(int64_t a, int64_t b) {
  int64_t result;
  return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

/// a + b, or more than any machine has.
inline int64_t sumOrMost(int64_t a, int64_t b) {
  int64_t result;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

} // namespace tril
