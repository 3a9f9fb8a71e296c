//===- Graph.h - facts about the checked graph that the import needs
//----------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "Import/Import.h"
#include "dsl/Model.h"
#include "llvm/ADT/DenseMap.h"

namespace tril::import {

/// Types, locations and liveness of the nodes of a model.
class Graph {
public:
  Graph(mlir::MLIRContext &context, const dsl::Model &model, const ImportOptions &options);

  /// What is wrong with the model, or nothing.
  const std::string &fault() const { return fault_; }

  AxisAttr axis(dsl::AxisId id) const { return axes_[id]; }
  mlir::StringAttr axisName(dsl::AxisId id) const;
  mlir::Type element(dsl::Element element) const;
  /// The type of a node's value.  Holes are worked out here from the operands by the rules of the
  /// dialect, so that the verifiers agree; the checker's own answer is used for reads whose range
  /// it proved.
  NamedTensorType type(dsl::NodeId id) const { return types_[id]; }
  NamedTensorType type(const dsl::Type &type, bool holes) const;

  /// The place of a node: its span, through the calls that it was inlined by, with the text's name
  /// of the value.
  mlir::Location location(dsl::NodeId id) const;
  mlir::Location place(dsl::PlaceId id) const;

  /// Every node that `id` needs: its operands, and for the parts of a recurrence all its equations.
  llvm::SmallVector<dsl::NodeId> needs(dsl::NodeId id) const;
  /// Some output needs it.
  bool live(dsl::NodeId id) const { return live_[id]; }

  mlir::MLIRContext &context;
  const dsl::Model &model;
  const ImportOptions &options;

private:
  void nameAxes();
  void findTypes();
  void makeConstantsReal();
  void findLive();

  std::string fault_;
  std::vector<AxisAttr> axes_;
  std::vector<NamedTensorType> types_;
  std::vector<bool> live_;
  mutable llvm::DenseMap<dsl::PlaceId, mlir::Location> places_;
};

} // namespace tril::import
