//===- DiffDetails.cpp
//----------------------------------------------------------------------------===//
// Walks down two trees as long as they are alike; what is below the last node that they share is
// what changed.  Some changes have a name of their own: a mask, a term, another norm.
#include "dsl/DiffDetails.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::differing;

namespace {

std::string code(const std::string &text) { return "`" + text + "`"; }

bool isSum(const Tree &node) { return node.label == "+" || node.label == "-"; }
bool isProduct(const Tree &node) { return node.label == "*" || node.label == "/"; }
bool isBinary(const Tree &node) { return node.use == Tree::none && node.kids.size() == 2; }

class Details {
public:
  Details(const Matching &matching, const FunctionKinds &kinds)
      : matching(matching), kinds(kinds) {}
  std::vector<std::string> told;

  /// `kind`: what the closest function around is for, or "".
  void compare(const Tree &x, const Tree &y, const std::string &kind) {
    if (matching.same(x, y) || matching.follows(x, y))
      return;
    if (x.use != Tree::none && y.use == x.use) {
      if (x.label == y.label && x.bindings.empty() == y.bindings.empty())
        tell("reads another " + code(x.label));
      else
        became(x, y, kind);
      return;
    }
    if (mask(x, y) || wrapped(x, y, kind, /*exactly=*/true) ||
        unwrapped(x, y, kind, /*exactly=*/true))
      return;
    if (!resembles(x, y) && (wrapped(x, y, kind, false) || unwrapped(x, y, kind, false)))
      return;
    if (x.label != y.label || x.kids.size() != y.kids.size()) {
      became(x, y, kind);
      return;
    }
    if (x.label == "call") {
      call(x, y, kind);
      return;
    }
    if (x.label == "->" || x.label == "items" || x.label == "dims" || x.label == "list" ||
        x.label == "if" || (x.text != y.text && allDiffer(x, y))) {
      became(x, y, kind);
      return;
    }
    for (size_t k = 0; k < x.kids.size(); ++k)
      compare(x.kids[k], y.kids[k], kind);
  }

private:
  const Matching &matching;
  const FunctionKinds &kinds;

  void tell(const std::string &text) {
    if (std::find(told.begin(), told.end(), text) == told.end())
      told.push_back(text);
  }
  static std::string prefixed(const std::string &kind) { return kind.empty() ? "" : kind + ": "; }
  void became(const Tree &x, const Tree &y, const std::string &kind) {
    tell(prefixed(kind) + code(x.text) + " became " + code(y.text));
  }
  bool allDiffer(const Tree &x, const Tree &y) const {
    for (size_t k = 0; k < x.kids.size(); ++k)
      if (matching.same(x.kids[k], y.kids[k]) || matching.follows(x.kids[k], y.kids[k]))
        return false;
    return x.kids.size() > 1;
  }
  bool alike(const Tree &x, const Tree &y) const {
    return matching.same(x, y) || matching.follows(x, y);
  }
  static bool isMask(const Tree &node) { return node.use == Tree::none && node.label == "where"; }

  bool mask(const Tree &x, const Tree &y) {
    if (isMask(x) && isMask(y)) {
      compare(x.kids[0], y.kids[0], "");
      if (!alike(x.kids[1], y.kids[1]))
        tell("mask " + code("where " + x.kids[1].text) + " became " +
             code("where " + y.kids[1].text));
      return true;
    }
    if (isMask(y) && resembles(x, y.kids[0])) {
      tell("mask added: " + code("where " + y.kids[1].text));
      compare(x, y.kids[0], "");
      return true;
    }
    if (isMask(x) && resembles(x.kids[0], y)) {
      tell("mask removed: " + code("where " + x.kids[1].text));
      compare(x.kids[0], y, "");
      return true;
    }
    return false;
  }
  /// Whether it is worth looking for the difference inside: they have a part in common.
  bool resembles(const Tree &x, const Tree &y) const {
    if (alike(x, y))
      return true;
    if (x.use != Tree::none || x.label != y.label || x.kids.size() != y.kids.size())
      return false;
    if (isCall(x))
      return alike(x.kids[0], y.kids[0]);
    for (size_t k = 0; k < x.kids.size(); ++k)
      if (alike(x.kids[k], y.kids[k]))
        return true;
    return false;
  }

  /// Of two calls, whether they have an argument in common.
  bool shareArgument(const Tree &x, const Tree &y) const {
    if (!isCall(x) || !isCall(y))
      return true;
    const std::vector<Tree> &from = x.kids[3].kids, &to = y.kids[3].kids;
    for (size_t k = 0; k < std::min(from.size(), to.size()); ++k)
      if (alike(from[k], to[k]))
        return true;
    return false;
  }

