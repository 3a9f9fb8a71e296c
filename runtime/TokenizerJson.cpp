//===- TokenizerJson.cpp - a tokenizer from a Hugging Face tokenizer.json ---------------------===//
// The format is that of the `tokenizers` library (its serialization of normalizers, pre-tokenizers,
// models and post-processors).  Read is what byte-level BPE uses; anything else is refused by name
// rather than ignored.
#include "runtime/Error.h"
#include "runtime/TokenizerData.h"
#include "runtime/TokenizerPatterns.h"
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace tril {
namespace {

using nlohmann::json;

const json kNull;

/// The member, or null; `where` names the object in messages.
const json &member(const json &object, const char *key, const std::string &where) {
  if (!object.is_object())
    throw Error(where + " must be an object");
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

std::string pathTo(const std::string &where, const char *key) {
  return where.empty() ? "`" + std::string(key) + "`" : where + ", member `" + key + "`";
}

bool boolean(const json &object, const char *key, bool otherwise, const std::string &where) {
  const json &value = member(object, key, where);
  if (!value.is_null() && !value.is_boolean())
    throw Error(pathTo(where, key) + " must be true or false");
  return value.is_null() ? otherwise : value.get<bool>();
}

const std::string &string(const json &object, const char *key, const std::string &where) {
  const json &value = member(object, key, where);
  if (!value.is_string())
    throw Error(pathTo(where, key) + " must be a string");
  return value.get_ref<const std::string &>();
}

const json &array(const json &object, const char *key, const std::string &where) {
  const json &value = member(object, key, where);
  if (!value.is_array())
    throw Error(pathTo(where, key) + " must be an array");
  return value;
}

/// Ids are dense in all published vocabularies; a file may not make us allocate for one that is
/// not.
constexpr uint64_t kMaxId = (1u << 24) - 1;

uint32_t tokenId(const json &value, const std::string &where) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > kMaxId)
    throw Error(where + " must be a token, a whole number from 0 to " + std::to_string(kMaxId));
  return value.get<uint32_t>();
}

void require(bool condition, const std::string &what) {
  if (!condition)
    throw Error("the tokenizer's " + what + " is not supported; byte-level BPE is");
}

void place(TokenizerData &data, uint32_t id, std::string bytes, TokenKind kind, bool word) {
  if (id >= data.vocabulary.size()) {
    data.vocabulary.resize(id + 1);
    data.kinds.resize(id + 1, TokenKind::unused);
    data.words.resize(id + 1, false);
  }
  data.vocabulary[id] = std::move(bytes);
  data.kinds[id] = kind;
  data.words[id] = word;
}

using IdsByText = std::unordered_map<std::string_view, uint32_t>;

void readMerges(const json &merges, const IdsByText &ids, TokenizerData &data) {
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const json &entry = merges[rank];
    const auto refuse = [&](const std::string &what) {
      throw Error("merge " + std::to_string(rank) + " " + what);
    };
    std::string left, right;
    if (entry.is_string()) { // "a b", until version 0.20 of the library
      const std::string &text = entry.get_ref<const std::string &>();
      const size_t space = text.find(' ');
      if (space == std::string::npos)
        refuse("is `" + text + "`, not two parts with a space between them");
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() &&
               entry[1].is_string()) {
      left = entry[0].get<std::string>();
      right = entry[1].get<std::string>();
    } else {
      refuse("must be two strings");
    }
    const auto find = [&](const std::string &text) {
      const auto found = ids.find(text);
      if (found == ids.end())
        refuse(std::string("(`")
                   .append(left)
                   .append("`, `")
                   .append(right)
                   .append("`) needs `")
                   .append(text)
                   .append("`, which is not in the vocabulary"));
      return found->second;
    };
    data.merges.push_back({find(left), find(right), find(left + right)});
  }
}

