//===- Sampler.cpp - choose the next token ----------------------------------------------------===//
#include "runtime/Sampler.h"
#include "runtime/Error.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tril {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

float sane(float logit) { return std::isnan(logit) ? kImpossible : logit; }

int32_t largest(std::span<const float> logits) {
  size_t best = 0;
  float bestLogit = kImpossible;
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] > bestLogit) { // false for NaN
      best = i;
      bestLogit = logits[i];
    }
  return static_cast<int32_t>(best);
}

bool moreLikely(const Sampler::Choice &a, const Sampler::Choice &b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

/// exp by operations that are the same on every machine; libm's differ in the last bit.  Cody and
/// Waite's reduction and a Taylor polynomial to degree 13, for x <= 0; below e^-700, 0.  Without
/// calls, so that loops become vectors.
double portableExp(double x) {
#pragma STDC FP_CONTRACT OFF
  constexpr double kShift = 0x1.8p52;         // adding it rounds to a whole number, in the low bits
  const double bounded = x > -700 ? x : -700; // NaN too
  const double shifted = bounded * 1.4426950408889634 + kShift;
  const double n = shifted - kShift;
  const double r = (bounded - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  constexpr double kInverseFactorials[] = {1.0 / 6227020800,
                                           1.0 / 479001600,
                                           1.0 / 39916800,
                                           1.0 / 3628800,
                                           1.0 / 362880,
                                           1.0 / 40320,
                                           1.0 / 5040,
                                           1.0 / 720,
                                           1.0 / 120,
                                           1.0 / 24,
                                           1.0 / 6,
                                           0.5,
                                           1.0,
                                           1.0};
  double sum = 0;
  for (double coefficient : kInverseFactorials)
    sum = sum * r + coefficient;
  const uint64_t exponent = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
  return x > -700 ? sum * std::bit_cast<double>(exponent) : 0;
}

/// exp of how far a logit is below the largest.  Equal infinities (all impossible, or several
/// certain) share alike.
double relativeWeight(float logit, float top, double temperature) {
  return portableExp(logit == top ? 0 : (static_cast<double>(logit) - top) / temperature);
}

/// Probabilities of sorted choices at a temperature; the first has the largest logit.
void weigh(std::vector<Sampler::Choice> &choices, double temperature) {
  const float top = choices.front().logit;
  double sum = 0;
  for (Sampler::Choice &choice : choices) {
    // Equal infinities (all impossible, or several certain) share alike.
    const double below =
        choice.logit == top ? 0 : (static_cast<double>(choice.logit) - top) / temperature;
    choice.probability = portableExp(below);
    sum += choice.probability;
  }
  for (Sampler::Choice &choice : choices)
    choice.probability /= sum;
}

} // namespace

void Sampler::accept(int32_t token) {
  if (options.repeatLast == 0)
    return;
  if (options.repeatLast < 0 || recent.size() < static_cast<size_t>(options.repeatLast)) {
    recent.push_back(token);
    return;
  }
  recent[oldest] = token;
  oldest = (oldest + 1) % recent.size();
}

std::span<const float> Sampler::penalize(std::span<const float> logits) {
  if (options.repeatPenalty == 1 || recent.empty())
    return logits;
  penalized.assign(logits.begin(), logits.end());
  for (int32_t token :
       recent) { // from the original, so that repetitions within the window count once
    if (token < 0 || static_cast<size_t>(token) >= logits.size())
      continue;
    const float logit = logits[token];
    penalized[token] = logit > 0 ? logit / options.repeatPenalty : logit * options.repeatPenalty;
  }
  return penalized;
}

/// The `keep` largest, sorted.
void Sampler::gather(std::span<const float> logits, size_t keep) {
  choices.clear();
  if (keep < logits.size() / 16) {
    // Few of many: remember candidates above the smallest of the best so far, and prune when there
    // are twice as many.
    float bound = kImpossible;
    bool full = false;
    const auto prune = [&] {
      std::nth_element(choices.begin(), choices.begin() + static_cast<ptrdiff_t>(keep) - 1,
                       choices.end(), moreLikely);
      choices.resize(keep);
      bound = choices.back().logit;
      full = true;
    };
    for (size_t i = 0; i < logits.size(); ++i) {
      if (full && !(logits[i] > bound)) // an equal one comes later and would lose
        continue;
      choices.push_back({static_cast<int32_t>(i), sane(logits[i]), 0});
      if (choices.size() == 2 * keep)
        prune();
    }
  } else {
    for (size_t i = 0; i < logits.size(); ++i)
      choices.push_back({static_cast<int32_t>(i), sane(logits[i]), 0});
  }
  if (keep < choices.size()) {
    std::nth_element(choices.begin(), choices.begin() + static_cast<ptrdiff_t>(keep), choices.end(),
                     moreLikely);
    choices.resize(keep);
  }
  std::sort(choices.begin(), choices.end(), moreLikely);
}

/// Without top-k: all that top-p or min-p may keep, without sorting everything.  Sets `total`.
void Sampler::gatherLikely(std::span<const float> logits) {
  const float top = sane(logits[static_cast<size_t>(largest(logits))]);
  if (options.topP >= 1) {
    choices.clear();
    const float least =
        top + std::log(std::min(options.minP, 1.0f)) - 0.01f; // what is near is decided later
    for (size_t i = 0; i < logits.size(); ++i)
      if (const float logit = sane(logits[i]); logit >= least || logit == top)
        choices.push_back({static_cast<int32_t>(i), logit, 0});
    std::sort(choices.begin(), choices.end(), moreLikely);
    return;
  }
  total = 0;
  for (float logit : logits)
    total += relativeWeight(sane(logit), top, 1);
  for (size_t keep = 256;; keep *= 8) {
    gather(logits, std::min(keep, logits.size()));
    double sum = 0;
    for (const Choice &choice : choices)
      sum += relativeWeight(choice.logit, top, 1);
    if (sum >= options.topP * total || keep >= logits.size())
      return;
  }
}

/// Cuts behind the first choices whose weights sum to `mass`.
void Sampler::keepMass(double mass) {
  const float top = choices.front().logit;
  double sum = 0;
  size_t kept = 0;
  while (kept < choices.size() && (kept == 0 || sum < mass))
    sum += relativeWeight(choices[kept++].logit, top, 1);
  choices.resize(kept);
}

std::span<const Sampler::Choice> Sampler::distribution(std::span<const float> original) {
  if (original.empty())
    throw Error("no logits to choose a token from");
  const std::span<const float> logits = penalize(original);
  const bool greedy = !(options.temperature > 0);
  const size_t keep = greedy              ? 1
                      : options.topK <= 0 ? logits.size()
                                          : std::min<size_t>(options.topK, logits.size());
  if (keep < logits.size() || (options.topP >= 1 && options.minP <= 0))
    gather(logits, keep);
  else
    gatherLikely(logits);

  if (options.topP < 1 && choices.size() > 1) {
    double sum = 0;
    for (const Choice &choice : choices)
      sum += relativeWeight(choice.logit, choices.front().logit, 1);
    keepMass(options.topP * (keep < logits.size() ? sum : total));
  }
  if (options.minP > 0 && choices.size() > 1) {
    weigh(choices, 1);
    const double least = choices.front().probability * std::min(options.minP, 1.0f);
    while (choices.size() > 1 && choices.back().probability < least)
      choices.pop_back();
  }
  weigh(choices, greedy ? 1 : options.temperature);
  return choices;
}

double Sampler::uniform() {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

int32_t Sampler::sample(std::span<const float> logits) {
  if (logits.empty())
    throw Error("no logits to choose a token from");
  if (!(options.temperature > 0))
    return largest(penalize(logits));
  const std::span<const Choice> kept = distribution(logits);
  double point = uniform();
  for (const Choice &choice : kept) {
    point -= choice.probability;
    if (point < 0)
      return choice.token;
  }
  return kept.front().token; // rounding left a remainder
}

} // namespace tril
