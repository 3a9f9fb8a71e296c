//===- Format.cpp - a text in its canonical form --------------------------------------------===//
#include "dsl/Format.h"
#include "dsl/FormatExpr.h"
#include "dsl/Scan.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::ast;

namespace {

// Groups of lines that are no statements, beside the kinds of statements.
constexpr int equations = 100, keys = 101, tensors = 102;

/// A comment of the text, with its `#`.
struct Comment {
  size_t begin;
  std::string text;
};

/// A line to be written: `left = right  # comment`.
struct Line {
  size_t indent = 0;
  std::string left, right, comment;
  int group = -1; // neighbours of the same group have their `=` below one another
  bool blankBefore = false;

  size_t columns() const { // without the comment; of the last line, where it is broken
    std::string text = left + (right.empty() ? "" : " = " + right);
    size_t line = text.rfind('\n');
    return line == std::string::npos ? indent + text.size() : text.size() - line - 1;
  }
};

} // namespace

static std::vector<Comment> commentsOf(std::string_view text) {
  std::vector<Comment> comments;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '#') {
      size_t end = std::min(text.find('\n', i), text.size());
      std::string comment(text.substr(i, end - i));
      comment.erase(comment.find_last_not_of(" \t\r") + 1);
      comments.push_back({i, std::move(comment)});
      i = end;
    } else {
      i += std::max<size_t>(1, text[i] == '"' ? tokenLength(text, i) : 1);
    }
  }
  return comments;
}

template <typename List, typename Format>
static std::string joined(const List &list, Format format) {
  std::string out;
  for (const auto &each : list)
    out += (out.empty() ? "" : ", ") + format(each);
  return out;
}

static std::string headOf(const Function &f) {
  std::string head = (f.block ? "block " : "def ") + f.name.text;
  if (f.formals)
    head += "[" + joined(f.formals->left, formatName) + (f.formals->arrow ? " -> " : "") +
            joined(f.formals->right, formatName) + "]";
  head +=
      "(" +
      joined(f.arguments,
             [](const Argument &a) { return a.name.text + (a.axes ? formatAxes(*a.axes) : ""); }) +
      ")";
  return f.results.empty() ? head : head + " -> " + joined(f.results, formatAxes);
}

static std::string headOf(const For &f) {
  return "for " + f.axis.text + (f.prefix ? " @ \"" + f.prefix->text + "\"" : "");
}

/// The value of `def f(x) = value`; null where the body has braces.
static const Expr *valueOf(const Function &f) {
  auto *result = f.body.size() == 1 ? std::get_if<Return>(&f.body[0]->node) : nullptr;
  if (!result || result->values.size() != 1)
    return nullptr;
  const Expr *value = result->values[0].get();
  return f.body[0]->span.begin == value->span.begin ? value : nullptr;
}

/// `else if`
static const IfStatement *chained(const IfStatement &s) {
  return s.otherwise.size() == 1 ? std::get_if<IfStatement>(&s.otherwise[0]->node) : nullptr;
}

static Line equationLine(const Equation &e) {
  Line line;
  line.left = e.name.text + (e.axes ? formatAxes(*e.axes) : "");
  line.right = formatFlat(*e.expr);
  return line;
}

namespace {

/// Statements without a body: on one line.
struct SimpleLine {
  Line operator()(const ast::Model &s) const {
    bool is = !s.claim.empty() && s.claim[0].text != "reads";
    std::string text = "model " + s.name.text + (is ? " is" : "");
    for (const Name &word : s.claim)
      text += " " + word.text;
    return only(text + (s.window ? " " + formatFlat(*s.window) : ""));
  }
  Line operator()(const AxisDecl &s) const {
    return line("axis " + s.name.text, s.size ? formatFlat(*s.size) : "input");
  }
  Line operator()(const Layout &s) const {
    return line("layout " + s.name.text, formatFlat(*s.expr));
  }
  Line operator()(const Let &s) const { return line("let " + s.name.text, formatFlat(*s.expr)); }
  Line operator()(const Param &s) const {
    return line("param " + joined(s.names, formatName) + "[" + formatList(s.dims) + "]",
                formatFlat(*s.stored));
  }
  Line operator()(const Ignore &s) const { return only("ignore \"" + s.name.text + "\""); }
  Line operator()(const Input &s) const {
    return only("input " + s.name.text + formatAxes(s.axes) + " in " + s.in.text);
  }
  Line operator()(const Output &s) const {
    return line("output " + s.name.text + formatAxes(s.axes), formatFlat(*s.expr));
  }
  Line operator()(const Return &s) const { return only("return " + formatList(s.values)); }
  Line operator()(const Assign &s) const {
    return line(joined(s.names, formatName) + (s.axes ? formatAxes(*s.axes) : ""),
                formatFlat(*s.expr));
  }
  Line operator()(const Rec &s) const { // of one equation
    Line line = equationLine(s.equations.front());
    line.left = "rec " + line.left;
    return line;
  }
  Line operator()(const Function &s) const { return line(headOf(s), formatFlat(*valueOf(s))); }
  template <typename Other> Line operator()(const Other &) const { return {}; }

