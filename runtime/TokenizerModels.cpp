//===- TokenizerModels.cpp - how a piece of text becomes tokens ------------------------------===//
#include "runtime/TokenizerModels.h"
#include "runtime/Error.h"
#include "runtime/TokenizerBpe.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>
#include <queue>

namespace tril {
namespace {

size_t characterSize(std::string_view text) { return std::max<size_t>(1, sequenceLength(text)); }

size_t longestToken(const TokenizerView &view) {
  size_t longest = 0;
  for (uint32_t id = 0; id < view.size(); ++id)
    longest = std::max(longest, view.token(id).size());
  return longest;
}

/// Unknown text: its bytes, or one unknown token for all that stands in a row.
class Unknowns {
public:
  Unknowns(const TokenizerView &view, std::vector<int32_t> &tokens) : view(view), tokens(tokens) {}
  void add(std::string_view text) {
    if (appendBytes(view, text, [&](int32_t token) { tokens.push_back(token); }))
      return;
    if (!after && view.header->unknownByte >= 0)
      tokens.push_back(view.header->unknownByte);
    after = true;
  }
  void known(int32_t token) {
    tokens.push_back(token);
    after = false;
  }

private:
  const TokenizerView &view;
  std::vector<int32_t> &tokens;
  bool after = false;
};

/// Two neighbours that make a token are merged, those of the highest score first, of equal ones the
/// leftmost.
class ScoredMerger : public PieceEncoder {
public:
  explicit ScoredMerger(const TokenizerView &view) : view(view) {}

  void encode(std::string_view piece, std::vector<int32_t> &tokens) override {
    if (piece.size() > INT32_MAX)
      throw Error("a piece of text without a break is longer than 2 GiB");
    text = piece;
    symbols.clear();
    for (size_t at = 0; at < piece.size();) {
      const size_t size = characterSize(piece.substr(at));
      const auto place = static_cast<int32_t>(symbols.size());
      symbols.push_back({at, size, place - 1, place + 1});
      at += size;
    }
    if (symbols.empty())
      return;
    symbols.back().next = -1;
    for (size_t i = 0; i + 1 < symbols.size(); ++i)
      propose(static_cast<int32_t>(i));
    while (!heap.empty()) {
      const Candidate best = heap.top();
      heap.pop();
      Symbol &left = symbols[static_cast<size_t>(best.left)];
      if (left.size == 0 || left.next < 0)
        continue;
      Symbol &right = symbols[static_cast<size_t>(left.next)];
      if (left.size + right.size != best.size)
        continue; // one of the two has grown since
      left.size = best.size;
      left.next = right.next;
      right.size = 0;
      if (left.next >= 0)
        symbols[static_cast<size_t>(left.next)].previous = best.left;
      propose(best.left);
      if (left.previous >= 0)
        propose(left.previous);
    }
    Unknowns unknowns(view, tokens);
    for (int32_t i = 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
      const Symbol &symbol = symbols[static_cast<size_t>(i)];
      const std::string_view part = text.substr(symbol.begin, symbol.size);
      const int32_t token = view.findWord(part);
      token >= 0 ? unknowns.known(token) : unknowns.add(part);
    }
  }

private:
  struct Symbol {
    size_t begin, size; // size 0: merged into the one before it
    int32_t previous, next;
  };
  struct Candidate {
    double score;
    int32_t left;
    size_t size;
    bool operator<(const Candidate &other) const { // the heap's top is the largest
      return score != other.score ? score < other.score : left > other.left;
    }
  };
  void propose(int32_t left) {
    const Symbol &first = symbols[static_cast<size_t>(left)];
    if (first.next < 0)
      return;
    const size_t size = first.size + symbols[static_cast<size_t>(first.next)].size;
    if (const int32_t token = view.findWord(text.substr(first.begin, size)); token >= 0)
      heap.push({view.scores[static_cast<size_t>(token)], left, size});
  }

  const TokenizerView &view;
  std::string_view text;
  std::vector<Symbol> symbols;
  std::priority_queue<Candidate> heap;
};

/// The tokens whose scores sum to the most, by Viterbi's algorithm; an unknown character costs 10
/// more than the worst token.
class UnigramEncoder : public PieceEncoder {
public:
  explicit UnigramEncoder(const TokenizerView &view) : view(view), longest(longestToken(view)) {
    double worst = 0;
    bool any = false;
    for (uint32_t id = 0; id < view.size(); ++id)
      if (isWord(id)) {
        worst = any ? std::min(worst, view.scores[id]) : view.scores[id];
        any = true;
      }
    unknownScore = worst - 10;
    if (view.header->singleScores)
      unknownScore = static_cast<float>(unknownScore);
  }

