//===- PiecesTest.cpp - tokens equal those of `tokenizers` and `sentencepiece` ----------------===//
// Data and expected tokens are made by test/tokenizers/make_piece_cases.py.
#include "runtime/Tokenizer.h"
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace tril;
using nlohmann::json;

namespace {

json readData(const std::string &name) {
  std::ifstream file(std::string(TRIL_TEST_DATA) + "/pieces/" + name + ".json");
  return json::parse(file);
}

class Pieces : public testing::TestWithParam<const char *> {};

TEST_P(Pieces, SameTokensAndSameText) {
  static const json cases = readData("cases");
  const std::string name = GetParam();
  const json data = readData(name);
  const std::vector<std::byte> bytes =
      (data.contains("tokenizer.ggml.model") ? TokenizerData::fromGguf(data)
                                             : TokenizerData::fromTokenizerJson(data))
          .serialize();
  const Tokenizer tokenizer(TokenizerView::deserialize(bytes));
  const bool words = name.starts_with("words");
  size_t compared = 0;
  for (size_t i = 0; i < cases["texts"].size(); ++i) {
    const std::string text = cases["texts"][i];
    const std::vector<int32_t> expected = cases[name][i];
    EXPECT_EQ(tokenizer.encode(text, false, false), expected) << json(text).dump();
    // Unknown tokens, bytes that are no text and marks before punctuation are shown otherwise.
    const std::string again = cases[name + ".text"][i];
    const bool plain =
        std::find(expected.begin(), expected.end(), tokenizer.unknown()) == expected.end() &&
        again.find("\ufffd") == std::string::npos;
    if (!plain || words)
      continue;
    EXPECT_EQ(tokenizer.decode(expected), again) << json(text).dump();
    ++compared;
  }
  EXPECT_TRUE(words || compared > 5) << compared;
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Pieces,
                         testing::Values("characters_bytes", "characters_first",
                                         "characters_unknown", "unigram", "words", "words_cased",
                                         "scored.gguf", "unigram.gguf", "unigram_bytes.gguf",
                                         "words.gguf", "words_cased.gguf"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(Pieces, WordsOfGgufHaveTheirEndsAround) {
  json data = readData("words.gguf");
  const auto tokens = [&] {
    const std::vector<std::byte> bytes = TokenizerData::fromGguf(data).serialize();
    return Tokenizer(TokenizerView::deserialize(bytes)).encode("", true, false);
  };
  EXPECT_EQ(tokens(), (std::vector<int32_t>{2, 3}));
  data["tokenizer.ggml.add_sep_token"] = false;
  EXPECT_EQ(tokens(), std::vector<int32_t>{2});
}

TEST(Pieces, WordsJoin) {
  const std::vector<std::byte> bytes =
      TokenizerData::fromTokenizerJson(readData("words_cased")).serialize();
  const Tokenizer tokenizer(TokenizerView::deserialize(bytes));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("The  compiler proves", false, false)),
            "The compiler proves");
}

} // namespace
