//===- DiffTree.cpp
//-------------------------------------------------------------------------------===//
#include "dsl/DiffTree.h"
#include "dsl/Format.h"
#include "dsl/FormatExpr.h"
#include "dsl/Parser.h"
#include <algorithm>
#include <functional>
#include <set>

using namespace tril::dsl;
using namespace tril::dsl::differing;

namespace {

//===-------------------------------------------------------------------------------------------===//
// Expressions
//===-------------------------------------------------------------------------------------------===//

Tree nameNode(const ast::Name &name, Tree::Use use) {
  Tree node{name.text, use};
  node.text = formatName(name);
  return node;
}

Tree axesNode(const ast::Axes &axes) {
  Tree node{"axes"};
  for (const ast::Name &name : axes)
    node.kids.push_back(nameNode(name, Tree::axis));
  node.text = formatAxes(axes);
  return node;
}

Tree nodeOf(const ast::Expr &expr);

/// A text and the names between its braces.
Tree stringNode(const std::string &text) {
  Tree node{"string"};
  std::string rest;
  for (size_t at = 0; at < text.size();) {
    size_t open = text.find('{', at), close = text.find('}', std::min(open, text.size()));
    if (close == std::string::npos) {
      rest += text.substr(at);
      break;
    }
    rest += text.substr(at, open - at) + "{}";
    std::string part = text.substr(open + 1, close - open - 1);
    Diagnostics ignored;
    auto expr = parseExpression(std::make_shared<Source>(Source{"", part}), ignored);
    node.kids.push_back(expr ? nodeOf(*expr) : Tree{part});
    at = close + 1;
  }
  node.label = "\"" + rest + "\"";
  node.text = "\"" + text + "\"";
  return node;
}

const char *nameOf(ast::BinaryOp op) {
  using enum ast::BinaryOp;
  switch (op) {
  case add:
    return "+";
  case sub:
    return "-";
  case mul:
    return "*";
  case div:
    return "/";
  case mod:
    return "%";
  case pow:
    return "^";
  case lt:
    return "<";
  case le:
    return "<=";
  case gt:
    return ">";
  case ge:
    return ">=";
  case eq:
    return "==";
  case ne:
    return "!=";
  case in:
    return "in";
  case and_:
    return "and";
  case or_:
    return "or";
  case where:
    return "where";
  case else_:
    return "else";
  case coalesce:
    return "??";
  }
  return "";
}

struct ExprNode {
  Tree operator()(const ast::Number &e) const {
    return {"number " + std::to_string(e.value) + (e.integer ? "" : "e") +
            std::to_string(std::hash<double>()(e.value))};
  }
  Tree operator()(const ast::String &e) const { return stringNode(e.text); }
  Tree operator()(const ast::Bool &e) const { return {e.value ? "true" : "false"}; }
  Tree operator()(const ast::None &) const { return {"none"}; }
  Tree operator()(const ast::Ref &e) const { return {e.name, Tree::value}; }
  Tree operator()(const ast::Size &e) const { return {"size", {}, {nameNode(e.axis, Tree::axis)}}; }
  Tree operator()(const ast::List &e) const { return {"list", {}, all(e.items)}; }
  Tree operator()(const ast::Unary &e) const {
    return {e.op == ast::UnaryOp::neg ? "negate" : "not", {}, {nodeOf(*e.operand)}};
  }
  Tree operator()(const ast::Binary &e) const {
    return {nameOf(e.op), {}, {nodeOf(*e.lhs), nodeOf(*e.rhs)}};
  }
  Tree operator()(const ast::If &e) const {
    return {"if", {}, {nodeOf(*e.condition), nodeOf(*e.then), nodeOf(*e.otherwise)}};
  }
  Tree operator()(const ast::Fail &e) const { return {"fail", {}, {stringNode(e.message)}}; }
  Tree operator()(const ast::Dot &e) const { return {"." + e.key.text, {}, {nodeOf(*e.object)}}; }
  Tree operator()(const ast::Index &e) const {
    return {"index", {}, {nodeOf(*e.object), items(e.items)}};
  }
  /// Callee, brackets, prefix, arguments.
  Tree operator()(const ast::Call &e) const {
    Tree prefix{"prefix"};
    if (e.prefix) {
      prefix.kids.push_back(stringNode(e.prefix->text));
      prefix.text = "@\"" + e.prefix->text + "\"";
    }
    Tree arguments{"arguments", {}, all(e.arguments)};
    arguments.text = "(" + formatList(e.arguments) + ")";
    return {"call", {}, {nameNode(e.callee, Tree::value), items(e.items), prefix, arguments}};
  }

