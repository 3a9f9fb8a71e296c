//===- Tokenizer.h - text to tokens and back --------------------------------------------------===//
#pragma once
#include "runtime/TokenizerNormalize.h"
#include "runtime/TokenizerSplit.h"
#include "runtime/TokenizerView.h"
#include <array>

namespace tril {

/// A tokenizer over a mapped view (which must outlive it).  Immutable: any number of threads may
/// use one. Any bytes come back as they were by `decode(encode(x))`, if the vocabulary has all 256
/// bytes and neither a normalizer, a stripping added token nor a space prefix changes the text by
/// intent.
class Tokenizer {
public:
  /// Throws `Error` if a pattern of the pre-tokenizer is not understood.
  explicit Tokenizer(TokenizerView view);

  /// The tokens of a text.  `addSpecial` puts the prefix and suffix of the model around it (begin
  /// of text, ...). `parseSpecial` makes special tokens that stand in the text that token; without
  /// it they are ordinary text. Added tokens that are not special are always found.  Of several,
  /// the leftmost, then the longest, counts.
  std::vector<int32_t> encode(std::string_view text, bool addSpecial, bool parseSpecial) const;

  /// The bytes of all tokens in a row.  `showSpecial` false leaves control tokens out.
  /// Throws `Error` for a token outside the vocabulary.
  std::string decode(std::span<const int32_t> tokens, bool showSpecial = true) const;

  std::string_view bytesOf(int32_t token) const;
  TokenKind kindOf(int32_t token) const;
  bool isEndOfGeneration(int32_t token) const;
  int32_t vocabSize() const { return static_cast<int32_t>(view.size()); }
  int32_t bos() const { return view.header->bos; } // -1: none; so the others
  int32_t eos() const { return view.header->eos; }
  int32_t pad() const { return view.header->pad; }
  int32_t unknown() const { return view.header->unknown; }
  std::string_view chatTemplate() const { return view.chatTemplate; }

private:
  using AddedRecord = TokenizerView::AddedRecord;
  /// Added tokens looked for at the same time.
  struct AddedSet {
    std::span<const AddedRecord> tokens; // sorted by text
    std::array<bool, 256> starts{};      // the bytes with which one of them starts
  };
  struct Encoding;
  AddedSet makeSet(std::span<const AddedRecord> tokens) const;
  const AddedRecord *longestAt(const AddedSet &set, std::string_view text, bool parseSpecial) const;
  template <class OnText, class OnToken>
  void findAdded(const AddedSet &set, std::string_view text, bool parseSpecial, OnText onText,
                 OnToken onToken) const;

  TokenizerView view;
  PreTokenizer preTokenizer;
  TextNormalizer normalizer;
  AddedSet beforeNormalization, afterNormalization;
};

/// Turns tokens to text as they come, such that what has been returned never ends within a
/// character.
class StreamDecoder {
public:
  explicit StreamDecoder(const Tokenizer &tokenizer, bool showSpecial = false)
      : tokenizer(tokenizer), showSpecial(showSpecial) {}

  /// The text which is complete now; bytes that can be no UTF-8 are passed on as they are.
  std::string push(int32_t token);
  /// What was held back.
  std::string flush();

private:
  const Tokenizer &tokenizer;
  bool showSpecial;
  std::string held;
};

} // namespace tril
