//===- TokenizerTest.cpp - tokens equal those of the `tokenizers` package ---------------------===//
// Data and expected tokens are made by test/tokenizers/make_cases.py.
#include "runtime/Tokenizer.h"
#include "runtime/Error.h"
#include <ctime>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

using namespace tril;
using nlohmann::json;

namespace {

json readData(const std::string &name) {
  std::ifstream file(std::string(TRIL_TEST_DATA) + "/" + name + ".json");
  if (!file)
    throw Error("no test data `" + name + "`");
  return json::parse(file);
}

/// A tokenizer that owns its bytes.
struct Loaded {
  explicit Loaded(const TokenizerData &data)
      : bytes(data.serialize()), tokenizer(TokenizerView::deserialize(bytes)) {}
  std::vector<std::byte> bytes;
  Tokenizer tokenizer;
};

Loaded load(const std::string &name) {
  return Loaded(TokenizerData::fromTokenizerJson(readData(name)));
}

using Tokens = std::vector<int32_t>;

/// Calls `check(text, parseSpecial, expected)` for all cases of a tokenizer.
template <class Check> void forEachCase(const std::string &name, Check check) {
  static const json cases = readData("cases");
  const json &texts = cases["texts"], &of = cases[name];
  ASSERT_GT(texts.size(), 100u);
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string text = texts[i];
    const Tokens parsed = of["parsed"][i];
    check(text, true, parsed);
    const auto plain = of["plain"].find(std::to_string(i));
    check(text, false, plain == of["plain"].end() ? parsed : plain->get<Tokens>());
  }
}

class AgainstReference : public testing::TestWithParam<const char *> {};

TEST_P(AgainstReference, SameTokens) {
  const Loaded loaded = load(GetParam());
  int differ = 0;
  forEachCase(GetParam(), [&](const std::string &text, bool parse, const Tokens &expected) {
    if (loaded.tokenizer.encode(text, false, parse) != expected) {
      ++differ;
      ADD_FAILURE() << "differs on " << json(text).dump() << (parse ? "" : ", specials as text");
    }
  });
  EXPECT_EQ(differ, 0);
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, AgainstReference,
                         testing::Values("byte_level", "digits", "one_digit_nfc", "three_digits",
                                         "options"),
                         [](const auto &info) { return std::string(info.param); });

/// The flat metadata that a converter would write for a tokenizer.json.
json ggufOf(const json &tokenizer, const std::string &pre) {
  json metadata{{"tokenizer.ggml.model", "gpt2"}, {"tokenizer.ggml.pre", pre}};
  std::vector<std::string> tokens, merges;
  std::vector<int> types;
  const auto put = [&](const std::string &text, size_t id, int type) {
    tokens.resize(std::max(tokens.size(), id + 1));
    types.resize(tokens.size(), 1);
    tokens[id] = text;
    types[id] = type;
  };
  for (const auto &item : tokenizer["model"]["vocab"].items())
    put(item.key(), item.value(), 1);
  for (const json &added : tokenizer["added_tokens"])
    put(added["content"], added["id"], 3);
  for (const json &merge : tokenizer["model"]["merges"])
    merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  metadata["tokenizer.ggml.tokens"] = tokens;
  metadata["tokenizer.ggml.token_type"] = types;
  metadata["tokenizer.ggml.merges"] = merges;
  metadata["tokenizer.ggml.bos_token_id"] = 0;
  metadata["tokenizer.ggml.eos_token_id"] = 2;
  metadata["tokenizer.chat_template"] = "{{ messages }}";
  return metadata;
}

class FromGguf : public testing::TestWithParam<std::pair<const char *, const char *>> {};

TEST_P(FromGguf, SameTokens) {
  const auto &[name, pre] = GetParam();
  const Loaded loaded(TokenizerData::fromGguf(ggufOf(readData(name), pre)));
  forEachCase(name, [&](const std::string &text, bool parse, const Tokens &expected) {
    EXPECT_EQ(loaded.tokenizer.encode(text, false, parse), expected) << json(text).dump();
  });
  EXPECT_EQ(loaded.tokenizer.bos(), 0);
  EXPECT_EQ(loaded.tokenizer.eos(), 2);
  EXPECT_TRUE(loaded.tokenizer.isEndOfGeneration(2));
  EXPECT_EQ(loaded.tokenizer.chatTemplate(), "{{ messages }}");
}

