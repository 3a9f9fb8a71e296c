//===- Reads.h - what the elements of values read of the inputs
//--------------------------------------===//
// The abstract value of the causality proof (docs/causality.md has the rules), and what the
// operations' `reads` methods are written with.
//
// Time is infinite here: that a position exists is itself an input at that position.  So nothing
// speaks of a length, and a value that reads nothing later than t has the same content on every
// sequence that has position t.
#pragma once
#include "Analysis/Solver.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include <deque>
#include <functional>

namespace tril::analysis {

/// A value over one sequence that reads ahead: the read, at the value's own positions.
struct Ahead {
  mlir::Value value;
  AxisAttr along;
  Formula when;
  Affine position;
};

/// How a read came through one operation, from the output towards the input.
struct Step {
  mlir::Operation *op = nullptr;
  const Step *inner = nullptr; ///< towards the input; null at the end
  /// What positions of the operand's axes are, in terms of those of the result.
  Substitution positions;
  int64_t layer = -1; ///< of a call
  /// The first value on the way from the input that reads ahead.
  const Ahead *ahead = nullptr;
  bool afterAhead = false; ///< some inner step has one
};

/// What a read decides.
enum class Role {
  content, ///< of a value that is no hole: what it is
  hole,    ///< of one that is a hole: that it is one
};

/// At positions where `when` holds, position `position` of a sequence is read: an input's element
/// there, or that it exists.
struct Case {
  Formula when = kTrue;
  Affine position;
  llvm::StringRef sequence; ///< name of the root axis
  const Step *path = nullptr;
  Role role = Role::content;

  friend bool operator==(const Case &a, const Case &b) {
    return a.when == b.when && a.position == b.position && a.sequence == b.sequence &&
           a.role == b.role;
  }
};

/// numerator / divisor, or plus or minus infinity.
struct Number {
  Affine numerator;
  int64_t divisor = 1;
  /// A quotient that may be rounded: it may be compared and rounded to a whole number, not more.
  bool rounded = false;
  int infinite = 0;

  friend bool operator==(const Number &a, const Number &b) {
    return a.numerator == b.numerator && a.divisor == b.divisor && a.rounded == b.rounded &&
           a.infinite == b.infinite;
  }
};

/// Two runs are compared of which one has all positions of the other, and perhaps more.  Cases
/// speak of the longer one; where they name its data together with that of the other, they are made
/// with `Terms::inOtherRun`.  What every rule keeps, at positions that both have:
/// - If a value is no hole in the longer run, and the runs agree on all that its cases of role
///   `content` read, it is the same in the other.
/// - If it is a hole in the longer run, may be none in the other, and the runs agree on all that
/// its
///   cases of role `hole` read, it is a hole in the other too.
struct Reads {
  llvm::SmallVector<Case, 4> cases;
  Formula valid = kTrue; ///< where it may be no hole
  Formula hole = kFalse; ///< where it may be a hole; where that is false it is none
  Formula live = kTrue;  ///< where it may be no hole and differ from 0
  Formula facts = kTrue; ///< what is known where it is no hole
  std::optional<Number> number;
  Formula truth = kOpaque; ///< of a predicate that is no hole: where it is true

  friend bool operator==(const Reads &a, const Reads &b) {
    return a.cases == b.cases && a.valid == b.valid && a.hole == b.hole && a.live == b.live &&
           a.facts == b.facts && a.number == b.number && a.truth == b.truth;
  }
};

/// The root axis to which claims refer.
inline constexpr llvm::StringLiteral kTime = "time";

class ReadsAnalysis {
public:
  struct Output {
    mlir::Operation *op;
    Reads reads;
  };
  /// Called with what a value reads, before it is made smaller.
  using Observer = std::function<void(mlir::Value, const Reads &)>;

  explicit ReadsAnalysis(ModelOp model);

  /// Analyses `@main` and, through its calls, the layers; failure if something has no rule.
  mlir::LogicalResult run();
  const std::vector<Output> &outputs() const { return outputs_; }
  const std::string &why() const { return why_; } ///< of a failure
  mlir::Operation *where() const { return where_; }

  /// Also keeps how far back values read, which makes layers differ (for `reads window`).
  bool keepWindows = false;
  /// What a layer is given counts as its input (to tell of one layer).
  bool layersAlone = false;
  /// The names of the inputs of which data are elements, by symbol.
  llvm::DenseMap<unsigned, llvm::StringRef> inputs;
  Observer observer;