  static std::vector<Tree> all(const std::vector<ast::ExprPtr> &exprs) {
    std::vector<Tree> nodes;
    nodes.reserve(exprs.size());
    for (const ast::ExprPtr &expr : exprs)
      nodes.push_back(nodeOf(*expr));
    return nodes;
  }
  static Tree items(const std::vector<ast::Item> &items) {
    Tree node{"items"};
    for (const ast::Item &item : items) {
      Tree one{item.kind == ast::Item::plain ? "item" : item.kind == ast::Item::equal ? "=" : "->"};
      one.kids.push_back(nodeOf(*item.key));
      one.text = one.kids[0].text;
      if (item.value) {
        one.kids.push_back(nodeOf(*item.value));
        one.text += " " + one.label + " " + one.kids[1].text;
      }
      node.text += (node.text.empty() ? "" : ", ") + one.text;
      node.kids.push_back(std::move(one));
    }
    node.text = "[" + node.text + "]";
    return node;
  }
};

Tree nodeOf(const ast::Expr &expr) {
  Tree node = std::visit(ExprNode(), expr.node);
  node.text = format(expr);
  return node;
}

//===-------------------------------------------------------------------------------------------===//
// Statements
//===-------------------------------------------------------------------------------------------===//

class Flattener {
public:
  std::vector<Item> items;

  void body(const ast::Body &body, int parent, int branch) {
    for (const ast::StatementPtr &statement : body)
      std::visit([&](const auto &node) { add(node, statement->span, parent, branch); },
                 statement->node);
  }

private:
  int push(ItemKind kind, std::vector<std::string> names, Tree head, Span span, int parent,
           int branch) {
    int index = static_cast<int>(items.size());
    Item item{kind, std::move(names), parent, branch, std::move(head), span, nullptr, {}, {}, 0};
    items.push_back(std::move(item));
    if (parent >= 0)
      items[parent].children.push_back(index);
    return index;
  }
  static Span upTo(Span span, const ast::Body &body) {
    if (body.size() > 1)
      span.end = body.front()->span.begin;
    return span;
  }
  static std::vector<std::string> textsOf(const std::vector<ast::Name> &names) {
    std::vector<std::string> texts;
    texts.reserve(names.size());
    for (const ast::Name &name : names)
      texts.push_back(name.text);
    return texts;
  }