INSTANTIATE_TEST_SUITE_P(Names, FromGguf,
                         testing::Values(std::pair("byte_level", "gpt-2"),
                                         std::pair("digits", "smollm"),
                                         std::pair("one_digit_nfc", "qwen2"),
                                         std::pair("three_digits", "llama-bpe")),
                         [](const auto &info) { return std::string(info.param.first); });

/// The pieces of a text by a named pre-tokenizer.
std::vector<std::string> pieces(const char *name, std::string_view text) {
  static const json tokenizer = readData("byte_level");
  const Loaded loaded(TokenizerData::fromGguf(ggufOf(tokenizer, name)));
  std::vector<std::string> result;
  PreTokenizer(TokenizerView::deserialize(loaded.bytes))
      .split(text, true, [&](std::string_view piece) { result.emplace_back(piece); });
  return result;
}

using Pieces = std::vector<std::string>;

TEST(PreTokenizer, EachNameIsUnderstood) {
  const std::string text =
      "It's 1234567 DON'T\n\n  x\t\xe4\xbd\xa0 caf\xc3\xa9... /a\r\n-- HTTPServer  \xff\xe2\x80";
  for (const char *name : {"a.x-4.0",
                           "bailingmoe",
                           "bailingmoe2",
                           "bloom",
                           "chatglm-bpe",
                           "codeshell",
                           "cohere2moe",
                           "command-r",
                           "dbrx",
                           "deepseek-coder",
                           "deepseek-r1-qwen",
                           "deepseek-v3",
                           "default",
                           "exaone",
                           "exaone-moe",
                           "exaone4",
                           "f2llmv2",
                           "falcon",
                           "falcon-h1",
                           "falcon3",
                           "gigachat",
                           "glm4",
                           "glm5",
                           "gpt-2",
                           "gpt-4o",
                           "gpt3-finnish",
                           "granite-docling",
                           "grok-2",
                           "hunyuan",
                           "hunyuan-dense",
                           "hy_v4",
                           "jais",
                           "jais-2",
                           "jina-de",
                           "jina-es",
                           "jina-v1-en",
                           "jina-v2-code",
                           "jina-v2-de",
                           "jina-v2-es",
                           "jina-v5-nano",
                           "joyai-llm",
                           "kanana2",
                           "kormo",
                           "laguna",
                           "lfm2",
                           "llada-moe",
                           "llama-bpe",
                           "llama-v3",
                           "llama3",
                           "llama4",
                           "megrez",
                           "mellum",
                           "mellum2",
                           "midm-2.0",
                           "minerva-7b",
                           "minicpm5",
                           "minimax-m2",
                           "modern-bert",
                           "mpt",
                           "olmo",
                           "phi-2",
                           "pixtral",
                           "poro-chat",
                           "qwen2",
                           "qwen35",
                           "refact",
                           "roberta-bpe",
                           "seed-coder",
                           "smaug-bpe",
                           "smollm",
                           "solar-open",
                           "stablelm2",
                           "starcoder",
                           "superbpe",
                           "talkie",
                           "tekken",
                           "tiny_aya",
                           "trillion",
                           "ufakzeka",
                           "viking",
                           "youtu"}) {
    std::string joined;
    for (const std::string &piece : pieces(name, text))
      joined += piece;
    EXPECT_EQ(joined, text) << name;
  }
}

