//===- CheckUnused.cpp - values that nothing reads, or not before their name is given to another
//--------------------------------------------===//
#include "dsl/CheckUnused.h"
#include <map>
#include <set>

using namespace tril::dsl;

namespace {

/// The names that one scope gives to values, and those that occur in it: the top level, or the body
/// of a block or def, which sees no value of the top level.
class Scope {
public:
  explicit Scope(const ast::Body &body) { visit(body); }

  void warn(Diagnostics &diagnostics) const {
    for (const ast::Name *name : given)
      if (!read.contains(name->text) && name->text != "_")
        diagnostics.warning(Kind::unused_value, name->span,
                            "`" + name->text + "` is computed and never read");
    for (const auto &[name, next] : replaced)
      if (read.contains(name->text))
        diagnostics
            .warning(Kind::unused_value, name->span,
                     "`" + name->text + "` is computed, and given another value before it is read")
            .note(next->span, "here");
  }

private:
  // Values whose names are given anew in an inner body may be read after it all the same.
  void visit(const ast::Body &body) {
    fresh.emplace_back();
    for (const ast::StatementPtr &statement : body)
      std::visit([&](const auto &node) { visit(node); }, statement->node);
    fresh.pop_back();
  }
  void visit(const ast::Assign &assign) {
    visit(assign.expr);
    for (const ast::Name &name : assign.names) {
      given.push_back(&name);
      const ast::Name *&last = fresh.back()[name.text];
      if (last && name.text != "_")
        replaced.emplace_back(last, &name);
      last = &name;
    }
  }
  void reads(const std::string &name) {
    read.insert(name);
    for (auto &names : fresh)
      names.erase(name);
  }
  void visit(const ast::Rec &rec) {
    for (const ast::Equation &equation : rec.equations) {
      given.push_back(&equation.name);
      visit(equation.expr);
    }
  }
  void visit(const ast::For &loop) {
    if (loop.prefix)
      visit(*loop.prefix);
    visit(loop.body);
  }
  void visit(const ast::IfStatement &choice) {
    visit(choice.condition);
    visit(choice.then);
    visit(choice.otherwise);
  }
  void visit(const ast::Return &result) { visit(result.values); }
  void visit(const ast::Output &output) { visit(output.expr); }
  void visit(const ast::Let &let) { visit(let.expr); }
  void visit(const ast::Layout &layout) { visit(layout.expr); }
  void visit(const ast::Param &param) {
    visit(param.dims);
    visit(param.stored);
  }
  void visit(const ast::AxisDecl &axis) {
    if (axis.size)
      visit(axis.size);
  }
  void visit(const ast::Ignore &ignore) { visit(ignore.name); }
  // Scopes of their own, and what reads no value.
  void visit(const ast::Function &) {}
  void visit(const ast::Model &) {}
  void visit(const ast::Input &) {}
  void visit(const ast::Names &) {}

  void visit(const std::vector<ast::ExprPtr> &exprs) {
    for (const ast::ExprPtr &expr : exprs)
      visit(expr);
  }
  void visit(const std::vector<ast::Item> &items) {
    for (const ast::Item &item : items) {
      visit(item.key);
      if (item.value)
        visit(item.value);
    }
  }
  void visit(const ast::ExprPtr &expr) {
    std::visit([&](const auto &node) { visit(node); }, expr->node);
  }
  void visit(const ast::Ref &ref) { reads(ref.name); }
  void visit(const ast::String &string) { visitParts(string.text); }
  void visit(const ast::Fail &fail) { visitParts(fail.message); }
  void visit(const ast::List &list) { visit(list.items); }
  void visit(const ast::Unary &unary) { visit(unary.operand); }
  void visit(const ast::Binary &binary) {
    visit(binary.lhs);
    visit(binary.rhs);
  }
  void visit(const ast::If &choice) {
    visit(choice.condition);
    visit(choice.then);
    visit(choice.otherwise);
  }
  void visit(const ast::Dot &dot) { visit(dot.object); }
  void visit(const ast::Index &index) {
    visit(index.object);
    visit(index.items);
  }
  void visit(const ast::Call &call) {
    reads(call.callee.text); // of what is no function, the checker tells
    visit(call.items);
    visit(call.arguments);
    if (call.prefix)
      visit(*call.prefix);
  }
  void visit(const ast::Number &) {}
  void visit(const ast::Bool &) {}
  void visit(const ast::None &) {}
  void visit(const ast::Size &) {}

  // `{name}` in a text.
  void visitParts(const std::string &text) {
    for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
      size_t close = text.find('}', open);
      reads(text.substr(open + 1, close == std::string::npos ? close : close - open - 1));
    }
  }

  std::vector<const ast::Name *> given;
  /// Of the bodies that are open: the last place that gave a name a value, if nothing read it
  /// since.
  std::vector<std::map<std::string, const ast::Name *>> fresh;
  std::vector<std::pair<const ast::Name *, const ast::Name *>> replaced; ///< and by what
  std::set<std::string> read;
};

} // namespace

void tril::dsl::warnOfUnused(const ast::Program &program, Diagnostics &diagnostics) {
  Scope(program.statements).warn(diagnostics);
  for (const ast::StatementPtr &statement : program.statements)
    if (auto *function = std::get_if<ast::Function>(&statement->node))
      Scope(function->body).warn(diagnostics);
}
