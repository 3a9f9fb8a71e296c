//===- SamplerTest.cpp - the choice of the next token -----------------------------------------===//
#include "runtime/Sampler.h"
#include "runtime/Error.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace tril;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Nothing is left out, temperature 1.
SamplerOptions open() {
  return {.temperature = 1,
          .topK = 0,
          .topP = 1,
          .minP = 0,
          .repeatPenalty = 1,
          .repeatLast = 64,
          .seed = 1};
}

std::vector<int32_t> kept(const SamplerOptions &options, const std::vector<float> &logits) {
  Sampler sampler(options);
  std::vector<int32_t> tokens;
  for (const Sampler::Choice &choice : sampler.distribution(logits))
    tokens.push_back(choice.token);
  return tokens;
}

std::vector<float> logsOf(std::vector<double> probabilities) {
  std::vector<float> logits;
  for (double p : probabilities)
    logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

using Tokens = std::vector<int32_t>;

TEST(Sampler, GreedyTakesTheLargest) {
  SamplerOptions options = open();
  options.temperature = 0;
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{1, 3, 2, 3}), 1); // the first of equal ones
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{kNaN, -kInfinity, -5, kNaN}), 2);
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{-kInfinity, -kInfinity}), 0);
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{kNaN, kNaN}), 0);
  EXPECT_EQ(Sampler(options).sample(std::vector<float>{0, kInfinity}), 1);
  EXPECT_EQ(kept(options, {1, 3, 2, 3}), Tokens{1});
}

TEST(Sampler, TopKKeepsTheMostLikely) {
  SamplerOptions options = open();
  options.topK = 2;
  EXPECT_EQ(kept(options, {1, 4, 3, 4, 2}), (Tokens{1, 3}));
  options.topK = 0;
  EXPECT_EQ(kept(options, {1, 4, 3, 4, 2}), (Tokens{1, 3, 2, 4, 0}));
  options.topK = -1;
  EXPECT_EQ(kept(options, {1, 2}), (Tokens{1, 0}));
  options.topK = 100;
  EXPECT_EQ(kept(options, {1, 2}), (Tokens{1, 0}));
}

TEST(Sampler, TopKOfManyEqualsSorting) {
  std::mt19937 random(9);
  for (int round = 0; round < 50; ++round) {
    std::vector<float> logits(5000);
    for (float &logit : logits)
      logit = static_cast<float>(random() % 300); // many are equal
    SamplerOptions options = open();
    const Tokens all = kept(options, logits);
    options.topK = static_cast<int32_t>(1 + random() % 200);
    EXPECT_EQ(kept(options, logits), Tokens(all.begin(), all.begin() + options.topK));
  }
}

TEST(Sampler, TopPKeepsTheFewestThatReachIt) {
  SamplerOptions options = open();
  const std::vector<float> logits = logsOf({0.1, 0.5, 0.15, 0.25});
  options.topP = 0.6f;
  EXPECT_EQ(kept(options, logits), (Tokens{1, 3}));
  options.topP = 0.4f;
  EXPECT_EQ(kept(options, logits), (Tokens{1}));
  options.topP = 0.8f;
  EXPECT_EQ(kept(options, logits), (Tokens{1, 3, 2}));
  options.topP = 0;
  EXPECT_EQ(kept(options, logits), (Tokens{1}));
  options.topP = 1;
  EXPECT_EQ(kept(options, logits).size(), 4u);
}

TEST(Sampler, MinPIsRelativeToTheMostLikely) {
  SamplerOptions options = open();
  const std::vector<float> logits = logsOf({0.1, 0.5, 0.15, 0.25});
  options.minP = 0.4f;
  EXPECT_EQ(kept(options, logits), (Tokens{1, 3}));
  options.minP = 0.25f;
  EXPECT_EQ(kept(options, logits), (Tokens{1, 3, 2}));
  options.minP = 0;
  EXPECT_EQ(kept(options, logits).size(), 4u);
  options.minP = 5;
  EXPECT_EQ(kept(options, logits), (Tokens{1}));
}

TEST(Sampler, FiltersOfManyEqualThoseOfSorting) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  for (int round = 0; round < 40; ++round) {
    std::vector<float> logits(3000);
    for (float &logit : logits)
      logit = normal(random) * static_cast<float>(1 + round % 4);
    SamplerOptions options = open();
    options.topP = round % 3 == 0 ? 1 : 0.05f * static_cast<float>(1 + round % 19);
    options.minP = round % 2 ? 0 : 0.02f * static_cast<float>(1 + round % 13);
    // By the definitions, on all of them sorted.
    Sampler all(open());
    Tokens expected;
    double sum = 0, top = 0;
    for (const Sampler::Choice &choice : all.distribution(logits)) {
      top = std::max(top, choice.probability);
      if ((sum < options.topP || expected.empty()) && choice.probability >= top * options.minP)
        expected.push_back(choice.token);
      sum += choice.probability;
    }
    EXPECT_EQ(kept(options, logits), expected) << options.topP << ' ' << options.minP;
  }
}

