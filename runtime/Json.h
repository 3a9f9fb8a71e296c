//===- Json.h - JSON texts of other people's ----------------------------------------------===//
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tril {

/// What is wrong with a JSON text, and at which byte of it.
struct JsonError {
  size_t at;
  std::string what;
};

/// The events of a JSON text; one that is not JSON ends with a JsonError.  The parser itself needs
/// no stack, however deep brackets are nested.
class JsonEvents : public nlohmann::json_sax<nlohmann::json> {
public:
  /// Reads the text, which is all of it.
  void read(std::string_view text);
  [[noreturn]] bool parse_error(size_t position, const std::string &token,
                                const nlohmann::json::exception &error) final;

private:
  size_t size = 0;
};

/// A value of at most 200 levels.  Throws JsonError.  `finish`, if given, may replace each object
/// as soon as it is whole.
nlohmann::json parseJson(std::string_view text,
                         const std::function<void(nlohmann::json &)> &finish = {});

/// As `parseJson`; throws Error "file:line:column: this is not JSON: ...".
nlohmann::json parseJson(std::string_view text, const std::string &file);

/// ":line:column: ", counted from 1, of a byte.
std::string lineAndColumn(std::string_view text, size_t at);

} // namespace tril
