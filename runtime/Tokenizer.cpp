//===- Tokenizer.cpp - text to tokens and back ------------------------------------------------===//
#include "runtime/Tokenizer.h"
#include "runtime/Error.h"
#include "runtime/TokenizerModels.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>
#include <utility>

namespace tril {
namespace {

bool startsWithWord(std::string_view text) {
  return sequenceLength(text) != 0 && isWordCharacter(decodeSequence(text));
}

bool endsWithWord(std::string_view text) {
  return !text.empty() && startsWithWord(text.substr(lastCharacter(text)));
}

/// U+2581 stands for a space.
std::string withSpaces(std::string_view text) {
  constexpr std::string_view mark = "\u2581";
  std::string result;
  while (!text.empty()) {
    const bool space = text.starts_with(mark);
    result += space ? ' ' : text[0];
    text.remove_prefix(space ? mark.size() : 1);
  }
  return result;
}

} // namespace

Tokenizer::Tokenizer(TokenizerView theView)
    : view(theView), preTokenizer(view), normalizer(view.normalizeSteps()),
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

  const std::unique_ptr<PieceEncoder> encoder = makeEncoder(view);
  bool first = true; // nothing of the text is before
  std::string spaced;
  const auto onToken = [&](int32_t token) { tokens.push_back(token); };
  const PreTokenizer::Sink onPiece = [&](std::string_view piece) {
    if (view.header->spaces) {
      spaced = withSpaces(piece);
      piece = spaced;
    }
    encoder->encode(piece, tokens);
  };
  const auto onNormalized = [&](std::string_view part) {
    preTokenizer.split(part, first, onPiece);
    first = false;
  };
  const auto onText = [&](std::string_view part) {
    first = part.data() == text.data();
    if (normalizer.empty())
      return findAdded(afterNormalization, part, parseSpecial, onNormalized, onToken);
    const std::string normal = normalizer(part);
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
  if (view.header->stripSpace && text.starts_with(' '))
    text.erase(0, 1);
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
