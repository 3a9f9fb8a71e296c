//===- TokenizerJson.cpp - a tokenizer from a Hugging Face tokenizer.json ---------------------===//
#include "runtime/TokenizerJsonReader.h"
#include "runtime/TokenizerPatterns.h"

namespace tril {

using namespace tokenizerjson;

namespace {

void readAdded(const json &added, TokenizerData &data) {
  if (added.is_null())
    return;
  if (!added.is_array())
    throw Error("`added_tokens` must be an array");
  const std::string where = "`added_tokens`";
  for (const json &item : added) {
    const uint32_t id = tokenId(member(item, "id", where), "`added_tokens`, member `id`");
    AddedToken token{.id = static_cast<int32_t>(id),
                     .text = string(item, "content", where),
                     .special = boolean(item, "special", false, where),
                     .singleWord = boolean(item, "single_word", false, where),
                     .stripLeft = boolean(item, "lstrip", false, where),
                     .stripRight = boolean(item, "rstrip", false, where)};
    token.normalized = boolean(item, "normalized", !token.special, where);
    const bool word = id < data.words.size() && data.words[id];
    place(data, id, token.text, token.special ? TokenKind::control : TokenKind::userDefined, word);
    if (namesEndOfGeneration(token.text))
      data.addEndOfGeneration(token.id);
    data.added.push_back(std::move(token));
  }
}

int32_t idOf(const TokenizerData &data, const std::string &text) {
  for (const AddedToken &token : data.added)
    if (token.text == text)
      return token.id;
  for (size_t id = 0; id < data.vocabulary.size(); ++id)
    if (data.vocabulary[id] == text)
      return static_cast<int32_t>(id);
  return -1;
}

void readPostProcessor(const json &post, TokenizerData &data) {
  if (post.is_null())
    return;
  const std::string where = "`post_processor`", &type = string(post, "type", where);
  if (type == "ByteLevel")
    return;
  if (type == "Sequence") {
    for (const json &part : array(post, "processors", where))
      readPostProcessor(part, data);
    return;
  }
  const auto known = [&](uint32_t id) {
    if (id >= data.vocabulary.size())
      throw Error("`post_processor` names token " + std::to_string(id) +
                  ", but the vocabulary has " + std::to_string(data.vocabulary.size()) + " tokens");
    return static_cast<int32_t>(id);
  };
  if (type == "RobertaProcessing" || type == "BertProcessing") {
    for (const auto &[key, ids] :
         {std::pair("cls", &data.prefix), std::pair("sep", &data.suffix)}) {
      const json &pair = array(post, key, where);
      if (pair.size() != 2)
        throw Error(pathTo(where, key) + " must be a token's text and its number");
      ids->push_back(known(tokenId(pair[1], pathTo(where, key))));
    }
    return;
  }
  require(type == "TemplateProcessing", "post-processor `" + type + "`");
  bool before = true;
  for (const json &part : array(post, "single", where)) {
    const json &special = member(part, "SpecialToken", where);
    if (special.is_null()) {
      before = false;
      continue;
    }
    const std::string &name = string(special, "id", where);
    const json &entry = member(member(post, "special_tokens", where), name.c_str(), where);
    for (const json &id : array(entry, "ids", where))
      (before ? data.prefix : data.suffix).push_back(known(tokenId(id, pathTo(where, "ids"))));
  }
}

void readConfig(const json &config, TokenizerData &data) {
  const std::string where = "the tokenizer's configuration";
  const auto named = [&](const char *key) {
    const json &value = member(config, key, where);
    const json &text = value.is_object() ? member(value, "content", where) : value;
    return text.is_string() ? idOf(data, text.get<std::string>()) : -1;
  };
  data.bos = named("bos_token");
  data.eos = named("eos_token");
  data.pad = named("pad_token");
  if (const int32_t unknown = named("unk_token"); unknown >= 0)
    data.unknown = unknown;
  if (data.eos >= 0)
    data.addEndOfGeneration(data.eos);
  if (data.bos >= 0 && data.prefix.empty() && boolean(config, "add_bos_token", false, where))
    data.prefix.push_back(data.bos);
  if (data.eos >= 0 && data.suffix.empty() && boolean(config, "add_eos_token", false, where))
    data.suffix.push_back(data.eos);
  const json &chat = member(config, "chat_template", where);
  if (chat.is_string())
    data.chatTemplate = chat.get<std::string>();
  if (chat.is_array())
    for (const json &entry : chat)
      if (data.chatTemplate.empty() || member(entry, "name", where) == "default")
        data.chatTemplate = string(entry, "template", where);
}

} // namespace

TokenizerData TokenizerData::fromTokenizerJson(const json &tokenizer, const json *config) {
  const std::string where = "the tokenizer";
  TokenizerData data;
  readNormalizer(member(tokenizer, "normalizer", where), data);
  readPreTokenizer(member(tokenizer, "pre_tokenizer", where), data);
  readModel(member(tokenizer, "model", where), member(tokenizer, "decoder", where), data);
  readAdded(member(tokenizer, "added_tokens", where), data);
  readPostProcessor(member(tokenizer, "post_processor", where), data);
  if (config)
    readConfig(*config, data);
  return data;
}

} // namespace tril
