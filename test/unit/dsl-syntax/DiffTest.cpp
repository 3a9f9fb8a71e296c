//===- DiffTest.cpp - what `tril diff` says of two texts
//------------------------------------------===//
#include "dsl/Diff.h"
#include "Support.h"
#include <gtest/gtest.h>

using namespace tril::dsl;
using namespace tril::dsl::test;

namespace {

const char *const decoder = R"(model tiny is causal
axis vocab = config.vocab_size
axis embed = config.hidden_size
axis layer = config.num_hidden_layers
axis head = config.num_attention_heads
axis feature = |embed| / |head|
axis past = time
block attention(x[embed]) -> [embed] {
  q = linear[embed -> head, feature]@"q"(x)
  k = linear[embed -> head, feature]@"k"(x)
  weight = softmax[past](sum[feature](q * k[past]) where past <= time)
  return linear[head, feature -> embed]@"o"(sum[past](weight * linear[embed -> head, feature]@"v"(x)[past]))
}
input token[time] in vocab
param embedding[vocab, embed] = "embedding.weight"
x = embedding[vocab = token]
for layer @ "layers.{layer}" {
  x = x + attention@"attention"(rms_norm[embed](x, 1e-5))
  x = x + linear[embed -> embed]@"down"(gelu(linear[embed -> embed]@"up"(x)))
}
output logits[time, vocab] = sum[embed](x * embedding)
)";

/// The decoder with each of some pieces, which are all there, replaced.
std::string with(const std::vector<std::pair<std::string, std::string>> &changes) {
  std::string text = decoder;
  for (const auto &[from, to] : changes) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  }
  return text;
}

const Library &library() {
  static const Library std = [] {
    Diagnostics diagnostics;
    return loadStd("", diagnostics);
  }();
  return std;
}

/// The differences, one a line, without the lines of the texts.
std::string between(const std::string &a, const std::string &b) {
  Parsed first(a, "a.tril"), second(b, "b.tril");
  EXPECT_EQ(first.messages() + second.messages(), "");
  std::string out;
  for (const Difference &difference : diff(first.program, second.program, library()).differences) {
    const char *const kinds[] = {"added", "removed", "changed"};
    out += (difference.place.empty() ? "" : difference.place + ": ") + difference.what + " `" +
           difference.name + "` " + kinds[difference.kind];
    for (const std::string &detail : difference.details)
      out += "; " + detail;
    out += "\n";
  }
  return out;
}
std::string to(const std::vector<std::pair<std::string, std::string>> &changes) {
  return between(decoder, with(changes));
}

TEST(Diff, SaysNothingOfTheSameText) {
  Parsed text(decoder);
  Diff same = diff(text.program, text.program, library());
  EXPECT_TRUE(same.differences.empty());
  EXPECT_EQ(render(same, text.program, text.program),
            "no difference: 6 axes, 1 block, 1 input, 1 param, 1 output\n");
}

TEST(Diff, SaysNothingOfNames) {
  EXPECT_EQ(to({{"past", "earlier"}}), "");
  EXPECT_EQ(to({{"layer", "depth"},
                {"config.num_hidden_depths", "config.num_hidden_layers"},
                {"depths.", "layers."}}),
            "");
  EXPECT_EQ(to({{"q = ", "query = "}, {"q * k", "query * k"}}), "");
  EXPECT_EQ(to({{"attention(", "mixer("}, {"attention@", "mixer@"}}), "");
  EXPECT_EQ(to({{"x[embed]) -> [embed] {", "y[embed]) -> [embed] {"},
                {"\"q\"(x)", "\"q\"(y)"},
                {"\"k\"(x)", "\"k\"(y)"},
                {"\"v\"(x)", "\"v\"(y)"}}),
            "");
  EXPECT_EQ(to({{"model tiny", "model other"}}), "");
}

TEST(Diff, SaysNothingOfNamesThatAreSwapped) {
  EXPECT_EQ(to({{"head", "TEMP"},
                {"feature", "head"},
                {"TEMP", "feature"},
                {"config.num_attention_features", "config.num_attention_heads"}}),
            "");
}