  static Line line(std::string left, std::string right) {
    Line line;
    line.left = std::move(left);
    line.right = std::move(right);
    return line;
  }
  static Line only(std::string text) { return line(std::move(text), ""); }
};

/// What stands right of `=`, or a returned value: the part that is broken where a line is too long.
struct LongPart {
  const Expr *operator()(const AxisDecl &s) const { return s.size.get(); }
  const Expr *operator()(const Layout &s) const { return s.expr.get(); }
  const Expr *operator()(const Let &s) const { return s.expr.get(); }
  const Expr *operator()(const Param &s) const { return s.stored.get(); }
  const Expr *operator()(const Output &s) const { return s.expr.get(); }
  const Expr *operator()(const Assign &s) const { return s.expr.get(); }
  const Expr *operator()(const Function &s) const { return valueOf(s); }
  const Expr *operator()(const Rec &s) const { return s.equations.front().expr.get(); }
  template <typename Other> const Expr *operator()(const Other &) const { return nullptr; }
};

class Formatter {
public:
  explicit Formatter(const Program &program)
      : text(program.source->text), comments(commentsOf(text)) {
    body(program.statements, 0);
    commentsBefore(text.size() + 1, 0);
  }
  std::string str();

private:
  void body(const Body &body, size_t indent);
  void statement(const Statement &s, size_t indent);
  void simple(const Statement &s, size_t indent);
  void ifStatement(const IfStatement &s, const Span &span, size_t indent,
                   const std::string &before);
  void function(const Function &s, const Span &span, size_t indent);
  void rec(const Rec &s, const Span &span, size_t indent);
  void names(const Names &s, const Span &span, size_t indent);
  /// `{ statements }` after a head, up to the `}` at `end`.
  void bracedBody(const Body &statements, size_t end, size_t indent);
  bool onOneLine(const Statement &s, size_t indent);
  std::string flatBody(const Body &body) const;
  std::string flat(const Statement &s) const;

  /// A line that begins a statement with a body, or continues or ends it.
  void head(std::string text, size_t indent, size_t begin);
  void bracket(std::string text, size_t indent);
  void add(Line line, size_t begin);
  void commentsBefore(size_t end, size_t indent);
  /// A comment on the same line as the byte before `end` goes to the last line.
  void trailing(size_t end);
  bool blankBefore(size_t at) const;
  size_t closing(size_t from) const;
  void align();

  std::string_view text;
  std::vector<Comment> comments;
  size_t nextComment = 0;
  std::vector<Line> lines;
};

} // namespace

bool Formatter::blankBefore(size_t at) const {
  int newlines = 0;
  for (size_t i = std::min(at, text.size());
       i > 0 && std::isspace(static_cast<unsigned char>(text[i - 1])); --i)
    newlines += text[i - 1] == '\n';
  return newlines > 1;
}

/// The `}` that ends a body whose last statement (or `{`) ends at `from`.
size_t Formatter::closing(size_t from) const {
  size_t at = skipBlanks(text, from);
  while (at < text.size() && text[at] == ';')
    at = skipBlanks(text, at + 1);
  return at;
}

void Formatter::add(Line line, size_t begin) {
  bool first = lines.empty() || lines.back().left.ends_with("{");
  line.blankBefore = !first && blankBefore(begin);
  lines.push_back(std::move(line));
}

void Formatter::commentsBefore(size_t end, size_t indent) {
  for (; nextComment < comments.size() && comments[nextComment].begin < end; ++nextComment) {
    Line line;
    line.indent = indent;
    line.left = comments[nextComment].text;
    add(std::move(line), comments[nextComment].begin);
  }
}

void Formatter::trailing(size_t end) {
  if (nextComment == comments.size() || lines.empty())
    return;
  const Comment &comment = comments[nextComment];
  if (comment.begin < end ||
      text.substr(end, comment.begin - end).find_first_not_of(" \t;") != std::string_view::npos)
    return;
  lines.back().comment = comment.text;
  ++nextComment;
}

void Formatter::head(std::string text, size_t indent, size_t begin) {
  Line line;
  line.indent = indent;
  line.left = std::move(text);
  add(std::move(line), begin);
}

