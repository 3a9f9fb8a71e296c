//===- DiffMatch.h - which item of one text is which of the other (for Diff.cpp)
//------------------===//
#pragma once
#include "dsl/DiffTree.h"

namespace tril::dsl::differing {

/// Two texts' items, each matched with at most one of the other.  Only items within matched ones
/// match.  What means the same is matched first, whatever its name and place among its neighbours;
/// then what has the same name, the most similar first; then what is similar enough.
class Matching {
public:
  Matching(std::vector<Item> a, std::vector<Item> b);

  const std::vector<Item> a, b;
  std::vector<int> toB, toA; // -1: not matched

  /// Whether two nodes mean the same, names being what they are bound to.
  bool same(const Tree &x, const Tree &y) const;
  /// Whether nothing differs but that some names read what the other text lacks, which is told
  /// where it is added or removed.
  bool follows(const Tree &x, const Tree &y) const;
  /// Whether a name reads something that the other text lacks.
  bool readsOwn(const Tree &x, const Tree &y) const;
  /// Whether two items mean the same, without what is in them.
  bool sameHead(int i, int j) const { return same(a[i].head, b[j].head); }
  /// Whether item j may be what item i is.
  bool mayMatch(int i, int j) const;

private:
  struct Similar {
    double score;
    int i, j;
  };
  std::vector<Similar> similar; // the most similar first

  void match();
  void findSimilar();
  /// Whether i and j are arguments and one has its name in the other text, at another place: what
  /// is added in front of an argument must not take it for its own.
  bool isKnownByName(int i, int j) const;
  bool matchSame(bool anyName);
  bool matchSimilar();
  void pair(int i, int j);
};

} // namespace tril::dsl::differing
