//===- MessagesTest.cpp - every message of the checker
//--------------------------------------------===//
// One text for each way to be wrong: exactly the expected kinds are told, and the rendered message
// has the expected words.
#include "Support.h"
#include <gtest/gtest.h>
#include <set>

using namespace tril::dsl;

struct Wrong {
  const char *name;
  std::vector<Kind> kinds; // in the order of the text
  const char *body;
  std::vector<const char *> words;
  const char *config = "{\"hidden_size\": 4, \"act\": \"sily\", \"rope\": {\"theta\": 10}}";
  Shapes tensors = {{"table", {10, 4}}};
};

static std::string textOf(const Wrong &wrong) {
  return std::string(R"(model tiny is causal
axis vocab = 10
axis embed = 4
axis past  = time
input token[time] in vocab
param table[vocab, embed] = "table"
x = table[vocab = token]
)") + wrong.body +
         "\noutput y[time] = sum[embed](x)\n";
}

static std::vector<Wrong> wrongs() {
  using enum Kind;
  return {
      // Names
      {"a misspelt value",
       {unknown_name},
       "score = 1\n z = scoer",
       {"unknown name `scoer`", "a similar name is `score`"}},
      {"a function as a value",
       {not_a_number},
       "z = x * softmax",
       {"`softmax` is a def, and `x * softmax` needs a number"}},
      {"a function of the language as a value",
       {unknown_name},
       "z = x * exp",
       {"`exp` is a function, not a value"}},
      {"a misspelt axis",
       {unknown_axis},
       "z = sum[embd](x)",
       {"unknown axis `embd`", "a similar name is `embed`"}},
      {"an axis from nowhere",
       {unknown_axis},
       "z = sum[qqqqq](x)",
       {"unknown axis `qqqqq`", "axis qqqqq = SIZE"}},
      {"a misspelt function",
       {unknown_function},
       "z = sofmax[embed](x)",
       {"unknown function `sofmax`", "`softmax`"}},
      {"a value of the top level in a block",
       {value_not_visible},
       "block f(v[embed]) -> [embed] = v + x\n z = f(x)",
       {"`x` is a value of the top level, which a block does not see", "pass it as an argument",
        "`x` is defined here", "in this use of `f`"}},
      {"a reduction over a value",
       {not_an_axis},
       "z = sum[x](x)",
       {"`x` is a value, and a reduction needs an axis"}},
      {"a reduction over an expression",
       {not_an_axis},
       "z = sum[2](x)",
       {"a reduction needs the name of an axis here, not `2`"}},
      {"a layout as a value",
       {not_a_value},
       "layout both = embed*vocab\n z = both + 1",
       {"`both` is a layout"}},
      {"a call of a value",
       {not_callable},
       "z = x(1)",
       {"`x` is a value, not a function to be called"}},
      {"a def with a name of the language",
       {redefinition},
       "def sum(a) = a",
       {"`sum` is a function of the language already"}},
      {"a def with a name of std",
       {redefinition},
       "def softmax(a) = a",
       {"`softmax` is defined by the library already", "std/softmax.tril"}},
      {"an axis twice",
       {redefinition},
       "axis embed = 5",
       {"`embed` is declared twice", "the first is here"}},
      {"a value called like an axis", {redefinition}, "embed = 3", {"`embed` is an axis already"}},
      {"a declaration of time",
       {redefinition},
       "axis time = 3",
       {"`time` is a name of the language"}},
      {"two outputs of a name",
       {redefinition},
       "output y[time] = sum[embed](x)",
       {"there is an output `y` already"}},
      {"a rec that defines a name twice",
       {redefinition},
       "rec { h[embed] = x  h[embed] = x }",
       {"this `rec` defines `h` twice"}},
      {"two models", {redefinition}, "model other", {"a text describes one model"}},
      {"lets in a circle", {circular}, "let a = b\n let b = a + 1", {"is defined by itself"}},
      {"a return at the top level", {misplaced}, "return x", {"`return` stands in a block or def"}},
      {"a block in a block",
       {misplaced},
       "block f(v) { def g(w) = w  return v }\n z = f(x)",
       {"a block or def stands at the top level"}},
      {"a rec in a rec",
       {misplaced},
       "def f(v) { rec h = v  return h }\n rec g[embed] = f(x)",
       {"a `rec` cannot stand in another"}},
      {"an output in a loop",
       {misplaced},
       "axis layer = 2\n for layer { output z[time] = sum[embed](x) }",
       {"`output` stands at the top level"}},

      // Compile-time values
      {"a missing key",
       {none_used},
       "z = x * config.hiden_size",
       {"`config.hiden_size` in `x * config.hiden_size` is none",
        "the configuration has `config.hidden_size`"}},
      {"a missing key below",
       {none_used},
       "z = x * config.rope.thet",
       {"has no `config.rope.thet`", "the configuration has `config.rope.theta`"}},
      {"a missing key without a like",
       {none_used},
       "axis other = config.nothing",
       {"the size of the axis `other` is none", "`config.nothing ?? VALUE` gives a default"}},
      {"none in the library",
       {none_used},
       "z = rms_norm[embed](x, config.eps)",
       {"test.tril", "has no `config.eps`", "it is needed here, in the library"}},
      {"none before else", {none_used}, "z = config.gone else 0", {"before `else` is none"}},
      {"an if over a mask",
       {not_compile_time},
       "z = if past <= time { 1 } else { 0 }",
       {"`if` chooses at compile time", "`x where past <= time else y` chooses at each position"}},
      {"a size of the run",
       {not_compile_time},
       "axis other = |time|",
       {"the size of an axis is known at compile time"}},
      {"a list of the run",
       {not_compile_time},
       "z = [x, 1]",
       {"a list is made of compile-time values"}},
      {"a number as condition",
       {not_a_truth},
       "z = if 3 { 1 } else { 0 }",
       {"the condition `3` is the number 3, not true or false"}},
      {"a number as mask",
       {not_a_truth},
       "z = x where time",
       {"`where` needs true or false, and `time` is numbers over [time]"}},
      {"a text in arithmetic",
       {not_a_number},
       "z = x * config.act",
       {"`config.act` is the text \"sily\""}},
      {"truth in arithmetic",
       {truth_in_arithmetic},
       "z = x * (past <= time)",
       {"`(past <= time)` is true or false",
        "`1 where (past <= time) else 0` makes a number of it"}},
      {"a key of a number",
       {not_an_object},
       "let a = config.hidden_size.big",
       {"which has no `.big`"}},
      {"a length of a number",
       {not_a_list},
       "let a = length(3)",
       {"`length` takes a list, not the number 3"}},
      {"in a number",
       {not_a_list},
       "let a = 3 in 4",
       {"`in` looks a compile-time value up in a list"}},
      {"an index of a number",
       {not_indexable},
       "let a = 3\n z = a[embed]",
       {"`a` is the number 3, which has no positions to read at"}},
      {"an object by a number",
       {not_indexable},
       "let a = config.rope[3]",
       {"is read by a key, a text, not by the number 3"}},
      {"a division by zero",
       {division_by_zero},
       "let a = 4 / (2 - 2)",
       {"`(2 - 2)` is 0 in `4 / (2 - 2)`"}},
      {"a root of minus one",
       {not_a_real},
       "let a = sqrt(-1)",
       {"`sqrt(-1)` is no real number", "`-1` is -1"}},
      {"a failure of the text",
       {failed},
       "let a = if config.hidden_size == 4 { fail \"size {config.hidden_size}\" } else { 1 }",
       {"size 4"}},
      {"an activation that nobody knows",
       {failed},
       "z = activation(config.act, x)",
       {"unknown activation sily", "test.tril"}},
      {"half an expression in a text",
       {bad_text_part},
       "let a = \"{1 +}\"",
       {"`{1 +}` in a text is no expression"}},
      {"a value in a text",
       {bad_text_part},
       "let a = \"{config.rope}\"",
       {"is a part of the configuration, and a number or a text is needed"}},

      // Axes and sizes
      {"a reduction over what is not there",
       {missing_axis},
       "z = sum[past](x)",
       {"`x` is over [time, embed], so `sum[past]` finds no `past`",
        "it has `time`, the same positions by another name"}},
      {"an index along what is not there",
       {missing_axis},
       "z = x[past]\n w = z[time - 1]",
       {"`z` is over [past, embed], so it cannot be read along `time`", "`z[past = time - 1]`"}},
      {"a forgotten rename",
       {axis_through_mask},
       "score = sum[embed](x * x)\n w = softmax[past](score where past <= time)",
       {"`score` has `past` through its mask only, so `max[past]` would count positions",
        "is a `[past]` missing in `score`?", "the mask brings it here", "softmax[past]"}},
      {"a square matrix",
       {axis_twice},
       "param w[embed, embed] = \"w\"",
       {"`w` has the axis `embed` twice", "`axis into = embed`"},
       "{}",
       {{"table", {10, 4}}, {"w", {4, 4}}}},
      {"a stack along what is there",
       {axis_twice},
       "axis two = 2\n z = stack[two](stack[two](x, x), x)",
       {"has `two` already"}},
      {"a split of another size",
       {size_differs},
       "axis half = 2\n axis three = 3\n z = split[embed -> half*three](x)",
       {"`embed` has 4 positions, and its parts `half*three` have 6"}},
      {"a merge of another size",
       {size_differs},
       "axis half = 2\n axis three = 3\n z = merge[embed*half -> three](x + half)",
       {"`embed*half` has 8 positions, and `three` has 3"}},
      {"a stack of another size",
       {size_differs},
       "axis three = 3\n z = stack[three](x, x)",
       {"`stack` lays 2 values along `three`, which has 3 positions"}},
      {"a list of another size",
       {size_differs},
       "let a = [1, 2, 3]\n z = x * a[embed]",
       {"`a` has 3 elements, and the axis `embed` has 4 positions"}},
      {"a join of another size",
       {size_differs},
       "axis all = 9\n axis four = 4\n z = join[all](x, x[embed = four])",
       {"the parts of `join` have 8 positions, and `all` has 9"}},
      {"half a position",
       {bad_size},
       "axis half = |embed| / 3",
       {"the size of the axis `half` is 1.333", "not a whole number of positions"}},
      {"a tensor over a sequence",
       {bad_size},
       "axis half = past\n param p[embed, half] = \"p\"",
       {"`half` is a sequence, as long as the run has it: no tensor is over it"}},
      {"a size that is a text",
       {bad_size},
       "axis half = config.act",
       {"is the text \"sily\", not a number"}},
      {"a value over other axes",
       {value_axes},
       "z[time] = x",
       {"`z` is declared over [time], and its value is over [time, embed]"}},
      {"an argument that lacks an axis",
       {argument_axes},
       "block f(v[embed]) -> [embed] = v\n z = f(sum[embed](x))",
       {"`sum[embed](x)` is over [time], and `f` declares `v` over [embed]: [embed] is missing"}},
      {"a result with an axis too many",
       {result_axes},
       "block f(v[embed]) -> [embed] { param w[vocab, embed] = \"table\"  return v * w }\n z = "
       "f(x)",
       {"`f` declares a result over [embed] and returns one over [time, embed, vocab]: [vocab] is "
        "neither declared nor an argument's",
        "is a sum over [vocab] forgotten?"}},
      {"a result with an axis too few",
       {result_axes},
       "block f(v[embed]) -> [embed] = sum[embed](v)\n z = f(x)",
       {"[embed] is missing"}},
      {"an output over other axes",
       {output_axes},
       "output z[time] = x",
       {"the output `z` is declared over [time], and its value is over [time, embed]"}},
      {"an input over no sequence",
       {input_axes},
       "input other[embed] in vocab",
       {"the input `other` is over [embed], and none of these is a sequence"}},
      {"an input in a sequence",
       {input_axes},
       "input other[time] in past",
       {"and `past` is a sequence"}},
      {"an index without an axis",
       {bad_index},
       "z = x[3]",
       {"`3` names no axis to read `x` along", "`x[AXIS = 3]` says which"}},
      {"an index given twice",
       {bad_index},
       "z = x[embed = 1, embed = 2]",
       {"`embed` is given twice"}},
      {"half an index",
       {index_not_whole},
       "z = x[time = time / 2]",
       {"`time / 2` is not a whole number, so it is no position of `time`", "floor"}},
      {"a join of equal parts",
       {join_axes},
       "axis all = 8\n z = join[all](x, x)",
       {"each part of `join` has one axis that the others lack"}},
      {"numbers or truth",
       {mixed_kinds},
       "z = x where past <= time else (past < time)",
       {"the two sides of a choice are numbers and truth values"}},

      // Calls
      {"a reduction without axes",
       {bad_call},
       "z = sum(x)",
       {"a reduction names its axes: `sum[axis](x)`"}},
      {"a top without an arrow",
       {bad_call},
       "z = top[embed](x)",
       {"this is written `value, index = top[axis -> chosen](x)`"}},
      {"an exp of two", {bad_call}, "z = exp(x, x)", {"this is written `exp(x)`"}},
      {"a max of one", {bad_call}, "z = max(x)", {"`max(x, y)` or `max[axis](x)`"}},
      {"axes that do not fit",
       {bad_axes_given},
       "z = rotate[embed](x, 1)",
       {"`rotate` takes the axes `[half, pair]`, and was given [embed]"}},
      {"a forgotten arrow",
       {bad_axes_given},
       "z = linear[embed](x)",
       {"`linear` takes the axes `[a... -> b...]`"}},
      {"a prefix of a def",
       {bad_prefix},
       "z = silu@\"a\"(x)",
       {"`silu` is a def, which has no params"}},
      {"too many values", {too_many_arguments}, "z = silu(x, 1)", {"`silu` takes 1 value, not 2"}},
      {"a value too few",
       {missing_argument},
       "block f(v[embed]) -> [embed] = v\n z = f()",
       {"`f` needs a value for `v`"}},
      {"a recursion", {recursion}, "def f(v) = f(v)\n z = f(x)", {"`f` calls itself", "`rec`"}},
      {"a block without a result",
       {no_return},
       "block f(v) { w = v }\n z = f(x)",
       {"`f` returns nothing"}},
      {"names and values",
       {result_count},
       "axis two = 2\n z = top[embed -> two](x)",
       {"gives 2 values, and there is one name", "`_` discards a value"}},
      {"results and declarations",
       {result_count},
       "block f(v[embed]) -> [embed], [embed] = v\n z = f(x)",
       {"`f` declares 2 results and returns 1"}},

      // Loops and recurrences
      {"a loop over time", {bad_loop}, "for time { x = x + 1 }", {"`time` is a sequence", "`rec`"}},
      {"a loop without end",
       {bad_loop},
       "axis many = 100000\n for many { x = x + 1 }",
       {"repeats its body for each of 100000 positions"}},
      {"a rec at the same time",
       {rec_same_time},
       "rec h[embed] = h + x",
       {"`h` is read at the time at which it is being defined", "`h[time - 1]`"}},
      {"a rec of a later equation",
       {rec_same_time},
       "rec { a[embed] = b  b[embed] = x + (a[time - 1] else 0) }",
       {"`b` is read at the time"}},
      {"a rec of the future",
       {rec_future},
       "rec h[embed] = h[time + 1] + x",
       {"`h` is defined by its own later value `h[time + 1]`"}},
      {"a rec at an odd time",
       {rec_index},
       "rec h[embed] = x + (h[time - token] else 0)",
       {"k a whole number known at compile time, not at `time - token`"}},
      {"a rec over other axes",
       {rec_axes},
       "rec h[embed] = x + (h[time - 1] else 0) + vocab",
       {"`h` is declared over [embed] in this `rec`, and its value is over"}},

      // The checkpoint
      {"a tensor that is not there",
       {missing_tensor},
       "param w[embed] = \"wight\"\n x = x * w",
       {"the checkpoint has no tensor `wight`", "the checkpoint has `weight`, which nothing reads"},
       "{}",
       {{"table", {10, 4}}, {"weight", {4}}}},
      {"a tensor of no name that was tried",
       {missing_tensor},
       "param w[embed] = \"a\" ?? \"b\"\n x = x * w",
       {"the checkpoint has no tensor `b`, nor `a`"}},
      {"a tensor missing in every layer",
       {missing_tensor},
       "axis layer = 3\n for layer @ \"layers.{layer}\" { param w[embed] = \"w\"  x = x * w }",
       {"the checkpoint has no tensor `layers.0.w`", "also missing: `layers.1.w`, `layers.2.w`"}},
      {"tensors under names without a prefix",
       {missing_tensor},
       "axis layer = 2\n for layer @ \"m.{layer}\" { param w[embed] = \"old\" ?? \"w\"  x = x * w "
       "}",
       {"2 of 2 missing tensors are in the checkpoint without `m.` in front: `m.0.w` is `0.w` "
        "there",
        "`--rename m.=` reads them so"},
       "{}",
       {{"table", {10, 4}}, {"0.w", {4}}, {"1.w", {4}}}},
      {"tensors under names with a prefix",
       {missing_tensor},
       "param w[embed] = \"w\"\n param b[embed] = \"b\"\n param c[embed] = \"c\"\n x = x * w * b * "
       "c",
       {"2 of 3 missing tensors are in the checkpoint with `a.x.` in front: `w` is `a.x.w` there",
        "`--rename =a.x.` reads them so"},
       "{}",
       {{"table", {10, 4}}, {"a.x.w", {4}}, {"a.x.b", {4}}}},
      {"tensors under names with another prefix",
       {missing_tensor},
       "param w[embed] = \"m.w\"\n param b[embed] = \"m.b\"\n x = x * w * b",
       {"2 of 2 missing tensors are in the checkpoint with `n.` in place of `m.`: `m.w` is `n.w` "
        "there",
        "`--rename m.=n.` reads them so"},
       "{}",
       {{"table", {10, 4}}, {"n.w", {4}}, {"n.b", {4}}}},
      {"tensors that nothing reads",
       {unread_tensor},
       "",
       {"2 tensors of the checkpoint are not read: `a.bias [4]`, `b.bias [4]`",
        "ignore \"a.bias\""},
       "{}",
       {{"table", {10, 4}}, {"a.bias", {4}}, {"b.bias", {4}}}},
      {"a tensor of another shape",
       {tensor_shape},
       "param w[embed, vocab] = \"w\"\n x = x * sum[vocab](w)",
       {"`w` has the shape [10, 4] in the checkpoint, and `w` is declared [embed, vocab] = [4, "
        "10]"},
       "{}",
       {{"table", {10, 4}}, {"w", {10, 4}}}},
      {"too few names",
       {param_parts},
       "axis two = 2\n param w[two + two, embed] = \"w\"\n x = x * sum[two](w)",
       {"the layout has 2 parts, and the param 1 name: `w`"},
       "{}",
       {{"table", {10, 4}}, {"w", {4, 4}}}},
      {"another value in a tensor's place",
       {param_value_axes},
       "param w[embed] = \"w\" ?? table\n x = x * w",
       {"`w` is declared over [embed]", "comes to a value over [vocab, embed]"}},
      {"a param in a def",
       {param_in_def},
       "def f(v) { param w[embed] = \"w\"  return v * w }\n x = f(x)",
       {"`f` is a def, a pure function; a `block` has params"},
       "{}",
       {{"table", {10, 4}}, {"w", {4}}}},
      {"a number in a layout",
       {bad_layout},
       "param w[2*embed] = \"w\"",
       {"a layout is made of axes and layouts", "not of `2`"},
       "{}",
       {{"table", {10, 4}}, {"w", {8}}}},
  };
}

