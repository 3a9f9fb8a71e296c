//===- TokenizerView.h - a tokenizer in mapped memory -----------------------------------------===//
// Spans into the bytes of `TokenizerData::serialize`; nothing is copied, so that a product starts
// at once. Layout: one `TokenizerHeader`, then its sections, each 8-byte aligned, little-endian.
#pragma once
#include "runtime/TokenizerData.h"
#include <cstring>
#include <span>
#include <string_view>

namespace tril {

struct TokenizerHeader {
  static constexpr char kMagic[8] = {'T', 'R', 'I', 'L', 'T', 'O', 'K', '2'};
  enum Section : uint32_t {
    tokenOffsets, // u32 [tokens + 1] into tokenBytes
    tokenBytes,
    tokenKinds, // TokenKind [tokens]
    merges,     // Merge, by rank
    mergeSlots, // u32, open addressing over (left, right): a tag of 8 bits, 24 bits of rank
    wordSlots,  // u32, open addressing over the bytes of tokens; empty for `bytes` without
                // ignoreMerges
    scores,     // f64 [tokens], or empty
    added, // AddedRecord; those looked for before normalization first; each part sorted by text
    addedBytes,
    steps, // StepRecord
    stepBytes,
    normalization, // NormalizeRecord
    normalizationBytes,
    prefix,
    suffix,
    endOfGeneration, // i32, sorted
    chatTemplate,
    sectionCount
  };
  struct Extent {
    uint64_t offset, size; // bytes
  };
  char magic[8];
  uint64_t size; // of everything, the header included
  int32_t bos, eos, unknown, pad, unknownByte;
  uint32_t addedBeforeNormalization;
  uint32_t longestWord;
  TokenizerModel model;
  uint8_t ignoreMerges, fuseUnknown, byteFallback, spaces, stripSpace, singleScores;
  uint8_t padding[5];
  int32_t byteTokens[256]; // -1: not in the vocabulary
  Extent sections[sectionCount];
};

struct TokenizerView {
  struct AddedRecord {
    uint32_t id, offset, size;
    uint8_t special, singleWord, stripLeft, stripRight;
  };
  struct StepRecord {
    uint32_t offset, size;
    SplitStep::Kind kind;
    SplitStep::Behavior behavior;
    uint8_t invert;
    SplitStep::Prepend prepend;
  };
  struct NormalizeRecord {
    uint32_t offset, patternSize, contentSize; // the content is behind the pattern
    NormalizeStep::Kind kind;
    Normalizer form;
    uint8_t padding[2];
  };
  static constexpr uint32_t kEmptySlot = 0xffffffff;
  static constexpr uint32_t kMaxMerges = 0xffffff;

  const TokenizerHeader *header = nullptr;
  std::span<const uint32_t> tokenOffsets;
  std::string_view tokenBytes;
  std::span<const TokenKind> kinds;
  std::span<const Merge> merges;
  std::span<const uint32_t> mergeSlots, wordSlots;
  std::span<const AddedRecord> added;
  std::string_view addedBytes;
  std::span<const StepRecord> steps;
  std::string_view stepBytes;
  std::span<const NormalizeRecord> normalization;
  std::string_view normalizationBytes;
  std::span<const double> scores;
  std::span<const int32_t> prefix, suffix, endOfGeneration;
  std::string_view chatTemplate;

  /// Checks everything that reading relies on; `bytes` (8-byte aligned) must outlive the view.
  /// Throws `Error`.
  static TokenizerView deserialize(std::span<const std::byte> bytes);

  uint32_t size() const { return static_cast<uint32_t>(kinds.size()); }
  std::string_view token(uint32_t id) const {
    return tokenBytes.substr(tokenOffsets[id], tokenOffsets[id + 1] - tokenOffsets[id]);
  }
  std::string_view text(const AddedRecord &record) const {
    return addedBytes.substr(record.offset, record.size);
  }
  std::string_view pattern(const StepRecord &step) const {
    return stepBytes.substr(step.offset, step.size);
  }

  /// The rank of the merge of `left` and `right`, or kEmptySlot.
  uint32_t findMerge(uint32_t left, uint32_t right) const {
    if (mergeSlots.empty())
      return kEmptySlot;
    const uint64_t hash = hashPair(left, right);
    const uint32_t tag = static_cast<uint32_t>(hash) & 0xff;
    for (size_t slot = slotOf(hash, mergeSlots.size());;) {
      const uint32_t entry = mergeSlots[slot];
      if (entry == kEmptySlot)
        return kEmptySlot;
      if (entry >> 24 == tag) {
        const Merge &merge = merges[entry & kMaxMerges];
        if (merge.left == left && merge.right == right)
          return entry & kMaxMerges;
      }
      if (++slot == mergeSlots.size())
        slot = 0;
    }
  }

  std::vector<NormalizeStep> normalizeSteps() const;

  /// The token with these bytes, or -1; not for `bytes` without ignoreMerges.
  int32_t findWord(std::string_view bytes) const {
    if (wordSlots.empty())
      return -1;
    for (size_t slot = slotOf(hashBytes(bytes), wordSlots.size());;) {
      const uint32_t id = wordSlots[slot];
      if (id == kEmptySlot)
        return -1;
      if (token(id) == bytes)
        return static_cast<int32_t>(id);
      if (++slot == wordSlots.size())
        slot = 0;
    }
  }

  static uint64_t mix(uint64_t x) { // the finalizer of SplitMix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  static uint64_t hashPair(uint32_t left, uint32_t right) {
    return mix(static_cast<uint64_t>(left) << 32 | right);
  }
  static uint64_t hashBytes(std::string_view bytes) {
    uint64_t hash = bytes.size();
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      hash = mix(hash ^ word);
    }
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    return mix(hash ^ word);
  }
  /// The high half of the hash spread over the slots; the low byte stays free for the tag.
  static size_t slotOf(uint64_t hash, size_t slots) { return ((hash >> 32) * slots) >> 32; }
};

} // namespace tril
