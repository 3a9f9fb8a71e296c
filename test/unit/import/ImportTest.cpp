//===- ImportTest.cpp - layers share bodies, what they share is hoisted
//--------------------------===//
#include "Import/Import.h"
#include "TestModel.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace tril;
using Element = dsl::Element;

namespace {

std::string print(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

std::string importText(const dsl::Model &model, const ImportOptions &options = {}) {
  mlir::MLIRContext context;
  auto module = importModel(context, model, options);
  EXPECT_TRUE(module);
  return module ? print(*module) : "";
}

unsigned count(const std::string &text, const std::string &part) {
  unsigned n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

/// x = embedding[vocab = token]; layers: x = x + scale_i * sum[past]((x w cos(time * f))[past]
/// where past <= time and time - past < window_i)
struct Layers : TestModel {
  AxisId vocab = axis("vocab", 7), embed = axis("embed", 4), past = alias("past", model.time);

  dsl::Model &build(std::vector<double> scales, std::vector<double> windows) {
    NodeId token = input("token", vocab);
    NodeId embedding = param("embedding", "embed", "embed", {vocab, embed});
    NodeId x = index(embedding, vocab, token, false);
    dsl::Loop loop{"layer", {}};
    for (unsigned i = 0; i < scales.size(); ++i) {
      NodeId begin = next();
      AxisId to = axis("to", 4); // an axis of its own in every layer
      NodeId w = param("w", "layers.{layer}.w", "layers." + std::to_string(i) + ".w", {to, embed});
      NodeId angle = binary("mul", position(model.time), constant(0.5));
      NodeId cosine = unary("cos", angle);
      NodeId y = reduce("sum", {embed}, binary("mul", x, w));
      NodeId k = rename(binary("mul", rename(y, to, embed), cosine), model.time, past);
      NodeId time = position(model.time), before = position(past);
      NodeId mask = binary("le", before, time, Element::truth);
      NodeId near = binary("lt", binary("sub", time, before, Element::integer),
                           constant(windows[i], Element::integer), Element::truth);
      NodeId mixed = reduce("sum", {past}, where(k, binary("and", mask, near, Element::truth)));
      x = binary("add", x, binary("mul", mixed, constant(scales[i])));
      loop.iterations.push_back({begin, next()});
    }
    model.loops.push_back(loop);
    output("hidden", x);
    return model;
  }
};

TEST(Import, EqualLayersShareOneBody) {
  std::string text = importText(Layers().build({1, 1, 1}, {2, 2, 2}));
  EXPECT_EQ(count(text, "tril.body"), 2u) << text;
  EXPECT_EQ(count(text, "tril.call @layer("), 3u);
  EXPECT_NE(text.find("layers.{layer}.w"), std::string::npos);
  EXPECT_NE(text.find("names = [[\"layers.0.w\"], [\"layers.1.w\"], [\"layers.2.w\"]]"),
            std::string::npos);
  EXPECT_EQ(count(text, "tril.layer_constant"), 0u);
}

TEST(Import, ConstantsThatDifferBecomeLayerConstants) {
  std::string text = importText(Layers().build({1, 0.5, 0.25}, {2, 2, 2}));
  EXPECT_EQ(count(text, "tril.body"), 2u) << text;
  EXPECT_NE(text.find("tril.layer_constant"), std::string::npos);
}

TEST(Import, WindowsThatDifferMakeKinds) {
  std::string text = importText(Layers().build({1, 1, 1, 1}, {2, 3, 2, 3}));
  EXPECT_EQ(count(text, "tril.body"), 3u) << text;
  EXPECT_EQ(count(text, "tril.call @layer("), 2u);
  EXPECT_EQ(count(text, "tril.call @layer.1("), 2u);
  EXPECT_NE(text.find("names = [[\"layers.0.w\"], [], [\"layers.2.w\"], []]"), std::string::npos);
}

TEST(Import, FunctionsOfPositionsAreHoistedOnce) {
  std::string text = importText(Layers().build({1, 1, 1}, {2, 2, 2}));
  EXPECT_EQ(count(text, "tril.cos"), 1u) << text;
  EXPECT_LT(text.find("tril.cos"), text.find("tril.call"));
  // The mask is cheap: the body computes it.
  EXPECT_GT(text.find("tril.le"), text.find("@layer("));
}

// What the loop carries comes from outside into the first layer: a function of it is not the same
// for all layers.
TEST(Import, TheFirstLayerIsLikeTheOthers) {
  TestModel m;
  auto vocab = m.axis("vocab", 7), embed = m.axis("embed", 4);
  auto x = m.index(m.param("e", "e", "e", {vocab, embed}), vocab, m.input("token", vocab), false);
  auto bias = m.param("b", "b", "b", {embed});
  dsl::Loop loop{"layer", {}};
  for (unsigned i = 0; i < 3; ++i) {
    auto begin = m.next();
    x = m.binary("add", m.unary("exp", x), bias);
    loop.iterations.push_back({begin, m.next()});
  }
  m.model.loops.push_back(loop);
  m.output("y", x);
  std::string text = importText(m.model);
  EXPECT_EQ(count(text, "tril.body"), 2u) << text;
  EXPECT_GT(text.find("tril.exp"), text.find("@layer(%arg0"));
  // A param from outside is the body's own: it is packed for the contraction that reads it.
  EXPECT_GT(text.find("tril.param \"b\""), text.find("@layer(%arg0"));
}

TEST(Import, StorageMakesKinds) {
  ImportOptions options;
  options.storage = [](llvm::StringRef name) { return name == "layers.1.w" ? "q6_k" : "q4_k"; };
  std::string text = importText(Layers().build({1, 1, 1}, {2, 2, 2}), options);
  EXPECT_EQ(count(text, "tril.body"), 3u) << text;
}

TEST(Import, AxesOfOneNameAndTwoSizes) {
  TestModel m;
  auto small = m.axis("hidden", 2), large = m.axis("hidden", 3);
  auto a = m.param("a", "a", "a", {small}), b = m.param("b", "b", "b", {large});
  m.output("c", m.binary("mul", a, b));
  std::string text = importText(m.model);
  EXPECT_NE(text.find("hidden=2, hidden.1=3"), std::string::npos) << text;
}

TEST(Import, TwoAxesOfOneNameInOneValue) {
  TestModel m;
  auto one = m.axis("hidden", 2), two = m.axis("hidden", 2);
  auto a = m.param("a", "a", "a", {one}), b = m.param("b", "b", "b", {two});
  m.output("c", m.binary("mul", a, b));
  std::string text = importText(m.model);
  EXPECT_NE(text.find("hidden=2, hidden.1=2"), std::string::npos) << text;
}

TEST(Import, WholeNumbersAreConverted) {
  TestModel m;
  auto pair = m.axis("pair", 4);
  auto ratio = m.binary("div", m.position(pair), m.constant(4, Element::integer));
  auto odd = m.binary(
      "eq", m.binary("mod", m.position(pair), m.constant(2, Element::integer), Element::integer),
      m.constant(1, Element::integer), Element::truth);
  m.output("y", m.where(ratio, odd));
  std::string text = importText(m.model);
  EXPECT_EQ(count(text, "tril.convert"), 1u)
      << text; // the position; the constant is made a real one
  EXPECT_NE(text.find("tril.eq %"), std::string::npos);
}

TEST(Import, RecurrenceKeepsOnlyWhatDependsOnItself) {
  TestModel m;
  auto vocab = m.axis("vocab", 7), state = m.axis("state", 3), inner = m.axis("inner", 2);
  auto token = m.input("token", vocab);
  auto x = m.index(m.param("e", "e", "e", {vocab, inner}), vocab, token, false);
  dsl::Recurrence rec;
  rec.axis = m.model.time;
  rec.begin = m.next();
  auto w = m.param("w", "w", "w", {state, inner});
  auto u = m.reduce("sum", {inner}, m.binary("mul", x, w));
  auto decayed = m.unary("exp", u);
  auto read =
      TestModel::make(dsl::Op::rec_read, {}, {Element::number, {m.model.time, state}, true});
  read.index = 0;
  read.lag = 1;
  auto before = m.add(read);
  auto fill = TestModel::make(dsl::Op::otherwise, {before, m.constant(0)},
                              {Element::number, {m.model.time, state}, false});
  m.model.nodes.push_back(fill);
  auto h = m.binary("add", m.binary("mul", m.next() - 1, decayed), u);
  m.model.nodes[h].type.holes = false;
  rec.end = m.next();
  rec.equations.push_back({"h", {Element::number, {m.model.time, state}, false}, h, -1});
  m.model.recurrences.push_back(rec);
  auto result = TestModel::make(dsl::Op::rec, {}, {Element::number, {m.model.time, state}, false});
  result.index = 0;
  m.output("y", m.add(result));
  std::string text = importText(m.model);
  auto region = text.find("tril.rec");
  EXPECT_LT(text.find("tril.reduce"), region) << text; // the projection, for all positions at once
  EXPECT_GT(text.find("tril.exp"), region);            // elementwise: with its user
  EXPECT_GT(text.find("tril.earlier 0 ago 1"), region);
}

TEST(Import, MalformedModelIsAnInternalError) {
  TestModel m;
  auto unknown = m.axis("embed", 4);
  m.model.axes[unknown].size.reset();
  m.model.axes[unknown].sequence = false;
  auto a = m.add(TestModel::make(dsl::Op::position, {}, {Element::integer, {unknown}, false}));
  m.output("y", a);
  mlir::MLIRContext context;
  std::string said;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { said = d.str(); });
  EXPECT_FALSE(importModel(context, m.model));
  EXPECT_EQ(said, "internal error: axis `embed` has no size");
}

} // namespace