TEST(Diff, SaysNothingOfTheOrderOfIndependentStatements) {
  EXPECT_EQ(to({{"  q = linear[embed -> head, feature]@\"q\"(x)\n", ""},
                {"@\"k\"(x)\n", "@\"k\"(x)\n  q = linear[embed -> head, feature]@\"q\"(x)\n"}}),
            "");
  EXPECT_EQ(to({{"axis past = time\n", ""},
                {"model tiny is causal\n", "model tiny is causal\naxis past = time\n"}}),
            "");
}

TEST(Diff, SaysNothingOfHowItIsWritten) {
  EXPECT_EQ(to({{"|embed| / |head|", "((|embed|) / |head|)   # a comment"}}), "");
}

TEST(Diff, TellsTheOrderOfDependentStatements) {
  EXPECT_EQ(between("model m\naxis a = 2\ninput t[time] in a\nx = t + 1\ny = x * 3\nx = x * "
                    "2\noutput r[time] = x + y\n",
                    "model m\naxis a = 2\ninput t[time] in a\nx = t + 1\nx = x * 2\ny = x * "
                    "3\noutput r[time] = x + y\n"),
            "value `y` changed; reads another `x`\n");
}

TEST(Diff, TellsArgumentsThatChangePlaces) {
  const char *const text = "model m\naxis a = 2\ninput t[time] in a\ndef f(p, q) = p - 2 * "
                           "q\noutput r[time] = f(t, 1)\n";
  std::string other = text;
  other.replace(other.find("p, q"), 4, "q, p");
  EXPECT_EQ(between(text, other), "def `f`: argument `q` changed; number 2 became number 1\n"
                                  "def `f`: argument `p` changed; number 1 became number 2\n");
  other = text;
  other.replace(other.find("p, q"), 4, "p, r, q");
  EXPECT_EQ(between(text, other), "def `f`: argument `r` added\n"
                                  "def `f`: argument `q` changed; number 2 became number 3\n");
}

TEST(Diff, TellsAnotherMask) {
  EXPECT_EQ(
      to({{"where past <= time", "where past <= time and time - past < config.sliding_window"}}),
      "block `attention`: value `weight` changed; mask `where past <= time` became `where "
      "past <= time and time - past < config.sliding_window`\n");
  EXPECT_EQ(to({{" where past <= time", ""}}),
            "block `attention`: value `weight` changed; mask removed: `where past <= time`\n");
  EXPECT_EQ(between(with({{" where past <= time", ""}}), decoder),
            "block `attention`: value `weight` changed; mask added: `where past <= time`\n");
}

TEST(Diff, TellsAnAddedBias) {
  EXPECT_EQ(to({{"@\"q\"(x)\n", "@\"q\"(x) + bias\n"},
                {"  q =", "  param bias[head, feature] = \"q.bias\" ?? 0\n  q ="}}),
            "block `attention`: param `bias` added\n"
            "block `attention`: value `q` changed; term added: `+ bias`\n");
}

TEST(Diff, TellsAnotherNormAndActivation) {
  EXPECT_EQ(to({{"rms_norm", "layer_norm"}}),
            "layers `layers.{layer}`: value `x` changed; norm: `rms_norm` became `layer_norm`\n");
  EXPECT_EQ(to({{"gelu(", "silu("}}),
            "layers `layers.{layer}`: value `x` changed; activation: `gelu` became `silu`\n");
  EXPECT_EQ(to({{"gelu(linear[embed -> embed]@\"up\"(x))", "linear[embed -> embed]@\"up\"(x)"}}),
            "layers `layers.{layer}`: value `x` changed; activation removed: `gelu(...)`\n");
}

