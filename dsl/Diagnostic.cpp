//===- Diagnostic.cpp - messages and their kinds --------------------------------------------===//
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
    list.reserve(std::size(entries));
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
  // Something must be left in common.
  size_t limit = name.size() < 2 ? 0 : std::max<size_t>(1, name.size() / 3), least = limit + 1;
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