  void add(const ast::Model &s, Span span, int parent, int branch) {
    Tree head{"claim"};
    for (const ast::Name &word : s.claim)
      head.text += (head.text.empty() ? "" : " ") + word.text;
    head.label += " " + head.text;
    if (s.window) {
      head.kids.push_back(nodeOf(*s.window));
      head.text += " " + head.kids[0].text;
    }
    push(ItemKind::model, {s.name.text}, std::move(head), span, parent, branch);
  }
  void add(const ast::AxisDecl &s, Span span, int parent, int branch) {
    Tree head = s.size ? nodeOf(*s.size) : Tree{"input"};
    if (!s.size)
      head.text = "input";
    push(ItemKind::axis, {s.name.text}, std::move(head), span, parent, branch);
  }
  void add(const ast::Layout &s, Span span, int parent, int branch) {
    push(ItemKind::layout, {s.name.text}, nodeOf(*s.expr), span, parent, branch);
  }
  void add(const ast::Let &s, Span span, int parent, int branch) {
    push(ItemKind::let, {s.name.text}, nodeOf(*s.expr), span, parent, branch);
  }
  void add(const ast::Param &s, Span span, int parent, int branch) {
    Tree dims{"dims", {}, ExprNode::all(s.dims)};
    dims.text = "[" + formatList(s.dims) + "]";
    Tree head{"param " + std::to_string(s.names.size()), {}, {dims, nodeOf(*s.stored)}};
    push(ItemKind::param, textsOf(s.names), std::move(head), span, parent, branch);
  }
  void add(const ast::Ignore &s, Span span, int parent, int branch) {
    push(ItemKind::ignore, {s.name.text}, stringNode(s.name.text), span, parent, branch);
  }
  // What inputs and outputs are called is seen from outside.
  void add(const ast::Input &s, Span span, int parent, int branch) {
    Tree head{"input " + s.name.text, {}, {axesNode(s.axes), nameNode(s.in, Tree::axis)}};
    push(ItemKind::input, {s.name.text}, std::move(head), span, parent, branch);
  }
  void add(const ast::Output &s, Span span, int parent, int branch) {
    Tree head{"output " + s.name.text, {}, {axesNode(s.axes), nodeOf(*s.expr)}};
    push(ItemKind::output, {s.name.text}, std::move(head), span, parent, branch);
  }
  void add(const ast::Function &s, Span span, int parent, int branch) {
    Tree head{s.block ? "block" : "def"};
    if (s.formals && s.formals->arrow)
      head.label += " ->";
    for (const ast::Axes &axes : s.results)
      head.kids.push_back(axesNode(axes));
    int index = push(ItemKind::function, {s.name.text}, std::move(head), upTo(span, s.body), parent,
                     branch);
    items[index].function = &s;
    int count = 0;
    if (s.formals)
      for (const ast::Axes *axes : {&s.formals->left, &s.formals->right}) {
        Tree side{axes == &s.formals->left ? "left" : "right"};
        for (const ast::Name &name : *axes)
          push(ItemKind::formal, {name.text},
               {std::to_string(count++) + (name.rest ? "..." : ""), Tree::none, {side}}, name.span,
               index, 0);
      }
    count = 0;
    for (const ast::Argument &argument : s.arguments) {
      Tree place{std::to_string(count++)};
      if (argument.axes)
        place.kids.push_back(axesNode(*argument.axes));
      push(ItemKind::argument, {argument.name.text}, std::move(place), argument.name.span, index,
           0);
    }
    body(s.body, index, 0);
  }
  void add(const ast::For &s, Span span, int parent, int branch) {
    Tree head{"for", {}, {nameNode(s.axis, Tree::axis)}};
    if (s.prefix)
      head.kids.push_back(stringNode(s.prefix->text));
    int index =
        push(ItemKind::loop, {s.axis.text}, std::move(head), upTo(span, s.body), parent, branch);
    body(s.body, index, 0);
  }
  void add(const ast::IfStatement &s, Span span, int parent, int branch) {
    int index =
        push(ItemKind::choice, {"if"}, nodeOf(*s.condition), upTo(span, s.then), parent, branch);
    body(s.then, index, 0);
    body(s.otherwise, index, 1);
  }
  void add(const ast::Rec &s, Span span, int parent, int branch) {
    for (const ast::Equation &e : s.equations) {
      Tree head{"rec", {}, {nodeOf(*e.expr)}};
      if (e.axes)
        head.kids.push_back(axesNode(*e.axes));
      Span own = span;
      own.begin = std::max(span.begin, e.name.span.begin);
      own.end = std::max(own.begin, e.expr->span.end);
      push(ItemKind::equation, {e.name.text}, std::move(head), own, parent, branch);
    }
  }
  void add(const ast::Return &s, Span span, int parent, int branch) {
    push(ItemKind::result, {"return"}, {"return", {}, ExprNode::all(s.values)}, span, parent,
         branch);
  }
  void add(const ast::Names &s, Span span, int parent, int branch) {
    int index = push(ItemKind::names, {s.dialect.text}, {s.dialect.text}, span, parent, branch);
    for (const ast::NameMapping &m : s.mappings) {
      Tree head{m.tensor ? "tensor" : "key", {}, {stringNode(m.from), stringNode(m.to.text)}};
      for (const ast::ExprPtr &dim : m.layout)
        head.kids.push_back(nodeOf(*dim));
      push(ItemKind::mapping, {m.from}, std::move(head), m.span, index, 0);
    }
  }
  void add(const ast::Assign &s, Span span, int parent, int branch) {
    // Axes written after a name are checked and mean nothing else.
    push(ItemKind::assign, textsOf(s.names),
         {"= " + std::to_string(s.names.size()), {}, {nodeOf(*s.expr)}}, span, parent, branch);
  }
};

//===-------------------------------------------------------------------------------------------===//
// What names stand for
//===-------------------------------------------------------------------------------------------===//

class Resolver {
public:
  explicit Resolver(std::vector<Item> &items) : items(items) {}

