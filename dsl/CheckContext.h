//===- CheckContext.h - the state of one check
//----------------------------------------------------===//
// One abstract evaluation of a text: statements run in order, blocks are inlined, loops unrolled.
// The member functions are spread over Check*.cpp by what they check.
#pragma once
#include "dsl/Check.h"
#include "dsl/CheckGraph.h"
#include "dsl/CheckNames.h"
#include "dsl/CheckValue.h"
#include <set>

namespace tril::dsl::checker {

using Diag = tril::dsl::Kind;

class Checker {
public:
  Checker(const ast::Program &program, const CheckOptions &options, Diagnostics &diagnostics,
          std::optional<int64_t> timeLimit);
  /// False if there were errors.
  bool run();

  GraphBuilder graph;

private:
  struct Frame {
    const Function *function;
    Span call;
  };
  enum class Flow { next, returned };
  struct PrefixPart {
    std::string text, pattern;
  };
  struct Pending {
    const ast::Statement *statement;
    enum { waiting, active, done } state = waiting;
  };
  /// What a statement of a function hands back.
  struct Returned {
    std::vector<std::vector<Value>> values; // one for each return that may happen
  };

  //===--- Told (CheckReport.cpp)
  void error(Diag kind, const Span &span, std::string message, std::string help = {},
             std::vector<Note> notes = {});
  /// Counts a step of the evaluation; false, after a message, where a text asks for more than any
  /// model needs.
  bool step(const Span &span);
  std::string textOf(const Span &span) const;
  std::string axesText(const std::vector<AxisId> &axes) const;
  std::string describeValue(const Value &value) const;
  void errorNone(const Value &none, const Span &span, const std::string &what);
  std::string nearConfigKey(const std::string &origin) const;
  std::string nearName(const std::string &name, bool functions, bool axesOnly) const;
  void unknownName(const ast::Name &name, bool function);

  //===--- The text (CheckProgram.cpp)
  void declareFunctions(const ast::Program &program, bool library);
  void declare(const ast::Program &program);
  void claim(const ast::Model &model, const Span &span);
  void force(const std::string &name);
  static std::string spanKey(const Span &span);

  //===--- Statements (CheckStatement.cpp)
  Flow execute(const ast::Body &body, Returned &out);
  Flow execute(const ast::Statement &statement, Returned &out);
  Flow executeIf(const ast::IfStatement &statement, const Span &span, Returned &out);
  Flow executeFor(const ast::For &loop, const Span &span, Returned &out);
  void executeAxis(const ast::AxisDecl &axis);
  void executeInput(const ast::Input &input, const Span &span);
  void executeOutput(const ast::Output &output, const Span &span);
  void executeAssign(const ast::Assign &assign, const Span &span);
  void executeRec(const ast::Rec &rec, const Span &span);
  bool evaluateRec(const ast::Rec &rec, Recursion &recursion);
  void bind(Scope &scope, const ast::Name &name, Value value, Declared declared);
  Scope &home();
  Value joinValues(const Value &a, const Value &b);

  //===--- Names and axes (CheckScope.cpp)
  Binding *find(const std::string &name);
  /// The axes that `name` means: of an axis, or of an axis parameter `a...`; empty after an error.
  std::vector<AxisId> axesOf(const ast::Name &name, const char *where);
  std::vector<AxisId> axesOf(const ast::Axes &axes, const char *where);
  std::vector<AxisId> axesOf(const ast::Expr &expr, const char *where);
  Binding *findAxis(const std::string &name);

  /// The next nodes come from there.
  void at(const Span &span) { graph.here = graph.place(span, caller_); }

  //===--- Expressions (CheckExpr.cpp, CheckArithmetic.cpp, CheckIndex.cpp)
  Value evaluate(const ast::Expr &expr);
  Value evaluateNode(const ast::Expr &expr);
  Value evaluateRef(const std::string &name, const Span &span);
  Value evaluateSize(const ast::Name &axis);
  Value evaluateDot(const ast::Dot &dot, const Span &span);
  Value evaluateIf(const ast::If &choice, const Span &span);
  Value evaluateUnary(const ast::Unary &unary, const Span &span);
  Value evaluateBinary(const ast::Binary &binary, const Span &span);
  Value evaluateIn(const Value &item, const Value &list, const Span &span);
  Value evaluateIndex(const ast::Index &index, const Span &span);
  Value indexList(const Value &list, const ast::Index &index, const Span &span);
  Value indexNode(NodeId x, const ast::Index &index, const Span &span, size_t from,
                  bool filled = false);
  Value readEquation(const Value &equation, const ast::Index &index, const Span &span);
  std::optional<int64_t> lagOf(const ast::Expr &expr, AxisId axis);
  const ast::Name *firstAxis(const ast::Expr &expr);
  /// A condition of `if`: a truth value, or absent if unknown (after a message where it is wrong).
  std::optional<bool> condition(const ast::Expr &expr);

  Value arithmetic(const std::string &function, const Value &a, const Value &b, const Span &span,
                   const Span &left, const Span &right);
  Value compare(const std::string &function, const Value &a, const Value &b, const Span &span,
                const Span &left, const Span &right);
  Value logic(const std::string &function, const Value &a, const Value &b, const Span &span,
              const Span &left, const Span &right);
  Value applyUnary(const std::string &function, const Value &x, const Span &span, const Span &of);
  Value applyWhere(const Value &x, const Value &predicate, const Span &span, const Span &left,
                   const Span &right);
  Value applyElse(const Value &x, const Value &y, const Span &span, const Span &left,
                  const Span &right);
  Value applySelect(const Value &x, const Value &predicate, const Value &y, const Span &span,
                    const Span &left, const Span &middle, const Span &right);
  /// A number as a node; `like`: the element of what it meets.  -1 after a message.
  NodeId nodeOf(const Value &value, const Span &span, std::optional<Element> like = {});
  bool needNumber(const Value &value, const Span &span, const std::string &what);
  NodeId predicateOf(const Value &value, const Span &span, const std::string &what);

