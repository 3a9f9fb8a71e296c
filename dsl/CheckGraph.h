//===- CheckGraph.h - builds the nodes of a checked model -------------------------------------===//
// Types, holes and ranges of nodes follow from their operands here; whether the text may say what
// it says was decided before.
#pragma once
#include "dsl/Model.h"
#include <limits>
#include <string>
#include <unordered_map>

namespace tril::dsl::checker {

/// What is known of a node beyond its type.
struct Facts {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  AxisId below = -1;  // a root axis of which the value is at most the last position
  AxisId affine = -1; // the value is the position along this sequence, plus `shift`
  double shift = 0;
  /// Axes that the value has through its mask alone: they may not be reduced.
  std::vector<AxisId> thin;
};

class GraphBuilder {
public:
  /// `timeLimit`: sequences are assumed to be at most that long.
  explicit GraphBuilder(std::optional<int64_t> timeLimit);

  Model model;
  PlaceId here = -1; // where the next node comes from

  PlaceId place(const Span &span, PlaceId caller);
  AxisId addAxis(std::string name, std::optional<int64_t> size, bool sequence = false);
  AxisId addAlias(std::string name, AxisId of);

  const AxisInfo &axis(AxisId id) const { return model.axes[id]; }
  const Type &type(NodeId id) const { return model.nodes[id].type; }
  const Facts &facts(NodeId id) const { return facts_[id]; }
  bool has(NodeId id, AxisId axis) const;
  AxisId root(AxisId id) const { return model.axes[id].root; }
  std::optional<int64_t> size(AxisId id) const { return model.axes[root(id)].size; }
  /// The same positions, or provably as many.
  bool sameSize(AxisId a, AxisId b) const;

  NodeId constant(double value, Element element);
  NodeId table(std::vector<double> values, AxisId axis);
  NodeId position(AxisId axis);
  NodeId extent(AxisId axis);
  NodeId param(Param param);
  NodeId input(Input input);
  NodeId unary(const std::string &function, NodeId x);
  NodeId binary(const std::string &function, NodeId x, NodeId y);
  NodeId select(NodeId predicate, NodeId then, NodeId otherwise);
  NodeId where(NodeId x, NodeId predicate);
  NodeId otherwise(NodeId x, NodeId y);
  NodeId reduce(const std::string &function, const std::vector<AxisId> &axes, NodeId x);
  /// Reads along each of `axes` at each of `at`, all at once.
  NodeId index(NodeId x, const std::vector<AxisId> &axes, const std::vector<NodeId> &at);
  NodeId rename(NodeId x, AxisId from, AxisId to);
  NodeId split(NodeId x, AxisId from, const std::vector<AxisId> &parts,
               const std::vector<int64_t> &strides, int64_t offset);
  NodeId merge(NodeId x, const std::vector<AxisId> &from, AxisId to);
  NodeId stack(const std::vector<NodeId> &xs, AxisId axis);
  NodeId join(const std::vector<NodeId> &xs, const std::vector<AxisId> &along, AxisId axis);
  NodeId top(NodeId x, AxisId from, AxisId to, bool index);
  NodeId recRead(int recurrence, int equation, int64_t lag, Type type);
  NodeId rec(int recurrence, int equation, Type type);

  void setName(NodeId id, const std::string &name);

  /// Nodes made between push and pop are shared with nobody outside: the iterations of a loop, a
  /// recurrence's body.
  void pushShared() { shared_.emplace_back(); }
  void popShared() { shared_.pop_back(); }

  /// A trial evaluation: what is made after `mark` is forgotten by `rollback`.
  struct Mark {
    size_t nodes, params, axes, recurrences;
  };
  Mark mark();
  void rollback(const Mark &mark);

  /// Reads outside of an axis are filled by the text itself (`x[a = time] else 0`), so they limit
  /// no length.
  bool filled = false;
  /// The lengths of a sequence up to which the reads of sized axes at its positions stay inside.
  const std::vector<int64_t> &limits() const { return limits_; }

private:
  std::vector<Facts> facts_;
  std::vector<std::unordered_map<std::string, NodeId>> shared_;
  std::unordered_map<std::string, PlaceId> places_;
  std::vector<int64_t> limits_;
  std::optional<int64_t> timeLimit_;

  NodeId add(Node node, Facts facts);
  bool inside(NodeId at, AxisId axis);
  std::vector<AxisId> unite(const std::vector<NodeId> &nodes) const;
  std::vector<AxisId> thinOf(const std::vector<NodeId> &nodes) const;
};

bool contains(const std::vector<AxisId> &axes, AxisId axis);

} // namespace tril::dsl::checker
