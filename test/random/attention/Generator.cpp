//===- Generator.cpp - random attentions
//---------------------------------------------------------===//
#include "Generator.h"

using namespace tril::test;
using Names = std::vector<std::string>;

static std::string joined(const Names &names) {
  std::string result;
  for (const std::string &name : names)
    result += (result.empty() ? "" : ", ") + name;
  return result;
}

static Names operator+(Names a, const Names &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string AttentionGenerator::axis(const std::string &name, int64_t positions) {
  sizes.emplace_back(name, positions);
  axes += "axis " + name + " = " + std::to_string(positions) + "\n";
  return name;
}

/// Declares a param, with its tensor; `prefix` is what the checkpoint's name has before.
std::string AttentionGenerator::param(const std::string &name, const Names &over, bool poisoned,
                                      const std::string &prefix) {
  RandomTensor tensor{prefix + name, pick(Names{"F32", "F32", "F16", "BF16"}), {}, poisoned};
  for (const std::string &axis : over)
    for (const auto &[known, positions] : sizes)
      if (known == axis)
        tensor.shape.push_back(positions);
  result.tensors.push_back(tensor);
  return "param " + name + "[" + joined(over) + "] = \"" + name + "\"\n";
}

std::string AttentionGenerator::predicate(const Scope &scope) {
  auto small = [&] {
    return scope.numbers.empty() || chance(50) ? size(1, 9) : pick(scope.numbers);
  };
  auto large = [&] {
    return scope.numbers.empty() || chance(50) ? size(1, 100) : pick(scope.numbers);
  };
  std::string k = small();
  switch (number(0, 19)) {
  case 0:
    return "past <= time - " + small();
  case 1:
  case 2:
    return "time - past < " + large();
  case 3:
  case 4: {
    std::string c = large();
    return "floor(past / " + c + ") " + pick(Names{"==", "!=", ">=", "<"}) + " floor(time / " + c +
           ")";
  }
  case 5:
    return "(time - past) % " + k + " == " + pick(Names{"0", "0", "1"});
  case 6:
    return pick(Names{"past", "time", "(past + time)"}) + " % " + k + pick(Names{" == ", " != "}) +
           size(0, 2);
  case 7:
    return "past < " + large();
  case 8:
    return "segment[past] == segment";
  case 9:
    return "segment[past] " + pick(Names{"<=", "!=", ">"}) + " segment";
  case 10:
    return "past < " + small() + " or time - past < " + large();
  case 11: {
    std::string b = small();
    return "floor((time - past) / " + b + ") % " + size(2, 4) + " == " + size(0, 1);
  }
  case 12: {
    std::string b = large();
    return "(floor(past / " + b + ") + floor(time / " + b + ")) % 2 == 0";
  }
  case 13:
    return "token[past] " + pick(Names{"!=", "<", ">="}) + " token";
  case 14:
    return "(token[past] + past) % 3 > 0";
  case 15:
    if (!scope.heads.empty())
      return "time - past < " + size(2, 30) + " * (" + pick(scope.heads) + " + 1)";
    return "abs(time - past - " + small() + ") < " + large();
  case 16:
    return pick(Names{"min", "max"}) + "(past, " + large() + ") <= time - " + small();
  case 17: // of each head its own
    if (!scope.heads.empty())
      return "(time - past) % (" + pick(scope.heads) + " + " + size(1, 3) + ") == 0";
    return "time % " + k + " >= past % " + k;
  case 18:
    if (!scope.heads.empty()) {
      std::string c = "(" + size(1, 20) + " * " + pick(scope.heads) + " + " + size(1, 20) + ")";
      return "floor(past / " + c + ") == floor(time / " + c + ")";
    }
    return "time - past >= " + small();
  default:
    return "abs(2 * past - time) " + pick(Names{"<", ">"}) + " " + large();
  }
}

std::string AttentionGenerator::mask(const Scope &scope, int depth) {
  if (depth == 0 || chance(40))
    return (chance(15) ? "not (" : "(") + predicate(scope) + ")";
  std::string a = mask(scope, depth - 1), b = mask(scope, depth - 1);
  return (chance(10) ? "not (" : "(") + a + pick(Names{" and ", " or ", " or "}) + b + ")";
}

/// `product` with whatever is done to a score.
std::string AttentionGenerator::score(const Scope &scope, const std::string &product,
                                      bool layered) {
  const std::string &s = scope.suffix;
  std::string result = product + pick(Names{"", " * 0.5", " * 1.75", " / sqrt(3)"});
  if (chance(25))
    result = "softcap(" + result + ", " + pick(Names{"1.5", "4", "30"}) + ")";
  if (chance(25))
    result += scope.heads.empty() || chance(30)
                  ? " - 0.03 * abs(time - past)"
                  : " - alibi_slope[" + pick(scope.heads) + "]() * (time - past)";
  if (!layered && chance(20)) {
    Names over{axis("bucket" + s, 8)};
    if (!scope.heads.empty() && chance(60))
      over.insert(over.begin(), pick(scope.heads));
    body += param("bias" + s, over);
    result += " + bias" + s + "[bucket" + s + " = relative_bucket(max(time - past, 0), 8, 40)]";
  }
  if (!layered && chance(15)) {
    body += param("by" + s, {"vocab"});
    result += " + by" + s + "[vocab = token][past]";
  }
  return result;
}

std::string AttentionGenerator::softmax(const std::string &score) {
  if (chance(20))
    return "softmax_with_sink[past](" + score + ", " + pick(Names{"0.2", "-1", "2.5"}) + ")";
  return "softmax[past](" + score + ")";
}

/// Queries, keys and values are rows of tables, by token.
void AttentionGenerator::plain(int index) {
  const std::string s = std::to_string(index);
  Scope scope{s, {}, {}};
  Names groups, members;
  for (int i = number(0, 4); i > 2; --i)
    groups.push_back(axis("g" + s + std::to_string(i), number(1, 3)));
  if (chance(60))
    members.push_back(axis("m" + s, pick(std::vector<int64_t>{1, 2, 3, 3, 4, 9})));
  bool every = chance(15); // members have keys of their own
  if (every)
    groups = groups + members, members.clear();
  scope.heads = groups + members;
  Names feature{axis("f" + s, pick(std::vector<int64_t>{1, 2, 4, 5, 8, 16, 20, 32, 64}))};
  if (chance(15))
    feature.push_back(axis("e" + s, number(1, 3)));
  bool latent = chance(12); // values are the keys
  Names value =
      latent ? feature
             : Names{axis("c" + s, pick(std::vector<int64_t>{1, 3, 4, 8, 16, 17, 20, 32, 48, 64}))};
  auto some = [&](int percent) { // groups that a key or a value has
    Names kept;
    for (const std::string &axis : groups)
      if (chance(percent))
        kept.push_back(axis);
    return kept;
  };
  Names keyGroups = some(80), valueGroups = latent ? keyGroups : some(80);
  std::string poison = pick(Names{"", "", "by token", "by position"});
  std::string about = "heads [" + joined(scope.heads) + "] " + poison;

  auto table = [&](const std::string &name, const Names &over, bool kept) {
    bool byToken = kept && poison == "by token";
    body += param("t" + name, Names{"vocab"} + over, byToken);
    body += name + " = t" + name + "[vocab = token]";
    if (chance(40))
      body += " * (1 + 0.1 * (time % " + size(2, 7) + "))";
    if (kept && poison == "by position")
      body += " / (0 where time % 5 == 3 else 1)";
    body += "\n";
  };
  table("q" + s, groups + members + feature, false);
  table("k" + s, keyGroups + feature, true);
  if (latent)
    body += "v" + s + " = k" + s + "\n";
  else
    table("v" + s, valueGroups + value, true);
  std::string product = "sum[" + joined(feature) + "](q" + s + " * k" + s + "[past])";
  if (chance(20)) { // a second part, with keys for all heads
    Names part{axis("r" + s, pick(std::vector<int64_t>{2, 8, 16}))};
    table("a" + s, groups + members + part, false);
    table("b" + s, chance(50) ? part : keyGroups + part, true);
    product = "(" + product + " + sum[" + joined(part) + "](a" + s + " * b" + s + "[past]))";
  }
  Names conditions;
  if (result.causal)
    conditions.push_back(chance(85) ? "past <= time" : "past < time");
  if (!result.causal || chance(85))
    conditions.push_back(mask(scope, 2));
  if (poison == "by token")
    conditions.push_back("token[past] != 0");
  if (poison == "by position")
    conditions.push_back("past % 5 != 3");
  std::string condition;
  for (const std::string &one : conditions)
    condition += (condition.empty() ? "" : " and ") + one;
  about += " mask " + condition;

  auto weights = [&](const std::string &name, const std::string &product) {
    std::string expression = score(scope, product, false); // may declare params: before
    body += name + " = " + softmax(expression + " where " + condition) + "\n";
  };
  weights("w" + s, product);
  std::string y = "sum[past](w" + s + " * v" + s + "[past])";
  if (chance(12)) {
    body += "z" + s + " = 0.7 * q" + s + "\n";
    scope.suffix += "z";
    weights("u" + s, "sum[" + joined(feature) + "](z" + s + " * k" + s + "[past])");
    scope.suffix = s;
    y += " - 0.4 * sum[past](u" + s + " * v" + s + "[past])";
    about += ", two subtracted";
  }
  if (chance(15)) {
    body += param("gate" + s, Names{"vocab"} + value);
    y = "(" + y + ") * sigmoid(gate" + s + "[vocab = token])";
  }
  outputs +=
      "output out" + s + "[" + joined(Names{"time"} + groups + members + value) + "] = " + y + "\n";
  result.attentions.push_back(about);
}

/// Layers of one block whose masks differ by constants; queries, keys and values are products with
/// weights.
void AttentionGenerator::layered(int index) {
  std::string s = std::to_string(index);
  Scope scope{s, {"m" + s}, {"near", "far"}};
  std::string embed = axis("x" + s, pick(std::vector<int64_t>{4, 8, 16}));
  axis("m" + s, number(1, 3));
  axis("f" + s, pick(std::vector<int64_t>{2, 4, 16}));
  int layers = number(2, 3);
  axis("layer" + s, layers);
  std::string block;
  Names heads{"m" + s, "f" + s};
  auto weight = [&](const std::string &name, const Names &over) {
    std::string line;
    for (int layer = 0; layer < layers; ++layer)
      line = param(name, over, false, "l" + s + "." + std::to_string(layer) + ".");
    block += "  " + line;
  };
  weight("wq", heads + Names{embed});
  weight("wk", Names{"f" + s, embed});
  weight("wv", Names{"f" + s, embed});
  weight("wo", Names{embed} + heads);
  std::string condition = "past <= time and " + mask(scope, 2);
  block += "  q = sum[" + embed + "](x * wq)\n  k = sum[" + embed + "](x * wk)\n  v = sum[" +
           embed + "](x * wv)\n";
  block +=
      "  w = " +
      softmax(score(scope, "sum[f" + s + "](q * k[past]) * 0.2", true) + " where " + condition) +
      "\n";
  block += "  return sum[m" + s + ", f" + s + "](sum[past](w * v[past]) * wo)\n";
  auto list = [&](int most) {
    Names numbers;
    for (int layer = 0; layer < layers; ++layer)
      numbers.push_back(size(1, most));
    return "[" + joined(numbers) + "][layer" + s + "]";
  };
  body += "block attention" + s + "(x[" + embed + "], near, far) -> [" + embed + "] {\n" + block +
          "}\n";
  body += param("t" + s, {"vocab", embed});
  body += "x" + s + "v = t" + s + "[vocab = token]\n";
  body += "for layer" + s + " @ \"l" + s + ".{layer" + s + "}\" {\n  x" + s + "v = tanh(x" + s +
          "v + 0.2 * attention" + s + "(x" + s + "v, " + list(9) + ", " + list(90) + "))\n}\n";
  outputs += "output out" + s + "[time, " + embed + "] = x" + s + "v\n";
  result.attentions.push_back(std::to_string(layers) + " layers, mask " + condition);
}

AttentionText AttentionGenerator::draw(int attentions) {
  result = AttentionText();
  result.causal = !chance(12);
  if (result.causal)
    result.cache = pick(Names{"f32", "f32", "f32", "f16", "bf16"});
  result.products = pick(Names{"f32", "f32", "bf16"});
  result.cpu = pick(Names{"native", "native", "native", "x86-64-v4", "x86-64-v3"});
  result.vocabulary = 31;
  result.segments = 4;
  axis("vocab", result.vocabulary);
  axis("kinds", result.segments);
  for (int i = 0; i < attentions; ++i)
    if (result.causal && chance(15))
      layered(i);
    else
      plain(i);
  result.text = (result.causal ? "model random is causal\n" : "model random\n") + axes +
                "axis past = time\ninput token[time] in vocab\ninput segment[time] in kinds\n" +
                body + outputs;
  return result;
}