  void run() {
    std::vector<int> top;
    for (size_t i = 0; i < items.size(); ++i)
      if (items[i].parent < 0)
        top.push_back(static_cast<int>(i));
    hoist(top);
    Scope scope = global;
    resolve(top, scope);
  }

private:
  using Names = std::map<std::string, std::vector<Bound>>;
  struct Scope {
    Names values, axes;
  };
  std::vector<Item> &items;
  Scope global; // what blocks and defs see

  static void merge(std::vector<Bound> &into, const std::vector<Bound> &from) {
    std::vector<Bound> all;
    std::set_union(into.begin(), into.end(), from.begin(), from.end(), std::back_inserter(all));
    into = std::move(all);
  }
  static void merge(Names &into, const Names &from) {
    for (const auto &[name, bindings] : from)
      merge(into[name], bindings);
  }

  void hoist(const std::vector<int> &body) {
    for (int i : body) {
      const Item &item = items[i];
      switch (item.kind) {
      case ItemKind::axis:
        merge(global.axes[item.names[0]], {{i, 0}});
        break;
      case ItemKind::layout:
      case ItemKind::let:
      case ItemKind::param:
      case ItemKind::input:
      case ItemKind::function:
        for (size_t n = 0; n < item.names.size(); ++n)
          merge(global.values[item.names[n]], {{i, static_cast<int>(n)}});
        break;
      case ItemKind::choice:
        hoist(item.children);
        break;
      default:
        break;
      }
    }
  }

  void resolve(Tree &node, const Scope &scope) {
    if (node.use != Tree::none) {
      auto look = [&](const Names &names) {
        auto found = names.find(node.label);
        if (found != names.end())
          node.bindings = found->second;
        return found != names.end();
      };
      if (node.use == Tree::axis || !look(scope.values))
        look(scope.axes);
    }
    for (Tree &kid : node.kids)
      resolve(kid, scope);
  }

  /// What the statements in `body` bind that is seen after it, all of it.
  void bound(const std::vector<int> &body, Names &names) const {
    for (int i : body) {
      const Item &item = items[i];
      if (item.kind == ItemKind::loop || item.kind == ItemKind::choice)
        bound(item.children, names);
      else if (item.kind == ItemKind::assign || item.kind == ItemKind::equation ||
               item.kind == ItemKind::let)
        for (size_t n = 0; n < item.names.size(); ++n)
          merge(names[item.names[n]], {{i, static_cast<int>(n)}});
    }
  }

  void resolve(const std::vector<int> &body, Scope &scope) {
    // The equations of one `rec` know each other.
    for (size_t at = 0; at < body.size(); ++at) {
      int i = body[at];
      if (items[i].kind == ItemKind::equation &&
          (at == 0 || items[body[at - 1]].kind != ItemKind::equation))
        for (size_t other = at;
             other < body.size() && items[body[other]].kind == ItemKind::equation; ++other)
          scope.values[items[body[other]].names[0]] = {{body[other], 0}};
      resolve(i, scope);
    }
  }

