//===- DiffMatch.cpp
//------------------------------------------------------------------------------===//
#include "dsl/DiffMatch.h"
#include <algorithm>
#include <map>
#include <tuple>

using namespace tril::dsl;
using namespace tril::dsl::differing;

namespace {

/// The share of what two items have in common, from 0 to 1 (Dice's coefficient).
double similarity(const std::vector<size_t> &a, const std::vector<size_t> &b) {
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();)
    if (a[i] == b[j]) {
      ++common, ++i, ++j;
    } else if (a[i] < b[j]) {
      ++i;
    } else {
      ++j;
    }
  return a.empty() && b.empty() ? 1 : 2.0 * double(common) / double(a.size() + b.size());
}

/// Whether the name is what a person knows it by; `x` may be given to several values.
bool isNamed(ItemKind kind) {
  return kind == ItemKind::function || kind == ItemKind::input || kind == ItemKind::output ||
         kind == ItemKind::names || kind == ItemKind::model;
}

} // namespace

Matching::Matching(std::vector<Item> itemsA, std::vector<Item> itemsB)
    : a(std::move(itemsA)), b(std::move(itemsB)), toB(a.size(), -1), toA(b.size(), -1) {
  match();
}

void Matching::pair(int i, int j) {
  toB[i] = j;
  toA[j] = i;
}

bool Matching::same(const Tree &x, const Tree &y) const {
  if (x.use != y.use || x.kids.size() != y.kids.size() || x.bindings.size() != y.bindings.size())
    return false;
  if (x.bindings.empty() ? x.label != y.label : x.use == Tree::none)
    return false;
  for (Bound binding : x.bindings)
    if (!std::binary_search(y.bindings.begin(), y.bindings.end(),
                            Bound{toB[binding.item], binding.index}))
      return false;
  return std::equal(x.kids.begin(), x.kids.end(), y.kids.begin(),
                    [&](const Tree &one, const Tree &other) { return same(one, other); }) ||
         (commutes(x) && same(x.kids[0], y.kids[1]) && same(x.kids[1], y.kids[0]));
}

bool Matching::readsOwn(const Tree &x, const Tree &y) const {
  return std::any_of(x.bindings.begin(), x.bindings.end(),
                     [&](Bound binding) { return toB[binding.item] < 0; }) ||
         std::any_of(y.bindings.begin(), y.bindings.end(),
                     [&](Bound binding) { return toA[binding.item] < 0; });
}

bool Matching::follows(const Tree &x, const Tree &y) const {
  if (x.use != y.use || x.kids.size() != y.kids.size())
    return false;
  if (x.use != Tree::none)
    return same(x, y) || (x.label == y.label && readsOwn(x, y));
  if (x.label != y.label)
    return false;
  for (size_t k = 0; k < x.kids.size(); ++k)
    if (!follows(x.kids[k], y.kids[k]))
      return false;
  return true;
}

bool Matching::mayMatch(int i, int j) const {
  if (a[i].kind != b[j].kind || a[i].names.size() != b[j].names.size() ||
      a[i].branch != b[j].branch)
    return false;
  int parentA = a[i].parent, parentB = b[j].parent;
  return parentA < 0 ? parentB < 0 : toB[parentA] >= 0 && toB[parentA] == parentB;
}

bool Matching::isKnownByName(int i, int j) const {
  if (a[i].kind != ItemKind::argument && a[i].kind != ItemKind::formal)
    return false;
  for (int other : b[b[j].parent].children)
    if (b[other].kind == a[i].kind && b[other].names == a[i].names && toA[other] < 0)
      return true;
  for (int other : a[a[i].parent].children)
    if (a[other].kind == a[i].kind && a[other].names == b[j].names && toB[other] < 0)
      return true;
  return false;
}

bool Matching::matchSame(bool anyName) {
  bool any = false;
  for (int i = 0; i < static_cast<int>(a.size()); ++i) {
    if (toB[i] >= 0)
      continue;
    for (int j = 0; j < static_cast<int>(b.size()); ++j) {
      if (toA[j] >= 0 || (a[i].shape != b[j].shape && !isNamed(a[i].kind)) || !mayMatch(i, j))
        continue;
      bool named = a[i].names == b[j].names;
      if (isNamed(a[i].kind)) {
        if (!named && a[i].kind != ItemKind::model)
          continue;
      } else if (!named && (!anyName || isKnownByName(i, j))) {
        continue;
      } else {
        // A value may read itself: in a `rec`.
        pair(i, j);
        bool equal = sameHead(i, j);
        toB[i] = toA[j] = -1;
        if (!equal)
          continue;
      }
      pair(i, j);
      any = true;
      break;
    }
  }
  return any;
}

void Matching::findSimilar() {
  using Name = std::tuple<int, ItemKind, std::string>;
  std::map<Name, int> given; // how often a parent's child has a name
  for (const Item &item : a)
    ++given[Name(item.parent, item.kind, item.names[0])];
  for (int i = 0; i < static_cast<int>(a.size()); ++i) {
    ItemKind kind = a[i].kind;
    if (toB[i] >= 0 || kind == ItemKind::mapping || kind == ItemKind::names ||
        kind == ItemKind::ignore)
      continue;
    bool repeated = given[Name(a[i].parent, kind, a[i].names[0])] > 1;
    for (int j = 0; j < static_cast<int>(b.size()); ++j) {
      if (toA[j] >= 0 || b[j].kind != kind)
        continue;
      bool named = a[i].names == b[j].names;
      double least = !named ? 0.5 : repeated ? 0.3 : 0;
      // Only one loop or `return` in a body: it is the same one.
      if (kind == ItemKind::loop || kind == ItemKind::result)
        least = 0;
      double score = similarity(a[i].features, b[j].features);
      if (score >= least) // one name counts before the most similar of another
        similar.push_back({score + (named ? 2.0 : 0.0), i, j});
    }
  }
  std::sort(similar.begin(), similar.end(), [](const Similar &x, const Similar &y) {
    return std::tuple(-x.score, x.i, x.j) < std::tuple(-y.score, y.i, y.j);
  });
}

bool Matching::matchSimilar() {
  std::erase_if(similar, [&](const Similar &one) { return toB[one.i] >= 0 || toA[one.j] >= 0; });
  for (const Similar &one : similar)
    if (mayMatch(one.i, one.j)) {
      pair(one.i, one.j);
      return true;
    }
  return false;
}

void Matching::match() {
  auto matchAllSame = [&] {
    while (matchSame(/*anyName=*/false) || matchSame(/*anyName=*/true)) {
    }
  };
  matchAllSame();
  findSimilar();
  while (matchSimilar())
    matchAllSame();
}
