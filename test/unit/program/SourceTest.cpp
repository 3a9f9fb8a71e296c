//===- SourceTest.cpp - products that read one text and generate another
//-------------------------===//
#include "test/unit/program/FakeStep.h"
#include "test/unit/program/Support.h"
#include <gtest/gtest.h>

using namespace tril;
using fake::Result;

namespace {

class SourceTest : public fake::ProductTest {
protected:
  SourceTest() : ProductTest(/*begin=*/true) {}
};

/// Starts with 'x'.  The step's second sequence takes values below 100, `begin` is beyond.
Manifest manifest() {
  Manifest result = fake::sourceManifest();
  result.inputs[1].limit = fake::vocabulary;
  result.start = 'x';
  return result;
}

} // namespace

TEST_F(SourceTest, GeneratesFromAText) {
  // After the start, the first token is repeated until three are there.
  Result result = run(manifest(), {"-p", "the source", "-n", "4", "--temp", "0"});
  EXPECT_EQ(result.out, "xxxx\n");
  EXPECT_EQ(result.status, 0);
  // With the begin that the tokenizer adds, and the start.
  EXPECT_EQ(result.err.substr(0, 24), "prompt:     12 tokens in");
  Result begun = run(manifest(), {"-p", "the source", "--begin", "abc", "-n", "4", "--temp", "0"});
  EXPECT_EQ(begun.out, "abcabca\n");
  EXPECT_EQ(begun.err.substr(0, 24), "prompt:     15 tokens in");
  EXPECT_EQ(run(manifest(), {"-n", "2", "--temp", "0"}, "from a pipe\n").out, "xx\n");
}

TEST_F(SourceTest, BeginsWithTheTokenizersBeginWhereNoStartIsKnown) {
  Manifest none = manifest();
  none.start = -1;
  Result result = run(none, {"-p", "a", "--begin", "bc", "-n", "2", "--temp", "0", "--special"});
  EXPECT_EQ(result.out, "bc<begin>b\n");
}

TEST_F(SourceTest, TheManifestKeepsTheStart) {
  EXPECT_EQ(Manifest::fromJson(manifest().toJson()).start, 'x');
  EXPECT_EQ(Manifest::fromJson(fake::manifest().toJson()).start, -1);
  EXPECT_EQ(manifest().sourceInput(), 1);
  EXPECT_EQ(fake::manifest().sourceInput(), -1);
}

TEST_F(SourceTest, GoesOnWithASavedState) {
  auto generate = [&](std::vector<std::string> arguments) {
    for (const char *more : {"--temp", "0", "--special"})
      arguments.emplace_back(more);
    Result result = run(manifest(), arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    result.out.pop_back(); // the end of the line
    return result.out;
  };
  std::string state = folder / "saved";
  std::string whole = generate({"-p", "a", "-n", "3"});
  std::string first = generate({"-p", "a", "-n", "2", "--save-state", state});
  EXPECT_NE(first, whole);
  EXPECT_EQ(first + generate({"--load-state", state, "-p", "", "-n", "1"}), whole);
  // Typed in its place.
  std::string next = whole.substr(first.size());
  EXPECT_EQ(generate({"--load-state", state, "-p", next, "-n", "0"}), next);
}

TEST_F(SourceTest, SaysWhatCannotBe) {
  expectError(fake::manifest(), {"-p", "a", "--begin", "b"}, 1,
              "--begin: `fake` continues its prompt; it reads no other text");
  expectError(manifest(), {"-p", "a", "--begin", "b", "--load-state", folder / "state"}, 1,
              "--begin: the loaded text has begun; -p goes on with it");
  expectError(manifest(), {"--begin", "a", "--embed", "b"}, 2,
              "--begin is for texts: -p, -f or lines");
  expectError(manifest(), {"-p", "abcdef", "-c", "4"}, 1,
              "`source` has 7 values; -c gives room for 4");
  Manifest two = manifest();
  two.inputs.push_back({"more", 100, {"words"}});
  expectError(two, {"-p", "a"}, 1,
              "the model also reads `source`, which a prompt does not give; --tokens takes all "
              "inputs");
}

TEST_F(SourceTest, HelpSaysWhatAProductDoes) {
  EXPECT_NE(run(manifest(), {"--help"}).out.find("Reads a text and generates another from it"),
            std::string::npos);
  EXPECT_NE(run(fake::manifest(), {"--help"}).out.find("Continues a text."), std::string::npos);
  Manifest vectors = fake::wholeManifest();
  vectors.outputs.erase(vectors.outputs.begin(), vectors.outputs.begin() + 2);
  EXPECT_NE(run(vectors, {"--help"}).out.find(" --embed TEXT [options]\n\nPrints the vector"),
            std::string::npos);
}
