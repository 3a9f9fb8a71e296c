//===- Diff.cpp
//-----------------------------------------------------------------------------------===//
#include "dsl/Diff.h"
#include "dsl/DiffDetails.h"
#include <algorithm>
#include <set>

using namespace tril::dsl;
using namespace tril::dsl::differing;

namespace {

/// How a person calls an item, and the plural of what is counted together.
struct Word {
  const char *one, *many;
};

Word wordOf(const Item &item) {
  switch (item.kind) {
  case ItemKind::model:
    return {"claim", "claims"};
  case ItemKind::axis:
    return {"axis", "axes"};
  case ItemKind::layout:
    return {"layout", "layouts"};
  case ItemKind::let:
    return {"let", "lets"};
  case ItemKind::param:
    return {"param", "params"};
  case ItemKind::ignore:
    return {"ignored tensor", "ignored tensors"};
  case ItemKind::input:
    return {"input", "inputs"};
  case ItemKind::output:
    return {"output", "outputs"};
  case ItemKind::function:
    return item.function->block ? Word{"block", "blocks"} : Word{"def", "defs"};
  case ItemKind::formal:
    return {"axis", "axes"};
  case ItemKind::argument:
    return {"argument", "arguments"};
  case ItemKind::loop:
    return {"loop", "loops"};
  case ItemKind::choice:
    return {"choice", "choices"};
  case ItemKind::equation:
  case ItemKind::assign:
    return {"value", "values"};
  case ItemKind::result:
    return {"result", "results"};
  case ItemKind::names:
    return {"names", "dialects of names"};
  case ItemKind::mapping:
    return {"name", "names"};
  }
  return {"", ""};
}

std::string placeOf(const std::vector<Item> &items, int parent) {
  std::string place;
  for (; parent >= 0; parent = items[parent].parent) {
    const Item &item = items[parent];
    std::string one;
    if (item.kind == ItemKind::loop && item.head.kids.size() > 1)
      one = "layers `" + item.head.kids[1].text.substr(1, item.head.kids[1].text.size() - 2) + "`";
    else if (item.kind == ItemKind::loop)
      one = "for `" + item.names[0] + "`";
    else if (item.kind == ItemKind::choice)
      one = "if `" + item.head.text + "`";
    else
      one = std::string(wordOf(item).one) + " `" + item.names[0] + "`";
    place = place.empty() ? one : one + ", " + place;
  }
  return place;
}

/// On one line; of what has a body, how it begins.
DiffSide sideOf(const Item &item) {
  if (item.kind == ItemKind::names)
    return {"names " + item.names[0] + ", " + std::to_string(item.children.size()) + " names",
            item.span};
  std::string_view text = std::string_view(item.span.source->text)
                              .substr(item.span.begin, item.span.end - item.span.begin);
  std::string line;
  bool comment = false;
  for (char c : text) {
    comment = c == '#' || (comment && c != '\n');
    bool blank = comment || c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  // Of what has statements in it, how it begins.
  const char *ends = item.children.empty() ? " " : " {=";
  line.erase(line.find_last_not_of(ends) + 1);
  if (item.kind == ItemKind::argument)
    line = "argument " + line;
  if (item.kind == ItemKind::formal)
    line = "axis " + line;
  if (item.kind == ItemKind::function && item.function->body.size() > 1)
    line += ", " + std::to_string(item.function->body.size()) + " statements";
  return {line, item.span};
}

std::string nameOf(const Item &item) {
  std::string name;
  for (const std::string &one : item.names)
    name += (name.empty() ? "" : ", ") + one;
  return name;
}

/// The functions that an expression calls, outermost first.
void calleesOf(const Tree &tree, std::vector<std::string> &callees) {
  if (tree.label == "call" && tree.use == Tree::none)
    callees.push_back(tree.kids[0].label);
  for (const Tree &kid : tree.kids)
    calleesOf(kid, callees);
}

/// By the file that defines it; a projection is what it is made of: `scaled_rms_norm` is a norm.
FunctionKinds kindsOf(const Library &library) {
  FunctionKinds kinds;
  std::map<std::string, std::vector<std::string>> projections;
  for (const ast::Program &program : library.programs) {
    std::string kind = program.source->path;
    kind = kind.substr(kind.rfind('/') + 1);
    kind = kind.substr(0, kind.find('.'));
    std::vector<Item> items = itemsOf(program);
    for (const Item &item : items) {
      if (item.kind == ItemKind::function && kind != "projection")
        kinds[item.names[0]] = {kind, false};
      if (item.parent >= 0 && kind == "projection")
        calleesOf(item.head, projections[items[item.parent].names[0]]);
    }
  }
  for (const auto &[name, callees] : projections)
    for (const std::string &callee : callees)
      if (kinds.contains(callee) && !kinds.contains(name))
        kinds[name] = {kinds[callee].name, kinds[callee].name != "norm"};
  return kinds;
}

class Comparison {
public:
  Comparison(const ast::Program &a, const ast::Program &b, const Library &library)
      : matching(itemsOf(a), itemsOf(b)), kinds(kindsOf(library)) {}

  Diff run() {
    // In the order of the second text; what only the first has, before what follows it there.
    size_t nextA = 0;
    auto removedUpTo = [&](size_t end) {
      for (; nextA < end; ++nextA)
        if (matching.toB[nextA] < 0 && isOutermost(matching.a, matching.toB, nextA))
          add(Difference::removed, static_cast<int>(nextA), -1, {});
    };
    for (size_t j = 0; j < matching.b.size(); ++j) {
      int i = matching.toA[j];
      if (i < 0) {
        if (isOutermost(matching.b, matching.toA, j))
          add(Difference::added, -1, static_cast<int>(j), {});
        continue;
      }
      removedUpTo(i);
      std::vector<std::string> details = detailsOf(matching, kinds, i, static_cast<int>(j));
      if (!details.empty())
        add(Difference::changed, i, static_cast<int>(j), std::move(details));
    }
    removedUpTo(matching.a.size());
    count();
    // Differences of one place stand together.
    std::vector<std::vector<Difference>> groups;
    for (Difference &difference : result.differences) {
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto &one) {
        return one.front().place == difference.place;
      });
      if (group == groups.end())
        group = groups.emplace(group);
      group->push_back(std::move(difference));
    }
    result.differences.clear();
    for (std::vector<Difference> &group : groups)
      std::move(group.begin(), group.end(), std::back_inserter(result.differences));
    return std::move(result);
  }

private:
  Matching matching;
  FunctionKinds kinds;
  Diff result;
  std::set<int> changedA, changedB; // items that differ or in which something does

