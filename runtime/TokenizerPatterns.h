//===- TokenizerPatterns.h - what the names of pre-tokenizers in checkpoints mean -------------===//
#pragma once
#include "runtime/TokenizerData.h"
#include <span>
#include <string_view>

namespace tril {

/// The meaning of a value of GGUF's `tokenizer.ggml.pre`.
struct NamedPreTokenizer {
  std::vector<std::string_view> patterns; // one `SplitStep` each
  Normalizer normalizer = Normalizer::none;
  bool ignoreMerges = false;
  bool addBos = false; // where the file does not say
};

/// Null for a name that is not known.
const NamedPreTokenizer *findPreTokenizer(std::string_view name);

/// The value of `tokenizer.ggml.model` for byte-level BPE.
std::string_view byteLevelModel();

/// ... for SentencePiece's two kinds: pairs of the highest score, and the best sum of scores.
std::string_view scoredModel();
std::string_view unigramModel();

/// ... for words and what continues them.
std::string_view wordsModel();

/// The pattern which a "ByteLevel" pre-tokenizer applies.
std::string_view byteLevelPattern();

/// The pattern of a "Digits" pre-tokenizer: Rust's `char::is_numeric`, which is of Unicode 17.
std::string_view digitsPattern(bool individual);

/// The pattern of a "Punctuation" pre-tokenizer: ASCII's, and the categories of Unicode as they
/// were for it.
std::string_view punctuationPattern();

/// Characters that a general category (two letters) gained in Unicode 15 and 16.
struct LateRange {
  char category[3];
  char32_t first, last;
};
std::span<const LateRange> lateRanges();

/// True for texts of tokens that end a turn or a document in published vocabularies ("<|im_end|>",
/// "</s>", ...).
bool namesEndOfGeneration(std::string_view text);

} // namespace tril
