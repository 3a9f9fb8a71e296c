//===- TokenizerPattern.h - patterns of tokenizers, by PCRE2 ---------------------------------===//
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include <memory>
#include <pcre2.h>
#include <string>
#include <string_view>

namespace tril {

template <auto free> struct FreeWith {
  template <class T> void operator()(T *object) const { free(object); }
};
using PatternCode = std::unique_ptr<pcre2_code, FreeWith<pcre2_code_free>>;
using PatternMatch = std::unique_ptr<pcre2_match_data, FreeWith<pcre2_match_data_free>>;

/// A compiled pattern in the syntax of `SplitStep::pattern`.  Throws `Error` for one that PCRE2
/// does not take, with the place in the pattern.
PatternCode compilePattern(std::string_view pattern);

/// PCRE2's words for one of its error codes.
std::string patternMessage(int code);

} // namespace tril
