//===- TokenizerGguf.cpp - a tokenizer from GGUF metadata -------------------------------------===//
#include "runtime/TokenizerGgufReader.h"
#include "runtime/TokenizerPatterns.h"
#include <unordered_map>

namespace tril {

using namespace tokenizergguf;

namespace {

using IdsByText = std::unordered_map<std::string_view, uint32_t>;

IdsByText readVocabulary(const Tokens &tokens, TokenizerData &data) {
  IdsByText ids;
  ids.reserve(tokens.texts.size());
  for (size_t id = 0; id < tokens.texts.size(); ++id) {
    const std::string &text = tokens.texts[id];
    const TokenKind kind = tokens.kinds[id];
    const bool added =
        kind == TokenKind::control || kind == TokenKind::userDefined || kind == TokenKind::unknown;
    data.vocabulary.push_back(added ? text : bytesOfSpelling(text));
    data.kinds.push_back(kind);
    data.words.push_back(kind == TokenKind::normal);
    ids.emplace(text, static_cast<uint32_t>(id));
  }
  addAdded(data, tokens);
  return ids;
}

void readMerges(const Metadata &metadata, const IdsByText &ids, TokenizerData &data) {
  const char *key = "tokenizer.ggml.merges";
  const json &merges = metadata.array(key);
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string &text = stringAt(merges, rank, key);
    const size_t space = text.find(' ', 1);
    if (text.empty() || space == std::string::npos || space + 1 == text.size())
      throw Error("entry " + std::to_string(rank) + " of `" + key + "` is `" + text +
                  "`, not two parts with a space between them");
    const std::string_view left = std::string_view(text).substr(0, space);
    const std::string_view right = std::string_view(text).substr(space + 1);
    const auto first = ids.find(left), second = ids.find(right),
               both = ids.find(std::string(left) += right);
    if (first != ids.end() && second != ids.end() &&
        both != ids.end()) // others could never make a token
      data.merges.push_back({first->second, second->second, both->second});
  }
}

} // namespace

Tokens tokenizergguf::readTokens(const Metadata &metadata) {
  const char *tokensKey = "tokenizer.ggml.tokens", *typesKey = "tokenizer.ggml.token_type";
  const json &tokens = metadata.array(tokensKey);
  const json *types = metadata.find(typesKey);
  if (types && (!types->is_array() || types->size() != tokens.size()))
    throw Error("`" + std::string(typesKey) + "` must have as many entries as `" + tokensKey +
                "`: " + (types->is_array() ? std::to_string(types->size()) : "not an array") +
                " against " + std::to_string(tokens.size()));
  Tokens result;
  for (size_t id = 0; id < tokens.size(); ++id) {
    int64_t type = 1;
    if (types) {
      if (!(*types)[id].is_number_integer())
        throw Error("`" + std::string(typesKey) + "` must be an array of whole numbers; entry " +
                    std::to_string(id) + " is " + (*types)[id].type_name());
      type = (*types)[id].get<int64_t>();
      if (type < 0 || type > 6)
        throw Error("`" + std::string(typesKey) + "` has " + std::to_string(type) + " as entry " +
                    std::to_string(id) + "; types are 0 to 6");
    }
    result.texts.push_back(stringAt(tokens, id, tokensKey));
    result.kinds.push_back(static_cast<TokenKind>(type));
  }
  return result;
}

void tokenizergguf::addAdded(TokenizerData &data, const Tokens &tokens) {
  for (size_t id = 0; id < tokens.texts.size(); ++id) {
    const TokenKind kind = tokens.kinds[id];
    if ((kind == TokenKind::control || kind == TokenKind::userDefined ||
         kind == TokenKind::unknown) &&
        !tokens.texts[id].empty())
      data.added.push_back({.id = static_cast<int32_t>(id),
                            .text = tokens.texts[id],
                            .special = kind != TokenKind::userDefined});
  }
}

void tokenizergguf::readRoles(const Metadata &metadata, bool addBos, TokenizerData &data) {
  const size_t size = data.vocabulary.size();
  data.bos = metadata.token("tokenizer.ggml.bos_token_id", size);
  data.eos = metadata.token("tokenizer.ggml.eos_token_id", size);
  data.unknown = metadata.token("tokenizer.ggml.unknown_token_id", size);
  data.pad = metadata.token("tokenizer.ggml.padding_token_id", size);
  if (metadata.boolean("tokenizer.ggml.add_bos_token", addBos) && data.bos >= 0)
    data.prefix.push_back(data.bos);
  if (metadata.boolean("tokenizer.ggml.add_eos_token", false) && data.eos >= 0)
    data.suffix.push_back(data.eos);
  data.chatTemplate = metadata.string("tokenizer.chat_template");
  for (const char *name : {"eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"})
    if (const int32_t id =
            metadata.token(std::string("tokenizer.ggml.") + name + "_token_id", size);
        id >= 0)
      data.addEndOfGeneration(id);
  for (const AddedToken &token : data.added)
    if (namesEndOfGeneration(token.text))
      data.addEndOfGeneration(token.id);
}

TokenizerData TokenizerData::fromGguf(const json &object) {
  const Metadata metadata(object);
  const std::string model = metadata.string("tokenizer.ggml.model");
  if (model == scoredModel())
    return readScored(metadata, TokenizerModel::scored);
  if (model == unigramModel())
    return readScored(metadata, TokenizerModel::unigram);
  if (model == wordsModel())
    return readWords(metadata);
  if (model != byteLevelModel())
    throw Error(model.empty() ? "the metadata has no key `tokenizer.ggml.model`"
                              : "the tokenizer model `" + model + "` is not supported; `" +
                                    std::string(byteLevelModel()) + "` (byte-level BPE), `" +
                                    std::string(scoredModel()) + "`, `" +
                                    std::string(unigramModel()) + "` (SentencePiece) and `" +
                                    std::string(wordsModel()) + "` (WordPiece) are");
  const std::string name = metadata.string("tokenizer.ggml.pre", "default");
  const NamedPreTokenizer *pre = findPreTokenizer(name);
  if (!pre)
    throw Error("the pre-tokenizer `" + name + "` (`tokenizer.ggml.pre`) is not known");

  TokenizerData data;
  for (std::string_view pattern : pre->patterns)
    data.steps.push_back({.pattern = std::string(pattern)});
  if (pre->normalizer != Normalizer::none)
    data.normalization.push_back({.form = pre->normalizer});
  data.ignoreMerges = pre->ignoreMerges;
  const Tokens tokens = readTokens(metadata); // `ids` refers to them
  const IdsByText ids = readVocabulary(tokens, data);
  readMerges(metadata, ids, data);
  if (metadata.boolean("tokenizer.ggml.add_space_prefix", false))
    data.steps.insert(data.steps.begin(), {.kind = SplitStep::Kind::prefixSpace});
  readRoles(metadata, pre->addBos, data);
  return data;
}

} // namespace tril
