//===- CheckRenames.cpp - tensors that are there under other names ----------------------------===//
#include "dsl/CheckRenames.h"
#include <algorithm>
#include <set>
#include <unordered_set>

namespace tril::dsl {

namespace {

/// The length of what two names end with alike, from the begin of a word on: "b.c" of "a.b.c" and
/// "x.b.c", all of "b.c" in "a.b.c".
size_t commonEnd(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t same = 0;
  while (same < most && a[a.size() - 1 - same] == b[b.size() - 1 - same])
    ++same;
  auto beginsWord = [](std::string_view name, size_t end) {
    return end == name.size() || name[name.size() - end - 1] == '.';
  };
  while (same > 0 && !(beginsWord(a, same) && beginsWord(b, same)))
    --same;
  return same;
}

} // namespace

std::optional<Renaming> commonRenaming(const std::vector<std::vector<std::string>> &missing,
                                       const std::vector<std::string> &unread) {
  constexpr size_t tried =
      16; // missing tensors; what is common to half of many is so to one of them
  std::set<std::pair<std::string, std::string>> candidates;
  for (size_t i = 0; i < missing.size() && i < tried; ++i)
    for (const std::string &wanted : missing[i])
      for (const std::string &there : unread)
        if (size_t end = commonEnd(wanted, there))
          candidates.emplace(there.substr(0, there.size() - end),
                             wanted.substr(0, wanted.size() - end));
  const std::unordered_set<std::string> left(unread.begin(), unread.end());
  Renaming best;
  for (const auto &[from, to] : candidates) {
    Renaming renaming;
    renaming.from = from;
    renaming.to = to;
    for (const std::vector<std::string> &names : missing)
      for (const std::string &wanted : names) {
        if (!wanted.starts_with(to) || !left.count(from + wanted.substr(to.size())))
          continue;
        if (renaming.found++ == 0) {
          renaming.wanted = wanted;
          renaming.there = from + wanted.substr(to.size());
        }
        break;
      }
    // Of equal ones that which says least.
    auto size = [](const Renaming &r) { return r.from.size() + r.to.size(); };
    if (renaming.found > best.found ||
        (renaming.found == best.found && best.found > 0 && size(renaming) < size(best)))
      best = renaming;
  }
  if (best.found < 2 || 2 * best.found < missing.size())
    return std::nullopt;
  return best;
}

} // namespace tril::dsl
