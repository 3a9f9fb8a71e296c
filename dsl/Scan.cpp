//===- Scan.cpp - a text before and beside the grammar --------------------------------------===//
#include "dsl/Scan.h"
#include "dsl/Utf8.h"
#include <algorithm>
#include <array>

using namespace tril::dsl;

static constexpr std::string_view keywords[] = {
    "model", "is",  "axis", "layout", "let",   "param", "ignore", "input", "output",
    "def",   "for", "if",   "else",   "rec",   "block", "return", "names", "where",
    "or",    "and", "not",  "true",   "false", "none",  "fail",   "in"};

bool tril::dsl::isKeyword(std::string_view word) {
  return std::find(std::begin(keywords), std::end(keywords), word) != std::end(keywords);
}

const std::vector<std::string> &tril::dsl::statementWords() {
  static const std::vector<std::string> words = {"model",  "axis",  "layout", "let",    "param",
                                                 "ignore", "input", "output", "def",    "block",
                                                 "for",    "if",    "rec",    "return", "names"};
  return words;
}

static bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isWordByte(char c) { return isLetter(c) || isDigit(c); }
static bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool isOpening(char c) { return c == '(' || c == '[' || c == '{'; }
static bool isClosing(char c) { return c == ')' || c == ']' || c == '}'; }

/// Calls `visit(offset)` for each byte outside of strings and comments, until it returns false.
template <typename Visit>
static void walkCode(std::string_view text, size_t from, size_t to, Visit visit) {
  for (size_t i = from; i < to; ++i) {
    if (text[i] == '#') {
      i = std::min(text.find('\n', i), to);
    } else if (text[i] == '"') {
      size_t end = text.find_first_of("\"\n", i + 1);
      i = std::min(end, to);
    } else if (!visit(i)) {
      return;
    }
  }
}

static bool hasOnlyCharacters(const Source &source, Diagnostics &diagnostics) {
  std::string_view text = source.text;
  for (size_t i = 0; i < text.size();) {
    Character c = characterAt(text, i);
    bool control = c.code < 0x20 && c.code != '\n' && c.code != '\r' && c.code != '\t';
    if (c.bytes != 0 && !control && c.code != 0x7f) {
      i += c.bytes;
      continue;
    }
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = text[i];
    std::string hex = {'0', 'x', digits[byte >> 4], digits[byte & 15]};
    Span span = {&source, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1)};
    Diagnostic &message =
        diagnostics.error(Kind::invalid_byte, span,
                          c.bytes == 0 ? "the byte " + hex + " is not UTF-8"
                                       : "the byte " + hex + " is a control character");
    if (byte == 0)
      message.help("a text has no zero bytes; is this a binary file, or UTF-16?");
    else if (c.bytes == 0)
      message.help("a text is UTF-8; is this a binary file, or in another encoding?");
    return false;
  }
  return true;
}

bool tril::dsl::scan(const Source &source, Diagnostics &diagnostics) {
  std::string_view text = source.text;
  if (text.size() > largestText) {
    diagnostics.error(Kind::text_too_large, Span{&source, 0, 0}, "the text is larger than 64 MiB");
    return false;
  }
  if (!hasOnlyCharacters(source, diagnostics))
    return false;
  bool anything = false, fits = true;
  int depth = 0;
  walkCode(text, 0, text.size(), [&](size_t i) {
    anything |= !isBlank(text[i]) && text[i] != ';';
    if (isOpening(text[i]))
      ++depth;
    else if (isClosing(text[i]))
      depth = std::max(0, depth - 1);
    if (depth > deepestBrackets) {
      Span span = {&source, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1)};
      diagnostics.error(Kind::too_deep, span,
                        "brackets are nested more than " + std::to_string(deepestBrackets) +
                            " levels deep");
      fits = false;
    }
    return fits;
  });
  if (!anything && text.find('"') == std::string_view::npos) {
    diagnostics.error(Kind::empty_text, Span{&source, 0, 0}, "the text is empty")
        .help("a text begins with `model NAME is causal`");
    return false;
  }
  return fits;
}

size_t tril::dsl::skipBlanks(std::string_view text, size_t at) {
  while (at < text.size())
    if (isBlank(text[at]))
      ++at;
    else if (text[at] == '#')
      at = std::min(text.find('\n', at), text.size());
    else
      break;
  return at;
}

