//===- TokenizerView.cpp - write and read the compact form ------------------------------------===//
#include "runtime/TokenizerView.h"
#include "runtime/Error.h"
#include "runtime/TokenizerNormalize.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>
#include <bit>
#include <tuple>

static_assert(std::endian::native == std::endian::little, "the compact form is read in place");

namespace tril {
namespace {

using Header = TokenizerHeader;

class Writer {
public:
  Writer() : bytes(sizeof(Header)) {}

  template <class T> void section(Header::Section which, const std::vector<T> &items) {
    section(which, items.data(), items.size() * sizeof(T));
  }
  void section(Header::Section which, const std::string &text) {
    section(which, text.data(), text.size());
  }
  void section(Header::Section which, const void *data, size_t size) {
    bytes.resize((bytes.size() + 7) / 8 * 8);
    header.sections[which] = {bytes.size(), size};
    const auto *first = static_cast<const std::byte *>(data);
    bytes.insert(bytes.end(), first, first + size);
  }
  std::vector<std::byte> take() {
    bytes.resize((bytes.size() + 7) / 8 * 8);
    header.size = bytes.size();
    std::memcpy(bytes.data(), &header, sizeof header);
    return std::move(bytes);
  }

  Header header{};

private:
  std::vector<std::byte> bytes;
};

/// Open addressing with linear probing, two thirds full.
template <class Hash> std::vector<uint32_t> slotsFor(size_t count, Hash &&insert) {
  std::vector<uint32_t> slots(count + count / 2 + 1, TokenizerView::kEmptySlot);
  insert([&](uint64_t hash, uint32_t entry) {
    size_t slot = TokenizerView::slotOf(hash, slots.size());
    while (slots[slot] != TokenizerView::kEmptySlot)
      slot = slot + 1 == slots.size() ? 0 : slot + 1;
    slots[slot] = entry;
  });
  return slots;
}

void writeVocabulary(const TokenizerData &data, Writer &writer) {
  std::vector<uint32_t> offsets{0};
  std::string all;
  for (const std::string &token : data.vocabulary) {
    all += token;
    if (all.size() > UINT32_MAX)
      throw Error("the vocabulary holds more than 4 GiB of text");
    offsets.push_back(static_cast<uint32_t>(all.size()));
  }
  writer.section(Header::tokenOffsets, offsets);
  writer.section(Header::tokenBytes, all);
  writer.section(Header::tokenKinds, data.kinds);

  std::fill_n(writer.header.byteTokens, 256, -1);
  size_t words = 0;
  for (size_t id = 0; id < data.vocabulary.size(); ++id) {
    if (!data.words[id])
      continue;
    ++words;
    if (data.model == TokenizerModel::bytes && data.vocabulary[id].size() == 1)
      writer.header.byteTokens[static_cast<uint8_t>(data.vocabulary[id][0])] =
          static_cast<int32_t>(id);
  }
  if (data.byteFallback)
    for (size_t id = 0; id < data.vocabulary.size(); ++id)
      if (data.kinds[id] == TokenKind::byte && data.vocabulary[id].size() == 1)
        writer.header.byteTokens[static_cast<uint8_t>(data.vocabulary[id][0])] =
            static_cast<int32_t>(id);
  if (data.ignoreMerges || data.model != TokenizerModel::bytes)
    writer.section(Header::wordSlots, slotsFor(words, [&](auto add) {
                     for (size_t id = 0; id < data.vocabulary.size(); ++id)
                       if (data.words[id])
                         add(TokenizerView::hashBytes(data.vocabulary[id]),
                             static_cast<uint32_t>(id));
                   }));
}

void writeMerges(const TokenizerData &data, Writer &writer) {
  if (data.merges.size() >= TokenizerView::kMaxMerges)
    throw Error("a tokenizer with " + std::to_string(data.merges.size()) + " merges; at most " +
                std::to_string(TokenizerView::kMaxMerges - 1) + " are supported");
  writer.section(Header::merges, data.merges);
  if (!data.merges.empty())
    writer.section(Header::mergeSlots, slotsFor(data.merges.size(), [&](auto add) {
                     for (uint32_t rank = 0; rank < data.merges.size(); ++rank) {
                       const Merge &merge = data.merges[rank];
                       const uint64_t hash = TokenizerView::hashPair(merge.left, merge.right);
                       add(hash, static_cast<uint32_t>(hash & 0xff) << 24 | rank);
                     }
                   }));
}

void writeAdded(const TokenizerData &data, Writer &writer) {
  std::vector<AddedToken> added;
  const TextNormalizer normalizer(data.normalization);
  for (AddedToken token : data.added) {
    if (token.normalized)
      token.text = normalizer(token.text);
    if (!token.text.empty())
      added.push_back(std::move(token));
  }
  std::sort(added.begin(), added.end(), [](const AddedToken &a, const AddedToken &b) {
    return std::tie(a.normalized, a.text, a.id) < std::tie(b.normalized, b.text, b.id);
  });
  std::vector<TokenizerView::AddedRecord> records;
  std::string texts;
  for (const AddedToken &token : added) {
    records.push_back({static_cast<uint32_t>(token.id), static_cast<uint32_t>(texts.size()),
                       static_cast<uint32_t>(token.text.size()), token.special, token.singleWord,
                       token.stripLeft, token.stripRight});
    texts += token.text;
    writer.header.addedBeforeNormalization += !token.normalized;
  }
  writer.section(Header::added, records);
  writer.section(Header::addedBytes, texts);
}

void writeSteps(const TokenizerData &data, Writer &writer) {
  std::vector<TokenizerView::StepRecord> records;
  std::string patterns;
  for (const SplitStep &step : data.steps) {
    records.push_back({static_cast<uint32_t>(patterns.size()),
                       static_cast<uint32_t>(step.pattern.size()), step.kind, step.behavior,
                       step.invert, step.prepend});
    patterns += step.pattern;
  }
  writer.section(Header::steps, records);
  writer.section(Header::stepBytes, patterns);
}

void writeNormalization(const TokenizerData &data, Writer &writer) {
  std::vector<TokenizerView::NormalizeRecord> records;
  std::string texts;
  for (const NormalizeStep &step : data.normalization) {
    records.push_back({static_cast<uint32_t>(texts.size()),
                       static_cast<uint32_t>(step.pattern.size()),
                       static_cast<uint32_t>(step.content.size()),
                       step.kind,
                       step.form,
                       {}});
    texts += step.pattern + step.content;
  }
  writer.section(Header::normalization, records);
  writer.section(Header::normalizationBytes, texts);
}

/// Reading: every check throws from here, so that all messages have one form.
void require(bool condition, const char *what) {
  if (!condition)
    throw Error(std::string("the tokenizer of this program is damaged: ") + what);
}

class Reader {
public:
  explicit Reader(std::span<const std::byte> all) : all(all) {}

