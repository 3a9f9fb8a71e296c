//===- EmbedTest.cpp - products that print the vector of a text
//---------------------------------===//
// The step's output `ends` is the vector: three numbers from the number of tokens on.
#include "test/unit/program/FakeStep.h"
#include "test/unit/program/Support.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace tril;
using fake::Result;

namespace {

using EmbedTest = fake::ProductTest;

} // namespace

TEST_F(EmbedTest, PrintsAVectorForEachLine) {
  for (const Manifest &manifest : {fake::manifest(), fake::wholeManifest()}) {
    Result one = run(manifest, {"--embed", "abc"});
    EXPECT_EQ(one.out, "[3, 4, 5]\n");
    EXPECT_EQ(one.status, 0);
    EXPECT_EQ(one.err.substr(0, 20), "1 text, 3 tokens in ");
    begin = true;
    Result lines = run(manifest, {"--embed", "-"}, "abc\na\n\nlonger one");
    begin = false;
    EXPECT_EQ(lines.out, "[4, 5, 6]\n[2, 3, 4]\n[1, 2, 3]\n[11, 12, 13]\n");
    EXPECT_EQ(lines.err.substr(0, 22), "4 texts, 18 tokens in ");
    EXPECT_EQ(run(manifest, {"--embed", "-"}).out, "");
    EXPECT_EQ(run(manifest, {"--embed", "ab\nc", "--embed-format", "raw"}).out, "4 5 6\n");
  }
}

TEST_F(EmbedTest, CutsWhatIsTooLong) {
  begin = true;
  Result result = run(fake::manifest(), {"--embed", "-", "-c", "5"}, "abc\nabcdefgh\n");
  EXPECT_EQ(result.out, "[4, 5, 6]\n[5, 6, 7]\n");
  EXPECT_EQ(result.err.substr(0, result.err.find('\n')),
            "note: line 2 is cut to its first 4 of 8 tokens");
  Result none = run(fake::manifest(), {"--embed", "abc", "-c", "1"});
  EXPECT_EQ(none.err, "error: the tokenizer puts 1 tokens around a text; -c gives room for 1\n");
  EXPECT_EQ(none.status, 1);
}

TEST_F(EmbedTest, TakesTheOutputOfTheName) {
  Manifest manifest = fake::manifest();
  EXPECT_EQ(manifest.vectorOutput(), 2);
  manifest.outputs.push_back({"other", {"lane"}, {3}});
  EXPECT_EQ(manifest.vectorOutput(), 2);
  manifest.outputs[3].name = "embedding";
  EXPECT_EQ(manifest.vectorOutput(), 3);
  manifest.outputs[3].inner = true;
  EXPECT_EQ(manifest.vectorOutput(), 2);
  manifest.outputs[2].shape = {-1};
  EXPECT_EQ(manifest.vectorOutput(), -1);
}

TEST_F(EmbedTest, SaysWhatIsMissing) {
  expectError(fake::manifest(), {"--embed", ""}, 1, "the text has no tokens");
  expectError(fake::sourceManifest(), {"--embed", "a"}, 1,
              "the model also reads `source`, which --embed does not give; --tokens takes all "
              "inputs");
  Manifest rows = fake::manifest();
  rows.outputs[2].axes = {"words"};
  rows.outputs[2].shape = {-1};
  rows.inputs.push_back({"source", 100, {"words"}});
  rows.sequences = {"words"};
  expectError(rows, {"--embed", "a"}, 1,
              "`fake` computes no vector of a text: each of its outputs (`logits`, `sums`, `ends`) "
              "has a row for each position; one without, such as `output embedding[axis] = "
              "mean[time](...)`, is what --embed prints");
  Manifest vectors = fake::wholeManifest();
  std::swap(vectors.outputs[0].name, vectors.outputs[1].name);
  vectors.outputs[0].axes.push_back("lane");
  vectors.outputs[0].shape.push_back(1);
  vectors.outputs[1].name = "pairs";
  expectError(vectors, {"-p", "a"}, 1,
              "`fake` does not generate: none of its outputs has one value for each token; --embed "
              "prints the vector of a text");
  expectError(fake::manifest(), {"--embed", "a", "-p", "a"}, 2,
              "--embed takes its text itself, or - for lines of standard input");
  expectError(fake::manifest(), {"--embed", "a", "--probe"}, 2, "--probe makes its own prompts");
  expectError(fake::manifest(), {"--embed", "a", "--perplexity", "x"}, 2,
              "--embed, --tokens and --perplexity are different things to do");
  expectError(fake::manifest(), {"-p", "a", "--embed-format", "raw"}, 2,
              "--embed-format needs --embed");
  expectError(fake::manifest(), {"--embed", "a", "--embed-format", "xml"}, 2,
              "`--embed-format xml`: is neither json nor raw");
  fake::makeProduct(folder / "mute", fake::manifest());
  EXPECT_EQ(fake::run({folder / "mute", "--embed", "a"}).err,
            "error: --embed needs a tokenizer, and this product has none; --tokens takes token "
            "ids\n");
}