TEST(PreTokenizer, NamesDiffer) {
  EXPECT_EQ(pieces("gpt-2", "It's 1234\n\n  x"), (Pieces{"It", "'s", " 1234", "\n\n ", " x"}));
  EXPECT_EQ(pieces("smollm", "It's 1234"), (Pieces{"It", "'s", " ", "1", "2", "3", "4"}));
  EXPECT_EQ(pieces("llama-bpe", "IT'S 1234\n\n  x"),
            (Pieces{"IT", "'S", " ", "123", "4", "\n\n", " ", " x"}));
  EXPECT_EQ(pieces("qwen2", "IT'S 12"), (Pieces{"IT", "'S", " ", "1", "2"}));
  EXPECT_EQ(pieces("gpt-4o", "HTTPServer it's"), (Pieces{"HTTPServer", " it's"}));
  EXPECT_EQ(pieces("tekken", "camelCase it's 12"),
            (Pieces{"camel", "Case", " it", "'s", " ", "1", "2"}));
  EXPECT_EQ(pieces("tiny_aya", "1234567"), (Pieces{"1", "234", "567"}));
  EXPECT_EQ(pieces("superbpe", "1234567"), (Pieces{"1", "234", "567"}));
  EXPECT_EQ(pieces("falcon", "a--b 1234"), (Pieces{"a", "--", "b", " ", "123", "4"}));
  EXPECT_EQ(pieces("deepseek-v3", "a\xe4\xbd\xa0"
                                  "b 1234"),
            (Pieces{"a", "\xe4\xbd\xa0", "b", " ", "123", "4"}));
  EXPECT_EQ(pieces("gpt-2", "a\xff\xe2\x80 b"), (Pieces{"a", "\xff\xe2\x80", " b"}));
  EXPECT_EQ(pieces("gpt-2", ""), Pieces{});
}

TEST(Tokenizer, AnyBytesComeBack) {
  std::mt19937 random(5);
  for (const char *name : {"byte_level", "digits", "three_digits"}) {
    const Loaded loaded = load(name);
    for (int round = 0; round < 300; ++round) {
      std::string text;
      const size_t size = random() % 80;
      for (size_t i = 0; i < size; ++i)
        switch (random() % 4) {
        case 0:
          text += static_cast<char>(random() % 256);
          break;
        case 1:
          text += static_cast<char>(' ' + random() % 95);
          break;
        case 2:
          text += "\xf0\x9f\x98\x80";
          break;
        default:
          text += std::string("\xe4\xbd\xa0").substr(0, 1 + random() % 3);
        }
      const Tokens tokens = loaded.tokenizer.encode(text, false, round % 2);
      ASSERT_EQ(loaded.tokenizer.decode(tokens), text)
          << name << ": " << testing::PrintToString(text);
    }
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text(1, static_cast<char>(byte));
      EXPECT_EQ(loaded.tokenizer.decode(loaded.tokenizer.encode(text, false, true)), text);
    }
  }
}

TEST(Tokenizer, NormalFormIsWhatComesBack) {
  const Loaded loaded = load("one_digit_nfc");
  const auto roundTrip = [&](const std::string &text) {
    return loaded.tokenizer.decode(loaded.tokenizer.encode(text, false, true));
  };
  EXPECT_EQ(roundTrip("e\xcc\x81"), "\xc3\xa9");
  EXPECT_EQ(roundTrip("\xff"
                      "e\xcc\x81\xcc"),
            "\xff\xc3\xa9\xcc"); // bytes that are no text stay
}

TEST(Tokenizer, AddsSpecialTokensOnRequest) {
  const Loaded loaded = load("three_digits");
  const Tokens with = loaded.tokenizer.encode("hi", true, false);
  const Tokens without = loaded.tokenizer.encode("hi", false, false);
  ASSERT_EQ(with.size(), without.size() + 1);
  EXPECT_EQ(loaded.tokenizer.bytesOf(with.front()), "<|begin_of_text|>");
  EXPECT_EQ(loaded.tokenizer.kindOf(with.front()), TokenKind::control);
  EXPECT_EQ(loaded.tokenizer.decode(with), "<|begin_of_text|>hi");
  EXPECT_EQ(loaded.tokenizer.decode(with, false), "hi");
}

TEST(Tokenizer, AddBosOfMetadataOverridesTheName) {
  json metadata = ggufOf(readData("three_digits"), "llama-bpe");
  const auto count = [&] {
    return Loaded(TokenizerData::fromGguf(metadata)).tokenizer.encode("", true, false).size();
  };
  EXPECT_EQ(count(), 1u); // this name adds it where the file is silent
  metadata["tokenizer.ggml.add_bos_token"] = false;
  EXPECT_EQ(count(), 0u);
  metadata["tokenizer.ggml.add_eos_token"] = true;
  EXPECT_EQ(count(), 1u);
}