  template <class T> std::span<const T> section(Header::Section which) const {
    const Header::Extent extent = reinterpret_cast<const Header *>(all.data())->sections[which];
    require(extent.offset % 8 == 0 && extent.offset <= all.size() &&
                extent.size <= all.size() - extent.offset && extent.size % sizeof(T) == 0,
            "a section lies outside of it");
    return {reinterpret_cast<const T *>(all.data() + extent.offset), extent.size / sizeof(T)};
  }
  std::string_view text(Header::Section which) const {
    const auto bytes = section<char>(which);
    return {bytes.data(), bytes.size()};
  }

private:
  std::span<const std::byte> all;
};

void checkIds(std::span<const int32_t> ids, uint32_t size) {
  for (int32_t id : ids)
    require(id >= 0 && static_cast<uint32_t>(id) < size,
            "a special token is outside the vocabulary");
}

/// A table in which probing ends and finds only what exists.
void checkSlots(std::span<const uint32_t> slots, uint32_t mask, size_t count) {
  bool hasEmpty = slots.empty();
  for (uint32_t slot : slots) {
    hasEmpty |= slot == TokenizerView::kEmptySlot;
    require(slot == TokenizerView::kEmptySlot || (slot & mask) < count,
            "a table points outside of it");
  }
  require(hasEmpty, "a table has no empty slot");
}

} // namespace

std::vector<std::byte> TokenizerData::serialize() const {
  Writer writer;
  std::memcpy(writer.header.magic, Header::kMagic, sizeof writer.header.magic);
  writer.header.bos = bos;
  writer.header.eos = eos;
  writer.header.unknown = unknown;
  writer.header.pad = pad;
  writer.header.unknownByte = unknownByte;
  writer.header.model = model;
  writer.header.longestWord = longestWord;
  writer.header.byteFallback = byteFallback;
  writer.header.spaces = spaces;
  writer.header.singleScores = singleScores;
  writer.header.stripSpace = stripSpace;
  writer.header.ignoreMerges = ignoreMerges;
  writer.header.fuseUnknown = fuseUnknown;
  writeVocabulary(*this, writer);
  writeMerges(*this, writer);
  writeAdded(*this, writer);
  writeSteps(*this, writer);
  writeNormalization(*this, writer);
  writer.section(Header::scores, scores);
  writer.section(Header::prefix, prefix);
  writer.section(Header::suffix, suffix);
  writer.section(Header::endOfGeneration, endOfGeneration);
  writer.section(Header::chatTemplate, chatTemplate);
  return writer.take();
}

std::vector<NormalizeStep> TokenizerView::normalizeSteps() const {
  std::vector<NormalizeStep> steps;
  for (const NormalizeRecord &record : normalization)
    steps.push_back({record.kind, record.form,
                     std::string(normalizationBytes.substr(record.offset, record.patternSize)),
                     std::string(normalizationBytes.substr(record.offset + record.patternSize,
                                                           record.contentSize))});
  return steps;
}

TokenizerView TokenizerView::deserialize(std::span<const std::byte> bytes) {
  require(bytes.size() >= sizeof(Header), "it is shorter than its header");
  require(reinterpret_cast<uintptr_t>(bytes.data()) % 8 == 0, "it is not aligned");
  const auto *header = reinterpret_cast<const Header *>(bytes.data());
  require(std::memcmp(header->magic, Header::kMagic, sizeof header->magic) == 0,
          "no tokenizer is there");
  require(header->size >= sizeof(Header) && header->size <= bytes.size(), "it is cut short");
  const Reader reader(bytes.first(header->size));

  TokenizerView view;
  view.header = header;
  view.tokenOffsets = reader.section<uint32_t>(Header::tokenOffsets);
  view.tokenBytes = reader.text(Header::tokenBytes);
  view.kinds = reader.section<TokenKind>(Header::tokenKinds);
  view.merges = reader.section<Merge>(Header::merges);
  view.mergeSlots = reader.section<uint32_t>(Header::mergeSlots);
  view.wordSlots = reader.section<uint32_t>(Header::wordSlots);
  view.added = reader.section<AddedRecord>(Header::added);
  view.addedBytes = reader.text(Header::addedBytes);
  view.steps = reader.section<StepRecord>(Header::steps);
  view.stepBytes = reader.text(Header::stepBytes);
  view.normalization = reader.section<NormalizeRecord>(Header::normalization);
  view.normalizationBytes = reader.text(Header::normalizationBytes);
  view.scores = reader.section<double>(Header::scores);
  view.prefix = reader.section<int32_t>(Header::prefix);
  view.suffix = reader.section<int32_t>(Header::suffix);
  view.endOfGeneration = reader.section<int32_t>(Header::endOfGeneration);
  view.chatTemplate = reader.text(Header::chatTemplate);

  require(view.kinds.size() <= INT32_MAX && view.tokenOffsets.size() == view.kinds.size() + 1,
          "its vocabulary has no consistent size");
  const uint32_t size = view.size();
  for (uint32_t id = 0; id < size; ++id)
    require(view.tokenOffsets[id] <= view.tokenOffsets[id + 1],
            "the text of a token ends before its start");
  require(view.tokenOffsets[size] <= view.tokenBytes.size(),
          "the text of a token lies outside of it");
  for (TokenKind kind : view.kinds)
    require(kind <= TokenKind::byte, "a token is of no known kind");

  require(view.merges.size() < kMaxMerges, "it has too many merges");
  for (const Merge &merge : view.merges)
    require(merge.left < size && merge.right < size && merge.result < size,
            "a merge names a token outside the vocabulary");
  checkSlots(view.mergeSlots, kMaxMerges, view.merges.size());
  checkSlots(view.wordSlots, 0xffffffff, size);

  require(header->addedBeforeNormalization <= view.added.size(),
          "its added tokens have no consistent count");
  for (const AddedRecord &token : view.added)
    require(token.id < size && token.size > 0 && token.offset <= view.addedBytes.size() &&
                token.size <= view.addedBytes.size() - token.offset,
            "an added token lies outside of it");
  for (const StepRecord &step : view.steps)
    require(step.offset <= view.stepBytes.size() &&
                step.size <= view.stepBytes.size() - step.offset &&
                step.kind <= SplitStep::Kind::spaceMark &&
                step.behavior <= SplitStep::Behavior::removed &&
                step.prepend <= SplitStep::Prepend::never,
            "a pattern lies outside of it");
  for (const NormalizeRecord &step : view.normalization)
    require(step.offset <= view.normalizationBytes.size() &&
                uint64_t(step.patternSize) + step.contentSize <=
                    view.normalizationBytes.size() - step.offset &&
                step.kind <= NormalizeStep::Kind::mapGraphemes && step.form <= Normalizer::nfkd,
            "a step of normalization lies outside of it");
  require(header->model <= TokenizerModel::words, "its model is not known");
  const bool scored =
      header->model == TokenizerModel::scored || header->model == TokenizerModel::unigram;
  require(view.scores.size() == (scored ? size : 0), "it has no score for each token");
  require(header->model == TokenizerModel::bytes || !view.wordSlots.empty(),
          "it has no table of tokens");

  checkIds(view.prefix, size);
  checkIds(view.suffix, size);
  checkIds(view.endOfGeneration, size);
  require(std::is_sorted(view.endOfGeneration.begin(), view.endOfGeneration.end()),
          "its ends of generation are not sorted");
  for (int32_t id : {header->bos, header->eos, header->unknown, header->pad, header->unknownByte})
    require(id >= -1 && id < static_cast<int32_t>(size),
            "a special token is outside the vocabulary");
  for (int32_t id : header->byteTokens)
    require(id >= -1 && id < static_cast<int32_t>(size),
            "a byte's token is outside the vocabulary");
  return view;
}

} // namespace tril
