//===- DiffTree.h - a text as a list of items whose names are resolved (for Diff.cpp)
//-------------===//
// Two texts are compared statement by statement.  Each statement, formal axis and argument becomes
// an item of one flat list, with the item that it stands in; each name knows the items that it may
// stand for, so that names themselves need not be equal.
#pragma once
#include "dsl/Ast.h"
#include <map>
#include <string>
#include <vector>

namespace tril::dsl::differing {

/// Result `index` of item `item`.
struct Bound {
  int item, index;
  auto operator<=>(const Bound &) const = default;
};

/// An expression or a part of one.  Two nodes mean the same if their labels do, their children do,
/// and, for names, what they are bound to does.
struct Tree {
  enum Use { none, value, axis }; // `axis`: looked up among axes alone
  std::string label;              // of a name: the name
  Use use = none;
  std::vector<Tree> kids = {};
  std::vector<Bound> bindings = {}; // sorted; empty: of the library, or built in
  std::string text = {};            // as it is written canonically
};

enum class ItemKind {
  model,
  axis,
  layout,
  let,
  param,
  ignore,
  input,
  output,
  function,
  formal,
  argument,
  loop,
  choice,
  equation, // of a `rec`
  result,   // `return`
  names,
  mapping, // of `names`
  assign
};

/// Whether it means the same with its two parts in the other order.
bool commutes(const Tree &node);

struct Item {
  ItemKind kind;
  std::vector<std::string> names; // what it binds; of others, what a person calls it
  int parent;                     // -1: the top level
  int branch;                     // 1 in an `else`, otherwise 0
  Tree head;                      // all of it but the statements in it
  Span span;                      // up to the first statement in it
  const ast::Function *function = nullptr;
  std::vector<int> children;
  /// Hashes of its nodes and of pairs of parent and child, sorted; of a function, of all in it.
  std::vector<size_t> features;
  size_t shape = 0; // equal if the heads are equal up to names that are bound
};

/// The items in the order of the text, names resolved.
std::vector<Item> itemsOf(const ast::Program &program);

} // namespace tril::dsl::differing
