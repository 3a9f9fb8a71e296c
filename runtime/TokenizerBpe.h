//===- TokenizerBpe.h - merges within one piece -----------------------------------------------===//
#pragma once
#include "runtime/TokenizerModels.h"

namespace tril {

/// Applies the merges to a piece: always the pair of lowest rank, of equal ones the leftmost.
/// Symbols are a linked list and candidate pairs a heap, so that n bytes take O(n log n).  Holds
/// buffers; not for two threads at once.
class BpeMerger : public PieceEncoder {
public:
  explicit BpeMerger(const TokenizerView &view) : view(view) {}

  /// Appends the tokens of `piece`.
  void encode(std::string_view piece, std::vector<int32_t> &tokens) override;

private:
  struct Symbol {
    int32_t token; // -1: merged into the one before it
    int32_t previous, next;
  };
  struct Candidate {
    uint64_t order; // rank, then place
    uint32_t result;
    bool operator<(const Candidate &other) const {
      return order > other.order;
    } // the heap's top is the lowest
  };
  void fill(std::string_view piece);
  void add(int32_t token);
  void propose(int32_t left);

  const TokenizerView &view;
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;
};

} // namespace tril
