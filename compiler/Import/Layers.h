//===- Layers.h - which iterations of a loop are the same kind of layer
//-------------------------===//
#pragma once
#include "Import/Graph.h"
#include "llvm/ADT/DenseSet.h"

namespace tril::import {

/// One iteration of a loop, as a body sees it.  Formulas and params from outside of the loop that
/// it reads are nodes of the body too.
struct Iteration {
  dsl::NodeId begin = 0, end = 0;
  /// What the layer computes, in order of the text.
  std::vector<dsl::NodeId> body;
  llvm::DenseMap<dsl::NodeId, unsigned> local; // the position of a node in `body`
  /// Values that come from outside, in order of first use.
  std::vector<dsl::NodeId> inputs;
  /// Values that do not depend on the layer and are computed before it in @main, in order, with all
  /// that they need.
  std::vector<dsl::NodeId> hoisted;
  /// Equal for iterations that may share a body.
  std::string signature;
  unsigned kind = 0; // index into LoopPlan::kinds
};

/// A kind of layer: one body.
struct LayerKind {
  std::vector<unsigned> iterations;
  std::vector<unsigned> outputs; // positions in `body` of the values that are used afterwards, of
                                 // any of the iterations
};

struct LoopPlan {
  std::string axis;
  std::vector<Iteration> iterations;
  std::vector<LayerKind> kinds;
};

/// Takes a loop apart.  An iteration's nodes are divided into those of the body and those that all
/// layers can share because they depend on nothing of the layer: functions of positions such as a
/// rotary embedding's cosines.  The latter are hoisted where that saves work; cheap ones (a mask's
/// comparison) and those over two sequences are left in the body.
LoopPlan planLoop(const Graph &graph, const dsl::Loop &loop);

} // namespace tril::import
