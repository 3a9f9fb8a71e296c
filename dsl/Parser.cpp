//===- Parser.cpp - from text to syntax tree: what may be a text, messages, going on after an error
//------------===//
#include "dsl/Parser.h"
#include "dsl/GrammarStatements.h"
#include <algorithm>
#include <array>

namespace tril::dsl {

namespace {

namespace x3 = boost::spirit::x3;
using grammar::Iterator;

constexpr std::array<std::string_view, 28> keywords = {
    "model", "is",    "axis", "layout", "let",   "param", "ignore", "input", "output",
    "def",   "block", "for",  "if",     "else",  "rec",   "return", "names", "where",
    "or",    "and",   "not",  "true",   "false", "none",  "fail",   "in"};
constexpr std::array<std::string_view, 15> starters = {
    "model", "axis",  "layout", "let", "param", "ignore", "input", "output",
    "def",   "block", "for",    "if",  "rec",   "return", "names"};

bool isWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// What a person sees as the thing at `at`: a word, a number, a string, or one character.
std::string tokenAt(std::string_view text, size_t at, size_t &length) {
  length = 1;
  if (at >= text.size()) {
    length = 0;
    return "the end of the text";
  }
  size_t end = at;
  while (end < text.size() && isWordByte(text[end]))
    ++end;
  if (end == at && text[at] == '"') {
    end = text.find_first_of("\"\n", at + 1);
    end = end == std::string_view::npos ? text.size() : end + 1;
  }
  for (std::string_view two : {"->", "<=", ">=", "==", "!=", "??"})
    if (end == at && text.substr(at, 2) == two)
      end = at + 2;
  if (end == at)
    for (end = at + 1; end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80;
         ++end) {
    }
  length = end - at;
  std::string token(text.substr(at, length));
  return "`" + (token.size() > 40 ? token.substr(0, 40) + "..." : token) + "`";
}

/// The length of the UTF-8 sequence at `at`, 0 if there is none (RFC 3629).
size_t sequence(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned c = byte(at);
  if (c < 0x80)
    return 1;
  size_t n = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
  if (c > 0xf4 || n == 0)
    return 0;
  for (size_t i = 1; i < n; ++i)
    if ((byte(at + i) & 0xc0) != 0x80)
      return 0;
  unsigned second = byte(at + 1);
  if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
      (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
    return 0;
  return n;
}

/// Bytes that no text has, strings without end, brackets deeper than the grammar goes.  False after
/// an error.
bool scan(const Source &source, Diagnostics &diagnostics) {
  std::string_view text = source.text;
  auto span = [&](size_t begin, size_t end) {
    return Span{&source, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  };
  if (text.size() > UINT32_MAX / 2) {
    diagnostics.error(Kind::too_deep, span(0, 1), "the text is larger than 2 GiB");
    return false;
  }
  bool anything = false;
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    unsigned char c = text[i];
    size_t n = sequence(text, i);
    if (n == 0 || (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
      static const char digits[] = "0123456789abcdef";
      std::string hex = {digits[c >> 4], digits[c & 15]};
      auto &message = diagnostics.error(Kind::invalid_byte, span(i, i + 1),
                                        n == 0 ? "byte 0x" + hex + " is not UTF-8"
                                               : "byte 0x" + hex + " is a control character");
      if (c == 0)
        message.help("is this a binary file?");
      return false;
    }
    if (c == '#') {
      while (i < text.size() && text[i] != '\n') {
        size_t m = sequence(text, i);
        unsigned char d = text[i];
        if (m == 0 || (d < 0x20 && d != '\r' && d != '\t'))
          break; // told above
        i += m;
      }
      continue;
    }
    anything |= !std::isspace(c);
    if (c == '"') {
      size_t end = text.find_first_of("\"\n", i + 1);
      if (end == std::string_view::npos || text[end] == '\n') {
        size_t stop = std::min(end == std::string_view::npos ? text.size() : end, i + 40);
        diagnostics
            .error(Kind::unterminated_string, span(i, stop), "the string does not end on its line")
            .help("a string ends with `\"`");
        return false;
      }
      for (size_t k = i + 1; k < end; k += std::max<size_t>(1, sequence(text, k)))
        if (sequence(text, k) == 0 || static_cast<unsigned char>(text[k]) < 0x20) {
          i = k;
          break;
        }
      i = text[i] == '"' ? end + 1 : i;
      continue;
    }
    if (c == '(' || c == '[' || c == '{') {
      if (++depth > grammar::deepest) {
        diagnostics.error(Kind::too_deep, span(i, i + 1),
                          "brackets are nested more than " + std::to_string(grammar::deepest) +
                              " levels deep");
        return false;
      }
    } else if (c == ')' || c == ']' || c == '}')
      depth = std::max(0, depth - 1);
    i += n;
  }
  if (!anything) {
    diagnostics.error(Kind::empty_text, span(0, 0), "the text is empty")
        .help("a text begins with `model NAME is causal`");
    return false;
  }
  return true;
}

/// The next line after `at` that begins like a statement.
size_t nextStatement(std::string_view text, size_t at) {
  while (true) {
    size_t line = text.find('\n', at);
    if (line == std::string_view::npos)
      return text.size();
    at = line + 1;
    size_t word = at;
    while (word < text.size() && (text[word] == ' ' || text[word] == '\t'))
      ++word;
    size_t end = word;
    while (end < text.size() && isWordByte(text[end]))
      ++end;
    std::string_view first = text.substr(word, end - word);
    if (first.empty() || std::isdigit(static_cast<unsigned char>(first[0])))
      continue;
    if (std::find(starters.begin(), starters.end(), first) != starters.end())
      return word;
    if (isKeyword(first))
      continue;
    // name =   name, name =   name[axes] =
    size_t k = end;
    auto blanks = [&] {
      while (k < text.size() && (text[k] == ' ' || text[k] == '\t'))
        ++k;
    };
    blanks();
    while (k < text.size() && (isWordByte(text[k]) || text[k] == ',' || text[k] == '[' ||
                               text[k] == ']' || text[k] == ' '))
      ++k;
    if (k < text.size() && text[k] == '=' && text.substr(k, 2) != "==")
      return word;
  }
}

auto const skipper = x3::space | ('#' >> *(x3::char_ - '\n'));

struct Reader {
  const Source &source;
  Diagnostics &diagnostics;
  std::string_view text = source.text;
  Iterator begin = text.data(), end = text.data() + text.size();

  Span at(Iterator where, size_t length) const {
    uint32_t offset = static_cast<uint32_t>(where - begin);
    return {&source, offset, static_cast<uint32_t>(std::min<size_t>(text.size(), offset + length))};
  }

  void unexpected(Iterator where, const std::string &wanted) const {
    while (where < end) { // blanks and comments before what was found
      if (std::isspace(static_cast<unsigned char>(*where)))
        ++where;
      else if (*where == '#')
        where = std::find(where, end, '\n');
      else
        break;
    }
    size_t length;
    std::string found = tokenAt(text, where - begin, length);
    Diagnostic &message = diagnostics.error(Kind::syntax, at(where, length),
                                            "expected " + wanted + ", found " + found);
    if (length && isKeyword(text.substr(where - begin, length)) && wanted == "a name")
      message.help("`" + std::string(text.substr(where - begin, length)) +
                   "` is a word of the language; choose another name");
  }

  /// Parses with `rule`; tells what is wrong and returns false where it does not fit.
  template <typename Rule, typename Attribute>
  bool read(Rule const &rule, Iterator &first, Attribute &value, const char *wanted) const {
    grammar::state = {&source, 0};
    Iterator start = first;
    try {
      if (x3::phrase_parse(first, end, rule, skipper, value))
        return true;
      first = start;
      unexpected(start, wanted);
    } catch (const x3::expectation_failure<Iterator> &failure) {
      first = failure.where();
      unexpected(failure.where(), failure.which());
    } catch (const grammar::Refusal &refusal) {
      first = refusal.where;
      size_t length;
      tokenAt(text, refusal.where - begin, length);
      diagnostics.error(refusal.kind, at(refusal.where, length), refusal.message);
    }
    return false;
  }
};

} // namespace

bool isKeyword(std::string_view word) {
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

ast::Program parse(std::shared_ptr<const Source> source, Diagnostics &diagnostics) {
  ast::Program program{source, {}};
  if (!scan(*source, diagnostics))
    return program;
  Reader reader{*source, diagnostics};
  Iterator first = reader.begin;
  x3::phrase_parse(first, reader.end, x3::eps, skipper);
  bool recovering = false;
  int errors = 0;
  while (first != reader.end) {
    if (*first == ';' || (recovering && (*first == '}' || *first == ')' || *first == ']'))) {
      ++first; // brackets that belong to what was skipped
      x3::phrase_parse(first, reader.end, x3::eps, skipper);
      continue;
    }
    ast::StatementPtr statement;
    Iterator start = first;
    if (reader.read(grammar::statement, first, statement, "a statement")) {
      program.statements.push_back(std::move(statement));
      continue;
    }
    if (++errors == 20)
      break; // more would not help
    recovering = true;
    // The line of the error may be the next statement: what is missing is the end of the one
    // before.
    size_t at = first - reader.begin, line = reader.text.rfind('\n', at == 0 ? 0 : at - 1);
    bool later = line != std::string_view::npos && line > static_cast<size_t>(start - reader.begin);
    first = reader.begin + nextStatement(reader.text, later ? line : at);
  }
  return program;
}

ast::ExprPtr parseExpression(std::shared_ptr<const Source> source, Diagnostics &diagnostics) {
  if (!scan(*source, diagnostics))
    return nullptr;
  Reader reader{*source, diagnostics};
  Iterator first = reader.begin;
  ast::ExprPtr value;
  if (!reader.read(grammar::expr, first, value, "an expression"))
    return nullptr;
  if (first != reader.end) {
    reader.unexpected(first, "the end of the expression");
    return nullptr;
  }
  return value;
}

} // namespace tril::dsl
