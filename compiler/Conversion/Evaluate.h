//===- Evaluate.h - a value at a point, as code
//--------------------------------------------------------===//
// The heart of the lowering: `Evaluator::at(value, point)` emits the code that computes `value`
// where its axes have the coordinates of `point`.  What tril.materialize stored is loaded; all else
// is computed on the spot from its operands at their points, so that a chain of elementwise and
// view operations becomes one expression inside one loop.  One of the axes may be a lane: its
// coordinate is a number plus 0, 1, ..., width - 1, and the result is a vector.
#pragma once
#include "Conversion/Code.h"
#include "Dialect/Tril/TrilOps.h"
#include "runtime/Abi.h"
#include "llvm/ADT/MapVector.h"
#include <map>

namespace tril {
struct Machine;

/// Where along an axis.  `scalar` alone: one position for all lanes; `scalar` and `lane`:
/// consecutive positions; `lanes`: any (a vector of i64).
struct Coordinate {
  mlir::Value scalar;
  bool lane = false;
  mlir::Value lanes;
  bool aligned = true; // with `lane`: `scalar` is a multiple of the width
  bool isUniform() const { return !lane && !lanes; }
};

/// A coordinate for each axis, by name.  The coordinate of `time` is the row of this call; of its
/// other names, the position.
using Point = llvm::MapVector<mlir::StringAttr, Coordinate>;

/// `data` is a number, or a vector of the width; `valid` is a predicate of the same shape or null
/// where there are no holes.
struct Evaluated {
  mlir::Value data;
  mlir::Value valid;
};

/// Memory of a stored value: at `base + bytes() * sum(strides * coordinates)`; or, with `lanes` >
/// 0, the layout `lanes` of a state, of which `group` and `inner` flatten the axes before and after
/// the position.
struct Memory {
  mlir::Value base;
  llvm::SmallVector<std::pair<AxisAttr, mlir::Value>> strides; // in elements
  mlir::Type element;                                          // f32 or i32
  bool truth = false;   // predicates lie in memory as whole numbers
  bool inLanes = false; // positions in lanes of 16: stride of the position axis is 1, of (position
                        // / 16) is `block`
  mlir::StringAttr past;
  mlir::Value block;
  mlir::Value ring;   // positions of the ring in which the position axis runs, or null
  int64_t pinned = 0; // the first so many of them stay
  int64_t step = 1;   // positions of one residue lie together (ExtendOp)
  StateElement stored = StateElement::f32; // a state's f32 may lie in 16 bits

  int64_t bytes() const { return stored == StateElement::f32 ? 4 : 2; }
};

/// The pieces of the context that code of a body reads, loaded once at its head.
struct Frame {
  mlir::Value context, record;
  mlir::Value weights; // of this body: context.weights + record.weights
  mlir::Value arena[tril_regions], scale[tril_regions];
  mlir::Value state; // of this body
  mlir::Value rows, position, capacity, maxRows, outputBegin, thread, threads, layer;
  int ringField = -1;    // index of the first ring's offset in the record; -1: there is no record
  int argumentField = 0; // index of the first argument's offset in the record
};

class Evaluator {
public:
  Evaluator(mlir::OpBuilder &builder, Frame &frame, mlir::ModuleOp module, const Machine &machine)
      : code(builder, builder.getUnknownLoc()), frame(frame), module(module), machine(&machine) {}

  Code code;
  Frame &frame;
  mlir::ModuleOp module;
  const Machine *machine;
  int64_t width = 1; // of vectors, for coordinates that are lanes

  Evaluated at(mlir::Value value, const Point &point);
  /// ... with the holes replaced.
  mlir::Value filled(mlir::Value value, const Point &point, mlir::Value instead);

  /// Room for positions of a state (i64).
  mlir::Value capacityOf(ExtendOp state);
  /// Where the value of an equation `lag` positions ago is kept; with 0, where the new one goes.
  Memory keptBy(RecOp rec, uint64_t equation, int64_t lag);
  /// Numbers one after the other in the order of `axes`, all of which have sizes.
  Memory dense(mlir::Value base, llvm::ArrayRef<AxisAttr> axes, mlir::Type element);
  /// Where a value lies.
  Memory memoryOf(mlir::Value stored);
  mlir::Value extent(AxisAttr axis); // i64
  /// Loads from memory; holes are what storeTo wrote for them.
  Evaluated loadFrom(const Memory &memory, const Point &point, bool holes);
  void storeTo(const Memory &memory, const Point &point, Evaluated value);
  /// Makes `data` a vector of the width if it is a number.
  Evaluated spread(Evaluated value);
  mlir::Value toLanes(const Coordinate &coordinate); // a vector of i64
  mlir::StringAttr name(llvm::StringRef text) { return code.builder.getStringAttr(text); }
  mlir::Value global(llvm::StringRef prefix, llvm::ArrayRef<float> values); // address of constants
  mlir::Value globalIntegers(llvm::StringRef prefix, llvm::ArrayRef<int64_t> values);

  /// Values given rather than computed: the argument of an attention's region.
  llvm::DenseMap<mlir::Value, Evaluated> given;
  /// Forget what was computed: to be called where code goes on in another block or with other
  /// values in memory.
  struct Scope {
    explicit Scope(Evaluator &evaluator) : evaluator(evaluator), saved(std::move(evaluator.memo)) {
      evaluator.memo.clear();
    }
    ~Scope() { evaluator.memo = std::move(saved); }
    Evaluator &evaluator;
    std::map<std::vector<void *>, Evaluated> saved;
  };

private:
  friend struct Scope;
  Evaluated compute(mlir::Value value, const Point &point);
  Evaluated elementwise(mlir::Operation *op, llvm::ArrayRef<Evaluated> operands,
                        mlir::Type element);
  Evaluated index(IndexOp op, const Point &point);
  Evaluated split(SplitOp op, const Point &point);
  Evaluated merge(MergeOp op, const Point &point);
  Evaluated stack(StackOp op, const Point &point);
  Evaluated join(JoinOp op, const Point &point);
  Evaluated earlier(EarlierOp op, const Point &point);
  Evaluated param(ParamOp op, const Point &point);
  Evaluated positionAt(const Coordinate &coordinate, AxisAttr axis);
  /// The coordinate that an index expression is; keeps consecutive lanes consecutive where it can.
  Coordinate coordinateOf(mlir::Value index, const Point &point, mlir::Value &valid);
  Coordinate plus(const Coordinate &a, const Coordinate &b);
  Coordinate times(const Coordinate &a, int64_t factor);
  mlir::Value both(mlir::Value a,
                   mlir::Value b); // conjunction of predicates that may be null, scalars or vectors
  mlir::Value perLane(llvm::function_ref<mlir::Value(mlir::Value)> scalar, mlir::Value vector);

  std::map<std::vector<void *>, Evaluated> memo;
  llvm::DenseMap<mlir::Operation *, std::string> tables; // names of the constants that hold them
  unsigned globals = 0;
};

/// The bits that stand in memory for a hole: a quiet NaN that no arithmetic makes, and the least
/// whole number.
constexpr int32_t kHoleBits = 0x7fc0dead;
constexpr int32_t kHoleInteger = INT32_MIN;

} // namespace tril
