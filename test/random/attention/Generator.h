//===- Generator.h - random attentions
//-----------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tril::test {

/// A tensor that a text reads: normal numbers, stored as `dtype` ("F32", "F16", "BF16"), row-major.
/// With `poisoned`, row 0 is NaN and infinities.
struct RandomTensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  bool poisoned = false;
};

/// Several attentions that have nothing to do with each other, each with an output of its own.
struct AttentionText {
  std::string text;
  std::vector<RandomTensor> tensors;
  std::vector<std::string> attentions; ///< what each draws, for messages
  int64_t vocabulary = 0, segments = 0;
  bool causal = true;
  std::string cache = "f32";    ///< how states are stored: f32, f16 or bf16
  std::string products = "f32"; ///< what attention multiplies: f32 or bf16
  std::string cpu = "native";   ///< the processor that code is made for
};

/// Draws texts of attentions that are causal by construction (or, one in eight texts, that see
/// later positions too, and make no claim):
///
/// - masks: combinations by and, or, not of <=, windows, chunks, dilations, prefixes, documents,
///   sinks, strided blocks, constants that differ between heads or layers, comparisons of data,
///   min, max and abs;
/// - scores: one product or two, a scale, a softcap, slopes, a learned bias by bucket, by head or
///   by key, sinks;
/// - heads: none, groups, members, both, keys or values that lack groups, values that are keys, two
///   softmaxes subtracted, gates, widths of all kinds;
/// - what no query may see is NaN or infinite, in keys and in values.
class AttentionGenerator {
public:
  explicit AttentionGenerator(uint64_t seed) : random(seed) {}
  AttentionText draw(int attentions);

private:
  /// What a predicate or a score of one attention may speak of.
  struct Scope {
    std::string suffix;               // of the names of this attention
    std::vector<std::string> heads;   // axes of the score
    std::vector<std::string> numbers; // compile-time numbers that differ from layer to layer
  };

  int number(int low, int high) {
    return low + static_cast<int>(random() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return number(1, 100) <= percent; }
  template <typename T> const T &pick(const std::vector<T> &from) {
    return from[random() % from.size()];
  }
  std::string size(int low, int high) { return std::to_string(number(low, high)); }

  std::string axis(const std::string &name, int64_t positions);
  std::string param(const std::string &name, const std::vector<std::string> &axes,
                    bool poisoned = false, const std::string &prefix = "");
  std::string predicate(const Scope &scope);
  std::string mask(const Scope &scope, int depth);
  std::string score(const Scope &scope, const std::string &product, bool layered);
  std::string softmax(const std::string &score);
  void plain(int index);
  void layered(int index);

  std::mt19937_64 random;
  AttentionText result;
  std::string axes, body, outputs;
  std::vector<std::pair<std::string, int64_t>> sizes;
};

} // namespace tril::test