size_t tril::dsl::endOfLast(std::string_view text, size_t at) {
  size_t end = 0;
  for (size_t i = 0; i < std::min(at, text.size());) {
    i = skipBlanks(text, i);
    if (i >= at || i >= text.size())
      break;
    i += tokenLength(text, i);
    end = i;
  }
  return end;
}

size_t tril::dsl::tokenLength(std::string_view text, size_t at) {
  if (at >= text.size())
    return 0;
  size_t end = at;
  while (end < text.size() && isWordByte(text[end]))
    ++end;
  if (end > at)
    return end - at;
  if (text[at] == '"') {
    end = text.find_first_of("\"\r\n", at + 1);
    return (end == std::string_view::npos ? text.size() : end + (text[end] == '"')) - at;
  }
  for (std::string_view sign : {"...", "->", "<=", ">=", "==", "!=", "??"})
    if (text.substr(at, sign.size()) == sign)
      return sign.size();
  return std::max(1u, characterAt(text, at).bytes);
}

std::string tril::dsl::tokenName(std::string_view text, size_t at) {
  size_t length = tokenLength(text, at);
  if (length == 0)
    return "the end of the text";
  Character c = characterAt(text, at);
  if (c.code >= 0x80) {
    static const char digits[] = "0123456789ABCDEF";
    std::string hex;
    for (char32_t rest = c.code; rest != 0 || hex.size() < 4; rest >>= 4)
      hex.insert(hex.begin(), digits[rest & 15]);
    std::string number = "the character U+" + hex;
    return displayWidth(c.code) == 0 || c.code == 0xa0
               ? number
               : number + " `" + std::string(text.substr(at, length)) + "`";
  }
  constexpr size_t longest = 40; // bytes of a word that are shown
  size_t shown = std::min(length, longest);
  while (shown < length && shown > 0 &&
         (static_cast<unsigned char>(text[at + shown]) & 0xc0) == 0x80)
    --shown;
  return "`" + std::string(text.substr(at, shown)) + (shown < length ? "..." : "") + "`";
}

size_t tril::dsl::openBracketBefore(std::string_view text, size_t from, size_t at) {
  std::vector<size_t> open;
  walkCode(text, from, std::min(at, text.size()), [&](size_t i) {
    if (isOpening(text[i]))
      open.push_back(i);
    else if (isClosing(text[i]) && !open.empty())
      open.pop_back();
    return true;
  });
  return open.empty() ? std::string_view::npos : open.back();
}

/// Of a line that begins at `at` like `name =`, `name, name =` or `name[axes] =`, where its `=` is;
/// else npos.
static size_t equalsOfAssignment(std::string_view text, size_t at) {
  constexpr size_t none = std::string_view::npos;
  auto blanks = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
      ++at;
  };
  auto word = [&] {
    blanks();
    size_t begin = at;
    while (at < text.size() && isWordByte(text[at]))
      ++at;
    std::string_view name = text.substr(begin, at - begin);
    blanks();
    return !name.empty() && !isDigit(name[0]) && !isKeyword(name);
  };
  auto take = [&](char c) {
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  };
  do {
    if (!word())
      return none;
  } while (take(','));
  if (take('[')) {
    do {
      if (!word())
        return none;
    } while (take(','));
    if (!take(']'))
      return none;
    blanks();
  }
  return take('=') && !take('=') ? at - 1 : none;
}

size_t tril::dsl::assignmentAround(std::string_view text, size_t at) {
  size_t line = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  line = line == std::string_view::npos ? 0 : line + 1;
  size_t begin = std::min(text.find_first_not_of(" \t", line), text.size());
  size_t equals = equalsOfAssignment(text, begin);
  return equals != std::string_view::npos && equals >= at ? begin : std::string_view::npos;
}

size_t tril::dsl::nextStatement(std::string_view text, size_t at) {
  for (size_t line = text.find('\n', at); line != std::string_view::npos;
       line = text.find('\n', line + 1)) {
    size_t begin = text.find_first_not_of(" \t", line + 1);
    if (begin == std::string_view::npos)
      break;
    std::string_view word = text.substr(begin, tokenLength(text, begin));
    const std::vector<std::string> &words = statementWords();
    if (std::find(words.begin(), words.end(), word) != words.end() ||
        equalsOfAssignment(text, begin) != std::string_view::npos)
      return begin;
  }
  return text.size();
}
