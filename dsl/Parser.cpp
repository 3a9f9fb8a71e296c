//===- Parser.cpp - from text to syntax tree: what a person is told, going on after an error
#include "dsl/Parser.h"
#include "dsl/GrammarStatements.h"
#include "dsl/Scan.h"
#include <algorithm>

using namespace tril::dsl;
namespace x3 = boost::spirit::x3;
using grammar::Iterator;

/// What many write who come from another language.
static const char *habit(std::string_view text, size_t at) {
  struct Habit {
    std::string_view found;
    const char *help;
  };
  static constexpr Habit habits[] = {
      {"&&", "`and` is written as a word"},
      {"||", "`or` is written as a word"},
      {"!", "`not` is written as a word"},
      {"//", "a comment begins with `#`"},
      {"/*", "a comment begins with `#`"},
      {"**", "a power is written `x ^ y`"},
      {"'", "strings are written between `\"`"},
      {"+=", "a new value is written out: `x = x + y`"},
      {":", "axes follow a name between brackets: `x[embed]`"},
      {"?", "a choice is written `if c { x } else { y }`"},
  };
  for (const Habit &h : habits) {
    // The first of two signs may be an operator that was read.
    bool here = text.substr(at, h.found.size()) == h.found;
    bool around = h.found.size() == 2 && at > 0 && text.substr(at - 1, 2) == h.found;
    if (here || around)
      return h.help;
  }
  return nullptr;
}

namespace {

/// Reads rules of the grammar from one text.
struct Reader {
  Reader(const Source &source, Diagnostics &diagnostics)
      : source(source), diagnostics(diagnostics) {
    if (text.substr(0, 3) == "\xef\xbb\xbf") // a byte order mark, as some editors put it
      first += 3;
    skip();
  }

  const Source &source;
  Diagnostics &diagnostics;
  std::string_view text = source.text;
  Iterator begin = text.data(), end = text.data() + text.size(), first = begin;

  bool atEnd() const { return first == end; }
  size_t offset() const { return first - begin; }
  void skip() { first = begin + skipBlanks(text, offset()); }
  Span at(size_t where, size_t length) const {
    return {&source, static_cast<uint32_t>(where), static_cast<uint32_t>(where + length)};
  }

  /// Tells what stands in the place of what was wanted; `start` is where the statement began.
  /// Returns the place.
  size_t unexpected(size_t start, size_t where, std::string wanted) const {
    where = skipBlanks(text, where);
    size_t length = tokenLength(text, where);
    std::string found = tokenName(text, where);
    std::string_view sign = text.substr(where, length);
    if (wanted.starts_with("a statement") && (sign == "=" || sign == ",")) {
      // `x = a +` and on the next line `y = b`, whose `y` was read as the operand.
      size_t line = assignmentAround(text, where);
      if (line != std::string_view::npos) {
        length = text.find('=', where) + 1 - line;
        where = line;
        wanted = "an expression";
        found = "`" + std::string(text.substr(line, length)) + "`";
      }
    }
    size_t opened = openBracketBefore(text, start, where);
    size_t before = endOfLast(text, where);
    if (length == 0 && opened != std::string_view::npos && wanted.ends_with("or `}`"))
      wanted = "`}`"; // a statement would not help
    Diagnostic &message =
        diagnostics.error(Kind::syntax, length == 0 ? at(before, 0) : at(where, length),
                          "expected " + wanted + ", found " + found);
    noteOpened(message, opened, where, length, wanted);
    help(message, where, length, before, wanted);
    return where;
  }

  /// The bracket that what was wanted would have closed, where it is not before a reader's eyes.
  void noteOpened(Diagnostic &message, size_t opened, size_t where, size_t length,
                  std::string_view wanted) const {
    if (opened == std::string_view::npos || wanted.find_first_of(")]}") == std::string_view::npos)
      return;
    bool closes =
        length == 0 || std::string_view(")]}").find(text[where]) != std::string_view::npos;
    bool onEarlierLine = text.substr(opened, where - opened).find('\n') != std::string_view::npos;
    if (closes || onEarlierLine)
      message.note(at(opened, 1), "`" + std::string(1, text[opened]) + "` is opened here");
  }