  // For the operations' methods.

  mlir::LogicalResult undecided(mlir::Operation *op, const llvm::Twine &why);
  const Reads &of(mlir::Value value) const;
  void set(mlir::Value value, Reads reads);
  mlir::LogicalResult runBlock(mlir::Block &block);
  mlir::LogicalResult call(CallOp op);
  mlir::LogicalResult recurrence(RecOp op);
  mlir::LogicalResult earlier(EarlierOp op);
  void output(OutputOp op);

  /// valid and facts.
  Formula present(const Reads &reads) { return terms.both(reads.valid, reads.facts); }
  /// The same in a form that may be negated: it is no hole where this is true, and one where it is
  /// not.
  Formula presentExactly(const Reads &reads) {
    return terms.both(present(reads), terms.negate(reads.hole));
  }
  /// Where a predicate may count as false: where it is a hole, or false and what is known of it
  /// holds.
  Formula notTrue(const Reads &predicate) {
    return terms.either(predicate.hole, terms.both(predicate.facts, terms.negate(predicate.truth)));
  }
  /// Where `on` holds of a value in this run, or of what is no hole in the other.
  Formula inEitherRun(const Reads &reads, Formula on) {
    if (terms.inOtherRun(on) == on)
      return on;
    return terms.either(on, terms.inOtherRun(terms.both(present(reads), on)));
  }
  /// Where the cases of a role matter: the value is no hole, or it is one and may be none in the
  /// other run.
  Formula matters(const Reads &reads, Role role) {
    return role == Role::content ? present(reads)
                                 : terms.both(reads.hole, terms.inOtherRun(present(reads)));
  }
  /// A read of the existence of `position` of the sequence of `axis`.
  Case existence(AxisAttr axis, const Affine &position, Formula when, mlir::Operation *op);
  /// The cases of role `of` of an operand, with `when` too, as cases of role `as`, with other
  /// positions in the place of the operand's.
  void take(Reads &into, Role as, const Reads &from, Role of, Formula when,
            const Substitution &positions, mlir::Operation *op);
  /// The cases of both roles, as they are.
  void take(Reads &into, const Reads &from, Formula when, const Substitution &positions,
            mlir::Operation *op) {
    take(into, Role::content, from, Role::content, when, positions, op);
    take(into, Role::hole, from, Role::hole, when, positions, op);
  }
  /// All of a value but the cases, with other positions.
  void rename(Reads &into, const Reads &from, const Substitution &positions);
  /// Fresh existential positions of axes.
  Substitution anyPosition(llvm::ArrayRef<AxisAttr> axes);
  /// A whole number that the run decides, by the positions of `type`.
  Affine fresh(NamedTensorType type, std::optional<int64_t> least = {},
               std::optional<int64_t> most = {});
  Affine position(AxisAttr axis) { return Terms::of(terms.axis(axis)); }
  bool decided() const { return !solver.exceeded(); }

  Terms terms;
  Solver solver;

private:
  struct Known {
    std::vector<Reads> arguments, results;
    unsigned firstSymbol; ///< of its own data
  };
  struct Assumed {
    RecOp op;
    bool reads;
    llvm::SmallVector<llvm::StringRef> sequences;
  };

  Atom anywhere(llvm::StringRef sequence);
  Reads settled(mlir::Value value, const Reads &reads);
  void settleAhead(Reads &result, mlir::Value value, const Reads &reads, AxisAttr axis, Role role);
  void hideData(Reads &reads);
  void becomeInput(Reads &reads, NamedTensorType type);
  const Step *step(mlir::Operation *op, const Step *inner, const Substitution &positions,
                   int64_t layer = -1);

  ModelOp model;
  llvm::DenseMap<mlir::Value, Reads> values;
  llvm::DenseMap<mlir::Value, Reads> unsettled; ///< of outputs, whose every read is told apart
  std::map<std::string, std::vector<Known>> bodies;
  std::map<std::string, Atom> anywheres;
  std::vector<Assumed> assumed;
  std::deque<Step> steps;
  std::deque<Ahead> aheads;
  std::vector<Output> outputs_;
  std::string why_;
  mlir::Operation *where_ = nullptr;
};

/// The text's name of a value, or "".
llvm::StringRef nameInText(mlir::Location location);

} // namespace tril::analysis
