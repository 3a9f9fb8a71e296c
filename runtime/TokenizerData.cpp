//===- TokenizerData.cpp - facts that both file formats share ---------------------------------===//
#include "runtime/TokenizerData.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>
#include <array>
#include <string_view>

namespace tril {
namespace {

/// The byte that a character stands for (Radford et al. 2019): printable
/// characters of Latin-1 stand for themselves, the 68 other bytes for U+0100 and up in order.
std::array<int16_t, 324> makeSpelling() {
  std::array<int16_t, 324> bytes;
  bytes.fill(-1);
  char32_t next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    bytes[printable ? static_cast<char32_t>(byte) : next++] = static_cast<int16_t>(byte);
  }
  return bytes;
}

} // namespace

std::string bytesOfSpelling(std::string_view spelling) {
  static const auto bytes = makeSpelling();
  std::string result;
  for (std::string_view rest = spelling; !rest.empty();) {
    const size_t length = sequenceLength(rest);
    const char32_t character = length != 0 ? decodeSequence(rest) : U'\xffff';
    if (character >= bytes.size() || bytes[character] < 0)
      return std::string(spelling);
    result += static_cast<char>(bytes[character]);
    rest.remove_prefix(length);
  }
  return result;
}

void TokenizerData::addEndOfGeneration(int32_t id) {
  const auto place = std::lower_bound(endOfGeneration.begin(), endOfGeneration.end(), id);
  if (place == endOfGeneration.end() || *place != id)
    endOfGeneration.insert(place, id);
}

} // namespace tril
