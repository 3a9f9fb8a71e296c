//===- Source.h - a text and the places in it ------------------------------------------------===//
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tril::dsl {

/// One text: a user's file or a file of std.  Immutable; spans refer to its bytes.
struct Source {
  std::string path; // as the user wrote it; "std/norm.tril" for the library
  std::string text;
};

/// A half-open range of bytes of one source.
struct Span {
  const Source *source = nullptr;
  uint32_t begin = 0;
  uint32_t end = 0;
};

/// 1-based line and column (in bytes) of a span's begin.
struct LineColumn {
  unsigned line;
  unsigned column;
};
LineColumn lineColumn(const Span &span);

} // namespace tril::dsl
