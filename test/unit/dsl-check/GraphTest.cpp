//===- GraphTest.cpp - what a text becomes
//--------------------------------------------------------===//
#include "Support.h"
#include <gtest/gtest.h>

using namespace tril::dsl;

static const std::string head = R"(
model tiny is causal
axis vocab = 10
axis embed = 4
axis past  = time
input token[time] in vocab
param table[vocab, embed] = "table"
x = table[vocab = token]
)";
static const std::string tail = "\noutput y[time] = sum[embed](x)\n";

static Model modelOf(const std::string &body, const std::string &config = "{}") {
  Checked checked = checkText(head + body + tail, config);
  EXPECT_TRUE(checked.model) << checked.messages();
  return checked.model ? std::move(*checked.model) : Model();
}

TEST(Graph, ATokenInItsAxisMakesNoHoles) {
  Model model = modelOf("");
  NodeId x = nodeCalled(model, "x");
  EXPECT_EQ(model.nodes[x].op, Op::index);
  EXPECT_FALSE(model.nodes[x].type.holes);
  EXPECT_EQ(axesOf(model, x), "time embed");
  EXPECT_EQ(model.nodes[model.outputs[0].value].function, "sum");
}

TEST(Graph, ReadsOfOtherTimesMayBeHoles) {
  Model model = modelOf("a = x[time - 1]\n b = x[past]\n c = x[time = max(time - 3, 0)]\n"
                        "d = x[time - 1] else 0\n e = x[time = time + 1]");
  EXPECT_TRUE(model.nodes[nodeCalled(model, "a")].type.holes);
  EXPECT_EQ(model.nodes[nodeCalled(model, "b")].op, Op::rename);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "b")].type.holes);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "c")].type.holes);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "d")].type.holes);
  EXPECT_TRUE(model.nodes[nodeCalled(model, "e")].type.holes);
}

TEST(Graph, HolesFollowMasksAndReductions) {
  Model model = modelOf("s = sum[embed](x * x[past]) where past <= time\n"
                        "m = max[past](s)\n t = sum[past](s)\n n = mean[embed](x)\n"
                        "w = softmax[past](s)\n f = s else 0");
  EXPECT_TRUE(model.nodes[nodeCalled(model, "s")].type.holes);
  EXPECT_TRUE(model.nodes[nodeCalled(model, "m")].type.holes);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "t")].type.holes);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "n")].type.holes);
  EXPECT_TRUE(model.nodes[nodeCalled(model, "w")].type.holes);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "f")].type.holes);
}

TEST(Graph, AChoiceIsOneNode) {
  Model model =
      modelOf("a = x where embed < 2 else 0\n b = (x where time > 3) where embed < 2 else 1");
  EXPECT_EQ(model.nodes[nodeCalled(model, "a")].op, Op::select);
  EXPECT_FALSE(model.nodes[nodeCalled(model, "a")].type.holes);
  // The 1 also fills what was a hole before the choice.
  EXPECT_EQ(model.nodes[nodeCalled(model, "b")].op, Op::otherwise);
}

TEST(Graph, WholeNumbersStayWhole) {
  Model model =
      modelOf("a = (time * 2 + 1) % 3\n b = time / 2\n c = floor(time / 2)\n"
              "d = max(time, 2)\n e = time * 0.5\n f = count[past](past <= time)\n g = time ^ 2");
  for (const char *name : {"a", "c", "d", "f"})
    EXPECT_EQ(model.nodes[nodeCalled(model, name)].type.element, Element::integer) << name;
  for (const char *name : {"b", "e", "g"})
    EXPECT_EQ(model.nodes[nodeCalled(model, name)].type.element, Element::number) << name;
}

TEST(Graph, EqualNodesAreOneWithinAnIterationOnly) {
  Model model = modelOf("axis layer = 2\n"
                        "for layer { x = x + exp(x) * exp(x) + cos(time) }");
  int exps = 0, cosines = 0;
  for (const Node &node : model.nodes) {
    exps += node.function == "exp";
    cosines += node.function == "cos";
  }
  EXPECT_EQ(exps, 2);
  EXPECT_EQ(cosines, 2);
  ASSERT_EQ(model.loops.size(), 1u);
  EXPECT_EQ(model.loops[0].axis, "layer");
  ASSERT_EQ(model.loops[0].iterations.size(), 2u);
  EXPECT_EQ(model.loops[0].iterations[0].second, model.loops[0].iterations[1].first);
}