TEST(Messages, SayWhatIsWrong) {
  for (const Wrong &wrong : wrongs()) {
    SCOPED_TRACE(wrong.name);
    Checked checked = checkText(textOf(wrong), wrong.config, &wrong.tensors);
    EXPECT_FALSE(checked.model);
    std::vector<Kind> found;
    for (const Diagnostic &diagnostic : checked.diagnostics.sorted())
      found.push_back(diagnostic.kind);
    EXPECT_EQ(found, wrong.kinds) << checked.messages();
    for (const char *words : wrong.words)
      EXPECT_NE(checked.messages().find(words), std::string::npos) << "not said: " << words << "\n"
                                                                   << checked.messages();
    for (const Diagnostic &diagnostic : checked.diagnostics.all())
      EXPECT_EQ(diagnostic.span.source->path, "test.tril") << checked.messages();
  }
}

static std::vector<Kind> kindsOf(const Checked &checked) {
  std::vector<Kind> kinds;
  for (const Diagnostic &diagnostic : checked.diagnostics.sorted())
    kinds.push_back(diagnostic.kind);
  return kinds;
}

TEST(Messages, OfWholeTexts) {
  Checked empty = checkText("model nothing\naxis a = 3\n", "{}");
  EXPECT_EQ(kindsOf(empty), std::vector<Kind>{Kind::no_output});
  EXPECT_NE(empty.messages().find("the text has no output"), std::string::npos);

  const char *small = "axis vocab = 3\ninput token[time] in vocab\noutput y[time] = token * 2\n";
  Checked claim = checkText("model tiny is fast\n" + std::string(small), "{}");
  EXPECT_EQ(kindsOf(claim), std::vector<Kind>{Kind::unknown_claim});
  EXPECT_NE(claim.messages().find("`is fast` is no claim that can be checked"), std::string::npos);

  Checked dialect = checkText(small, "{}", nullptr, "gguf");
  EXPECT_EQ(kindsOf(dialect), std::vector<Kind>{Kind::no_dialect});
  EXPECT_NE(dialect.messages().find("the text has no `names gguf { }`"), std::string::npos);
}

