//===- Emit.h - operations for nodes
//-------------------------------------------------------------===//
#pragma once
#include "Import/Layers.h"
#include "mlir/IR/Builders.h"

namespace tril::import {

/// Emits the nodes of one body (or of @main) in order, one node at a time.
class Emitter {
public:
  /// `loop` and `kind`: the kind of layer whose body is emitted, from its first iteration; null for
  /// @main.
  Emitter(const Graph &graph, mlir::OpBuilder builder, const LoopPlan *loop = nullptr,
          const LayerKind *kind = nullptr);

  /// Emits `nodes` (in order, closed under needs except for values that are bound).
  void emit(llvm::ArrayRef<dsl::NodeId> nodes);
  void bind(dsl::NodeId id, mlir::Value value) { values_[id] = value; }
  bool has(dsl::NodeId id) const { return values_.contains(id); }
  mlir::Value value(dsl::NodeId id) const;
  /// `value` with other elements; itself if it has them.
  mlir::Value convert(mlir::Location location, mlir::Value value, mlir::Type element);
  /// `value` with its axes listed in the order of `axes`.
  mlir::Value inOrder(mlir::Location location, mlir::Value value, llvm::ArrayRef<AxisAttr> axes);
  /// `value`, real, with 0 where it has holes.
  mlir::Value filled(mlir::Location location, mlir::Value value);

  mlir::OpBuilder builder;

private:
  mlir::Value emitNode(dsl::NodeId id);
  mlir::Value emitUnary(dsl::NodeId id);
  mlir::Value emitBinary(dsl::NodeId id);
  mlir::Value emitReduce(dsl::NodeId id);
  mlir::Value emitIndex(dsl::NodeId id);
  mlir::Value emitConstant(dsl::NodeId id);
  mlir::Value emitParam(dsl::NodeId id);
  mlir::Value emitRecurrence(dsl::NodeId id);
  void planRecurrences(llvm::ArrayRef<dsl::NodeId> nodes);

  /// The node that stands in the place of `id` in each iteration of the loop that has this kind.
  dsl::NodeId counterpart(dsl::NodeId id, unsigned iteration) const;
  mlir::Value operand(dsl::NodeId id, unsigned k) const;
  mlir::Value operandAs(dsl::NodeId id, unsigned k, mlir::Type element);
  mlir::Value create(llvm::StringRef name, mlir::Location location, mlir::ValueRange operands,
                     NamedTensorType type);
  /// The operation's equal that was emitted before in the same block, in place of the new one, or
  /// the new one.
  template <typename OpT> OpT unique(OpT op) { return llvm::cast<OpT>(uniqueImpl(op)); }
  mlir::Operation *uniqueImpl(mlir::Operation *op);

  const Graph &graph;
  const dsl::Model &model;
  const LoopPlan *loop;
  const LayerKind *kind;
  llvm::DenseMap<dsl::NodeId, mlir::Value> values_;
  llvm::DenseMap<int, std::vector<dsl::NodeId>>
      regions; // by recurrence: the nodes of its region, in order
  llvm::DenseMap<dsl::NodeId, int> regionOf;
  llvm::DenseMap<int, mlir::Operation *> recurrences;
  std::unordered_multimap<size_t, mlir::Operation *> emitted; // by hash of all but the location
};

} // namespace tril::import
