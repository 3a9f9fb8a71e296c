//===- ProgramTest.cpp - products, run as a person runs them
//------------------------------------===//
#include "test/unit/program/FakeStep.h"
#include "test/unit/program/Support.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

using namespace tril;
using fake::Result;

namespace {

class ProgramTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    folder = new fake::Folder;
    fake::makeProduct(path("fake"), fake::manifest(), fake::tokenizer());
    fake::makeProduct(path("begins"), fake::manifest(), fake::tokenizer(true));
    fake::makeProduct(path("whole"), fake::wholeManifest(), fake::tokenizer());
    fake::makeProduct(path("mute"), fake::manifest());
    fake::makeProduct(path("source"), fake::sourceManifest(), fake::tokenizer());
    Manifest bidirectional = fake::wholeManifest();
    bidirectional.claim = "bidirectional";
    fake::makeProduct(path("bidirectional"), bidirectional, fake::tokenizer());
    fake::writeFile(path("tokens.json"), R"({"tokens": [[97, 98, 99, 97, 5], [1, 2], [120]]})");
  }
  static void TearDownTestSuite() { delete folder; }

  static std::string path(const std::string &name) { return *folder / name; }

  static Result runProduct(const std::string &product, std::vector<std::string> arguments,
                           const std::string &input = "") {
    arguments.insert(arguments.begin(), path(product));
    return fake::run(arguments, input);
  }

  static void expectError(const std::string &product, std::vector<std::string> arguments,
                          int status, const std::string &message) {
    Result result = runProduct(product, std::move(arguments));
    EXPECT_EQ(result.err, "error: " + message + "\n");
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
  }

  static std::map<std::string, fake::Tensor> tensors(const std::string &product,
                                                     std::vector<std::string> arguments) {
    std::string out = path("out.safetensors");
    unlink(out.c_str());
    arguments.insert(arguments.end(), {"--tokens", path("tokens.json"), "--logits", out});
    Result result = runProduct(product, std::move(arguments));
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.status, 0);
    return fake::readTensors(out);
  }

  static fake::Folder *folder;
};

fake::Folder *ProgramTest::folder;

//===--- probe ---===//

