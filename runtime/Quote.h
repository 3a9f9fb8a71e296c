//===- Quote.h - names from files, for messages -------------------------------------------===//
#pragma once
#include <string>
#include <string_view>

namespace tril {

/// `name` in backticks, fit for a terminal whatever a file says: control characters and bytes that
/// are not UTF-8 stand as \xNN, and after 100 bytes follows an ellipsis.
std::string quote(std::string_view name);

} // namespace tril
