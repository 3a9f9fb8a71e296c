//===- TokenizerNormalize.h - what happens to a text before it is cut ------------------------===//
#pragma once
#include "runtime/TokenizerData.h"
#include <memory>
#include <string_view>

namespace tril {

/// The steps of normalization, one after the other.  Immutable; any number of threads may use one.
class TextNormalizer {
public:
  /// Throws `Error` for a pattern that is not understood, or a map of characters that is damaged.
  explicit TextNormalizer(std::vector<NormalizeStep> steps);
  ~TextNormalizer();
  TextNormalizer(TextNormalizer &&) noexcept;
  TextNormalizer &operator=(TextNormalizer &&) noexcept;

  bool empty() const { return steps.empty(); }
  std::string operator()(std::string_view text) const;

private:
  struct Step;
  std::vector<Step> steps;
};

} // namespace tril