TEST_F(ProgramTest, ProbesItself) {
  Result result = runProduct("fake", {"--probe", "-c", "5"});
  // The recurrence of the step goes back to its beginning only.
  EXPECT_EQ(result.out.substr(0, result.out.find("back ")),
            "a later token changed: largest change 0 in 60 pairs of positions\n"
            "the prompt cut: largest change 0 in 60 pairs of positions\n"
            "one token at a time: largest change 0 in 30 pairs of positions\n");
  EXPECT_NE(result.out.find("restored 21: largest change 0 in "), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("(refused 0)"), std::string::npos) << result.out;
  Result back = runProduct("fake", {"--probe", "-c", "5", "--checkpoint-every", "16"});
  EXPECT_NE(back.out.find("(refused 0)"), std::string::npos) << back.out;
  EXPECT_NE(back.out.find(": largest change 0 in "), std::string::npos) << back.out;
  EXPECT_EQ(back.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(runProduct("source", {"--probe"}).status, 0);
  expectError("bidirectional", {"--probe"}, 1,
              "--probe: `fake` is bidirectional, what it gives at a position may depend on later "
              "ones");
  expectError("fake", {"--probe", "-c", "1"}, 1, "--probe needs at least 2 positions");
  expectError("fake", {"--probe", "-p", "abc"}, 2, "--probe makes its own prompts");
}

//===--- text ---===//

TEST_F(ProgramTest, ContinuesAPrompt) {
  Result result = runProduct("fake", {"-p", "abc", "-n", "7", "--temp", "0"});
  EXPECT_EQ(result.out, "abcabcabca\n");
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.err.find("prompt:     3 tokens in "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("generation: 7 tokens in "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("first token "), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("seed"), std::string::npos) << result.err;
}

TEST_F(ProgramTest, ShowsTheGeneratedTextOnly) {
  EXPECT_EQ(runProduct("fake", {"-p", "abc", "-n", "4", "--temp", "0", "--no-display-prompt"}).out,
            "abca\n");
}

TEST_F(ProgramTest, ThreadsAndChunksChangeNothing) {
  std::string prompt(300, 'q');
  for (size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = char('a' + i * i % 23);
  std::vector<std::string> arguments = {"-p", prompt, "-n", "100", "-s", "5", "--temp", "3"};
  std::string expected = runProduct("fake", arguments).out;
  EXPECT_GT(expected.size(), 400u);
  for (std::vector<std::string> more : {std::vector<std::string>{"-t", "1"},
                                        {"-t", "2"},
                                        {"-t", "3", "-b", "7"},
                                        {"-t", "4", "-b", "1"}}) {
    more.insert(more.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(runProduct("fake", more).out, expected) << more[1];
  }
}

TEST_F(ProgramTest, SeedsAreSaid) {
  Result first =
      runProduct("fake", {"-p", "abc", "-n", "60", "--temp", "5", "--top-k", "0", "--min-p", "0"});
  size_t seed = first.err.find("seed ");
  ASSERT_NE(seed, std::string::npos);
  std::string number = first.err.substr(seed + 5, first.err.find('\n', seed) - seed - 5);
  Result again = runProduct("fake", {"-p", "abc", "-n", "60", "--temp", "5", "--top-k", "0",
                                     "--min-p", "0", "-s", number});
  EXPECT_EQ(again.out, first.out);
}

TEST_F(ProgramTest, StopsAtTheEndOfGeneration) {
  Result result = runProduct("fake", {"-p", "ab!", "--temp", "0"});
  EXPECT_EQ(result.out, "ab!\n");
  EXPECT_NE(result.err.find("generation: 0 tokens"), std::string::npos) << result.err;
  EXPECT_EQ(runProduct("fake", {"-p", "ab!", "--temp", "0", "--special"}).out, "ab!<end>\n");
}

TEST_F(ProgramTest, IgnoresTheEndOfGeneration) {
  Result result = runProduct("fake", {"-p", "ab!", "--temp", "0", "--ignore-eos", "-n", "9"});
  EXPECT_NE(result.err.find("generation: 9 tokens"), std::string::npos) << result.err;
}

TEST_F(ProgramTest, StopsWhenTheContextIsFull) {
  Result result = runProduct("fake", {"-p", "abc", "--temp", "0", "-c", "8"});
  EXPECT_EQ(result.out, "abcabcabc\n"); // the last token was drawn, but is not fed
  EXPECT_NE(result.err.find("note: stopped, the context of 8 tokens is full (-c)\n"),
            std::string::npos);
  EXPECT_EQ(result.status, 0);
}

TEST_F(ProgramTest, NothingToPredict) {
  Result result = runProduct("fake", {"-p", "abc", "-n", "0"});
  EXPECT_EQ(result.out, "abc\n");
  EXPECT_EQ(result.status, 0);
}

TEST_F(ProgramTest, SpecialTokensOfThePrompt) {
  EXPECT_NE(runProduct("fake", {"-p", "a<begin>", "-n", "0"}).err.find("prompt:     8 tokens"),
            std::string::npos);
  EXPECT_NE(runProduct("fake", {"-p", "a<begin>", "-n", "0", "--special"})
                .err.find("prompt:     2 tokens"),
            std::string::npos);
  EXPECT_NE(runProduct("begins", {"-p", "a", "-n", "0"}).err.find("prompt:     2 tokens"),
            std::string::npos);
}

TEST_F(ProgramTest, CharactersAreNotCut) {
  // "ä€" is five bytes, of which the generated text repeats three at a time.
  Result result = runProduct("fake", {"-p", "€", "-n", "6", "--temp", "0", "--no-display-prompt"});
  EXPECT_EQ(result.out, "€€\n");
}

TEST_F(ProgramTest, PromptFromFileAndPipe) {
  fake::writeFile(path("prompt.txt"), "xyz\n");
  EXPECT_EQ(runProduct("fake", {"-f", path("prompt.txt"), "-n", "3", "--temp", "0"}).out,
            "xyzxyz\n");
  EXPECT_EQ(runProduct("fake", {"-n", "3", "--temp", "0"}, "xyz\n").out, "xyzxyz\n");
  EXPECT_EQ(runProduct("fake", {"-n", "2", "--temp", "0"}, "x\ny").out, "x\nyx\n");
  EXPECT_EQ(runProduct("fake", {"-n", "3", "--temp", "0"}, "").err, "error: the prompt is empty\n");
}

TEST_F(ProgramTest, WholeModelsGenerateTheSame) {
  std::vector<std::string> arguments = {"-p", "abcde", "-n", "40", "-s", "1", "--temp", "4"};
  Result whole = runProduct("whole", arguments);
  EXPECT_EQ(whole.out, runProduct("fake", arguments).out);
  EXPECT_NE(
      whole.err.find("note: the whole text is computed for every token: the value `x` reads later "
                     "positions\n"),
      std::string::npos);
}

//===--- states ---===//

TEST_F(ProgramTest, GoesOnWithASavedState) {
  std::vector<std::string> common = {"--temp", "2", "-s", "7", "--ignore-eos"};
  auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), common.begin(), common.end());
    return arguments;
  };
  // The text goes on as if it had not been interrupted, but for the sampler: none at --temp 0.
  common = {"--temp", "0"};
  std::string once = runProduct("fake", with({"-p", "abcd", "-n", "12"})).out;
  Result first = runProduct("fake", with({"-p", "abcd", "-n", "5", "--save-state", path("s")}));
  EXPECT_EQ(first.status, 0);
  Result second = runProduct("fake", with({"--load-state", path("s"), "-p", "", "-n", "7"}));
  EXPECT_EQ(first.out.substr(0, first.out.size() - 1) + second.out, once);
  EXPECT_NE(second.err.find("re-used:    8 tokens computed before\n"), std::string::npos)
      << second.err;
  EXPECT_NE(second.err.find("prompt:     1 token in"), std::string::npos) << second.err;
  // A prompt goes on after it, without another begin of text.
  runProduct("begins", with({"-p", "ab", "-n", "0", "--save-state", path("b")}));
  Result more = runProduct("begins", with({"--load-state", path("b"), "-p", "cd", "-n", "4"}));
  EXPECT_EQ(more.out, "cd" + runProduct("begins", with({"-p", "abcd", "-n", "4"})).out.substr(4));
  EXPECT_NE(more.err.find("prompt:     2 tokens in"), std::string::npos) << more.err;
  // A text that ended has nothing left to compute: its last token is computed again.
  runProduct("fake", with({"-p", "abc", "-n", "0", "--save-state", path("s")}));
  EXPECT_EQ(runProduct("fake", with({"--load-state", path("s"), "-p", "", "-n", "3"})).out,
            "abc\n");
}

TEST_F(ProgramTest, StatesThatDoNotFit) {
  runProduct("fake", {"-p", "abcd", "-n", "5", "--save-state", path("s")});
  expectError("fake", {"--load-state", path("s"), "-p", "x", "-c", "4"}, 1,
              "`" + path("s") + "` holds 9 tokens; -c gives room for 4");
  expectError("fake", {"--load-state", path("s"), "-p", "abcd", "-c", "9"}, 1,
              "the prompt and the loaded text have 13 tokens; -c gives room for 9");
  expectError("fake", {"--load-state", path("none"), "-p", "x"}, 1,
              "cannot read `" + path("none") + "`: no such file or directory");
  expectError("fake", {"--load-state", path("tokens.json"), "-p", "x"}, 1,
              "`" + path("tokens.json") + "` is not a saved state: it does not begin like one");
  Result unwritten = runProduct("fake", {"-p", "x", "-n", "1", "--save-state", path("no/such")});
  EXPECT_EQ(unwritten.status, 1);
  EXPECT_NE(unwritten.err.find("error: cannot write `" + path("no/such") +
                               "`: no such file or directory\n"),
            std::string::npos);
  EXPECT_EQ(runProduct("fake", {"-p", "x", "-n", "1", "--save-state", "/dev/full"}).status, 1);
  for (const char *option : {"--save-state", "--load-state"})
    expectError("fake", {option, "s", "--perplexity", "a"}, 2,
                std::string(option) + " is for texts: -p, -f or lines");
  expectError("fake", {"--stats", "--probe"}, 2, "--stats is for texts: -p, -f or lines");
  expectError("fake", {"--checkpoint-every", "9", "--perplexity", "a"}, 2,
              "--checkpoint-every is for texts: -p, -f or lines");
  expectError("fake", {"--checkpoint-every", "0"}, 2,
              "`--checkpoint-every 0`: needs a whole number from 1 to 2147483648");
}

//===--- token lists ---===//

TEST_F(ProgramTest, WritesOutputs) {
  auto found = tensors("fake", {"--greedy", "4"});
  ASSERT_EQ(found.size(), 12u);
  EXPECT_EQ(found["logits.0"].shape, (std::vector<int64_t>{5, 258}));
  EXPECT_EQ(found["logits.2"].shape, (std::vector<int64_t>{1, 258}));
  EXPECT_EQ(found["sums.1"].shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(found["ends.0"].shape, (std::vector<int64_t>{3}));
  EXPECT_EQ(found["greedy.0"].dtype, "I64");
  std::vector<int64_t> greedy(4);
  std::memcpy(greedy.data(), found["greedy.0"].bytes.data(), 32);
  EXPECT_EQ(greedy, (std::vector<int64_t>{99, 97, 5, 99}));
  float row[2];
  std::memcpy(row, found["sums.0"].bytes.data() + 4 * 8, 8);
  EXPECT_EQ(row[1], 4.0f);
  std::memcpy(row, found["ends.1"].bytes.data(), 8);
  EXPECT_EQ(row[0], 2.0f);
}

TEST_F(ProgramTest, StepsGiveTheSameBits) {
  auto expected = tensors("fake", {"--greedy", "6"});
  EXPECT_EQ(tensors("fake", {"--greedy", "6", "--step"}), expected);
  EXPECT_EQ(tensors("fake", {"--greedy", "6", "-b", "2", "-t", "3"}), expected);
  EXPECT_EQ(tensors("mute", {"--greedy", "6"}), expected);
  EXPECT_EQ(tensors("whole", {"--greedy", "6", "-t", "2"}), expected);
}

TEST_F(ProgramTest, FurtherInputs) {
  fake::writeFile(path("both.json"), R"({"tokens": [[1, 2], [3]], "source": [[5, 6, 7], [8]]})");
  std::vector<std::string> arguments = {
      "--tokens", path("both.json"), "--logits", path("both.safetensors"), "--greedy", "3"};
  EXPECT_EQ(runProduct("source", arguments).err, "");
  EXPECT_EQ(fake::readTensors(path("both.safetensors"))["logits.0"].shape,
            (std::vector<int64_t>{2, 258}));
  expectError("source", {"--tokens", path("tokens.json"), "--logits", path("x")}, 1,
              "`" + path("tokens.json") + "`: lacks the key `source`");
}

TEST_F(ProgramTest, BadTokens) {
  std::string file = path("bad.json");
  auto expectMessage = [&](const std::string &text, const std::string &message) {
    fake::writeFile(file, text);
    expectError("fake", {"--tokens", file, "--logits", path("bad.safetensors")}, 1,
                "`" + file + "`: " + message);
    EXPECT_NE(access(path("bad.safetensors").c_str(), F_OK), 0);
  };
  expectMessage("{\"tokens\": [[1, 2", "is not valid JSON");
  expectMessage(std::string(100000, '['), "is not valid JSON");
  expectMessage("", "is not valid JSON");
  expectMessage("[[1]]", "is not an object with the key `tokens`");
  expectMessage("{}", "lacks the key `tokens`");
  expectMessage("{\"tokens\": [[1]], \"tokenz\": [[1]]}",
                "has the key `tokenz`; the model's inputs are `tokens`");
  expectMessage("{\"tokens\": [1, 2]}", "`tokens`[0] is not a list of whole numbers");
  expectMessage("{\"tokens\": 5}", "`tokens` is not a list of lists of whole numbers");
  expectMessage("{\"tokens\": []}", "`tokens` is not a list of lists of whole numbers");
  expectMessage("{\"tokens\": [[1], []]}", "`tokens`[1] is empty");
  expectMessage("{\"tokens\": [[1], [2, \"a\"]]}", "`tokens`[1][1] is not a whole number");
  expectMessage("{\"tokens\": [[1], [2, 1.5]]}", "`tokens`[1][1] is not a whole number");
  expectMessage("{\"tokens\": [[1, 258]]}", "`tokens`[0][1] is 258, outside the vocabulary of 258");
  expectMessage("{\"tokens\": [[-1]]}", "`tokens`[0][0] is -1, outside the vocabulary of 258");
  expectMessage("{\"tokens\": [[18446744073709551615]]}",
                "`tokens`[0][0] is 18446744073709551615, outside the vocabulary of 258");
}

TEST_F(ProgramTest, OutputsThatCannotBeWritten) {
  expectError("fake", {"--tokens", path("tokens.json"), "--logits", path("no/such")}, 1,
              "cannot write `" + path("no/such") + "`: no such file or directory");
  expectError("fake", {"--tokens", path("tokens.json"), "--logits", "/dev/full"}, 1,
              "cannot write `/dev/full`: no space left on device");
}

//===--- perplexity ---===//

TEST_F(ProgramTest, Perplexity) {
  // The same number from the logits of token lists.
  fake::writeFile(path("tokens.json"), R"({"tokens": [[97, 98, 99, 97], [98, 100, 98, 98]]})");
  auto found = tensors("fake", {});
  std::vector<std::vector<int>> windows = {{97, 98, 99, 97}, {98, 100, 98, 98}};
  double total = 0;
  for (int w = 0; w < 2; ++w)
    for (int t = 0; t < 3; ++t) {
      const float *row =
          reinterpret_cast<const float *>(found["logits." + std::to_string(w)].bytes.data()) +
          t * 258;
      double sum = 0;
      for (int v = 0; v < 258; ++v)
        sum += std::exp(double(row[v]));
      total += std::log(sum) - double(row[windows[w][t + 1]]);
    }
  char expected[80];
  std::snprintf(expected, sizeof expected,
                "perplexity %.4f (6 predictions in 2 windows of 4 tokens)\n", std::exp(total / 6));

  fake::writeFile(path("text.txt"), "abcabdbbxy");
  Result text = runProduct("fake", {"--perplexity", path("text.txt"), "-c", "4"});
  EXPECT_EQ(text.out, expected);
  EXPECT_NE(text.err.find("window 2 of 2: perplexity so far "), std::string::npos);
  EXPECT_EQ(
      runProduct("fake", {"--perplexity", path("text.txt"), "-c", "4", "-b", "3", "-t", "2"}).out,
      expected);
  EXPECT_EQ(runProduct("fake", {"--perplexity", path("tokens.json")}).out, expected);
  EXPECT_EQ(runProduct("mute", {"--perplexity", path("tokens.json")}).out, expected);
  EXPECT_EQ(runProduct("whole", {"--perplexity", path("tokens.json")}).out, expected);
  EXPECT_NE(runProduct("fake", {"--perplexity", path("text.txt"), "-c", "4", "--chunks", "1"})
                .out.find("(3 predictions in 1 windows of 4 tokens)"),
            std::string::npos);
  EXPECT_NE(runProduct("fake", {"--perplexity", path("text.txt")})
                .out.find("(9 predictions in 1 windows of 10 tokens)"),
            std::string::npos);
  EXPECT_NE(runProduct("begins", {"--perplexity", path("text.txt"), "-c", "4"}).out, expected);

  expectError("fake", {"--perplexity", path("text.txt"), "-c", "1"}, 1,
              "`" + path("text.txt") +
                  "`: perplexity needs windows of at least 2 tokens; -c gives 1");
  fake::writeFile(path("text.txt"), "a");
  expectError("fake", {"--perplexity", path("text.txt")}, 1,
              "`" + path("text.txt") +
                  "`: perplexity needs windows of at least 2 tokens; the text has 1");
  expectError("mute", {"--perplexity", path("text.txt")}, 1,
              "--perplexity of a text needs a tokenizer, and this product has none; --tokens takes "
              "token ids");
  fake::writeFile(path("tokens.json"), R"({"tokens": [[97, 98, 99, 97, 5], [1, 2], [120]]})");
}

//===--- command line ---===//

TEST_F(ProgramTest, CommandLinesThatCannotBe) {
  expectError("fake", {"-t", "0"}, 2, "`-t 0`: needs a whole number from 1 to 1024");
  expectError("fake", {"-t", "two"}, 2, "`-t two`: needs a whole number from 1 to 1024");
  expectError("fake", {"--threads", "-1"}, 2,
              "`--threads -1`: needs a whole number from 1 to 1024");
  expectError("fake", {"-c", "0"}, 2, "`-c 0`: needs a whole number from 1 to 2147483648");
  expectError("fake", {"-b", "0"}, 2, "`-b 0`: needs a whole number from 1 to 2147483648");
  expectError("fake", {"-n", "-3"}, 2,
              "`-n -3`: needs a whole number of at least 0, or -1 for no limit");
  expectError("fake", {"-n", "99999999999999999999"}, 2,
              "`-n 99999999999999999999`: needs a whole number of at least 0, or -1 for no limit");
  expectError("fake", {"--temp", "-1"}, 2, "`--temp -1`: needs a number of at least 0");
  expectError("fake", {"--temp", "nan"}, 2, "`--temp nan`: needs a number of at least 0");
  expectError("fake", {"--top-p", "1.5"}, 2, "`--top-p 1.5`: needs a number from 0 to 1");
  expectError("fake", {"--repeat-penalty", "0"}, 2, "`--repeat-penalty 0`: needs a number above 0");
  expectError("fake", {"-p"}, 2, "`-p` needs a value; see --help");
  expectError("fake", {"--temp"}, 2, "`--temp` needs a value; see --help");
  expectError("fake", {"--tempo", "1"}, 2, "unknown option `--tempo`; see --help");
  expectError("fake", {"-x"}, 2, "unknown option `-x`; see --help");
  expectError("fake", {"-n", "1", "--special=yes"}, 2, "`--special` takes no value; see --help");
  expectError("fake", {"hello"}, 2, "`hello` is not an option; a prompt is given with -p");
  expectError("fake", {"-p", "a", "-f", "b"}, 2, "-p and -f both give a prompt");
  expectError("fake", {"--tokens", "a"}, 2, "--tokens needs --logits FILE to write to");
  expectError("fake", {"--logits", "a"}, 2, "--logits needs --tokens FILE to read from");
  expectError("fake", {"--step"}, 2, "--step needs --tokens");
  expectError("fake", {"--greedy", "3"}, 2,
              "--greedy needs --tokens; for text, --temp 0 is greedy");
  expectError("fake", {"--chunks", "3"}, 2, "--chunks needs --perplexity");
  expectError("fake", {"--perplexity", "a", "-p", "b"}, 2, "--perplexity takes no prompt");
}

TEST_F(ProgramTest, WhatGoesWrongLater) {
  expectError("fake", {"-f", path("none")}, 1,
              "cannot read `" + path("none") + "`: no such file or directory");
  expectError("fake", {"-f", folder->path}, 1,
              "cannot read `" + folder->path + "`: is a directory");
  expectError("fake", {"-p", std::string(5000, 'a')}, 1,
              "the prompt has 5000 tokens; -c gives room for 4096");
  expectError("fake", {"-p", ""}, 1, "the prompt is empty");
  expectError("mute", {"-p", "abc"}, 1,
              "a prompt needs a tokenizer, and this product has none; --tokens takes token ids");
  expectError("bidirectional", {"-p", "abc"}, 1,
              "`fake` does not generate: it is bidirectional, what it gives for a token depends on "
              "later ones");
  expectError(
      "whole", {"--tokens", path("tokens.json"), "--logits", path("x"), "--step"}, 1,
      "--step: `fake` cannot be computed step by step: the value `x` reads later positions");
  expectError("fake", {"--tokens", path("tokens.json"), "--logits", path("x"), "-c", "4"}, 1,
              "`" + path("tokens.json") + "` needs 5 positions; -c gives room for 4");
}

TEST_F(ProgramTest, HelpAndVersion) {
  Result help = runProduct("fake", {"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.out.find("usage: fake [-p TEXT | -f FILE] [options]\n"), 0u);
  EXPECT_NE(help.out.find("  -n, --predict N           tokens to generate"), std::string::npos)
      << help.out;
  Result version = runProduct("fake", {"--version"});
  EXPECT_EQ(version.status, 0);
  for (const char *part : {"fake: fake, built by tril 0.1.0\n", "fake.tril  sha256 aa11\n",
                           "fake.gguf  sha256 bb22  64 bytes\n", "--fake\n", "4 bytes a position"})
    EXPECT_NE(version.out.find(part), std::string::npos) << part << "\n" << version.out;
}

TEST_F(ProgramTest, WithoutATail) {
  for (const char *option : {"--version", "-pabc"}) {
    Result result = fake::run({TRIL_FAKE_PRODUCT, option});
    EXPECT_EQ(result.err, "error: this program has no model at its end: it was not made by `tril "
                          "build`, or it was cut "
                          "off or stripped\n");
    EXPECT_EQ(result.status, 1);
  }
  EXPECT_EQ(fake::run({TRIL_FAKE_PRODUCT, "--help"}).status, 0);
}

} // namespace