TEST(Sampler, TemperatureComesAfterTheOthers) {
  SamplerOptions options = open();
  options.topP = 0.6f;
  options.temperature = 100; // would flatten the distribution before top-p
  EXPECT_EQ(kept(options, logsOf({0.1, 0.5, 0.15, 0.25})).size(), 2u);

  options = open();
  options.temperature = 0.5f;
  Sampler sampler(options);
  const auto choices = sampler.distribution(logsOf({0.2, 0.8}));
  EXPECT_NEAR(choices[0].probability, 0.64 / 0.68, 1e-6); // squares
  EXPECT_NEAR(choices[1].probability, 0.04 / 0.68, 1e-6);
}

TEST(Sampler, RepeatPenaltyOfTheLastTokens) {
  SamplerOptions options = open();
  options.temperature = 0;
  options.repeatPenalty = 2;
  options.repeatLast = 2;
  const std::vector<float> logits{4, 3, 2.5f, -1};
  Sampler sampler(options);
  EXPECT_EQ(sampler.sample(logits), 0);
  sampler.accept(0);
  sampler.accept(0); // twice counts once: 2, not 1
  EXPECT_EQ(sampler.sample(logits), 1);
  sampler.accept(1); // 2, 1.5, 2.5
  EXPECT_EQ(sampler.sample(logits), 2);
  sampler.accept(2); // token 0 has left the window
  EXPECT_EQ(sampler.sample(logits), 0);
  EXPECT_EQ(sampler.sample(std::vector<float>{-9, -1, -1.5f}), 1); // -9, -2, -3
  sampler.accept(-1);
  sampler.accept(99); // outside the vocabulary: no harm
  EXPECT_EQ(sampler.sample(logits), 0);

  options.repeatLast = 0;
  Sampler off(options);
  off.accept(0);
  EXPECT_EQ(off.sample(logits), 0);
  options.repeatLast = -1;
  Sampler all(options);
  for (int i = 0; i < 1000; ++i)
    all.accept(i == 0 ? 0 : 3);
  EXPECT_EQ(all.sample(logits), 1);
}

TEST(Sampler, ImpossibleLogits) {
  SamplerOptions options = open();
  const std::vector<float> none(4, -kInfinity), nan(4, kNaN);
  for (const auto &logits : {none, nan}) {
    const int32_t token = Sampler(options).sample(logits);
    EXPECT_TRUE(token >= 0 && token < 4);
  }
  for (uint64_t seed = 0; seed < 100; ++seed) {
    options.seed = seed;
    EXPECT_EQ(Sampler(options).sample(std::vector<float>{kNaN, -kInfinity, 0, kNaN}), 2);
    EXPECT_EQ(Sampler(options).sample(std::vector<float>{0, kInfinity, 3}), 1);
  }
  EXPECT_THROW(Sampler(options).sample({}), Error);
  options.temperature = 0;
  EXPECT_THROW(Sampler(options).sample({}), Error);
}

TEST(Sampler, EqualSeedsGiveTheseTokensEverywhere) {
  SamplerOptions options = open();
  std::vector<float> logits(50);
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = static_cast<float>(i % 7) * 0.25f;
  const auto draw = [&](uint64_t seed) {
    options.seed = seed;
    Sampler sampler(options);
    Tokens tokens;
    for (int i = 0; i < 8; ++i)
      tokens.push_back(sampler.sample(logits));
    return tokens;
  };
  EXPECT_EQ(draw(42), draw(42));
  EXPECT_NE(draw(42), draw(43));
  EXPECT_EQ(draw(42), (Tokens{45, 34, 5, 19, 13, 8, 41, 23}));
}

TEST(Sampler, DrawsFollowTheDistribution) {
  const std::vector<double> expected{0.4, 0.3, 0.15, 0.1, 0.04, 0.01};
  const std::vector<float> logits = logsOf(expected);
  Sampler sampler(open());
  const int draws = 100000;
  std::vector<int> counts(expected.size());
  for (int i = 0; i < draws; ++i)
    ++counts[sampler.sample(logits)];
  double chiSquare = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    chiSquare += std::pow(counts[i] - draws * expected[i], 2) / (draws * expected[i]);
  EXPECT_LT(chiSquare, 20.5); // 5 degrees of freedom: 0.1 % of samplers that are right would fail
}

TEST(Sampler, ProbabilitiesAreThoseOfLibm) {
  std::vector<float> logits;
  for (int i = 0; i < 200; ++i)
    logits.push_back(static_cast<float>(-i) * 0.37f);
  Sampler sampler(open());
  double sum = 0;
  for (float logit : logits)
    sum += std::exp(static_cast<double>(logit));
  for (const Sampler::Choice &choice : sampler.distribution(logits))
    EXPECT_NEAR(choice.probability / (std::exp(static_cast<double>(choice.logit)) / sum), 1, 1e-14);
}

} // namespace
