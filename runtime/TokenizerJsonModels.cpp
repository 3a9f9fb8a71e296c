//===- TokenizerJsonModels.cpp - models and decoders of a tokenizer.json ---------------------===//
#include "runtime/TokenizerJsonReader.h"
#include <charconv>
#include <cmath>
#include <unordered_map>

namespace tril::tokenizerjson {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

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

void readUnknown(const json &model, const IdsByText &ids, TokenizerData &data) {
  const json &unknown = member(model, "unk_token", "`model`");
  if (!unknown.is_string())
    return;
  const auto found = ids.find(unknown.get_ref<const std::string &>());
  if (found == ids.end())
    throw Error("`unk_token` is `" + unknown.get<std::string>() +
                "`, which is not in the vocabulary");
  data.unknown = data.unknownByte = static_cast<int32_t>(found->second);
}

/// The byte of `<0x2A>`, or -1.
int byteOf(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>')
    return -1;
  int value = 0;
  for (char c : text.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

std::string withSpaces(const std::string &text, const TokenizerData &data) {
  std::string result;
  for (std::string_view rest = text; !rest.empty();) {
    const bool space = data.spaces && rest.starts_with(kSpaceMark);
    result += space ? ' ' : rest[0];
    rest.remove_prefix(space ? kSpaceMark.size() : 1);
  }
  return result;
}

/// A token of a model whose tokens are characters.
void placeCharacters(TokenizerData &data, uint32_t id, const std::string &text) {
  const int byte = data.byteFallback ? byteOf(text) : -1;
  if (byte >= 0)
    place(data, id, std::string(1, static_cast<char>(byte)), TokenKind::byte, false);
  else
    place(data, id, withSpaces(text, data), TokenKind::normal, true);
}

/// With U+2581 as a space, two tokens may have become one text.
void requireDistinct(const TokenizerData &data) {
  std::unordered_map<std::string_view, size_t> ids;
  for (size_t id = 0; id < data.vocabulary.size(); ++id)
    if (data.words[id] && !data.vocabulary[id].empty())
      if (const auto [other, fresh] = ids.emplace(data.vocabulary[id], id); !fresh)
        throw Error("tokens " + std::to_string(other->second) + " and " + std::to_string(id) +
                    " are both `" + data.vocabulary[id] + "` to a reader");
}

IdsByText readVocabulary(const json &model, TokenizerData &data) {
  const json &vocabulary = member(model, "vocab", "`model`");
  if (!vocabulary.is_object())
    throw Error("`model`, member `vocab` must be an object of tokens and their numbers");
  IdsByText ids;
  ids.reserve(vocabulary.size());
  for (auto item = vocabulary.begin(); item != vocabulary.end(); ++item) {
    const uint32_t id =
        tokenId(*item, "the number of `" + item.key() + "` in `model`, member `vocab`");
    if (data.model == TokenizerModel::bytes)
      place(data, id, bytesOfSpelling(item.key()), TokenKind::normal, true);
    else
      placeCharacters(data, id, item.key());
    ids.emplace(item.key(), id);
  }
  return ids;
}

void readBpe(const json &model, TokenizerData &data) {
  const std::string where = "`model`";
  for (const char *key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json &value = member(model, key, where);
    require(value.is_null() || (value.is_string() && value.get_ref<const std::string &>().empty()),
            std::string(key) + " " + value.dump());
  }
  const json &dropout = member(model, "dropout", where);
  require(dropout.is_null() || dropout == 0, "dropout " + dropout.dump());
  data.byteFallback = boolean(model, "byte_fallback", false, where);
  require(!data.byteFallback || data.model == TokenizerModel::characters,
          "`byte_fallback` of a byte-level vocabulary");
  data.ignoreMerges = boolean(model, "ignore_merges", false, where);
  data.fuseUnknown = boolean(model, "fuse_unk", false, where);
  const IdsByText ids = readVocabulary(model, data);
  readMerges(array(model, "merges", where), ids, data);
  readUnknown(model, ids, data);
}

/// The library rounds a number twice, first its digits and then their quotient by a power of ten,
/// and where two sums are equal that decides which it takes.
double asTheLibraryReads(const json &number) {
  char buffer[400];
  const std::string_view text(
      buffer, static_cast<size_t>(std::to_chars(buffer, std::end(buffer), number.get<double>(),
                                                std::chars_format::fixed)
                                      .ptr -
                                  buffer)); // the shortest digits that say it
  uint64_t digits = 0;
  int places = 0;
  bool point = false;
  for (char c : text) {
    if (c == '.')
      point = true;
    else if (c >= '0' && c <= '9' && digits <= (UINT64_MAX - 9) / 10) {
      digits = digits * 10 + static_cast<uint64_t>(c - '0');
      places += point;
    } else if (c != '-') // an exponent, or more digits than such scores have
      return number.get<double>();
  }
  const double size = static_cast<double>(digits) / std::pow(10.0, places);
  return text[0] == '-' ? -size : size;
}

void readUnigram(const json &model, TokenizerData &data) {
  const std::string where = "`model`";
  data.model = TokenizerModel::unigram;
  data.byteFallback = boolean(model, "byte_fallback", false, where);
  const json &vocabulary = array(model, "vocab", where);
  for (size_t id = 0; id < vocabulary.size(); ++id) {
    const json &entry = vocabulary[id];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      throw Error("entry " + std::to_string(id) +
                  " of `model`, member `vocab` must be a text and its score");
    placeCharacters(data, tokenId(json(static_cast<uint64_t>(id)), where),
                    entry[0].get<std::string>());
    data.scores.push_back(asTheLibraryReads(entry[1]));
  }
  if (const json &unknown = member(model, "unk_id", where); !unknown.is_null()) {
    const uint32_t id = tokenId(unknown, pathTo(where, "unk_id"));
    if (id >= data.vocabulary.size())
      throw Error("`unk_id` is " + std::to_string(id) + ", but the vocabulary has " +
                  std::to_string(data.vocabulary.size()) + " tokens");
    data.unknown = data.unknownByte = static_cast<int32_t>(id);
  }
}

void readWords(const json &model, TokenizerData &data) {
  const std::string where = "`model`";
  data.model = TokenizerModel::words;
  const json &prefixMember = member(model, "continuing_subword_prefix", where);
  const std::string prefix =
      prefixMember.is_null() ? "##" : string(model, "continuing_subword_prefix", where);
  require(!prefix.empty(), "empty `continuing_subword_prefix`");
  if (const json &longest = member(model, "max_input_chars_per_word", where); !longest.is_null())
    data.longestWord = tokenId(longest, pathTo(where, "max_input_chars_per_word"));
  const json &vocabulary = member(model, "vocab", where);
  if (!vocabulary.is_object())
    throw Error("`model`, member `vocab` must be an object of tokens and their numbers");
  IdsByText ids;
  for (auto item = vocabulary.begin(); item != vocabulary.end(); ++item) {
    const uint32_t id =
        tokenId(*item, "the number of `" + item.key() + "` in `model`, member `vocab`");
    const bool continues = item.key().starts_with(prefix) && item.key().size() > prefix.size();
    place(data, id, continues ? item.key().substr(prefix.size()) : " " + item.key(),
          TokenKind::normal, true);
    ids.emplace(item.key(), id);
  }
  readUnknown(model, ids, data);
  data.stripSpace = true;
}

/// What a decoder does: `spaces` and `stripSpace`.
void readDecoder(const json &decoder, TokenizerData &data) {
  if (decoder.is_null())
    return;
  const std::string where = "`decoder`", &type = string(decoder, "type", where);
  if (type == "Sequence") {
    for (const json &part : array(decoder, "decoders", where))
      readDecoder(part, data);
  } else if (type == "Metaspace") {
    require(string(decoder, "replacement", where) == kSpaceMark, "`Metaspace` with another mark");
    data.spaces = true;
    const json &scheme = member(decoder, "prepend_scheme", where);
    data.stripSpace |=
        scheme.is_null() ? boolean(decoder, "add_prefix_space", true, where) : scheme != "never";
  } else if (type == "Replace") {
    const json &pattern = member(member(decoder, "pattern", where), "String", where);
    require(pattern == kSpaceMark && string(decoder, "content", where) == " ",
            "decoder `Replace` of " + pattern.dump());
    data.spaces = true;
  } else if (type == "Strip") {
    require(string(decoder, "content", where) == " " && member(decoder, "stop", where) == 0,
            "decoder " + decoder.dump());
    data.stripSpace |= member(decoder, "start", where) != 0;
  } else {
    require(type == "ByteFallback" || type == "Fuse" || type == "ByteLevel" || type == "WordPiece",
            "decoder `" + type + "`");
  }
}

} // namespace

void readModel(const json &model, const json &decoder, TokenizerData &data) {
  const std::string where = "`model`";
  const json &type = member(model, "type", where);
  if (data.model != TokenizerModel::bytes)
    readDecoder(decoder, data);
  if (type.is_null() || type == "BPE") {
    readBpe(model, data);
  } else {
    require(data.model != TokenizerModel::bytes,
            "model " + type.dump() + " with a byte-level pre-tokenizer");
    if (type == "Unigram")
      readUnigram(model, data);
    else if (type == "WordPiece")
      readWords(model, data);
    else
      require(false, "model " + type.dump());
  }
  if (data.model != TokenizerModel::bytes)
    requireDistinct(data);
}

} // namespace tril::tokenizerjson