void readModel(const json &model, TokenizerData &data) {
  const std::string where = "`model`";
  const json &type = member(model, "type", where);
  require(type.is_null() || type == "BPE", "model " + type.dump());
  for (const char *key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json &value = member(model, key, where);
    require(value.is_null() || (value.is_string() && value.get_ref<const std::string &>().empty()),
            std::string(key) + " " + value.dump());
  }
  const json &dropout = member(model, "dropout", where);
  require(dropout.is_null() || dropout == 0, "dropout " + dropout.dump());
  require(!boolean(model, "byte_fallback", false, where), "`byte_fallback`");
  data.ignoreMerges = boolean(model, "ignore_merges", false, where);
  data.fuseUnknown = boolean(model, "fuse_unk", false, where);

  const json &vocabulary = member(model, "vocab", where);
  if (!vocabulary.is_object())
    throw Error("`model`, member `vocab` must be an object of tokens and their numbers");
  IdsByText ids;
  ids.reserve(vocabulary.size());
  for (const auto &item : vocabulary.items()) {
    const uint32_t id =
        tokenId(item.value(), "the number of `" + item.key() + "` in `model`, member `vocab`");
    place(data, id, bytesOfSpelling(item.key()), TokenKind::normal, true);
  }
  for (auto item = vocabulary.begin(); item != vocabulary.end(); ++item)
    ids.emplace(item.key(), item->get<uint32_t>());
  readMerges(array(model, "merges", where), ids, data);
  if (const json &unknown = member(model, "unk_token", where); unknown.is_string()) {
    const auto found = ids.find(unknown.get_ref<const std::string &>());
    if (found == ids.end())
      throw Error("`unk_token` is `" + unknown.get<std::string>() +
                  "`, which is not in the vocabulary");
    data.unknown = data.unknownByte = static_cast<int32_t>(found->second);
  }
}

void readNormalizer(const json &normalizer, TokenizerData &data) {
  if (normalizer.is_null())
    return;
  const std::string where = "`normalizer`", &type = string(normalizer, "type", where);
  if (type == "Sequence") {
    for (const json &part : array(normalizer, "normalizers", where))
      readNormalizer(part, data);
    return;
  }
  const Normalizer form = type == "NFC"    ? Normalizer::nfc
                          : type == "NFD"  ? Normalizer::nfd
                          : type == "NFKC" ? Normalizer::nfkc
                          : type == "NFKD" ? Normalizer::nfkd
                                           : Normalizer::none;
  require(form != Normalizer::none, "normalizer `" + type + "`");
  require(data.normalizer == Normalizer::none || data.normalizer == form,
          "sequence of two normal forms");
  data.normalizer = form;
}

/// A literal text as a pattern.
std::string quoted(const std::string &text) {
  std::string pattern;
  for (char c : text) {
    if (static_cast<uint8_t>(c) < 0x80 && !std::isalnum(static_cast<uint8_t>(c)))
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

SplitStep::Behavior behavior(const json &object, const std::string &where) {
  const std::string &name = string(object, "behavior", where);
  if (name == "Isolated")
    return SplitStep::Behavior::isolated;
  if (name == "Contiguous")
    return SplitStep::Behavior::contiguous;
  require(name == "Removed", "splitting behavior `" + name + "`");
  return SplitStep::Behavior::removed;
}

/// Returns true once the step that spells bytes is there; no other may follow it.
bool readPreTokenizer(const json &pre, TokenizerData &data, bool spelled) {
  const std::string where = "`pre_tokenizer`", &type = string(pre, "type", where);
  require(!spelled, "pre-tokenizer `" + type + "` behind `ByteLevel`");
  if (type == "Sequence") {
    for (const json &part : array(pre, "pretokenizers", where))
      spelled = readPreTokenizer(part, data, spelled);
    return spelled;
  }
  if (type == "ByteLevel") {
    if (boolean(pre, "add_prefix_space", true, where))
      data.steps.push_back({.kind = SplitStep::Kind::prefixSpace});
    if (boolean(pre, "use_regex", true, where))
      data.steps.push_back({.pattern = std::string(byteLevelPattern())});
    return true;
  }
  if (type == "Digits") {
    data.steps.push_back(
        {.pattern = std::string(digitsPattern(boolean(pre, "individual_digits", false, where)))});
    return false;
  }
  if (type == "Punctuation") {
    data.steps.push_back(
        {.behavior = behavior(pre, where), .pattern = std::string(punctuationPattern())});
    return false;
  }
  require(type == "Split", "pre-tokenizer `" + type + "`");
  const json &pattern = member(pre, "pattern", where);
  const json &regex = member(pattern, "Regex", where);
  data.steps.push_back({.behavior = behavior(pre, where),
                        .invert = boolean(pre, "invert", false, where),
                        .pattern = regex.is_string() ? regex.get<std::string>()
                                                     : quoted(string(pattern, "String", where))});
  return false;
}

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
  readModel(member(tokenizer, "model", where), data);
  readNormalizer(member(tokenizer, "normalizer", where), data);
  const json &pre = member(tokenizer, "pre_tokenizer", where);
  require(!pre.is_null() && readPreTokenizer(pre, data, false),
          "pre-tokenizer without `ByteLevel`");
  readAdded(member(tokenizer, "added_tokens", where), data);
  readPostProcessor(member(tokenizer, "post_processor", where), data);
  if (config)
    readConfig(*config, data);
  return data;
}

} // namespace tril