  /// The other operand, with its operator, if one operand of `whole` is `part`.
  template <typename Alike> static std::string besides(const Tree &whole, const Alike &isPart) {
    if (!isBinary(whole) || !(isSum(whole) || isProduct(whole) || whole.label == "else"))
      return "";
    if (isPart(whole.kids[0]))
      return whole.label + " " + whole.kids[1].text;
    if (isPart(whole.kids[1]))
      return whole.kids[0].text + " " + whole.label;
    return "";
  }
  static std::string nameOf(const Tree &whole) {
    return isSum(whole) ? "term" : isProduct(whole) ? "factor" : "default";
  }
  static bool isCall(const Tree &node) { return node.use == Tree::none && node.label == "call"; }
  /// What calls with `part` as an argument, as a person would write it: `softcap(.., 5)`.
  template <typename Alike> static std::string around(const Tree &whole, const Alike &isPart) {
    if (!isCall(whole))
      return "";
    const Tree &arguments = whole.kids[3];
    std::string text = whole.kids[0].text + (whole.kids[1].kids.empty() ? "" : whole.kids[1].text) +
                       whole.kids[2].text;
    bool found = false;
    std::string list;
    for (const Tree &argument : arguments.kids) {
      bool here = !found && isPart(argument);
      found |= here;
      list += (list.empty() ? "" : ", ") + (here ? "..." : argument.text);
    }
    return found ? text + "(" + list + ")" : "";
  }
  std::string kindOf(const Tree &call, bool within = true) const {
    auto found = kinds.find(call.kids[0].label);
    return found == kinds.end() || !call.kids[0].bindings.empty() ||
                   (found->second.within && !within)
               ? ""
               : found->second.name;
  }

  /// What `whole` has around `part`; tells it and returns true if it has just that.
  template <typename Alike>
  const Tree *partOf(const Tree &whole, const Alike &isPart, const char *change,
                     const std::string &kind) {
    const Tree *part = nullptr;
    auto note = [&](const Tree &tree) {
      if (!part && isPart(tree))
        part = &tree;
      return part == &tree;
    };
    if (std::string rest = besides(whole, note); !rest.empty())
      tell(prefixed(kind) + nameOf(whole) + " " + change + ": " + code(rest));
    else if (std::string call = around(whole, note); !call.empty())
      tell((kindOf(whole, false).empty() ? "" : kindOf(whole, false) + " ") + change + ": " +
           code(call));
    return part;
  }
  bool wrapped(const Tree &x, const Tree &y, const std::string &kind, bool exactly) {
    auto isPart = [&](const Tree &part) {
      return exactly ? alike(x, part) : resembles(x, part) && shareArgument(x, part);
    };
    const Tree *part = partOf(y, isPart, "added", kind);
    if (part)
      compare(x, *part, kind);
    return part;
  }
  bool unwrapped(const Tree &x, const Tree &y, const std::string &kind, bool exactly) {
    auto isPart = [&](const Tree &part) {
      return exactly ? alike(part, y) : resembles(part, y) && shareArgument(part, y);
    };
    const Tree *part = partOf(x, isPart, "removed", kind);
    if (part)
      compare(*part, y, kind);
    return part;
  }

  void call(const Tree &x, const Tree &y, const std::string &outer) {
    const std::string own = kindOf(x);
    // What holds for all arguments of a projection or of a softmax says nothing of one.
    const std::string &kind = own.empty() ? outer : own;
    bool callee = alike(x.kids[0], y.kids[0]);
    if (!callee && x.kids[3].kids.size() != y.kids[3].kids.size()) {
      became(x, y, outer);
      return;
    }
    if (!callee)
      became(x.kids[0], y.kids[0], kind.empty() ? kindOf(y) : kind);
    part("axes of " + code(y.kids[0].text), x.kids[1], y.kids[1]);
    part("prefix of " + code(y.kids[0].text), x.kids[2], y.kids[2]);
    arguments(x.kids[3], y.kids[3], y.kids[0], kind);
  }
  /// What a call has besides its arguments.
  void part(const std::string &what, const Tree &x, const Tree &y) {
    if (alike(x, y))
      return;
    if (x.kids.empty())
      tell(what + " added: " + code(y.text));
    else if (y.kids.empty())
      tell(what + " removed: " + code(x.text));
    else
      tell(what + ": " + code(x.text) + " became " + code(y.text));
  }
  void arguments(const Tree &x, const Tree &y, const Tree &callee, const std::string &kind) {
    size_t common = std::min(x.kids.size(), y.kids.size());
    for (size_t k = 0; k < common; ++k)
      compare(x.kids[k], y.kids[k], kind == "norm" || kind == "softmax" ? "" : kind);
    auto rest = [&](const Tree &longer, const char *what) {
      for (size_t k = common; k < longer.kids.size(); ++k)
        tell("argument of " + code(callee.text) + " " + what + ": " + code(longer.kids[k].text));
    };
    rest(x, "removed");
    rest(y, "added");
  }
};

/// `"name" ?? 0`: whether a checkpoint may lack it.
bool isOptional(const Tree &stored) { return stored.label == "??" || stored.label == "if"; }

std::string ordinal(const std::string &place) {
  int number = std::stoi(place) + 1;
  return "number " + std::to_string(number);
}

} // namespace