  static bool isOutermost(const std::vector<Item> &items, const std::vector<int> &matched,
                          size_t i) {
    return items[i].parent < 0 || matched[items[i].parent] >= 0;
  }

  void add(Difference::Kind kind, int i, int j, std::vector<std::string> details) {
    const Item &item = i >= 0 ? matching.a[i] : matching.b[j];
    Difference difference{kind, wordOf(item).one, nameOf(item), "", {}, {}, std::move(details)};
    int parent = item.parent; // of the second text, which both have
    if (parent >= 0)
      parent = j >= 0 ? matching.b[j].parent : matching.toB[parent];
    difference.place = placeOf(matching.b, parent);
    if (i >= 0)
      difference.before = sideOf(matching.a[i]);
    if (j >= 0)
      difference.after = sideOf(matching.b[j]);
    for (int at = i; at >= 0; at = matching.a[at].parent)
      changedA.insert(at);
    for (int at = j; at >= 0; at = matching.b[at].parent)
      changedB.insert(at);
    result.differences.push_back(std::move(difference));
  }

  DiffCount *countOf(const Item &item) {
    if (item.parent >= 0 || item.kind == ItemKind::loop || item.kind == ItemKind::model ||
        item.kind == ItemKind::ignore || item.kind == ItemKind::names ||
        item.kind == ItemKind::assign)
      return nullptr;
    Word word = wordOf(item);
    for (DiffCount &count : result.counts)
      if (count.one == word.one)
        return &count;
    result.counts.push_back({word.one, word.many, 0, 0});
    return &result.counts.back();
  }
  void count() {
    for (size_t i = 0; i < matching.a.size(); ++i)
      if (DiffCount *count = countOf(matching.a[i])) {
        ++count->all;
        int j = matching.toB[i];
        if (j >= 0 && !changedA.contains(static_cast<int>(i)) && !changedB.contains(j))
          ++count->same;
      }
    for (size_t j = 0; j < matching.b.size(); ++j)
      if (DiffCount *count = matching.toA[j] < 0 ? countOf(matching.b[j]) : nullptr)
        ++count->all;
  }
};