TEST(Graph, ConstantsAreFoldedAndIdentitiesLeftOut) {
  Model model = modelOf("a = x * 1 + 0\n b = x * (2 ^ 3 - 6)");
  for (const Node &node : model.nodes)
    if (node.op == Op::constant) {
      EXPECT_EQ(node.value, 2);
    }
}

TEST(Graph, CallsAreInlinedAndRememberTheirPlace) {
  Model model = modelOf("def f(v) = exp(v)\n a = f(x)");
  const Node &node = model.nodes[nodeCalled(model, "a")];
  EXPECT_EQ(node.function, "exp");
  ASSERT_GE(node.place, 0);
  const Place &place = model.places[node.place];
  EXPECT_EQ(place.span.source->text.substr(place.span.begin, 6), "exp(v)");
  ASSERT_GE(place.caller, 0);
  const Span &call = model.places[place.caller].span;
  EXPECT_EQ(call.source->text.substr(call.begin, call.end - call.begin), "f(x)");
}

TEST(Graph, DeclarationsComeInAnyOrder) {
  Model model = modelOf("let twice = 2 * once\n let once = 3\n axis wide = twice * |embed|\n"
                        "a = x * twice");
  bool found = false;
  for (const AxisInfo &axis : model.axes)
    if (axis.name == "wide") {
      found = true;
      EXPECT_EQ(axis.size, 24);
    }
  EXPECT_TRUE(found);
}

TEST(Graph, ListsAlongAnAxisAreTables) {
  Model model = modelOf("let list = [1.5, 2, 3, 4]\n a = x * list[embed]\n b = list[token % 4]");
  int tables = 0;
  for (const Node &node : model.nodes)
    tables += node.op == Op::table;
  EXPECT_EQ(tables, 2);
  EXPECT_EQ(axesOf(model, nodeCalled(model, "b")), "time");
  EXPECT_FALSE(model.nodes[nodeCalled(model, "b")].type.holes);
}

//===--- Layouts ------------------------------------------------------------------------------===//

static const Param &paramCalled(const Model &model, const std::string &name) {
  for (const Param &param : model.params)
    if (param.name == name)
      return param;
  static const Param none;
  ADD_FAILURE() << "no param " << name;
  return none;
}

TEST(Layout, PartsOfOneTensorHaveOffsetsAndStrides) {
  Shapes shapes = {{"table", {10, 4}}, {"w", {2 * 3 + 5, 1, 4}}, {"k", {2 * (3 + 5), 4}}};
  Checked checked = checkText(head + R"(
axis a = 2
axis b = 3
axis c = 5
param p, q[a*b + c, embed] = "w"
param r, s[a*(b + c), embed] = "k"
z = sum[a, b](p) + sum[c](q) + sum[a, b](r) + sum[a, c](s)
output other[embed] = z
)" + tail,
                              "{}", &shapes);
  ASSERT_TRUE(checked.model) << checked.messages();
  const Model &model = *checked.model;
  EXPECT_EQ(paramCalled(model, "p").strides, (std::vector<int64_t>{12, 4, 1}));
  EXPECT_EQ(paramCalled(model, "p").offset, 0);
  EXPECT_EQ(paramCalled(model, "q").strides, (std::vector<int64_t>{4, 1}));
  EXPECT_EQ(paramCalled(model, "q").offset, 6 * 4);
  EXPECT_EQ(paramCalled(model, "q").storedShape, (std::vector<int64_t>{11, 1, 4}));
  EXPECT_EQ(paramCalled(model, "r").strides, (std::vector<int64_t>{8 * 4, 4, 1}));
  EXPECT_EQ(paramCalled(model, "s").strides, (std::vector<int64_t>{8 * 4, 4, 1}));
  EXPECT_EQ(paramCalled(model, "s").offset, 3 * 4);
}

