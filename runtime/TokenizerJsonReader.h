//===- TokenizerJsonReader.h - parts of a tokenizer.json -------------------------------------===//
// The format is that of the `tokenizers` library (its serialization of normalizers, pre-tokenizers,
// models, post-processors and decoders).  What is not known is refused by name rather than ignored.
#pragma once
#include "runtime/Error.h"
#include "runtime/TokenizerData.h"
#include <nlohmann/json.hpp>

namespace tril::tokenizerjson {

using nlohmann::json;

/// The member, or null; `where` names the object in messages.
inline const json &member(const json &object, const char *key, const std::string &where) {
  if (!object.is_object())
    throw Error(where + " must be an object");
  const auto found = object.find(key);
  static const json null;
  return found == object.end() ? null : *found;
}

inline std::string pathTo(const std::string &where, const char *key) {
  return where.empty() ? "`" + std::string(key) + "`" : where + ", member `" + key + "`";
}

inline bool boolean(const json &object, const char *key, bool otherwise, const std::string &where) {
  const json &value = member(object, key, where);
  if (!value.is_null() && !value.is_boolean())
    throw Error(pathTo(where, key) + " must be true or false");
  return value.is_null() ? otherwise : value.get<bool>();
}

inline const std::string &string(const json &object, const char *key, const std::string &where) {
  const json &value = member(object, key, where);
  if (!value.is_string())
    throw Error(pathTo(where, key) + " must be a string");
  return value.get_ref<const std::string &>();
}

inline const json &array(const json &object, const char *key, const std::string &where) {
  const json &value = member(object, key, where);
  if (!value.is_array())
    throw Error(pathTo(where, key) + " must be an array");
  return value;
}

/// Ids are dense in all published vocabularies; a file may not make us allocate for one that is
/// not.
inline constexpr uint64_t kMaxId = (1u << 24) - 1;

inline uint32_t tokenId(const json &value, const std::string &where) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > kMaxId)
    throw Error(where + " must be a token, a whole number from 0 to " + std::to_string(kMaxId));
  return value.get<uint32_t>();
}

inline void require(bool condition, const std::string &what) {
  if (!condition)
    throw Error("the tokenizer's " + what + " is not supported");
}

inline void place(TokenizerData &data, uint32_t id, std::string bytes, TokenKind kind, bool word) {
  if (id >= data.vocabulary.size()) {
    data.vocabulary.resize(id + 1);
    data.kinds.resize(id + 1, TokenKind::unused);
    data.words.resize(id + 1, false);
  }
  data.vocabulary[id] = std::move(bytes);
  data.kinds[id] = kind;
  data.words[id] = word;
}

/// `model`; the decoder says how its tokens are text.
void readModel(const json &model, const json &decoder, TokenizerData &data);
/// `normalizer`.
void readNormalizer(const json &normalizer, TokenizerData &data);
/// `pre_tokenizer`, null too.
void readPreTokenizer(const json &pre, TokenizerData &data);

} // namespace tril::tokenizerjson
