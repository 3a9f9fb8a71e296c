//===- Diagnostic.cpp - rendering messages
//----------------------------------------------------------------===//
#include "dsl/Diagnostic.h"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace tril::dsl {

namespace {

struct Entry {
  const char *name;
  const char *meaning;
};
constexpr Entry entries[] = {
#define DIAGNOSTIC(name, meaning) {#name, meaning},
#include "dsl/Diagnostics.def"
};

constexpr unsigned widest = 160; // columns of a source line that are shown
constexpr unsigned tabWidth = 4;

/// Columns that the UTF-8 text takes: a tab counts as `tabWidth`, continuation bytes as nothing.
unsigned columns(std::string_view text) {
  unsigned n = 0;
  for (unsigned char c : text)
    n += c == '\t' ? tabWidth : (c & 0xc0) == 0x80 ? 0 : 1;
  return n;
}

std::string shown(std::string_view text) {
  std::string result;
  for (unsigned char c : text) {
    if (c == '\t')
      result.append(tabWidth, ' ');
    else if (c < 0x20 || c == 0x7f)
      result += '?';
    else
      result += static_cast<char>(c);
  }
  return result;
}

size_t boundary(std::string_view text, size_t at) { // not inside a UTF-8 sequence
  at = std::min(at, text.size());
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
    --at;
  return at;
}

struct Paint {
  bool color;
  std::string operator()(const char *code, const std::string &text) const {
    return color ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
  }
};

/// The source line of `span` with a line of `mark`s below it.
std::string excerpt(const Span &span, char mark, const std::string &label, unsigned gutter,
                    const Paint &paint, const char *code) {
  std::string_view text = span.source->text;
  size_t begin = std::min<size_t>(span.begin, text.size());
  size_t start = text.rfind('\n', begin == 0 ? std::string_view::npos : begin - 1);
  start = begin == 0 || start == std::string_view::npos ? 0 : start + 1;
  size_t stop = text.find('\n', begin);
  stop = stop == std::string_view::npos ? text.size() : stop;
  if (stop > start && text[stop - 1] == '\r')
    --stop;
  size_t end = std::clamp<size_t>(span.end, begin, std::max(stop, begin));
  // A long line is shown around the span.
  size_t from = start, to = stop;
  bool cutLeft = false, cutRight = false;
  if (stop - start > widest) {
    from = begin - start > widest / 2 ? boundary(text, begin - widest / 4) : start;
    to = boundary(text, std::min(stop, from + widest));
    cutLeft = from > start;
    cutRight = to < stop;
    end = std::min(end, to);
  }
  std::string line =
      (cutLeft ? "... " : "") + shown(text.substr(from, to - from)) + (cutRight ? " ..." : "");
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  unsigned indent = columns(text.substr(from, begin - from)) + (cutLeft ? 4 : 0);
  unsigned length = std::max(1u, end > begin ? columns(text.substr(begin, end - begin)) : 1u);
  std::string number = std::to_string(lineColumn(span).line);
  std::string pad(gutter, ' ');
  std::string out = pad + paint("34", " |") + "\n";
  out += paint("34", std::string(gutter - number.size(), ' ') + number + " |") +
         (line.empty() ? "" : " " + line) + "\n";
  out += pad + paint("34", " |") + " " + std::string(indent, ' ') +
         paint(code, std::string(length, mark) + (label.empty() ? "" : " " + label)) + "\n";
  return out;
}

std::string place(const Span &span) {
  LineColumn at = lineColumn(span);
  return span.source->path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

} // namespace

LineColumn lineColumn(const Span &span) {
  std::string_view text = span.source->text;
  size_t begin = std::min<size_t>(span.begin, text.size());
  unsigned line = 1 + static_cast<unsigned>(std::count(text.begin(), text.begin() + begin, '\n'));
  size_t start = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
  return {line,
          static_cast<unsigned>(begin - (start == std::string_view::npos ? 0 : start + 1)) + 1};
}

std::string kindName(Kind kind) {
  std::string name = entries[static_cast<int>(kind)].name;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string_view kindMeaning(Kind kind) { return entries[static_cast<int>(kind)].meaning; }

const std::vector<Kind> &allKinds() {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> list;
    for (size_t i = 0; i < std::size(entries); ++i)
      list.push_back(static_cast<Kind>(i));
    return list;
  }();
  return kinds;
}

bool Diagnostics::hasErrors() const {
  return std::any_of(list.begin(), list.end(),
                     [](const Diagnostic &d) { return d.severity == Severity::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = list;
  auto key = [](const Diagnostic &d) {
    return std::tuple(d.span.source ? d.span.source->path : std::string(), d.span.begin, d.span.end,
                      d.message);
  };
  std::sort(result.begin(), result.end(),
            [&](const Diagnostic &a, const Diagnostic &b) { return key(a) < key(b); });
  result.erase(std::unique(result.begin(), result.end(),
                           [&](const Diagnostic &a, const Diagnostic &b) {
                             return a.kind == b.kind && key(a) == key(b);
                           }),
               result.end());
  return result;
}

std::string render(const Diagnostic &d, bool color) {
  Paint paint{color};
  const char *code = d.severity == Severity::error ? "1;31" : "1;33";
  std::string out = paint(code, std::string(d.severity == Severity::error ? "error" : "warning") +
                                    "[" + kindName(d.kind) + "]") +
                    paint("1", ": " + d.message) + "\n";
  unsigned gutter = 1;
  auto widen = [&](const Span &span) {
    if (span.source)
      gutter = std::max<unsigned>(gutter, std::to_string(lineColumn(span).line).size());
  };
  widen(d.span);
  for (const Note &note : d.notes)
    widen(note.span);
  std::string pad(gutter, ' ');
  if (d.span.source) {
    out += pad + paint("34", "--> ") + place(d.span) + "\n";
    out += excerpt(d.span, '^', d.under, gutter, paint, code);
  }
  for (const Note &note : d.notes) {
    if (!note.span.source) {
      out += pad + " = note: " + note.text + "\n";
      continue;
    }
    out += paint("1;32", "note") + ": " + note.text + "\n" + pad + paint("34", "--> ") +
           place(note.span) + "\n";
    out += excerpt(note.span, '-', "", gutter, paint, "1;32");
  }
  for (const std::string &help : d.helps)
    out += pad + paint("34", " = ") + paint("1", "help") + ": " + help + "\n";
  return out;
}

std::string render(const Diagnostics &diagnostics, bool color) {
  std::string out;
  size_t errors = 0, warnings = 0;
  for (const Diagnostic &d : diagnostics.sorted()) {
    out += render(d, color) + "\n";
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

nlohmann::json toJson(const Diagnostic &d) {
  auto spanJson = [](const Span &span) -> nlohmann::json {
    if (!span.source)
      return nullptr;
    LineColumn begin = lineColumn(span), end = lineColumn({span.source, span.end, span.end});
    return {{"file", span.source->path},
            {"begin", {{"offset", span.begin}, {"line", begin.line}, {"column", begin.column}}},
            {"end", {{"offset", span.end}, {"line", end.line}, {"column", end.column}}}};
  };
  nlohmann::json notes = nlohmann::json::array();
  for (const Note &note : d.notes)
    notes.push_back({{"span", spanJson(note.span)}, {"text", note.text}});
  return {
      {"kind", kindName(d.kind)}, {"severity", d.severity == Severity::error ? "error" : "warning"},
      {"span", spanJson(d.span)}, {"message", d.message},
      {"label", d.under},         {"notes", notes},
      {"help", d.helps}};
}

nlohmann::json toJson(const Diagnostics &diagnostics) {
  nlohmann::json list = nlohmann::json::array();
  for (const Diagnostic &d : diagnostics.sorted())
    list.push_back(toJson(d));
  return list;
}

std::string nearest(std::string_view name, const std::vector<std::string> &candidates) {
  std::string best;
  size_t limit = std::max<size_t>(1, name.size() / 3), least = limit + 1;
  for (const std::string &candidate : candidates) {
    if (candidate.size() > name.size() + limit || candidate.size() + limit < name.size())
      continue;
    // Levenshtein's distance, with swaps of neighbours counted once.
    std::vector<std::vector<size_t>> d(name.size() + 1, std::vector<size_t>(candidate.size() + 1));
    for (size_t i = 0; i <= name.size(); ++i)
      d[i][0] = i;
    for (size_t j = 0; j <= candidate.size(); ++j)
      d[0][j] = j;
    for (size_t i = 1; i <= name.size(); ++i)
      for (size_t j = 1; j <= candidate.size(); ++j) {
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1,
                            d[i - 1][j - 1] + (name[i - 1] != candidate[j - 1])});
        if (i > 1 && j > 1 && name[i - 1] == candidate[j - 2] && name[i - 2] == candidate[j - 1])
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    if (d[name.size()][candidate.size()] < least && candidate != name) {
      least = d[name.size()][candidate.size()];
      best = candidate;
    }
  }
  return best;
}

} // namespace tril::dsl
