//===- CheckNames.cpp - `names DIALECT { }`: other names for the same checkpoint
//------------------===//
#include "dsl/CheckNames.h"
#include <map>

using namespace tril::dsl;
using namespace tril::dsl::checker;

static std::string fill(const std::string &text, const std::map<std::string, std::string> &parts) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i++];
      continue;
    }
    auto found = parts.find(text.substr(i + 1, end - i - 1));
    out += found == parts.end() ? text.substr(i, end - i + 1) : found->second;
    i = end + 1;
  }
  return out;
}

nlohmann::json Names::config(const nlohmann::json &metadata) const {
  nlohmann::json out = nlohmann::json::object();
  if (!block_ || !metadata.is_object())
    return out;
  std::map<std::string, std::string> texts;
  for (auto &[key, value] : metadata.items())
    if (value.is_string())
      texts[key] = value.get<std::string>();
  for (const ast::NameMapping &mapping : block_->mappings) {
    if (mapping.tensor)
      continue;
    auto found = metadata.find(fill(mapping.to.text, texts));
    if (found == metadata.end())
      continue;
    std::string path = mapping.from.starts_with("config.") ? mapping.from.substr(7) : mapping.from;
    nlohmann::json *at = &out;
    for (size_t dot; (dot = path.find('.')) != std::string::npos; path = path.substr(dot + 1)) {
      at = &(*at)[path.substr(0, dot)];
      if (!at->is_object())
        *at = nlohmann::json::object();
    }
    if (!at->contains(path)) // the first line that finds its key wins
      (*at)[path] = *found;
  }
  return out;
}

/// Matches `text` against `pattern`, whose `{name}` stand for a piece without dots.
static bool match(const std::string &pattern, const std::string &text,
                  std::map<std::string, std::string> &parts) {
  size_t at = 0;
  for (size_t i = 0; i < pattern.size();) {
    size_t end = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      if (at >= text.size() || text[at] != pattern[i])
        return false;
      ++at, ++i;
      continue;
    }
    size_t stop = at;
    while (stop < text.size() && text[stop] != '.')
      ++stop;
    // What follows the placeholder may share its piece: `layer_{n}b`.
    std::string rest = pattern.substr(end + 1, pattern.find_first_of("{.", end + 1) - end - 1);
    if (stop - at < rest.size() + 1)
      return false;
    stop -= rest.size();
    std::string name = pattern.substr(i + 1, end - i - 1), piece = text.substr(at, stop - at);
    auto [known, isNew] = parts.try_emplace(name, piece);
    if (!isNew && known->second != piece)
      return false;
    at = stop;
    i = end + 1;
  }
  return at == text.size();
}

Names::Tensor Names::tensor(const std::string &name) const {
  if (block_)
    for (const ast::NameMapping &mapping : block_->mappings) {
      std::map<std::string, std::string> parts;
      if (mapping.tensor && match(mapping.from, name, parts))
        return {fill(mapping.to.text, parts), mapping.layout.empty() ? nullptr : &mapping.layout};
    }
  return {name, nullptr};
}