  void encode(std::string_view piece, std::vector<int32_t> &tokens) override {
    nodes.assign(piece.size() + 1, {});
    for (size_t at = 0; at < piece.size();) {
      const std::string_view rest = piece.substr(at);
      const size_t character = characterSize(rest);
      bool whole = false; // the character alone is a token
      for (size_t size = character; size <= std::min(rest.size(), longest);
           size += size < rest.size() ? characterSize(rest.substr(size)) : 1)
        if (const int32_t token = view.findWord(rest.substr(0, size)); token >= 0) {
          reach(at, size, token, view.scores[static_cast<size_t>(token)]);
          whole |= size == character;
        }
      if (!whole)
        reach(at, character, -1, unknownScore);
      at += character;
    }
    path.clear();
    for (size_t end = piece.size(); end > 0; end = nodes[end].begin)
      path.push_back(end);
    std::reverse(path.begin(), path.end());
    Unknowns unknowns(view, tokens);
    for (size_t k = 0; k < path.size(); ++k) {
      const Node &node = nodes[path[k]];
      if (node.token >= 0) {
        unknowns.known(node.token);
        continue;
      }
      size_t last = k; // unknown characters in a row are one
      while (last + 1 < path.size() && nodes[path[last + 1]].token < 0)
        ++last;
      unknowns.add(piece.substr(node.begin, path[last] - node.begin));
      k = last;
    }
  }

private:
  struct Node {
    double score = 0;
    size_t begin = 0;
    int32_t token = -1;
    bool reached = false;
  };
  bool isWord(uint32_t id) const {
    return view.findWord(view.token(id)) == static_cast<int32_t>(id);
  }
  void reach(size_t begin, size_t size, int32_t token, double score) {
    double sum = nodes[begin].score + score;
    if (view.header->singleScores) // of two f32: rounding twice is rounding once
      sum = static_cast<float>(sum);
    Node &end = nodes[begin + size];
    if (!end.reached || sum > end.score)
      end = {sum, begin, token, true};
  }

  const TokenizerView &view;
  size_t longest;
  double unknownScore;
  std::vector<Node> nodes;
  std::vector<size_t> path;
};

/// The longest token with which a word begins, then the longest that continues it.  Tokens that
/// begin a word have a space before it in their bytes.
class WordEncoder : public PieceEncoder {
public:
  explicit WordEncoder(const TokenizerView &view) : view(view), longest(longestToken(view)) {}

  void encode(std::string_view piece, std::vector<int32_t> &tokens) override {
    size_t characters = 0;
    for (size_t at = 0; at < piece.size(); at += characterSize(piece.substr(at)))
      ++characters;
    const size_t before = tokens.size();
    bool known = characters <= view.header->longestWord;
    for (size_t at = 0; known && at < piece.size();) {
      std::string rest = at == 0 ? " " : "";
      const size_t shift = rest.size();
      rest += piece.substr(at, longest);
      int32_t token = -1;
      size_t size = rest.size();
      for (; size > shift; --size)
        if (token = view.findWord(std::string_view(rest).substr(0, size)); token >= 0)
          break;
      known = token >= 0;
      tokens.push_back(token);
      at += size - shift;
    }
    if (!known) {
      tokens.resize(before);
      if (view.header->unknownByte >= 0)
        tokens.push_back(view.header->unknownByte);
    }
  }

private:
  const TokenizerView &view;
  size_t longest;
};

} // namespace

std::unique_ptr<PieceEncoder> makeEncoder(const TokenizerView &view) {
  switch (view.header->model) {
  case TokenizerModel::bytes:
  case TokenizerModel::characters:
    return std::make_unique<BpeMerger>(view);
  case TokenizerModel::scored:
    return std::make_unique<ScoredMerger>(view);
  case TokenizerModel::unigram:
    return std::make_unique<UnigramEncoder>(view);
  case TokenizerModel::words:
    return std::make_unique<WordEncoder>(view);
  }
  throw Error("the tokenizer of this program is damaged: its model is not known");
}

} // namespace tril