std::vector<std::string> differing::detailsOf(const Matching &matching, const FunctionKinds &kinds,
                                              int i, int j) {
  const Item &x = matching.a[i], &y = matching.b[j];
  if (matching.same(x.head, y.head) || matching.follows(x.head, y.head))
    return {};
  Details details(matching, kinds);
  auto compare = [&](const char *what, const Tree &from, const Tree &to) {
    if (!matching.same(from, to) && !matching.follows(from, to))
      details.told.push_back(std::string(what) + code(from.text) + " became " + code(to.text));
  };
  switch (x.kind) {
  case ItemKind::axis:
  case ItemKind::layout:
  case ItemKind::let:
    details.compare(x.head, y.head, "");
    break;
  case ItemKind::model: {
    const std::string none = "no claim";
    details.told.push_back((x.head.text.empty() ? none : code("is " + x.head.text)) + " became " +
                           (y.head.text.empty() ? none : code("is " + y.head.text)));
    break;
  }
  case ItemKind::param: {
    const Tree &from = x.head.kids[1], &to = y.head.kids[1];
    compare("axes: ", x.head.kids[0], y.head.kids[0]);
    compare("tensor: ", from, to);
    if (isOptional(from) != isOptional(to))
      details.told.push_back(isOptional(to) ? "a checkpoint may lack it now"
                                            : "a checkpoint must have it now");
    break;
  }
  case ItemKind::argument:
    if (x.head.label != y.head.label)
      details.told.push_back(ordinal(x.head.label) + " became " + ordinal(y.head.label));
    if (!x.head.kids.empty() || !y.head.kids.empty()) {
      Tree none{""};
      none.text = "any axes";
      compare("axes: ", x.head.kids.empty() ? none : x.head.kids[0],
              y.head.kids.empty() ? none : y.head.kids[0]);
    }
    break;
  case ItemKind::formal:
    details.told.push_back(ordinal(x.head.label) + " became " + ordinal(y.head.label));
    break;
  case ItemKind::function:
    if (x.function->block != y.function->block)
      details.told.push_back(y.function->block ? "a `def` became a `block`"
                                               : "a `block` became a `def`");
    for (size_t k = 0; k < std::max(x.head.kids.size(), y.head.kids.size()); ++k) {
      Tree none{""};
      none.text = "none";
      compare("axes of the result: ", k < x.head.kids.size() ? x.head.kids[k] : none,
              k < y.head.kids.size() ? y.head.kids[k] : none);
    }
    break;
  case ItemKind::loop:
    for (size_t k = 0; k < std::min(x.head.kids.size(), y.head.kids.size()); ++k)
      compare(k ? "path: " : "over ", x.head.kids[k], y.head.kids[k]);
    if (x.head.kids.size() != y.head.kids.size())
      details.told.push_back(x.head.kids.size() > 1 ? "path removed: " + code(x.head.kids[1].text)
                                                    : "path added: " + code(y.head.kids[1].text));
    break;
  case ItemKind::choice:
    compare("condition: ", x.head, y.head);
    break;
  default:
    if (x.kind == ItemKind::output || x.kind == ItemKind::input)
      if (x.names != y.names)
        details.told.push_back("called " + code(y.names[0]) + " now");
    if (x.head.kids.size() == y.head.kids.size())
      for (size_t k = 0; k < x.head.kids.size(); ++k)
        details.compare(x.head.kids[k], y.head.kids[k], "");
    break;
  }
  // Whatever differs is told, also what has no words of its own.
  if (details.told.empty())
    details.told.emplace_back("written otherwise");
  return std::move(details.told);
}