/// Whether the one detail is what the two lines say, but for their names.
bool repeats(const Difference &difference) {
  size_t lines = difference.before->text.size() + difference.after->text.size();
  return difference.details.size() == 1 && difference.details[0].front() == '`' &&
         10 * difference.details[0].size() > 7 * lines;
}

std::string lineOf(const DiffSide &side) { return std::to_string(lineColumn(side.span).line); }

} // namespace

Diff tril::dsl::diff(const ast::Program &a, const ast::Program &b, const Library &library) {
  return Comparison(a, b, library).run();
}

std::string tril::dsl::render(const Diff &diff, const ast::Program &a, const ast::Program &b) {
  std::string out;
  if (!diff.differences.empty())
    out += "- " + a.source->path + "\n+ " + b.source->path + "\n";
  const std::string *place = nullptr;
  for (const Difference &difference : diff.differences) {
    bool top = difference.place.empty();
    if (!place || *place != difference.place)
      out += "\n" + (top ? "" : difference.place + "\n");
    place = &difference.place;
    std::string indent = top ? "" : "  ";
    auto side = [&](const char *sign, const std::optional<DiffSide> &side) {
      if (side)
        out += indent + sign + lineOf(*side) + ": " + side->text + "\n";
    };
    if (difference.kind != Difference::changed) {
      side("- ", difference.before);
      side("+ ", difference.after);
      continue;
    }
    out += indent + difference.what +
           (difference.what == "result" ? "" : " `" + difference.name + "`");
    if (!repeats(difference))
      for (const std::string &detail : difference.details)
        out += (&detail == difference.details.data() ? ": " : "; ") + detail;
    out += "\n";
    side("  - ", difference.before);
    side("  + ", difference.after);
  }
  std::string same;
  for (const DiffCount &count : diff.counts) {
    if (count.all == 1 && count.same == 0)
      continue;
    same += same.empty() ? "" : ", ";
    if (count.same != count.all)
      same += (count.same ? std::to_string(count.same) : "none") + " of ";
    same += std::to_string(count.all) + " " + (count.all == 1 ? count.one : count.many);
  }
  out += diff.differences.empty() ? "no difference: " : "\nthe same: ";
  return out + same + "\n";
}

nlohmann::json tril::dsl::toJson(const Diff &diff) {
  const char *const kinds[] = {"added", "removed", "changed"};
  auto sideOf = [](const DiffSide &side) {
    LineColumn place = lineColumn(side.span);
    return nlohmann::json{{"file", side.span.source->path},
                          {"line", place.line},
                          {"column", place.column},
                          {"text", side.text}};
  };
  nlohmann::json differences = nlohmann::json::array();
  for (const Difference &difference : diff.differences) {
    nlohmann::json one = {{"kind", kinds[difference.kind]},
                          {"what", difference.what},
                          {"name", difference.name},
                          {"place", difference.place},
                          {"details", difference.details}};
    if (difference.before)
      one["before"] = sideOf(*difference.before);
    if (difference.after)
      one["after"] = sideOf(*difference.after);
    differences.push_back(std::move(one));
  }
  nlohmann::json counts = nlohmann::json::object();
  for (const DiffCount &count : diff.counts)
    counts[count.many] = {{"same", count.same}, {"all", count.all}};
  return {{"differences", differences}, {"same", counts}};
}