TEST(Messages, EveryKindIsTested) {
  std::set<Kind> tested = {Kind::no_output, Kind::no_dialect, Kind::unknown_claim, Kind::too_large};
  for (const Wrong &wrong : wrongs())
    tested.insert(wrong.kinds.begin(), wrong.kinds.end());
  // Those of the grammar stand first in the list and have tests of their own.
  bool checker = false;
  for (Kind kind : allKinds()) {
    checker |= kind == Kind::unknown_name;
    if (kind == Kind::reads_future)
      break; // those of claims are the proof's: test/Analysis
    if (checker) {
      EXPECT_TRUE(tested.count(kind)) << kindName(kind);
    }
  }
}

TEST(Messages, TextsWithoutEndAreStopped) {
  std::string head = "axis vocab = 3\ninput token[time] in vocab\n",
              tail = "output y[time] = token * 2\n";
  std::string calls = "def f0(v) = v\n", lets, texts = "let t0 = \"abcdefgh\"\n",
              sums = "axis one = 1\nlayout a0 = one + one\n";
  for (int i = 1; i < 3000; ++i) {
    std::string n = std::to_string(i), before = std::to_string(i - 1);
    calls += "def f" + n + "(v) = f" + before + "(v)\n";
    lets += "let a" + before + " = a" + n + "\n";
    if (i < 60) {
      texts += "let t" + n + " = \"{t" + before + "}{t" + before + "}\"\n";
      sums += "layout a" + n + " = a" + before + " * a" + before + "\n";
    }
  }
  for (const std::string &body :
       {calls + "z = f2999(token)\n", lets + "let a2999 = 1\n", texts, sums,
        std::string("axis many = 9000\nfor many { for many { z = token } }\n"),
        std::string("axis big = 1000000000000\naxis large = big\nparam p[big, large] = \"p\"\n"),
        std::string("axis big = 2000000\nparam p[big] = \"p{big}\"\n")}) {
    Checked checked = checkText(head + body + tail, "{}");
    EXPECT_EQ(kindsOf(checked), std::vector<Kind>{Kind::too_large}) << checked.messages();
  }
}

