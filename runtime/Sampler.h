//===- Sampler.h - choose the next token ------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace tril {

/// The choices are applied in this order, that of ggml's command-line tools: repeat
/// penalty, top-k, top-p, min-p, temperature, a draw.
struct SamplerOptions {
  /// 0 or less: the most likely token, no draw.
  float temperature = 0.8f;
  /// Keep the k most likely; 0 or less: all.
  int32_t topK = 40;
  /// Keep the fewest whose probabilities sum to at least p; 1 or more: all.
  float topP = 0.95f;
  /// Keep those at least p times as likely as the most likely; 0 or less: all.
  float minP = 0.05f;
  /// Divides positive logits of recent tokens, multiplies negative ones (Keskar et al. 2019); 1:
  /// none.
  float repeatPenalty = 1.0f;
  /// How many tokens are recent; 0: none, -1: all.
  int32_t repeatLast = 64;
  /// Equal seeds and logits give equal tokens on every machine.
  uint64_t seed = 0;
};

/// NaN counts as minus infinity; of equal logits the lower token wins.
class Sampler {
public:
  explicit Sampler(const SamplerOptions &options) : options(options), state(options.seed) {}

  /// Makes a token known to the repeat penalty: those of the prompt, and each that was drawn.
  void accept(int32_t token);

  /// Draws from `logits`, one a token.  Throws `Error` if there is none.  Does not accept what it
  /// draws.
  int32_t sample(std::span<const float> logits);

  /// What `sample` would draw from, most likely first: the kept tokens, probabilities summing to 1.
  struct Choice {
    int32_t token;
    float logit;
    double probability;
  };
  std::span<const Choice> distribution(std::span<const float> logits);

private:
  void gather(std::span<const float> logits, size_t keep);
  void gatherLikely(std::span<const float> logits);
  void keepMass(double mass);
  std::span<const float> penalize(std::span<const float> logits);
  double uniform();

  SamplerOptions options;
  uint64_t state;              // of SplitMix64 (Steele et al. 2014)
  std::vector<int32_t> recent; // a ring of repeatLast tokens
  size_t oldest = 0;
  std::vector<float> penalized;
  std::vector<Choice> choices;
  double total = 0; // of all weights relative to the largest
};

} // namespace tril