TEST(Diff, TellsWhatACallHas) {
  const char *const place = "layers `layers.{layer}`: value `x` changed; ";
  EXPECT_EQ(to({{"@\"attention\"", "@\"attn\""}}),
            std::string(place) + "prefix of `attention`: `@\"attention\"` became `@\"attn\"`\n");
  EXPECT_EQ(to({{"(linear[embed -> embed]@\"up\"(x))", "(linear[embed -> embed](x))"}}),
            std::string(place) + "prefix of `linear` removed: `@\"up\"`\n");
  EXPECT_EQ(to({{"linear[embed -> embed]@\"up\"", "linear[embed -> past]@\"up\""}}),
            std::string(place) + "axes of `linear`: `[embed -> embed]` became `[embed -> past]`\n");
  // Another function around a call that is changed too.
  EXPECT_EQ(to({{"attention@\"attention\"(rms_norm[embed](x, 1e-5))",
                 "l2_norm[embed](attention@\"attention\"(rms_norm[embed](x, 1e-5), 2))"}}),
            std::string(place) + "norm added: `l2_norm[embed](...)`; argument of `attention` "
                                 "added: `2`\n");
}

TEST(Diff, TellsBlocksThatAreAddedOrRemoved) {
  std::string more = "block gate(x[embed]) -> [embed] = sigmoid(x)\n";
  EXPECT_EQ(between(decoder, decoder + more), "block `gate` added\n");
  EXPECT_EQ(between(decoder + more, decoder), "block `gate` removed\n");
}

TEST(Diff, TellsAxes) {
  EXPECT_EQ(to({{"axis past = time\n", "axis past = time\naxis rank = 8\n"}}),
            "axis `rank` added\n");
  EXPECT_EQ(to({{"axis feature = |embed| / |head|", "axis feature = config.head_dim"}}),
            "axis `feature` changed; `|embed| / |head|` became `config.head_dim`\n");
}

TEST(Diff, TellsParams) {
  EXPECT_EQ(to({{"\"embedding.weight\"", "\"wte.weight\""}}),
            "param `embedding` changed; tensor: `\"embedding.weight\"` became `\"wte.weight\"`\n");
  EXPECT_EQ(
      to({{"\"embedding.weight\"", "\"embedding.weight\" ?? 0"}}),
      "param `embedding` changed; tensor: `\"embedding.weight\"` became `\"embedding.weight\" "
      "?? 0`; a checkpoint may lack it now\n");
  EXPECT_EQ(to({{"embedding[vocab, embed]", "embedding[embed, vocab]"}}),
            "param `embedding` changed; axes: `[vocab, embed]` became `[embed, vocab]`\n");
}

TEST(Diff, TellsInputsOutputsAndClaims) {
  EXPECT_EQ(to({{"is causal", "is strictly causal"}}),
            "claim `tiny` changed; `is causal` became `is strictly causal`\n");
  EXPECT_EQ(to({{"output logits", "output scores"}}),
            "output `logits` changed; called `scores` now\n");
  EXPECT_EQ(to({{"(x * embedding)", "(x * embedding) / 8"}}),
            "output `logits` changed; factor added: `/ 8`\n");
}

TEST(Diff, TellsLayersAndTheirPath) {
  EXPECT_EQ(to({{"layers.{layer}", "h.{layer}"}}),
            "loop `layer` changed; path: `\"layers.{layer}\"` became `\"h.{layer}\"`\n");
  // What reads the stream after an added line follows from it.
  EXPECT_EQ(to({{"  x = x + linear", "  x = x + rms_norm[embed](x, 1)\n  x = x + linear"}}),
            "layers `layers.{layer}`: value `x` added\n");
}

TEST(Diff, SaysNothingOfAnyTextAndItself) {
  for (const auto &path : correctTexts()) {
    std::string text = readFile(path);
    EXPECT_EQ(between(text, text), "") << path;
  }
}

TEST(Diff, TellsWhatOfAllIsTheSame) {
  Parsed a(decoder, "a.tril"),
      b(with({{"rms_norm", "layer_norm"},
              {"axis past = time\n", "axis past = time\naxis rank = 8\n"}}),
        "b.tril");
  EXPECT_EQ(render(diff(a.program, b.program, library()), a.program, b.program), R"(- a.tril
+ b.tril

+ 8: axis rank = 8

layers `layers.{layer}`
  value `x`: norm: `rms_norm` became `layer_norm`
    - 18: x = x + attention@"attention"(rms_norm[embed](x, 1e-5))
    + 19: x = x + attention@"attention"(layer_norm[embed](x, 1e-5))

the same: 6 of 7 axes, 1 block, 1 input, 1 param, 1 output
)");
}

} // namespace
