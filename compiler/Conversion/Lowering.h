//===- Lowering.h - bodies to functions, stored values to loops
//--------------------------------------------===//
#pragma once
#include "Conversion/Evaluate.h"
#include "Target/Machine.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tril {

/// Lowers one body to a function.  Every thread runs it; each stored value is one task, whose rows
/// or outputs the threads share.
class BodyLowering {
public:
  BodyLowering(mlir::ModuleOp module, const Machine &machine, BodyOp body)
      : module(module), machine(machine), body(body) {}
  void lower(mlir::func::FuncOp function);

private:
  /// How a task's work is shared: by rows of `time`, thread 0 alone, or in a way of its own
  /// (kernels).
  enum class Share { rows, first, own };
  struct Rows {
    mlir::Value begin, end;
  };

  void task(mlir::Operation &op);
  void pointwise(MaterializeOp op);
  void reduce(MaterializeOp op, llvm::ArrayRef<mlir::Value> factors, ReduceKind kind,
              mlir::ArrayAttr axes);
  void top(MaterializeOp op, TopOp topOp, bool value);
  void extend(ExtendOp op);
  void matmul(MaterializeOp op, MatmulOp matmulOp);
  void group(MaterializeOp op, GroupOp groupOp);
  void groupedMatmul(MaterializeOp op, GroupedMatmulOp matmulOp);
  mlir::func::FuncOp sgemm();
  void prepare(MaterializeOp op, PrepareOp prepareOp);
  void attention(MaterializeOp op, AttentionOp attentionOp);
  void recurrence(RecOp op);
  void keepEarlier(MaterializeOp op, const Point &point);
  void calls(llvm::ArrayRef<CallOp> run);
  void barrier();

  /// Loops over `axes`, the last one in vectors where `vectors`; a time axis runs over this
  /// thread's rows, or stays where `point` has it.
  void nest(llvm::ArrayRef<AxisAttr> axes, const Point &point, bool vectors, Rows rows,
            llvm::function_ref<void(const Point &)> inner);
  void along(AxisAttr axis, Point point, bool vectors, Rows rows,
             llvm::function_ref<void(const Point &)> inner);
  /// Runs `work` over this thread's share of `type`: its rows, or all of it on thread 0.
  void shared(NamedTensorType type, bool tail, llvm::function_ref<void(Rows, const Point &)> work);
  Rows rowsOf(bool tail);
  /// The number of rows of a matmul operand, and its bytes a row: the axes before the last `inner`
  /// ones, flattened.
  mlir::Value flatRows(NamedTensorType type, unsigned inner, Rows rows, mlir::Value &begin,
                       mlir::Value &end);

  // Which barriers are needed.
  struct Access {
    mlir::Value value; // stored
    Share share;
    bool tail;
  };
  void reads(mlir::Operation *op, llvm::SmallVectorImpl<mlir::Value> &values);
  Share shareOf(mlir::Operation *op);
  bool overlap(mlir::Value a, mlir::Value b);
  void synchronise(mlir::Operation *op, llvm::ArrayRef<mlir::Value> written, Share share,
                   bool tail);

  /// Loads the fields of the context (and of the record, where there is one) that `frame.context`
  /// points to.
  void loadFrame(Code &code, Frame &frame);

  mlir::ModuleOp module;
  const Machine &machine;
  BodyOp body;
  Frame frame;
  std::unique_ptr<Evaluator> evaluator;
  /// Inside a recurrence: the row, and where along its blocks; the last of them in so many lanes.
  std::optional<Point> fixed;
  int64_t fixedLanes = 1;
  unsigned attentions = 0;
  llvm::SmallVector<Access> written, read;
  Code &code() { return evaluator->code; }
};

/// One vector to one number, in the same order on every machine: halves are combined until one is
/// left.
mlir::Value combineLanes(Code &code, mlir::Value vector,
                         llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

} // namespace tril
