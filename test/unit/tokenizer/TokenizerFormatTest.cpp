//===- TokenizerFormatTest.cpp - what is refused, and damaged forms ---------------------------===//
#include "runtime/Error.h"
#include "runtime/Tokenizer.h"
#include "runtime/TokenizerUnicode.h"
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

using namespace tril;
using nlohmann::json;

namespace {

/// The smallest tokenizer: "a", "b", "ab".
json smallGguf() {
  return {{"tokenizer.ggml.model", "gpt2"},
          {"tokenizer.ggml.pre", "gpt-2"},
          {"tokenizer.ggml.tokens", {"a", "b", "ab", "<|end|>"}},
          {"tokenizer.ggml.token_type", {1, 1, 1, 3}},
          {"tokenizer.ggml.merges", {"a b"}}};
}

json smallJson() {
  return json::parse(
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}})");
}

template <class Make> std::string messageOf(Make make) {
  try {
    make();
  } catch (const Error &error) {
    return error.what();
  }
  return "nothing was refused";
}

std::string ggufMessage(const char *key, const json &value) {
  json metadata = smallGguf();
  if (value.is_null())
    metadata.erase(key);
  else
    metadata[key] = value;
  return messageOf([&] { TokenizerData::fromGguf(metadata); });
}

TEST(GgufTokenizer, RefusesWithTheKey) {
  EXPECT_EQ(ggufMessage("tokenizer.ggml.model", nullptr),
            "the metadata has no key `tokenizer.ggml.model`");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.model", "rwkv"),
            "the tokenizer model `rwkv` is not supported; `gpt2` (byte-level BPE), `llama`, `t5` "
            "(SentencePiece) and `bert` (WordPiece) are");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.pre", "x"),
            "the pre-tokenizer `x` (`tokenizer.ggml.pre`) is not known");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.pre", 3), "`tokenizer.ggml.pre` must be a string");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.tokens", nullptr),
            "the metadata has no key `tokenizer.ggml.tokens`");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.tokens", "a"), "`tokenizer.ggml.tokens` must be an array");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.tokens", {"a", 1, "c", "d"}),
            "`tokenizer.ggml.tokens` must be an array of strings; entry 1 is number");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.token_type", {1}),
            "`tokenizer.ggml.token_type` must have as many entries as `tokenizer.ggml.tokens`: 1 "
            "against 4");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.token_type", {1, 1, 1, 9}),
            "`tokenizer.ggml.token_type` has 9 as entry 3; types are 0 to 6");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.merges", {"ab"}),
            "entry 0 of `tokenizer.ggml.merges` is `ab`, not two parts with a space between them");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.eos_token_id", 4),
            "`tokenizer.ggml.eos_token_id` is 4, but the vocabulary has 4 tokens");
  EXPECT_EQ(
      ggufMessage("tokenizer.ggml.eos_token_id", UINT64_MAX),
      "`tokenizer.ggml.eos_token_id` is 18446744073709551615, but the vocabulary has 4 tokens");
  EXPECT_EQ(ggufMessage("tokenizer.ggml.add_bos_token", "yes"),
            "`tokenizer.ggml.add_bos_token` must be true or false");
  EXPECT_EQ(ggufMessage("tokenizer.chat_template", "x"), "nothing was refused");
}

TEST(JsonTokenizer, RefusesWithTheMember) {
  const auto message = [](const char *patch) {
    json tokenizer = smallJson();
    tokenizer.merge_patch(json::parse(patch));
    return messageOf([&] { TokenizerData::fromTokenizerJson(tokenizer); });
  };
  EXPECT_EQ(message("{}"), "nothing was refused");
  EXPECT_EQ(messageOf([] { TokenizerData::fromTokenizerJson(json::array()); }),
            "the tokenizer must be an object");
  EXPECT_EQ(message(R"({"model": {"type": "Unigram"}})"),
            "the tokenizer's model \"Unigram\" with a byte-level pre-tokenizer is not supported");
  EXPECT_EQ(message(R"({"model": {"dropout": 0.1}})"),
            "the tokenizer's dropout 0.1 is not supported");
  EXPECT_EQ(message(R"({"model": {"byte_fallback": true}})"),
            "the tokenizer's `byte_fallback` of a byte-level vocabulary is not supported");
  EXPECT_EQ(message(R"({"model": {"vocab": {"a": -1}}})"),
            "the number of `a` in `model`, member `vocab` must be a token, a whole number from 0 "
            "to 16777215");
  EXPECT_EQ(message(R"({"model": {"merges": ["b a"]}})"),
            "merge 0 (`b`, `a`) needs `ba`, which is not in the vocabulary");
  EXPECT_EQ(message(R"({"model": {"merges": [["a"]]}})"), "merge 0 must be two strings");
  EXPECT_EQ(message(R"({"normalizer": {"type": "Nmt"}})"),
            "the tokenizer's normalizer `Nmt` is not supported");
  EXPECT_EQ(message(R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "?"}})"),
            "the tokenizer's map of characters is not written in base 64");
  EXPECT_EQ(message(R"({"pre_tokenizer": {"type": "CharDelimiterSplit"}})"),
            "the tokenizer's pre-tokenizer `CharDelimiterSplit` is not supported");
  EXPECT_EQ(message(R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "_"}})"),
            "the tokenizer's `Metaspace` with another mark is not supported");
  EXPECT_EQ(message(R"({"pre_tokenizer": null, "decoder": {"type": "CTC"}})"),
            "the tokenizer's decoder `CTC` is not supported");
  EXPECT_EQ(message(R"({"pre_tokenizer": null, "model": {"type": "WordLevel"}})"),
            "the tokenizer's model \"WordLevel\" is not supported");
  EXPECT_EQ(
      message(
          R"({"post_processor": {"type": "RobertaProcessing", "cls": ["x", 7], "sep": ["x", 7]}})"),
      "`post_processor` names token 7, but the vocabulary has 3 tokens");
  EXPECT_EQ(message(R"({"added_tokens": [{"id": 4, "content": 4}]})"),
            "`added_tokens`, member `content` must be a string");
}