  //===--- Calls (CheckCall.cpp, CheckBuiltin.cpp)
  Value evaluateCall(const ast::Call &call, const Span &span);
  Value callFunction(const Function &function, const ast::Call &call, const Span &span);
  bool bindFormals(const Function &function, const ast::Call &call, const Span &span, Scope &scope);
  Value checkResults(const Function &function, Returned &returned,
                     const std::vector<AxisId> &riders, const Span &span);
  std::optional<Value> evaluateBuiltin(const ast::Call &call, const Span &span);
  Value evaluateReduce(const ast::Call &call, const Span &span);
  Value evaluateTop(const ast::Call &call, const Span &span);
  Value evaluateSplit(const ast::Call &call, const Span &span);
  Value evaluateMerge(const ast::Call &call, const Span &span);
  Value evaluateStack(const ast::Call &call, const Span &span);
  Value evaluateJoin(const ast::Call &call, const Span &span);
  bool arguments(const ast::Call &call, const Span &span, size_t count, const char *form);
  bool needAxes(NodeId x, const std::vector<AxisId> &axes, const std::string &what,
                const Span &span, const Span &of);
  bool needSolid(NodeId x, const std::vector<AxisId> &axes, const std::string &what,
                 const Span &span, const Span &of);

  //===--- The checkpoint (CheckParam.cpp, CheckLayout.cpp)
  void executeParam(const ast::Param &param, const Span &span);
  void executeIgnore(const ast::Ignore &ignore, const Span &span);
  struct Stored { // what a param's `=` came to
    enum { absent, tensor, value } what = absent;
    std::string name, pattern;   // tensor; `{axis}` of stacked axes is kept in the name
    std::vector<AxisId> stacked; // tensor: axes of which each position has its own
    const std::vector<ast::ExprPtr> *layout = nullptr; // tensor: as the dialect stores it
    Value other;                                       // value
    std::vector<std::string> tried;                    // names that the checkpoint lacks
  };
  Stored resolveStored(const ast::Expr &expr);
  Stored storedTensor(const std::string &text, const std::string &pattern,
                      std::vector<AxisId> stacked);
  bool isStored(const Stored &stored) const;
  std::vector<std::string> storedNames(const Stored &stored) const;
  std::vector<Value> bindTensor(const ast::Param &param, const Stored &stored, const Span &span);
  std::vector<Value> takeValue(const ast::Param &param, const Value &value);
  std::string fullName(const std::string &text) const;
  std::string fullPattern(const std::string &text) const;
  /// A string with its `{expr}` filled in; with `stacked`, those that are axes are collected there
  /// and kept.  A `message` may speak of none.
  std::string interpolate(const std::string &text, const Span &span,
                          std::vector<AxisId> *stacked = nullptr, bool message = false);
  AlgebraPtr algebraOf(const ast::Expr &expr);
  bool reasonable(const std::vector<AlgebraPtr> &dims, const Stored &stored, const Span &span);
  std::optional<int64_t> sizeOf(const Algebra &algebra) const;
  std::vector<Term> termsOf(const Algebra &algebra) const;
  std::vector<Term> termsOf(const std::vector<AlgebraPtr> &dims) const;
  void reportTensors();
  bool reportRenaming(const std::vector<std::string> &unread);
  Names::Tensor storedName(const std::string &text);

  const ast::Program &program_;
  const CheckOptions &options_;
  Diagnostics &diagnostics_;
  Names names_;
  nlohmann::json config_; // as the text sees it
  bool failed_ = false;
  int quiet_ = 0; // errors are not told, only counted, in a trial evaluation
  int quietErrors_ = 0;
  std::set<std::string> told_;

  std::unordered_map<std::string, Function> functions_;
  std::unordered_map<std::string, Pending> pending_;
  Scope top_, main_; // what blocks see; the values of the top level
  Scope *scope_ = &main_;
  std::vector<PrefixPart> prefix_;
  std::vector<Frame> frames_;
  PlaceId caller_ = -1;
  Recursion *recursion_ = nullptr;
  int loops_ = 0;
  int depth_ = 0;     // of expressions within expressions, through calls and declarations
  int64_t steps_ = 0; // statements run and calls made
  int errors_ = 0;
  bool stopped_ = false; // nothing more is told

  std::set<std::string> read_; // stored names that are read or ignored
  struct Missing {
    Span span;
    std::vector<std::string> names; // one for each layer
    std::vector<std::string> tried; // the alternatives before the last, of the first layer
    std::vector<std::vector<std::string>> all; // for each tensor the names that it may have
  };
  std::map<std::string, Missing> missing_; // by place
  Span modelSpan_;
  bool dialectFound_ = false, outputs_ = false;

  struct Part { // `{expr}` of a text
    std::shared_ptr<const Source> source;
    ast::ExprPtr expr;
  };
  std::unordered_map<std::string, Part> parts_;
  std::unordered_map<const Source *, Span> inText_; // where the text stands that is being filled in
};

/// Names of what the language itself offers to call.
const std::vector<std::string> &builtinFunctions();
bool isBuiltinFunction(const std::string &name);

} // namespace tril::dsl::checker
