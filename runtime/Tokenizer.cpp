//===- Tokenizer.cpp - text to tokens and back ------------------------------------------------===//
#include "runtime/Tokenizer.h"
#include "runtime/Error.h"
#include "runtime/TokenizerBpe.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>
#include <utility>

namespace tril {
namespace {

/// The start of the last character of a text, or its last byte where that is none.
size_t lastCharacter(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(4, text.size()); ++back)
    if (sequenceLength(text.substr(text.size() - back)) == back)
      return text.size() - back;
  return text.size() - 1;
}

bool startsWithWord(std::string_view text) {
  return sequenceLength(text) != 0 && isWordCharacter(decodeSequence(text));
}

bool endsWithWord(std::string_view text) {
  return !text.empty() && startsWithWord(text.substr(lastCharacter(text)));
}

size_t withoutTrailingSpace(std::string_view text) {
  while (!text.empty()) {
    const size_t last = lastCharacter(text);
    if (sequenceLength(text.substr(last)) == 0 || !isWhiteSpace(decodeSequence(text.substr(last))))
      break;
    text = text.substr(0, last);
  }
  return text.size();
}

size_t leadingSpace(std::string_view text) {
  size_t end = 0;
  while (size_t length = sequenceLength(text.substr(end))) {
    if (!isWhiteSpace(decodeSequence(text.substr(end))))
      break;
    end += length;
  }
  return end;
}

} // namespace

Tokenizer::Tokenizer(TokenizerView theView)
    : view(theView), preTokenizer(view),
      beforeNormalization(makeSet(view.added.first(view.header->addedBeforeNormalization))),
      afterNormalization(makeSet(view.added.subspan(view.header->addedBeforeNormalization))) {}

Tokenizer::AddedSet Tokenizer::makeSet(std::span<const AddedRecord> tokens) const {
  AddedSet set{tokens};
  for (const AddedRecord &token : tokens)
    set.starts[static_cast<uint8_t>(view.text(token)[0])] = true;
  return set;
}

/// The sorted texts are walked like a trie: [first, last) are those that begin as `text` does.
const TokenizerView::AddedRecord *Tokenizer::longestAt(const AddedSet &set, std::string_view text,
                                                       bool parseSpecial) const {
  const AddedRecord *longest = nullptr;
  const auto byteAt = [&](const AddedRecord &token, size_t depth) {
    return token.size > depth ? static_cast<uint8_t>(view.text(token)[depth]) : -1;
  };
  auto first = set.tokens.begin(), last = set.tokens.end();
  for (size_t depth = 0; depth < text.size() && first != last; ++depth) {
    const int byte = static_cast<uint8_t>(text[depth]);
    first = std::partition_point(first, last,
                                 [&](const AddedRecord &t) { return byteAt(t, depth) < byte; });
    last = std::partition_point(first, last,
                                [&](const AddedRecord &t) { return byteAt(t, depth) == byte; });
    for (auto token = first; token != last && token->size == depth + 1; ++token)
      if (parseSpecial || !token->special)
        longest = &*token;
  }
  return longest;
}

template <class OnText, class OnToken>
void Tokenizer::findAdded(const AddedSet &set, std::string_view text, bool parseSpecial,
                          OnText onText, OnToken onToken) const {
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedRecord *token = nullptr;
    if (set.starts[static_cast<uint8_t>(text[at])])
      token = longestAt(set, text.substr(at), parseSpecial);
    if (!token) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + token->size;
    at = end;
    if (token->singleWord &&
        (endsWithWord(text.substr(0, begin)) || startsWithWord(text.substr(end))))
      continue;
    if (token->stripLeft)
      begin = std::max(done, withoutTrailingSpace(text.substr(0, begin)));
    if (token->stripRight)
      end += leadingSpace(text.substr(end));
    if (begin > done) // not so where a token before has taken the space that this one begins with
      onText(text.substr(done, begin - done));
    onToken(static_cast<int32_t>(token->id));
    done = end;
  }
  if (done < text.size())
    onText(text.substr(done));
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool addSpecial,
                                       bool parseSpecial) const {
  std::vector<int32_t> tokens;
  if (addSpecial)
    tokens.assign(view.prefix.begin(), view.prefix.end());

  BpeMerger merger(view);
  const auto onToken = [&](int32_t token) { tokens.push_back(token); };
  const PreTokenizer::Sink onPiece = [&](std::string_view piece) { merger.encode(piece, tokens); };
  const auto onNormalized = [&](std::string_view part) { preTokenizer.split(part, onPiece); };
  const auto onText = [&](std::string_view part) {
    if (view.header->normalizer == Normalizer::none)
      return findAdded(afterNormalization, part, parseSpecial, onNormalized, onToken);
    const std::string normal = normalize(view.header->normalizer, part);
    findAdded(afterNormalization, normal, parseSpecial, onNormalized, onToken);
  };
  findAdded(beforeNormalization, text, parseSpecial, onText, onToken);

  if (addSpecial)
    tokens.insert(tokens.end(), view.suffix.begin(), view.suffix.end());
  return tokens;
}

std::string Tokenizer::decode(std::span<const int32_t> tokens, bool showSpecial) const {
  std::string text;
  for (int32_t token : tokens)
    if (showSpecial || kindOf(token) != TokenKind::control)
      text += bytesOf(token);
  return text;
}

std::string_view Tokenizer::bytesOf(int32_t token) const {
  if (token < 0 || token >= vocabSize())
    throw Error("token " + std::to_string(token) + " is outside the vocabulary of " +
                std::to_string(vocabSize()) + " tokens");
  return view.token(static_cast<uint32_t>(token));
}

TokenKind Tokenizer::kindOf(int32_t token) const {
  bytesOf(token); // checks
  return view.kinds[static_cast<size_t>(token)];
}

bool Tokenizer::isEndOfGeneration(int32_t token) const {
  return std::binary_search(view.endOfGeneration.begin(), view.endOfGeneration.end(), token);
}

std::string StreamDecoder::push(int32_t token) {
  if (!showSpecial && tokenizer.kindOf(token) == TokenKind::control)
    return {};
  held += tokenizer.bytesOf(token);
  // Only the last three bytes can be the beginning of something longer.
  for (size_t tail = std::min<size_t>(3, held.size()); tail > 0; --tail)
    if (isIncompleteSequence(std::string_view(held).substr(held.size() - tail))) {
      std::string rest = held.substr(held.size() - tail);
      held.resize(held.size() - tail);
      return std::exchange(held, std::move(rest));
    }
  return std::exchange(held, {});
}

std::string StreamDecoder::flush() { return std::exchange(held, {}); }

} // namespace tril
