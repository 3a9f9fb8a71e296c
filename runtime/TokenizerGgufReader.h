//===- TokenizerGgufReader.h - GGUF's metadata of a tokenizer ---------------------------------===//
#pragma once
#include "runtime/Error.h"
#include "runtime/TokenizerData.h"
#include <nlohmann/json.hpp>
#include <vector>

namespace tril::tokenizergguf {

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

inline const std::string &stringAt(const json &array, size_t index, const char *key) {
  if (!array[index].is_string())
    throw Error("`" + std::string(key) + "` must be an array of strings; entry " +
                std::to_string(index) + " is " + array[index].type_name());
  return array[index].get_ref<const std::string &>();
}

/// `tokenizer.ggml.tokens` and their kinds, as they stand there.
struct Tokens {
  std::vector<std::string> texts;
  std::vector<TokenKind> kinds;
};
Tokens readTokens(const Metadata &metadata);

/// Tokens that `data` is to find in a text before anything else.
void addAdded(TokenizerData &data, const Tokens &tokens);

/// A model whose tokens have scores.
TokenizerData readScored(const Metadata &metadata, TokenizerModel model);

/// Words, and what continues them: WordPiece, with the normalization that its published
/// vocabularies have.
TokenizerData readWords(const Metadata &metadata);

/// bos, eos, ..., what is put around a text, the chat template, and the ends of generation.
void readRoles(const Metadata &metadata, bool addBos, TokenizerData &data);

} // namespace tril::tokenizergguf
