//===- SessionTest.cpp
//--------------------------------------------------------------------------===//
#include "runtime/Session.h"
#include "runtime/Error.h"
#include "test/unit/program/FakeStep.h"
#include "test/unit/program/Support.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace tril;

namespace {

std::vector<int32_t> someTokens(int count) {
  std::vector<int32_t> tokens;
  tokens.reserve(size_t(count));
  for (int i = 0; i < count; ++i)
    tokens.push_back((i * 37 + i * i) % 251);
  return tokens;
}

/// All logits of a sequence, given in parts of `part` tokens.
std::vector<float> logits(const Manifest &manifest, int threads, int64_t batch, int64_t part,
                          const std::vector<int32_t> &tokens, int64_t context = 0) {
  ThreadPool pool(threads);
  Session session(manifest, reinterpret_cast<const char *>(fake::weights().data()), tril_step, pool,
                  context ? context : int64_t(tokens.size()), batch);
  std::vector<float> result;
  for (size_t begin = 0; begin < tokens.size(); begin += size_t(part)) {
    size_t count = std::min(size_t(part), tokens.size() - begin);
    session.advance(std::span(tokens).subspan(begin, count), 0, [&](int64_t first, int64_t rows) {
      EXPECT_EQ((int64_t(begin) + first) * fake::vocabulary, int64_t(result.size()));
      std::span<const float> values = session.output(0);
      EXPECT_EQ(int64_t(values.size()), rows * fake::vocabulary);
      result.insert(result.end(), values.begin(), values.end());
    });
  }
  return result;
}

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::string messageOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

TEST(Session, SameBitsForEverySplitAndThreadCount) {
  std::vector<int32_t> tokens = someTokens(150);
  std::vector<float> expected = logits(fake::manifest(), 1, 1000, 150, tokens);
  ASSERT_EQ(expected.size(), 150u * fake::vocabulary);
  for (int threads : {1, 2, 3, 4})
    for (int64_t batch : {1, 7, 64, 150, 256})
      EXPECT_TRUE(sameBits(expected, logits(fake::manifest(), threads, batch, 150, tokens)))
          << threads << " threads, batch " << batch;
  for (int64_t part : {1, 13, 149})
    EXPECT_TRUE(sameBits(expected, logits(fake::manifest(), 2, 64, part, tokens, 4096))) << part;
}

TEST(Session, WholeModelsAreComputedAnew) {
  std::vector<int32_t> tokens = someTokens(70);
  std::vector<float> expected = logits(fake::manifest(), 1, 1000, 70, tokens);
  EXPECT_TRUE(sameBits(expected, logits(fake::wholeManifest(), 2, 16, 70, tokens)));
  EXPECT_TRUE(sameBits(expected, logits(fake::wholeManifest(), 2, 16, 9, tokens)));
}

TEST(Session, TablesLimitTheContext) {
  Manifest manifest = fake::manifest();
  manifest.longest = 16;
  EXPECT_EQ(logits(manifest, 1, 4, 8, someTokens(16)),
            logits(fake::manifest(), 1, 4, 8, someTokens(16)));
  try {
    logits(manifest, 1, 4, 8, someTokens(17));
    FAIL();
  } catch (const Error &error) {
    EXPECT_EQ(std::string(error.what()),
              "`" + manifest.model + "` has a table with 16 positions, and 17 are asked for");
  }
}

TEST(Session, ResetForgets) {
  std::vector<int32_t> tokens = someTokens(20);
  ThreadPool pool(1);
  // Large enough that the state is given back to the system instead of written.
  for (int64_t context : {64, 1 << 20}) {
    Session session(fake::manifest(), reinterpret_cast<const char *>(fake::weights().data()),
                    tril_step, pool, context, 8);
    session.advance(tokens, 19);
    std::vector<float> first(session.lastRow(0).begin(), session.lastRow(0).end());
    session.reset();
    EXPECT_EQ(session.position(), 0);
    session.advance(tokens, 19);
    EXPECT_TRUE(sameBits(first, {session.lastRow(0).begin(), session.lastRow(0).end()})) << context;
  }
}

TEST(Session, OnlyWantedRowsAreThere) {
  std::vector<int32_t> tokens = someTokens(20);
  ThreadPool pool(2);
  Session session(fake::manifest(), reinterpret_cast<const char *>(fake::weights().data()),
                  tril_step, pool, 64, 8);
  std::vector<std::pair<int64_t, int64_t>> parts;
  session.advance(tokens, 11,
                  [&](int64_t first, int64_t rows) { parts.emplace_back(first, rows); });
  EXPECT_EQ(parts, (std::vector<std::pair<int64_t, int64_t>>{{11, 5}, {16, 4}}));
  EXPECT_EQ(session.output(1).size(), 8u); // four rows of two
  EXPECT_EQ(session.lastRow(1)[1], 19.0f);
  EXPECT_EQ(session.output(2).size(), 3u); // not over time
  EXPECT_EQ(session.output(2)[2], 22.0f);
}

TEST(Session, StopsBetweenChunks) {
  ThreadPool pool(1);
  Session session(fake::manifest(), reinterpret_cast<const char *>(fake::weights().data()),
                  tril_step, pool, 64, 8);
  int asked = 0;
  session.interrupted = [&] { return ++asked == 3; };
  EXPECT_FALSE(session.advance(someTokens(30), 29));
  EXPECT_EQ(session.position(), 16);
}

TEST(Session, SaysWhatIsWrong) {
  ThreadPool pool(1);
  Session session(fake::manifest(), reinterpret_cast<const char *>(fake::weights().data()),
                  tril_step, pool, 10, 8);
  EXPECT_EQ(messageOf([&] { session.advance(someTokens(11), 0); }),
            "the prompt has 11 tokens; -c gives room for 10");
  session.advance(someTokens(9), 0);
  EXPECT_EQ(messageOf([&] { session.advance(someTokens(2), 0); }),
            "the context is full: 9 positions and 2 new tokens; -c gives room for 10");
  std::vector<int32_t> bad = {300};
  EXPECT_EQ(messageOf([&] { session.advance(bad, 0); }),
            "`token` 300 at position 9 is outside the vocabulary of 258");
  bad = {-1};
  EXPECT_EQ(messageOf([&] { session.advance(bad, 0); }),
            "`token` -1 at position 9 is outside the vocabulary of 258");
}

TEST(Session, SequencesOfTheirOwn) {
  ThreadPool pool(1);
  Manifest manifest = fake::sourceManifest();
  Session session(manifest, reinterpret_cast<const char *>(fake::weights().data()), tril_step, pool,
                  10, 8);
  std::vector<int32_t> tokens = someTokens(3), source = {1, 2, 3, 4};
  EXPECT_EQ(messageOf([&] { session.advance(tokens, 0); }),
            "the model also reads `source`, which is not given");
  session.setSequence(1, source);
  session.advance(tokens, 2);
  std::vector<float> first(session.lastRow(0).begin(), session.lastRow(0).end());
  session.reset();
  session.setSequence(1, source);
  for (int32_t token : tokens) // the sequence comes with the first call alone
    session.advance(std::span(&token, 1), 0);
  EXPECT_TRUE(sameBits(first, {session.lastRow(0).begin(), session.lastRow(0).end()}));
  session.reset();
  source[2] = 99;
  session.setSequence(1, source);
  session.advance(tokens, 2);
  EXPECT_FALSE(sameBits(first, {session.lastRow(0).begin(), session.lastRow(0).end()}));
  session.reset();
  source[2] = 100;
  EXPECT_EQ(messageOf([&] { session.setSequence(1, source); }),
            "`source` 100 at position 2 is outside the vocabulary of 100");
  source.assign(11, 1);
  EXPECT_EQ(messageOf([&] { session.setSequence(1, source); }),
            "`source` has 11 values; -c gives room for 10");
}

TEST(Session, MemoryThatNoMachineHas) {
  ThreadPool pool(1);
  Manifest manifest = fake::manifest();
  manifest.arena = {8, 8, 4};
  manifest.state.position = int64_t(1) << 43;
  EXPECT_NE(messageOf([&] {
              Session(manifest, nullptr, tril_step, pool, int64_t(1) << 30, 8);
            }).find("no memory for what is kept between steps; a smaller -c needs less"),
            std::string::npos);
}

} // namespace
