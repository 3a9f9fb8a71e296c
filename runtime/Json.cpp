//===- Json.cpp ---------------------------------------------------------------------------===//
#include "runtime/Json.h"
#include "runtime/Error.h"
#include "runtime/Quote.h"
#include <algorithm>

namespace tril {

using nlohmann::json;

void JsonEvents::read(std::string_view text) {
  size = text.size();
  json::sax_parse(text.begin(), text.end(), this);
}

bool JsonEvents::parse_error(size_t position, const std::string &token,
                             const json::exception &error) {
  const size_t last = position == 0 ? 0 : position - 1; // the byte that was read last
  auto begin = [&](size_t length) { return position - std::min(position, length); };
  if (dynamic_cast<const json::out_of_range *>(&error))
    throw JsonError{begin(token.size()), "the number " + quote(token) + " is too large"};
  if (last >= size)
    throw JsonError{size, "the text ends too early"};
  // "... while parsing CONTEXT - REASON; last read: TOKEN", or "... - unexpected TOKEN; expected X"
  std::string what = error.what();
  if (size_t at = what.find(" - "); at != std::string::npos)
    what.erase(0, at + 3);
  if (size_t at = what.find("; last read"); at != std::string::npos)
    what.resize(at);
  // `token` is that of strings and numbers only.
  size_t length = 1;
  if (what.starts_with("unexpected string") || what.starts_with("unexpected number"))
    length = token.size();
  else if (what.starts_with("unexpected false"))
    length = 5;
  else if (what.starts_with("unexpected true") || what.starts_with("unexpected null"))
    length = 4;
  else if (what.starts_with("unexpected end")) // as the parser takes it
    what = "unexpected byte 0";
  throw JsonError{begin(length), what};
}

namespace {

/// Brackets may not be nested too deep: whoever walks over the value recurses.
void checkDepth(std::string_view text) {
  constexpr int deepest = 200;
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"')
      inString = true;
    else if (c == '[' || c == '{') {
      if (++depth > deepest)
        throw JsonError{i, "brackets are nested more than 200 levels deep"};
    } else if (c == ']' || c == '}')
      --depth;
  }
}

/// Puts the events together.
class Builder final : public JsonEvents {
public:
  explicit Builder(const std::function<void(json &)> &finish) : finish(finish) {}
  json value;

  bool null() override { return put(nullptr); }
  bool boolean(bool flag) override { return put(flag); }
  bool number_integer(int64_t number) override { return put(number); }
  bool number_unsigned(uint64_t number) override { return put(number); }
  bool number_float(double number, const std::string &) override { return put(number); }
  bool string(std::string &text) override { return put(std::move(text)); }
  bool binary(json::binary_t &) override { return false; } // is not in texts
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override {
    json *object = around.back();
    around.pop_back();
    if (finish)
      finish(*object);
    return true;
  }
  bool end_array() override {
    around.pop_back();
    return true;
  }
  bool key(std::string &text) override {
    member = &(*around.back())[text];
    return true;
  }

private:
  json *place(json item) {
    if (around.empty())
      return &(value = std::move(item));
    if (around.back()->is_array())
      return &around.back()->emplace_back(std::move(item));
    return &(*member = std::move(item)); // of a name that is there twice, the last counts
  }
  bool put(json item) {
    place(std::move(item));
    return true;
  }
  bool open(json item) {
    around.push_back(place(std::move(item)));
    return true;
  }

  const std::function<void(json &)> &finish;
  std::vector<json *> around; // the arrays and objects that are open; what is in them does not move
  json *member = nullptr;
};

} // namespace

json parseJson(std::string_view text, const std::function<void(json &)> &finish) {
  checkDepth(text);
  Builder builder(finish);
  builder.read(text);
  return std::move(builder.value);
}

std::string lineAndColumn(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t newline = before.rfind('\n');
  const size_t column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1);
  return ":" + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
         std::to_string(column + 1) + ": ";
}

json parseJson(std::string_view text, const std::string &file) {
  try {
    return parseJson(text);
  } catch (const JsonError &error) {
    throw Error(file + lineAndColumn(text, error.at) + "this is not JSON: " + error.what);
  }
}

} // namespace tril