TEST(Messages, DoNotFollowFromEachOther) {
  Checked checked = checkText(R"(model tiny is causal
axis vocab = 10
axis embed = config.embd
input token[time] in vocab
param table[vocab, embed] = "table"
x = table[vocab = tokn]
axis layer = 4
for layer { x = x + sum[hidden](x * nothing) }
z = silu(x, 2) + rms_norm[embed](x, 1e-5)
output y[time] = sum[embed](z)
)",
                              R"({"embed": 4})");
  EXPECT_EQ(kindsOf(checked),
            (std::vector<Kind>{Kind::none_used, Kind::unknown_name, Kind::unknown_axis,
                               Kind::unknown_name, Kind::too_many_arguments}))
      << checked.messages();
}

TEST(Messages, WithoutAConfigurationBothSidesAreChecked) {
  Checked checked = checkText(R"(
axis vocab = config.vocab_size
axis embed = config.hidden_size
input token[time] in vocab
param table[vocab, embed] = "table"
x = table[vocab = token]
if config.deep { x = x + wrong } else { x = x * worse }
def f(v) { if config.a == 1 { return v + lost }  return v }
output y[time, embed] = f(x)
)");
  EXPECT_EQ(kindsOf(checked),
            (std::vector<Kind>{Kind::unknown_name, Kind::unknown_name, Kind::unknown_name}))
      << checked.messages();
}