  void help(Diagnostic &message, size_t where, size_t length, size_t before,
            std::string_view wanted) const {
    std::string_view found = text.substr(where, length);
    if (const char *help = habit(text, where))
      message.help(help);
    else if (wanted == "a name" && isKeyword(found))
      message.help("`" + std::string(found) + "` is a word of the language; choose another name");
    else if (found == "=" && wanted.find(')') != std::string_view::npos)
      message.help("whether two are equal is asked with `==`");
    else if (wanted == "`=`")
      helpWithStatement(message, before);
    else if (wanted == "`else`")
      message.help("a choice of values has both sides: `if c { x } else { y }`");
    else if (wanted.starts_with("a statement") && found == "(")
      message.help("what is called is a name, with axes or without: `f(x)`, `f[a](x)`");
    else if (found == "." && text.find_first_of("0123456789", where) == where + 1)
      message.help("a number begins with a digit: `0.5`");
  }

  /// `modle tiny is causal` begins like `name = ...`; so a misspelt word is told where `=` lacks.
  void helpWithStatement(Diagnostic &message, size_t wordEnd) const {
    size_t wordBegin = wordEnd;
    while (wordBegin > 0 && tokenLength(text, wordBegin - 1) == wordEnd - (wordBegin - 1))
      --wordBegin;
    std::string near = nearest(text.substr(wordBegin, wordEnd - wordBegin), statementWords());
    if (!near.empty())
      message.help("did you mean `" + near + "`?");
  }

  /// Parses with `rule`.  Where it does not fit, tells what is wrong, stands at that place, and
  /// returns false.
  template <typename Rule, typename Attribute>
  bool read(Rule const &rule, Attribute &value, const char *wanted) {
    grammar::state = {&source, 0};
    size_t start = offset();
    try {
      if (x3::phrase_parse(first, end, rule, grammar::skipper, value))
        return true;
      first = begin + unexpected(start, start, wanted);
    } catch (const x3::expectation_failure<Iterator> &failure) {
      first = begin + unexpected(start, failure.where() - begin, failure.which());
    } catch (const Refusal &refusal) {
      first = begin + refusal.span.begin;
      Diagnostic &message = diagnostics.error(refusal.kind, refusal.span, refusal.message);
      if (!refusal.help.empty())
        message.help(refusal.help);
    }
    return false;
  }
};

} // namespace

ast::Program tril::dsl::parse(const std::shared_ptr<const Source> &source,
                              Diagnostics &diagnostics) {
  ast::Program program{source, {}};
  if (!scan(*source, diagnostics))
    return program;
  Reader reader(*source, diagnostics);
  bool recovering = false;
  int errors = 0;
  while (!reader.atEnd()) {
    char next = *reader.first;
    // Brackets that belong to what was skipped are skipped too.
    if (next == ';' || (recovering && (next == '}' || next == ')' || next == ']'))) {
      ++reader.first;
      reader.skip();
      continue;
    }
    ast::StatementPtr statement;
    size_t start = reader.offset();
    if (reader.read(grammar::statement, statement, "a statement")) {
      program.statements.push_back(std::move(statement));
      continue;
    }
    if (++errors == mostSyntaxErrors)
      break;
    recovering = true;
    // The line of the error may be the next statement: then what is wrong is that the one before
    // lacks its end.
    size_t at = reader.offset(),
           line = at == 0 ? std::string_view::npos : reader.text.rfind('\n', at - 1);
    bool later = line != std::string_view::npos && (line > start || at < start);
    reader.first = reader.begin + nextStatement(reader.text, later ? line : at);
  }
  return program;
}

ast::ExprPtr tril::dsl::parseExpression(const std::shared_ptr<const Source> &source,
                                        Diagnostics &diagnostics) {
  if (!scan(*source, diagnostics))
    return nullptr;
  Reader reader(*source, diagnostics);
  ast::ExprPtr value;
  if (!reader.read(grammar::expr, value, "an expression"))
    return nullptr;
  if (reader.atEnd())
    return value;
  reader.unexpected(0, reader.offset(), "the end of the expression");
  return nullptr;
}