TEST(Layout, TensorsAreStackedByAnAxisInTheirName) {
  Shapes shapes = {{"table", {10, 4}}, {"e.0.w", {4}}, {"e.1.w", {4}}};
  Checked checked = checkText(head + R"(
axis expert = 2
param w[expert, embed] = "e.{expert}.w"
output other[embed] = sum[expert](w)
)" + tail,
                              "{}", &shapes);
  ASSERT_TRUE(checked.model) << checked.messages();
  const Param &w = paramCalled(*checked.model, "w");
  EXPECT_EQ(w.tensors, (std::vector<std::string>{"e.0.w", "e.1.w"}));
  ASSERT_TRUE(w.stacked);
  EXPECT_EQ(checked.model->axes[*w.stacked].name, "expert");
  EXPECT_EQ(w.strides, (std::vector<int64_t>{0, 1}));
}

TEST(Layout, PrefixesJoinAndASlashStartsAnew) {
  Shapes shapes = {{"table", {10, 4}}, {"a.0.b.w", {4}}, {"a.1.b.w", {4}}, {"top.w", {4}}};
  Checked checked = checkText(head + R"(
axis layer = 2
block f(v[embed]) -> [embed] {
  param w[embed] = "w"
  return v * w
}
for layer @ "a.{layer}" { x = f@"b"(x) + f@"/top"(x) }
)" + tail,
                              "{}", &shapes);
  ASSERT_TRUE(checked.model) << checked.messages();
  std::set<std::string> patterns;
  for (const Param &param : checked.model->params)
    patterns.insert(param.pattern);
  EXPECT_EQ(patterns, (std::set<std::string>{"table", "a.{layer}.b.w", "top.w"}));
}

//===--- Sequences ----------------------------------------------------------------------------===//

TEST(Sequence, ATableOfPositionsLimitsItsLength) {
  std::string text = head + R"(
axis position = 128
param places[position, embed] = "places"
x = x + places[position = time + 2]
)" + tail;
  Checked checked = checkText(text, "{}");
  ASSERT_TRUE(checked.model) << checked.messages();
  EXPECT_EQ(checked.model->longest, 126);
  EXPECT_FALSE(checked.model->nodes[nodeCalled(*checked.model, "x")].type.holes);
}

TEST(Sequence, UnlessTheTextFillsWhatIsBeyond) {
  Model model = modelOf("axis position = 128\n param places[position, embed] = \"places\"\n"
                        "x = x + (places[position = time] else 0)");
  EXPECT_FALSE(model.longest);
}

TEST(Sequence, ARecurrenceIsTypedOverTime) {
  Model model = modelOf("rec h[embed] = 0.5 * (h[time - 1] else 0) + x\n x = h");
  ASSERT_EQ(model.recurrences.size(), 1u);
  const Recurrence &rec = model.recurrences[0];
  ASSERT_EQ(rec.equations.size(), 1u);
  EXPECT_EQ(rec.axis, model.time);
  EXPECT_LT(rec.begin, rec.end);
  EXPECT_GE(rec.equations[0].value, rec.begin);
  NodeId h = nodeCalled(model, "h");
  EXPECT_EQ(model.nodes[h].op, Op::rec);
  EXPECT_EQ(model.nodes[h].type.axes.size(), 2u);
  EXPECT_FALSE(model.nodes[h].type.holes);
  bool read = false;
  for (NodeId id = rec.begin; id < rec.end; ++id)
    read |= model.nodes[id].op == Op::rec_read && model.nodes[id].lag == 1 &&
            model.nodes[id].type.holes;
  EXPECT_TRUE(read);
}

TEST(Sequence, ARecurrenceFindsItsAxesItself) {
  Model model = modelOf("rec { a = 0.5 * (b[time - 1] else 0) + x  b = a * 2 }\n x = b");
  ASSERT_EQ(model.recurrences.size(), 1u);
  EXPECT_EQ(model.recurrences[0].equations.size(), 2u);
  EXPECT_EQ(model.nodes[nodeCalled(model, "b")].type.axes.size(), 2u);
}

TEST(Sequence, AnotherInputIsASequenceOfItsOwn) {
  Model model = modelOf("axis source = input\n axis seen = source\n input other[source] in vocab\n"
                        "m = table[vocab = other]\n n = m[seen]\n x = x + sum[source](m)");
  EXPECT_EQ(model.inputs.size(), 2u);
  EXPECT_EQ(axesOf(model, nodeCalled(model, "n")), "seen embed");
}