void Formatter::bracket(std::string text, size_t indent) {
  Line line;
  line.indent = indent;
  line.left = std::move(text);
  lines.push_back(std::move(line));
}

void Formatter::body(const Body &body, size_t indent) {
  for (const StatementPtr &s : body)
    statement(*s, indent);
}

std::string Formatter::flatBody(const Body &body) const {
  std::string out = "{ ";
  for (const StatementPtr &s : body)
    out += (s == body.front() ? "" : "; ") + flat(*s);
  return out + (body.empty() ? "}" : " }");
}

std::string Formatter::flat(const Statement &s) const {
  if (auto *loop = std::get_if<For>(&s.node))
    return headOf(*loop) + " " + flatBody(loop->body);
  if (auto *choice = std::get_if<IfStatement>(&s.node)) {
    std::string out = "if " + formatFlat(*choice->condition) + " " + flatBody(choice->then);
    if (const IfStatement *next = chained(*choice); next)
      return out + " else " + flat(*choice->otherwise[0]);
    return choice->otherwise.empty() ? out : out + " else " + flatBody(choice->otherwise);
  }
  if (auto *f = std::get_if<Function>(&s.node); f && !valueOf(*f))
    return headOf(*f) + " " + flatBody(f->body);
  Line line = std::visit(SimpleLine(), s.node);
  return line.left + (line.right.empty() ? "" : " = " + line.right);
}

/// A short body that was written on one line stays there.
bool Formatter::onOneLine(const Statement &s, size_t indent) {
  std::string_view written = text.substr(s.span.begin, s.span.end - s.span.begin);
  if (written.find('\n') != std::string_view::npos || std::holds_alternative<Names>(s.node))
    return false;
  if (auto *rec = std::get_if<Rec>(&s.node); rec && rec->equations.size() > 1)
    return false;
  Line line;
  line.indent = indent;
  line.left = flat(s);
  if (line.columns() > formatWidth)
    return false;
  add(std::move(line), s.span.begin);
  trailing(s.span.end);
  return true;
}

void Formatter::simple(const Statement &s, size_t indent) {
  commentsBefore(s.span.end, indent);
  Line line = std::visit(SimpleLine(), s.node);
  line.indent = indent;
  line.group = line.right.empty() || std::holds_alternative<Function>(s.node)
                   ? -1
                   : static_cast<int>(s.node.index());
  if (line.columns() > formatWidth) {
    const Expr *part = std::visit(LongPart(), s.node);
    if (part) {
      line.right = formatBroken(*part, indent + line.left.size() + 3, indent + 4);
    } else if (auto *result = std::get_if<Return>(&s.node)) {
      line.left = "return ";
      for (const ExprPtr &value : result->values) {
        if (value != result->values.front())
          line.left += ",\n" + std::string(indent + 4, ' ');
        line.left += formatBroken(*value, indent + 7, indent + 4);
      }
    }
  }
  add(std::move(line), s.span.begin);
  trailing(s.span.end);
}

void Formatter::bracedBody(const Body &statements, size_t end, size_t indent) {
  // A comment after `{` stays there.
  if (nextComment < comments.size()) {
    size_t at = comments[nextComment].begin;
    size_t brace = text.find_last_not_of(" \t", at == 0 ? 0 : at - 1);
    size_t firstStatement = statements.empty() ? end : statements.front()->span.begin;
    if (at < firstStatement && brace != std::string_view::npos && text[brace] == '{')
      lines.back().comment = comments[nextComment++].text;
  }
  body(statements, indent + 2);
  commentsBefore(end, indent + 2);
}

void Formatter::ifStatement(const IfStatement &s, const Span &span, size_t indent,
                            const std::string &before) {
  std::string text = before + "if " + formatFlat(*s.condition) + " {";
  if (before.empty())
    head(std::move(text), indent, span.begin);
  else
    bracket(std::move(text), indent);
  size_t open = skipBlanks(this->text, s.condition->span.end);
  size_t end = closing(s.then.empty() ? open + 1 : s.then.back()->span.end);
  bracedBody(s.then, end, indent);
  if (const IfStatement *next = chained(s)) {
    ifStatement(*next, s.otherwise[0]->span, indent, "} else ");
    return;
  }
  if (!s.otherwise.empty()) {
    bracket("} else {", indent);
    bracedBody(s.otherwise, span.end - 1, indent);
  }
  bracket("}", indent);
}

void Formatter::function(const Function &s, const Span &span, size_t indent) {
  head(headOf(s) + " {", indent, span.begin);
  bracedBody(s.body, span.end - 1, indent);
}