  void resolve(int i, Scope &scope) {
    Item &item = items[i];
    switch (item.kind) {
    case ItemKind::function: {
      Scope inner = global;
      resolve(item.children, inner);
      resolve(item.head, inner);
      return;
    }
    case ItemKind::loop: {
      resolve(item.head, scope);
      Names again;
      bound(item.children, again);
      for (auto &[name, bindings] : again)
        if (scope.values.contains(name))
          merge(scope.values[name], bindings);
      Scope inner = scope;
      inner.values[item.names[0]] = {{i, 0}};
      resolve(item.head.kids.back(), inner); // the prefix has the number of the layer
      resolve(item.head.kids.front(), scope);
      resolve(item.children, inner);
      inner.values.erase(item.names[0]);
      for (auto &[name, bindings] : inner.values)
        scope.values[name] = bindings;
      return;
    }
    case ItemKind::choice: {
      resolve(item.head, scope);
      std::vector<int> branches[2];
      for (int child : item.children)
        branches[items[child].branch].push_back(child);
      Scope otherwise = scope;
      resolve(branches[0], scope);
      resolve(branches[1], otherwise);
      merge(scope.values, otherwise.values);
      merge(scope.axes, otherwise.axes);
      return;
    }
    case ItemKind::names:
      resolve(item.children, scope);
      return;
    case ItemKind::formal:
      scope.axes[item.names[0]] = {{i, 0}};
      scope.values.erase(item.names[0]);
      return;
    default:
      break;
    }
    resolve(item.head, scope);
    switch (item.kind) {
    case ItemKind::axis:
      scope.axes[item.names[0]] = {{i, 0}};
      break;
    case ItemKind::layout:
    case ItemKind::let:
    case ItemKind::param:
    case ItemKind::input:
    case ItemKind::argument:
    case ItemKind::assign:
      for (size_t n = 0; n < item.names.size(); ++n)
        scope.values[item.names[n]] = {{i, static_cast<int>(n)}};
      break;
    default:
      break;
    }
  }
};

size_t mix(size_t a, size_t b) { return a * 1000003 ^ (b + 0x9e3779b97f4a7c15 + (a << 6)); }

/// Up to names that are bound.
size_t shapeOf(const Tree &node) {
  size_t shape = node.bindings.empty() ? std::hash<std::string>()(node.label) : 1;
  std::vector<size_t> kids;
  kids.reserve(node.kids.size());
  for (const Tree &kid : node.kids)
    kids.push_back(shapeOf(kid));
  if (commutes(node))
    std::sort(kids.begin(), kids.end());
  for (size_t kid : kids)
    shape = mix(shape, kid);
  return mix(shape, node.kids.size());
}

void describe(const Tree &node, size_t parent, const std::vector<Item> &items,
              std::vector<size_t> &features) {
  size_t own = std::hash<std::string>()(node.label);
  features.push_back(own);
  features.push_back(mix(parent, own));
  // A name counts by how it is spelled and by what it stands for.
  for (Bound bound : node.bindings)
    features.push_back(mix(static_cast<size_t>(items[bound.item].kind), items[bound.item].shape));
  // What is called says more than what it is given.
  if (node.label == "call" && node.use == Tree::none)
    features.insert(features.end(), 3, std::hash<std::string>()(node.kids[0].label));
  for (const Tree &kid : node.kids)
    describe(kid, own, items, features);
}

} // namespace

// Not `and`, `or`: at compile time the right side may not be looked at.
bool differing::commutes(const Tree &node) {
  return node.use == Tree::none && node.kids.size() == 2 &&
         (node.label == "+" || node.label == "*" || node.label == "==" || node.label == "!=");
}

std::vector<Item> differing::itemsOf(const ast::Program &program) {
  Flattener flattener;
  flattener.body(program.statements, -1, 0);
  std::vector<Item> items = std::move(flattener.items);
  Resolver(items).run();
  for (Item &item : items)
    item.shape = mix(static_cast<size_t>(item.kind), shapeOf(item.head));
  // Children come after their parents.
  for (size_t i = items.size(); i-- > 0;) {
    Item &item = items[i];
    describe(item.head, static_cast<size_t>(item.kind), items, item.features);
    for (int child : item.children)
      item.features.insert(item.features.end(), items[child].features.begin(),
                           items[child].features.end());
    std::sort(item.features.begin(), item.features.end());
  }
  return items;
}