TEST(Tokenizer, RefusesPatternsWithTheirPlace) {
  const auto message = [](const char *pattern) {
    TokenizerData data = TokenizerData::fromGguf(smallGguf());
    data.steps = {{.pattern = pattern}};
    const std::vector<std::byte> bytes = data.serialize();
    return messageOf([&] { Tokenizer(TokenizerView::deserialize(bytes)); });
  };
  EXPECT_EQ(
      message("a("),
      "the tokenizer's pattern `a(` is not understood at its byte 2: missing closing parenthesis");
  EXPECT_EQ(
      message("[a[b]]"),
      "the tokenizer's pattern `[a[b]]` has a class within a class at its byte 2, which is not "
      "supported");
}

TEST(TokenizerView, EqualDataGivesEqualBytes) {
  EXPECT_EQ(TokenizerData::fromGguf(smallGguf()).serialize(),
            TokenizerData::fromGguf(smallGguf()).serialize());
}

TEST(TokenizerView, RefusesWhatIsCutShort) {
  const std::vector<std::byte> bytes = TokenizerData::fromGguf(smallGguf()).serialize();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(TokenizerView::deserialize(std::span(bytes).first(size)), Error);
  EXPECT_EQ(messageOf([&] { TokenizerView::deserialize(std::span(bytes).first(9)); }),
            "the tokenizer of this program is damaged: it is shorter than its header");
  EXPECT_EQ(messageOf([&] { TokenizerView::deserialize(std::span(bytes).subspan(4)); }),
            "the tokenizer of this program is damaged: it is not aligned");
}

/// Damage must be refused or harmless; the sanitizers tell.
TEST(TokenizerView, DamageIsHarmless) {
  std::ifstream file(std::string(TRIL_TEST_DATA) + "/options.json");
  TokenizerData data = TokenizerData::fromTokenizerJson(json::parse(file));
  data.ignoreMerges = true;
  const std::vector<std::byte> good = data.serialize();
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> bytes = good;
    const size_t limit = round % 2 ? sizeof(TokenizerHeader) : bytes.size();
    for (int change = random() % 3; change >= 0; --change)
      bytes[random() % limit] = static_cast<std::byte>(random() % 3 ? random() : 0xff);
    try {
      const Tokenizer tokenizer(TokenizerView::deserialize(bytes));
      const auto tokens =
          tokenizer.encode("The fox,  e\xcc\x81\n\n 12--3 <|im_end|> it's", true, true);
      tokenizer.decode(tokens);
    } catch (const Error &) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(Utf8, SequencesAreThoseOfTheStandard) {
  EXPECT_EQ(sequenceLength("a"), 1u);
  EXPECT_EQ(sequenceLength("\xc3\xa9x"), 2u);
  EXPECT_EQ(sequenceLength("\xf4\x8f\xbf\xbf"), 4u);
  for (const char *bad :
       {"", "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe4\xbd", "\xc3(", "\xe4\xbd("})
    EXPECT_EQ(sequenceLength(bad), 0u) << testing::PrintToString(bad);
  EXPECT_TRUE(isIncompleteSequence("\xe4\xbd"));
  EXPECT_FALSE(isIncompleteSequence("\xe4\xbd\xa0"));
  EXPECT_FALSE(isIncompleteSequence("\xed\xa0"));
  EXPECT_FALSE(isIncompleteSequence("a"));
  EXPECT_EQ(decodeSequence("\xf0\x9f\x98\x80"), U'\U0001f600');
}

} // namespace
