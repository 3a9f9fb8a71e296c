//===- TokenizerBpe.cpp - merges within one piece ---------------------------------------------===//
#include "runtime/TokenizerBpe.h"
#include "runtime/Error.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>

namespace tril {

void BpeMerger::encode(std::string_view piece, std::vector<int32_t> &tokens) {
  if (const int32_t whole = view.header->ignoreMerges ? view.findWord(piece) : -1; whole >= 0) {
    tokens.push_back(whole);
    return;
  }
  if (piece.size() > INT32_MAX)
    throw Error("a piece of text without a break is longer than 2 GiB");
  fill(piece);
  heap.clear();
  for (int32_t i = 0; i + 1 < static_cast<int32_t>(symbols.size()); ++i)
    propose(i);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate best = heap.back();
    heap.pop_back();
    const auto place = static_cast<int32_t>(best.order & 0xffffffff);
    Symbol &left = symbols[place];
    if (left.token < 0 || left.next < 0)
      continue;
    Symbol &right = symbols[left.next];
    const uint32_t rank = view.findMerge(left.token, right.token);
    if (rank == TokenizerView::kEmptySlot || view.merges[rank].result != best.result)
      continue; // one of the two has become something else since
    left.token = static_cast<int32_t>(best.result);
    left.next = right.next;
    right.token = -1;
    if (left.next >= 0) {
      symbols[left.next].previous = place;
      propose(place);
    }
    if (left.previous >= 0)
      propose(left.previous);
  }
  for (int32_t i = symbols.empty() ? -1 : 0; i >= 0; i = symbols[i].next)
    tokens.push_back(symbols[i].token);
}

void BpeMerger::fill(std::string_view piece) {
  symbols.clear();
  bool afterUnknown = false;
  const bool characters = view.header->model == TokenizerModel::characters;
  while (!piece.empty()) {
    const std::string_view unit =
        piece.substr(0, characters ? std::max<size_t>(1, sequenceLength(piece)) : 1);
    piece.remove_prefix(unit.size());
    int32_t token =
        characters ? view.findWord(unit) : view.header->byteTokens[static_cast<uint8_t>(unit[0])];
    if (token < 0 && characters && appendBytes(view, unit, [&](int32_t byte) { add(byte); })) {
      afterUnknown = false;
      continue;
    }
    const bool unknown = token < 0;
    if (unknown) {
      token = view.header->unknownByte;
      if (token < 0 || (afterUnknown && view.header->fuseUnknown))
        continue;
    }
    afterUnknown = unknown;
    add(token);
  }
  if (!symbols.empty())
    symbols.back().next = -1;
}

void BpeMerger::add(int32_t token) {
  const auto place = static_cast<int32_t>(symbols.size());
  symbols.push_back({token, place - 1, place + 1});
}

void BpeMerger::propose(int32_t left) {
  const uint32_t rank = view.findMerge(symbols[left].token, symbols[symbols[left].next].token);
  if (rank == TokenizerView::kEmptySlot)
    return;
  heap.push_back(
      {static_cast<uint64_t>(rank) << 32 | static_cast<uint32_t>(left), view.merges[rank].result});
  std::push_heap(heap.begin(), heap.end());
}

} // namespace tril
