//===- TokenizerGguf.cpp - a tokenizer from GGUF metadata -------------------------------------===//
#include "runtime/Error.h"
#include "runtime/TokenizerData.h"
#include "runtime/TokenizerPatterns.h"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace tril {
namespace {

using nlohmann::json;

/// Typed access to the flat object; messages name the key.
class Metadata {
public:
  explicit Metadata(const json &object) : object(object) {
    if (!object.is_object())
      throw Error("the metadata of a tokenizer must be an object of keys and values");
  }
  const json *find(const std::string &key) const {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
  }
  const json &array(const std::string &key) const {
    const json *value = find(key);
    if (!value)
      throw Error("the metadata has no key `" + key + "`");
    if (!value->is_array())
      throw Error("`" + key + "` must be an array");
    return *value;
  }
  std::string string(const std::string &key, const char *otherwise = "") const {
    const json *value = find(key);
    if (value && !value->is_string())
      throw Error("`" + key + "` must be a string");
    return value ? value->get<std::string>() : otherwise;
  }
  bool boolean(const std::string &key, bool otherwise) const {
    const json *value = find(key);
    if (value && !value->is_boolean())
      throw Error("`" + key + "` must be true or false");
    return value ? value->get<bool>() : otherwise;
  }
  /// A token's id, -1 where the key is absent.
  int32_t token(const std::string &key, size_t vocabulary) const {
    const json *value = find(key);
    if (!value)
      return -1;
    if (!value->is_number_integer())
      throw Error("`" + key + "` must be a whole number");
    const bool inside = value->is_number_unsigned()
                            ? value->get<uint64_t>() < vocabulary
                            : value->get<int64_t>() >= 0 &&
                                  static_cast<uint64_t>(value->get<int64_t>()) < vocabulary;
    if (!inside)
      throw Error("`" + key + "` is " + value->dump() + ", but the vocabulary has " +
                  std::to_string(vocabulary) + " tokens");
    return value->get<int32_t>();
  }

private:
  const json &object;
};

const std::string &stringAt(const json &array, size_t index, const char *key) {
  if (!array[index].is_string())
    throw Error("`" + std::string(key) + "` must be an array of strings; entry " +
                std::to_string(index) + " is " + array[index].type_name());
  return array[index].get_ref<const std::string &>();
}

using IdsByText = std::unordered_map<std::string_view, uint32_t>;

IdsByText readVocabulary(const Metadata &metadata, TokenizerData &data) {
  const char *tokensKey = "tokenizer.ggml.tokens", *typesKey = "tokenizer.ggml.token_type";
  const json &tokens = metadata.array(tokensKey);
  const json *types = metadata.find(typesKey);
  if (types && (!types->is_array() || types->size() != tokens.size()))
    throw Error("`" + std::string(typesKey) + "` must have as many entries as `" + tokensKey +
                "`: " + (types->is_array() ? std::to_string(types->size()) : "not an array") +
                " against " + std::to_string(tokens.size()));
  IdsByText ids;
  ids.reserve(tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    const std::string &text = stringAt(tokens, id, tokensKey);
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
    const auto kind = static_cast<TokenKind>(type);
    const bool added =
        kind == TokenKind::control || kind == TokenKind::userDefined || kind == TokenKind::unknown;
    data.vocabulary.push_back(added ? text : bytesOfSpelling(text));
    data.kinds.push_back(kind);
    data.words.push_back(kind == TokenKind::normal);
    if (added && !text.empty())
      data.added.push_back({.id = static_cast<int32_t>(id),
                            .text = text,
                            .special = kind != TokenKind::userDefined});
    ids.emplace(text, static_cast<uint32_t>(id));
  }
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

void readEndOfGeneration(const Metadata &metadata, TokenizerData &data) {
  const size_t size = data.vocabulary.size();
  for (const char *name : {"eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"})
    if (const int32_t id =
            metadata.token(std::string("tokenizer.ggml.") + name + "_token_id", size);
        id >= 0)
      data.addEndOfGeneration(id);
  for (const AddedToken &token : data.added)
    if (namesEndOfGeneration(token.text))
      data.addEndOfGeneration(token.id);
}

} // namespace

TokenizerData TokenizerData::fromGguf(const json &object) {
  const Metadata metadata(object);
  const std::string model = metadata.string("tokenizer.ggml.model");
  if (model != byteLevelModel())
    throw Error(model.empty() ? "the metadata has no key `tokenizer.ggml.model`"
                              : "the tokenizer model `" + model + "` is not supported; `" +
                                    std::string(byteLevelModel()) + "` (byte-level BPE) is");
  const std::string name = metadata.string("tokenizer.ggml.pre", "default");
  const NamedPreTokenizer *pre = findPreTokenizer(name);
  if (!pre)
    throw Error("the pre-tokenizer `" + name + "` (`tokenizer.ggml.pre`) is not known");

  TokenizerData data;
  for (std::string_view pattern : pre->patterns)
    data.steps.push_back({.pattern = std::string(pattern)});
  data.normalizer = pre->normalizer;
  data.ignoreMerges = pre->ignoreMerges;
  const IdsByText ids = readVocabulary(metadata, data);
  readMerges(metadata, ids, data);

  const size_t size = data.vocabulary.size();
  data.bos = metadata.token("tokenizer.ggml.bos_token_id", size);
  data.eos = metadata.token("tokenizer.ggml.eos_token_id", size);
  data.unknown = metadata.token("tokenizer.ggml.unknown_token_id", size);
  data.pad = metadata.token("tokenizer.ggml.padding_token_id", size);
  if (metadata.boolean("tokenizer.ggml.add_bos_token", pre->addBos) && data.bos >= 0)
    data.prefix.push_back(data.bos);
  if (metadata.boolean("tokenizer.ggml.add_eos_token", false) && data.eos >= 0)
    data.suffix.push_back(data.eos);
  if (metadata.boolean("tokenizer.ggml.add_space_prefix", false))
    data.steps.insert(data.steps.begin(), {.kind = SplitStep::Kind::prefixSpace});
  data.chatTemplate = metadata.string("tokenizer.chat_template");
  readEndOfGeneration(metadata, data);
  return data;
}

} // namespace tril
