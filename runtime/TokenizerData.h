//===- TokenizerData.h - what a tokenizer is, read from a checkpoint --------------------------===//
// The owning form, made once when a product is built: from GGUF metadata or from a Hugging Face
// tokenizer.json.  `serialize` writes the compact form which a product maps and reads in place
// (TokenizerView.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tril {

/// The numbers are those of GGUF's `tokenizer.ggml.token_type`.
enum class TokenKind : uint8_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,     // special: parsed in a text only on request
  userDefined = 4, // added, not special: always parsed in a text
  unused = 5,
  byte = 6,
};

/// How a piece of text becomes tokens.
enum class TokenizerModel : uint8_t {
  /// BPE over bytes: ranked merges (Sennrich et al. 2016, "Neural machine translation of rare words
  /// with subword units"; Radford et al. 2019, "Language models are unsupervised multitask
  /// learners").
  bytes,
  /// BPE over characters, with ranked merges.
  characters,
  /// BPE over characters: of two neighbours that make a token, those of the highest score first
  /// (SentencePiece: Kudo and Richardson 2018).
  scored,
  /// The tokens whose scores sum to the most (Kudo 2018, "Subword regularization").
  unigram,
  /// The longest token that fits, then the longest that continues it (Schuster and Nakajima 2012,
  /// "Japanese and Korean voice search").
  words,
};

enum class Normalizer : uint8_t { none, nfc, nfd, nfkc, nfkd };

/// One step of normalization.
struct NormalizeStep {
  enum class Kind : uint8_t {
    form,            // a normal form of Unicode
    prepend,         // `content` before a text that is not empty
    replace,         // the matches of `pattern` by `content`
    lowercase,       // letters
    dropMarks,       // combining marks
    dropAccents,     // decomposed, and marks without a width of their own dropped
    stripLeft,       // white space at the start
    stripRight,      // ... at the end
    clean,           // control characters dropped, white space made blanks
    spaceIdeographs, // blanks around ideographs
    mapLongest,      // `content` is a map of characters (TokenizerCharMap.h), longest entries first
    mapGraphemes,    // ... one grapheme cluster after the other
  };
  Kind kind = Kind::form;
  Normalizer form = Normalizer::none;
  std::string pattern = {}, content = {};
};

/// A token found in the text before any splitting (`added_tokens` of tokenizer.json).
struct AddedToken {
  int32_t id = -1;
  std::string text;
  bool special = false;
  bool singleWord = false; // only where no word character stands directly before or behind it
  bool stripLeft = false;  // takes the white space before it
  bool stripRight = false; // takes the white space behind it
  bool normalized = false; // looked for after normalization
};

/// One step of pre-tokenization: every piece that the step before left is cut further, on its own.
struct SplitStep {
  enum class Kind : uint8_t {
    split,       // cut at the matches of `pattern`
    prefixSpace, // a space is put before a piece that does not start with one
    spaceMark,   // spaces become U+2581, with which each piece then starts
  };
  /// Whether a piece gets a mark that has none.
  enum class Prepend : uint8_t { always, first, never };
  enum class Behavior : uint8_t {
    isolated,   // each match is a piece, and what lies between matches
    contiguous, // the same, but matches that touch are one piece
    removed,    // matches are dropped
  };
  Kind kind = Kind::split;
  Behavior behavior = Behavior::isolated;
  bool invert =
      false; // "matches" are what lies between the matches of `pattern`; spaceMark: not cut
  Prepend prepend = Prepend::always; // spaceMark
  std::string pattern =
      {}; // Oniguruma's or PCRE2's syntax, as far as they agree; Unicode 16 classes
};

/// A merge: tokens `left` and `right` side by side become `result`.  Its index is its rank; lower
/// is first.
struct Merge {
  uint32_t left, right, result;
};

struct TokenizerData {
  TokenizerModel model = TokenizerModel::bytes;
  std::vector<std::string>
      vocabulary;               // the bytes of each token, by id; empty for ids that name none
  std::vector<TokenKind> kinds; // as long as the vocabulary
  std::vector<bool> words;      // true: BPE may make it, also at once with `ignoreMerges`
  std::vector<Merge> merges;
  std::vector<AddedToken> added;
  std::vector<SplitStep> steps;
  std::vector<NormalizeStep> normalization;
  /// Of each token: `scored`, `unigram`.
  std::vector<double> scores;
  bool singleScores = false;  // sums of scores are rounded to f32
  bool spaces = false;        // the bytes of tokens have a space for each U+2581 of a text
  bool stripSpace = false;    // decoding a whole text leaves a space at its start out
  bool byteFallback = false;  // what is in no token becomes tokens of its bytes
  uint32_t longestWord = 100; // `words`: longer ones are unknown, in characters
  bool ignoreMerges = false;  // a whole piece which is a token needs no merges
  bool fuseUnknown = false;   // bytes outside the vocabulary in a row become one `unknownByte`
  int32_t unknownByte =
      -1; // the token for a byte that is not in the vocabulary; -1: such bytes are left out
  int32_t bos = -1, eos = -1, unknown = -1, pad = -1; // -1: none
  std::vector<int32_t> prefix, suffix;                // put around a text on request (`addSpecial`)
  std::vector<int32_t> endOfGeneration;               // sorted
  std::string chatTemplate; // Jinja, as it stands in the file; empty: none

  /// From a flat object of GGUF metadata (`tokenizer.ggml.model`, `.pre`, `.tokens`, `.merges`,
  /// `.token_type`, ...; docs/gguf.md of ggml).  Throws `Error` naming the key.
  static TokenizerData fromGguf(const nlohmann::json &metadata);

  /// From tokenizer.json and, if there is one, tokenizer_config.json (names of bos and eos, chat
  /// template). Throws `Error` naming the member.
  static TokenizerData fromTokenizerJson(const nlohmann::json &tokenizer,
                                         const nlohmann::json *config = nullptr);

  /// The compact form.  Deterministic: equal data gives equal bytes.
  std::vector<std::byte> serialize() const;

  /// Marks `id` as one that ends generation (generation_config.json may name more of them).
  void addEndOfGeneration(int32_t id);
};

/// The spelling of bytes by printable characters undone: "Ġthe" gives " the".  A text with any
/// other character is returned as it is.
std::string bytesOfSpelling(std::string_view spelling);

} // namespace tril
