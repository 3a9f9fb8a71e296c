//===- TokenizerGgufPieces.cpp - GGUF's metadata of SentencePiece's tokenizers and WordPiece -===//
#include "runtime/TokenizerGgufReader.h"
#include "runtime/TokenizerPatterns.h"

namespace tril {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";
using Kind = NormalizeStep::Kind;
using nlohmann::json;

std::string withSpaces(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const bool space = text.starts_with(kSpaceMark);
    result += space ? ' ' : text[0];
    text.remove_prefix(space ? kSpaceMark.size() : 1);
  }
  return result;
}

/// The byte of `<0x2A>`.
std::string byteOf(const std::string &text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>' || digit(text[3]) < 0 ||
      digit(text[4]) < 0)
    throw Error("the byte token `" + text + "` must be written as `<0x2A>`");
  return std::string(1, static_cast<char>(digit(text[3]) * 16 + digit(text[4])));
}

/// `tokenizer.ggml.precompiled_charsmap`: bytes as numbers.
std::string charactersMap(const json &list) {
  std::string map;
  if (!list.is_array())
    throw Error("`tokenizer.ggml.precompiled_charsmap` must be an array of bytes");
  for (const json &byte : list) {
    if (!byte.is_number_integer() || byte.get<int64_t>() < -128 || byte.get<int64_t>() > 255)
      throw Error("`tokenizer.ggml.precompiled_charsmap` must be an array of bytes; it has " +
                  byte.dump());
    map += static_cast<char>(byte.get<int64_t>());
  }
  return map;
}

} // namespace

TokenizerData tokenizergguf::readScored(const Metadata &metadata, TokenizerModel model) {
  TokenizerData data;
  data.model = model;
  data.spaces = data.singleScores = true;
  const Tokens tokens = readTokens(metadata);
  const json &scores = metadata.array("tokenizer.ggml.scores");
  if (scores.size() != tokens.texts.size())
    throw Error("`tokenizer.ggml.scores` must have as many entries as `tokenizer.ggml.tokens`: " +
                std::to_string(scores.size()) + " against " + std::to_string(tokens.texts.size()));
  for (size_t id = 0; id < tokens.texts.size(); ++id) {
    const TokenKind kind = tokens.kinds[id];
    if (!scores[id].is_number())
      throw Error("`tokenizer.ggml.scores` must be an array of numbers; entry " +
                  std::to_string(id) + " is " + scores[id].type_name());
    data.scores.push_back(scores[id].get<float>());
    data.byteFallback |= kind == TokenKind::byte;
    data.vocabulary.push_back(kind == TokenKind::byte     ? byteOf(tokens.texts[id])
                              : kind == TokenKind::normal ? withSpaces(tokens.texts[id])
                                                          : tokens.texts[id]);
    data.kinds.push_back(kind);
    data.words.push_back(kind == TokenKind::normal && !tokens.texts[id].empty());
  }
  addAdded(data, tokens);

  const bool unigram = model == TokenizerModel::unigram;
  if (const json *map = metadata.find("tokenizer.ggml.precompiled_charsmap"))
    if (std::string bytes = charactersMap(*map); !bytes.empty())
      data.normalization.push_back({.kind = Kind::mapLongest, .content = std::move(bytes)});
  const auto replace = [&](const char *pattern, std::string_view content) {
    data.normalization.push_back(
        {.kind = Kind::replace, .pattern = pattern, .content = std::string(content)});
  };
  if (metadata.boolean("tokenizer.ggml.remove_extra_whitespaces", unigram)) {
    replace("^ +| +$", "");
    replace(" +", " ");
  }
  data.stripSpace = metadata.boolean("tokenizer.ggml.add_space_prefix", true);
  if (data.stripSpace)
    data.normalization.push_back({.kind = Kind::prepend, .content = std::string(kSpaceMark)});
  replace(" ", kSpaceMark);
  readRoles(metadata, /*addBos=*/!unigram, data);
  data.unknownByte = data.unknown;
  return data;
}

// A word's first token begins with the mark of a space, one that continues a word does not: the
// other way round than in the vocabularies that were trained, where the latter begin with `##`.
TokenizerData tokenizergguf::readWords(const Metadata &metadata) {
  TokenizerData data;
  data.model = TokenizerModel::words;
  data.stripSpace = true;
  const Tokens tokens = readTokens(metadata);
  for (size_t id = 0; id < tokens.texts.size(); ++id) {
    const bool word = tokens.kinds[id] == TokenKind::normal;
    data.vocabulary.push_back(word ? withSpaces(tokens.texts[id]) : tokens.texts[id]);
    data.kinds.push_back(tokens.kinds[id]);
    data.words.push_back(word && !tokens.texts[id].empty());
  }
  addAdded(data, tokens);
  const bool lower = metadata.boolean("tokenizer.ggml.normalizer.lowercase", true);
  data.normalization = {{.kind = Kind::clean}, {.kind = Kind::spaceIdeographs}};
  if (metadata.boolean("tokenizer.ggml.normalizer.strip_accents", lower))
    data.normalization.push_back({.kind = Kind::dropAccents});
  if (lower)
    data.normalization.push_back({.kind = Kind::lowercase});
  data.steps = {{.behavior = SplitStep::Behavior::removed, .pattern = "\\s"},
                {.pattern = std::string(punctuationPattern())}};
  readRoles(metadata, /*addBos=*/true, data);
  data.unknownByte = data.unknown;
  // What separates texts stands behind each; the key was misspelt for years.
  for (const char *key : {"tokenizer.ggml.separator_token_id", "tokenizer.ggml.seperator_token_id"})
    if (const int32_t id = metadata.token(key, data.vocabulary.size());
        id >= 0 && data.suffix.empty() && metadata.boolean("tokenizer.ggml.add_sep_token", true))
      data.suffix.push_back(id);
  return data;
}

} // namespace tril
