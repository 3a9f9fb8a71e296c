//===- Quote.h - names from files, for messages -------------------------------------------===//
#pragma once
#include <string>
#include <string_view>

namespace tril {

/// True for UTF-8 without characters that steer a terminal: control characters, those that cannot
/// be seen but turn the direction of others, ends of lines and of paragraphs.
bool isPlain(std::string_view text);

/// `name` in backticks, fit for a terminal whatever a file says: what is not plain stands as \xNN,
/// and after 100 bytes follows an ellipsis.
std::string quote(std::string_view name);

} // namespace tril
