//===- TokenizerModels.h - how a piece of text becomes tokens --------------------------------===//
#pragma once
#include "runtime/TokenizerView.h"
#include <memory>

namespace tril {

/// What makes tokens of pieces.  Holds buffers; not for two threads at once.
class PieceEncoder {
public:
  virtual ~PieceEncoder() = default;
  /// Appends the tokens of `piece`.
  virtual void encode(std::string_view piece, std::vector<int32_t> &tokens) = 0;
};

/// The encoder of the view's model; the view must outlive it.
std::unique_ptr<PieceEncoder> makeEncoder(const TokenizerView &view);

/// Calls `each` with the token of each byte of `text`, if the model falls back to bytes and has
/// them all; tells whether it did.
template <class Each>
bool appendBytes(const TokenizerView &view, std::string_view text, Each each) {
  if (!view.header->byteFallback)
    return false;
  for (char c : text)
    if (view.header->byteTokens[static_cast<uint8_t>(c)] < 0)
      return false;
  for (char c : text)
    each(view.header->byteTokens[static_cast<uint8_t>(c)]);
  return true;
}

} // namespace tril