TEST(Tokenizer, KnowsEndsOfGeneration) {
  const Loaded loaded = load("digits");
  const Tokens ends = loaded.tokenizer.encode("<|endoftext|><|im_end|><|im_start|>", false, true);
  ASSERT_EQ(ends.size(), 3u);
  EXPECT_TRUE(loaded.tokenizer.isEndOfGeneration(ends[0]));
  EXPECT_TRUE(loaded.tokenizer.isEndOfGeneration(ends[1]));
  EXPECT_FALSE(loaded.tokenizer.isEndOfGeneration(ends[2]));
}

TEST(Tokenizer, ReadsTheConfiguration) {
  const json config{
      {"bos_token", {{"content", "<|im_start|>"}}},
      {"eos_token", "<|im_end|>"},
      {"add_bos_token", true},
      {"chat_template",
       {{{"name", "tool"}, {"template", "T"}}, {{"name", "default"}, {"template", "D"}}}}};
  const Loaded loaded(TokenizerData::fromTokenizerJson(readData("digits"), &config));
  EXPECT_EQ(loaded.tokenizer.bytesOf(loaded.tokenizer.bos()), "<|im_start|>");
  EXPECT_EQ(loaded.tokenizer.bytesOf(loaded.tokenizer.eos()), "<|im_end|>");
  EXPECT_EQ(loaded.tokenizer.encode("", true, false), Tokens{loaded.tokenizer.bos()});
  EXPECT_EQ(loaded.tokenizer.chatTemplate(), "D");
}

TEST(Tokenizer, RefusesTokensOutsideTheVocabulary) {
  const Loaded loaded = load("byte_level");
  for (int32_t token : {-1, 1000, INT32_MAX})
    try {
      loaded.tokenizer.decode(Tokens{token});
      FAIL();
    } catch (const Error &error) {
      EXPECT_EQ(error.what(),
                "token " + std::to_string(token) + " is outside the vocabulary of 1000 tokens");
    }
}

TEST(Tokenizer, LongInputsTakeLinearTime) {
  const Loaded loaded = load("three_digits");
  const std::clock_t start = std::clock();
  for (const std::string &unit :
       {"a", " ", "\n", "A", "\xc3\xa9", "\xff", "-", "1", "<", "<|", "ab "}) {
    std::string text;
    while (text.size() < 1000000)
      text += unit;
    EXPECT_EQ(loaded.tokenizer.decode(loaded.tokenizer.encode(text, false, true)), text);
  }
  const std::clock_t took = std::clock() - start; // of the processor: others may share it
  EXPECT_LT(took / CLOCKS_PER_SEC, 60);           // quadratic time would take hours
}

TEST(StreamDecoder, HoldsBackIncompleteCharacters) {
  const Loaded loaded = load("byte_level");
  const auto byte = [&](uint8_t value) {
    return loaded.tokenizer.encode(std::string(1, static_cast<char>(value)), false, false).at(0);
  };
  StreamDecoder decoder(loaded.tokenizer);
  EXPECT_EQ(decoder.push(byte('a')), "a");
  EXPECT_EQ(decoder.push(byte(0xf0)), "");
  EXPECT_EQ(decoder.push(byte(0x9f)), "");
  EXPECT_EQ(decoder.push(byte(0x98)), "");
  EXPECT_EQ(decoder.push(byte(0x80)), "\xf0\x9f\x98\x80");
  EXPECT_EQ(decoder.push(byte(0xe4)), "");
  EXPECT_EQ(decoder.push(byte('b')), "\xe4"
                                     "b"); // can be no character any more
  EXPECT_EQ(decoder.push(byte(0x80)), "\x80");
  EXPECT_EQ(decoder.push(byte(0xc3)), "");
  EXPECT_EQ(decoder.flush(), "\xc3");
  EXPECT_EQ(decoder.flush(), "");
}

TEST(StreamDecoder, GivesTheWholeTextInPieces) {
  const Loaded loaded = load("digits");
  forEachCase("digits", [&](const std::string &text, bool parse, const Tokens &tokens) {
    StreamDecoder all(loaded.tokenizer, true);
    std::string joined;
    for (int32_t token : tokens)
      joined += all.push(token);
    EXPECT_EQ(joined + all.flush(), text);
  });
  StreamDecoder quiet(loaded.tokenizer);
  std::string shown;
  for (int32_t token : loaded.tokenizer.encode("a<|im_end|>b", false, true))
    shown += quiet.push(token);
  EXPECT_EQ(shown, "ab");
}

} // namespace
