//===- Render.cpp - messages as a person reads them -----------------------------------------===//
#include "dsl/Diagnostic.h"
#include "dsl/Utf8.h"
#include <algorithm>

using namespace tril::dsl;

static constexpr size_t widest = 120; // bytes of a source line that are shown
static constexpr unsigned tabWidth = 4;

namespace {

struct Paint {
  bool color;
  std::string operator()(const char *code, const std::string &text) const {
    return color ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
  }
};

/// A piece of a text as it is shown, and the columns it takes.
struct Shown {
  std::string text;
  unsigned columns = 0;
};

} // namespace

/// Tabs become blanks, and what is no character of a text `?`.
static Shown show(std::string_view text) {
  Shown result;
  for (size_t i = 0; i < text.size();) {
    Character c = characterAt(text, i);
    if (c.code == '\t') {
      result.text.append(tabWidth, ' ');
      result.columns += tabWidth;
    } else if (c.bytes == 0 || c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0)) {
      result.text += '?';
      ++result.columns;
    } else {
      result.text += text.substr(i, c.bytes);
      result.columns += displayWidth(c.code);
    }
    i += std::max(1u, c.bytes);
  }
  return result;
}

/// `at`, or a little before, so that no character is cut.
static size_t boundary(std::string_view text, size_t at) {
  for (int i = 0; i < 3 && at > 0 && at < text.size(); ++i)
    if ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
      --at;
  return std::min(at, text.size());
}

/// The source line of `span` with `mark`s below it.
static std::string excerpt(const Span &span, char mark, const std::string &label, unsigned gutter,
                           const Paint &paint, const char *code) {
  std::string_view text = span.source->text;
  if (text.empty())
    return "";
  size_t begin = std::min<size_t>(span.begin, text.size());
  size_t start = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
  start = start == std::string_view::npos ? 0 : start + 1;
  size_t stop = std::min(text.find('\n', begin), text.size());
  if (stop > begin && text[stop - 1] == '\r')
    --stop;
  size_t end = std::clamp<size_t>(span.end, begin, stop);
  size_t from = start, to = stop;
  if (stop - start > widest) {
    if (begin - start > widest / 2)
      from = boundary(text, begin - widest / 4);
    to = boundary(text, std::min(stop, from + widest));
    end = std::clamp(end, begin, to);
  }
  Shown before = show(text.substr(from, begin - from));
  Shown marked = show(text.substr(begin, end - begin));
  std::string left = from > start ? "... " : "";
  std::string line = left + before.text + marked.text + show(text.substr(end, to - end)).text +
                     (to < stop ? " ..." : "");
  line.erase(line.find_last_not_of(' ') + 1);
  std::string number = std::to_string(lineColumn(span).line);
  std::string pad(gutter, ' ');
  std::string marks(std::max(1u, marked.columns), mark);
  return pad + paint("34", " |") + "\n" +
         paint("34", std::string(gutter - number.size(), ' ') + number + " |") +
         (line.empty() ? "" : " " + line) + "\n" + pad + paint("34", " |") + " " +
         std::string(left.size() + before.columns, ' ') +
         paint(code, marks + (label.empty() ? "" : " " + label)) + "\n";
}

static std::string place(const Span &span) {
  LineColumn at = lineColumn(span);
  return span.source->path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string tril::dsl::render(const Diagnostic &d, bool color) {
  Paint paint{color};
  bool isError = d.severity == Severity::error;
  const char *code = isError ? "1;31" : "1;33";
  std::string out =
      paint(code, std::string(isError ? "error" : "warning") + "[" + kindName(d.kind) + "]") +
      paint("1", ": " + d.message) + "\n";
  size_t gutter = 1;
  auto widen = [&](const Span &span) {
    if (span.source)
      gutter = std::max(gutter, std::to_string(lineColumn(span).line).size());
  };
  widen(d.span);
  for (const Note &note : d.notes)
    widen(note.span);
  std::string pad(gutter, ' ');
  if (d.span.source)
    out += pad + paint("34", "--> ") + place(d.span) + "\n" +
           excerpt(d.span, '^', d.under, gutter, paint, code);
  for (const Note &note : d.notes) {
    if (!note.span.source)
      out += pad + paint("34", " = ") + paint("1", "note") + ": " + note.text + "\n";
    else
      out += paint("1;32", "note") + ": " + note.text + "\n" + pad + paint("34", "--> ") +
             place(note.span) + "\n" + excerpt(note.span, '-', "", gutter, paint, "1;32");
  }
  for (const std::string &help : d.helps)
    out.append(pad).append(paint("34", " = ") + paint("1", "help") + ": ").append(help + "\n");
  return out;
}

std::string tril::dsl::render(const Diagnostics &diagnostics, bool color) {
  std::string out;
  size_t errors = 0, warnings = 0;
  for (const Diagnostic &d : diagnostics.sorted()) {
    out += render(d, color);
    out += '\n';
    ++(d.severity == Severity::error ? errors : warnings);
  }
  auto count = [](size_t n, const char *what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  if (errors)
    out += count(errors, "error") + (warnings ? ", " + count(warnings, "warning") : "") + "\n";
  else if (warnings)
    out += count(warnings, "warning") + "\n";
  return out;
}