void Formatter::rec(const Rec &s, const Span &span, size_t indent) {
  head("rec {", indent, span.begin);
  bracedBody({}, s.equations.front().name.span.begin, indent);
  for (const Equation &e : s.equations) {
    commentsBefore(e.expr->span.end, indent + 2);
    Line line = equationLine(e);
    line.indent = indent + 2;
    line.group = equations;
    if (line.columns() > formatWidth)
      line.right = formatBroken(*e.expr, line.indent + line.left.size() + 3, indent + 6);
    add(std::move(line), e.name.span.begin);
    trailing(e.expr->span.end);
  }
  commentsBefore(span.end - 1, indent + 2);
}

void Formatter::names(const Names &s, const Span &span, size_t indent) {
  head("names " + s.dialect.text + " {", indent, span.begin);
  bracedBody({}, s.mappings.empty() ? span.end - 1 : s.mappings.front().span.begin, indent);
  for (const NameMapping &m : s.mappings) {
    commentsBefore(m.span.end, indent + 2);
    Line line;
    line.indent = indent + 2;
    line.left = m.tensor ? "\"" + m.from + "\"" : m.from;
    line.right =
        "\"" + m.to.text + "\"" + (m.layout.empty() ? "" : " [" + formatList(m.layout) + "]");
    line.group = m.tensor ? tensors : keys;
    add(std::move(line), m.span.begin);
    trailing(m.span.end);
  }
  commentsBefore(span.end - 1, indent + 2);
}

void Formatter::statement(const Statement &s, size_t indent) {
  auto *f = std::get_if<Function>(&s.node);
  auto *loop = std::get_if<For>(&s.node);
  auto *choice = std::get_if<IfStatement>(&s.node);
  auto *recurrence = std::get_if<Rec>(&s.node);
  auto *mappings = std::get_if<Names>(&s.node);
  bool severalEquations = recurrence && recurrence->equations.size() > 1;
  if (!(f && !valueOf(*f)) && !loop && !choice && !severalEquations && !mappings)
    return simple(s, indent);
  commentsBefore(s.span.begin, indent);
  if (onOneLine(s, indent))
    return;
  if (choice) {
    ifStatement(*choice, s.span, indent, "");
    return trailing(s.span.end);
  }
  if (f) {
    function(*f, s.span, indent);
  } else if (loop) {
    head(headOf(*loop) + " {", indent, s.span.begin);
    bracedBody(loop->body, s.span.end - 1, indent);
  } else if (mappings) {
    names(*mappings, s.span, indent);
  } else {
    rec(*recurrence, s.span, indent);
  }
  bracket("}", indent);
  trailing(s.span.end);
}

/// Puts `=` and comments of neighbours below one another, unless that would take too much room.
void Formatter::align() {
  constexpr size_t mostBlanks = 30;
  for (size_t begin = 0, end; begin < lines.size(); begin = end) {
    end = begin + 1;
    if (lines[begin].group < 0)
      continue;
    auto joins = [&](const Line &line) {
      return line.group == lines[begin].group && line.indent == lines[begin].indent &&
             !line.blankBefore;
    };
    while (end < lines.size() && joins(lines[end]))
      ++end;
    size_t least = SIZE_MAX, most = 0;
    auto aligned = [](const Line &line) { return line.right.find('\n') == std::string::npos; };
    for (size_t i = begin; i < end; ++i)
      if (aligned(lines[i])) {
        least = std::min(least, lines[i].left.size());
        most = std::max(most, lines[i].left.size());
      }
    for (size_t i = begin; i < end && most - least <= mostBlanks; ++i)
      if (aligned(lines[i]) && lines[i].columns() + most - lines[i].left.size() <= formatWidth)
        lines[i].left.resize(most, ' ');
    size_t widest = 0;
    for (size_t i = begin; i < end; ++i)
      if (!lines[i].comment.empty())
        widest = std::max(widest, lines[i].columns());
    for (size_t i = begin; i < end; ++i)
      if (!lines[i].comment.empty())
        lines[i].comment.insert(0, widest - lines[i].columns(), ' ');
  }
}

std::string Formatter::str() {
  align();
  std::string out;
  for (const Line &line : lines) {
    out += line.blankBefore ? "\n" : "";
    out += std::string(line.indent, ' ') + line.left;
    out += line.right.empty() ? "" : " = " + line.right;
    out += (line.comment.empty() ? "" : "  " + line.comment) + "\n";
  }
  return out;
}

std::string tril::dsl::format(const Program &program) { return Formatter(program).str(); }
