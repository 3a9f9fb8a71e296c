//===- Model.h - the checked model
//--------------------------------------------------------------===//
// What the checker makes of a text and a configuration: every compile-time choice is made, every
// name is resolved, every value has its axes.  A graph of the language's few primitives in
// topological order.  The compiler imports it one node at a time; nothing here knows of MLIR.
#pragma once
#include "dsl/Source.h"
#include <map>
#include <optional>

namespace tril::dsl {

using AxisId = int;  // index into Model::axes
using NodeId = int;  // index into Model::nodes
using PlaceId = int; // index into Model::places; -1 is "no place"

/// Where a node comes from: a span, and the place of the call that it was inlined through.
struct Place {
  Span span;
  PlaceId caller = -1;
};

/// Two axes with the same root have the same positions (`axis past = time`).  A root has root ==
/// its own id. Every axis object of the text is one entry (two calls of a block that declares
/// `hidden` make two).
struct AxisInfo {
  std::string name;
  std::optional<int64_t> size; // absent: decided by an input (time, `axis source = input`), or not
                               // known without a configuration
  AxisId root;
  bool sequence = false; // time, `axis source = input`, and their aliases
  PlaceId place = -1;
};

enum class Element {
  number,
  integer,
  truth
}; // real; whole number (positions, tokens, indices); predicate

struct Type {
  Element element = Element::number;
  std::vector<AxisId> axes; // a set; the order is the one in which a person would write them
  bool holes = false;       // may have holes
};

enum class Op {
  constant, // value
  table,    // a compile-time list read along one axis: values, axis = type.axes[0]
  position, // the position along type.axes[0], an integer
  size,     // |axis| of a sequence axis (not known before the input is there): axes[0]
  param,    // index into Model::params
  input,    // index into Model::inputs
  unary,    // function; operands[0]
  binary, // function; operands[0], operands[1]; result = union of axes; a hole where either is one
  select, // operands: predicate (no holes needed: a hole counts as false), then, otherwise.  `x
          // where p else y`
  where,  // operands: x, predicate
  otherwise, // operands: x, y: `x else y`
  reduce,    // function (sum mean max min any all count) over `axes`; operands[0]
  index, // operands: x, i0, i1, ...; axes[k] of x is read at operands[k + 1]; outside, or a hole in
         // an index, is a hole
  rename, // operands[0] with axis axes[0] called axes[1] (same root, or equal sizes when made by
          // split/merge)
  split, // operands[0] with axis axes[0] seen as parts: position = offset + sum(strides[k] * axes[k
         // + 1])
  merge, // operands[0] with axes[1..] seen as axes[0], row-major: the inverse of split with one
         // term
  stack, // operands laid along the new axis axes[0]
  join,  // operands one after the other along axes[0]; operand k is along axes[k + 1]
  top_value, // the largest of operands[0] along axes[0], as axes[1]
  top_index, // ... and where they were (integer)
  rec,       // index into Model::recurrences, result `result`: the value of that equation over time
  rec_read,  // inside a recurrence: equation `result` of `recurrence`, at time - lag (lag >= 1); a
             // hole before the start
};

/// A for over an axis at the top level: iteration i made the nodes in iterations[i] = [begin, end).
struct Loop {
  std::string axis;
  std::vector<std::pair<NodeId, NodeId>> iterations;
};

struct Node {
  Op op;
  std::vector<NodeId> operands;
  Type type;
  PlaceId place = -1;
  std::string name;     // the text's name for it, if it was bound to one (for dumps and messages)
  std::string function; // unary: neg not exp log sqrt sin cos tanh erf abs floor ceil round
                        // binary: add sub mul div mod pow max min lt le gt ge eq ne and or
                        // reduce: sum mean max min any all count
  double value = 0;     // constant
  std::vector<double> values;   // table
  std::vector<AxisId> axes;     // see Op
  std::vector<int64_t> strides; // split: one for each of axes[1..]
  int64_t offset = 0;           // split
  int index = -1;               // param, input, rec, rec_read: which
  int result = 0;               // rec, rec_read: which equation
  int64_t lag = 0;              // rec_read
};

/// One named piece of the checkpoint.  The element at positions c is, in elements of the stored
/// row-major tensor, at offset + sum over axes (strides[axis] * c[axis]).
struct Param {
  std::string name;                 // in the text
  std::vector<std::string> tensors; // stored names: one, or one for each position of `stacked`
  std::string pattern; // the name as the text has it, prefix included, `{layer}` and `{expert}` not
                       // filled in
  std::optional<AxisId> stacked; // axis of which every position has its own tensor
  std::vector<AxisId> axes;      // in stored order
  std::vector<int64_t> strides;  // one for each of axes (0 for the stacked one)
  int64_t offset = 0;
  std::vector<int64_t>
      storedShape; // of each tensor, as the checkpoint has it (row-major, slowest first)
  PlaceId place = -1;
};

struct Input {
  std::string name;
  std::vector<AxisId> axes;
  AxisId in; // tokens: 0 <= value < |in|
  PlaceId place = -1;
};

struct Output {
  std::string name;
  std::vector<AxisId> axes; // in the order of the text
  NodeId value;
  PlaceId place = -1;
  bool inner = false; ///< no output of the text: a value that `--probe` looks at too
};

/// rec { a[..] = ..; b[..] = .. }: equation e at time t is nodes[equations[e].value] at t.  The
/// nodes [begin, end) are its body, typed over time like all others; they may read nodes outside.
struct Recurrence {
  struct Equation {
    std::string name;
    Type type;
    NodeId value;
    PlaceId place = -1;
  };
  std::vector<Equation> equations;
  NodeId begin = 0, end = 0;
  AxisId axis = 0; // time
};

struct Model {
  std::string name;
  std::string claim; // "", "causal", "strictly causal", "bidirectional", "reads window"
  int64_t window = 0;
  PlaceId claimPlace = -1;
  AxisId time = 0;
  /// Sequences may be at most that long, because the text reads a table at their positions and the
  /// table ends there; holes in Type are those of sequences within that length.
  std::optional<int64_t> longest;
  bool readsContext = false; // is made for a number of positions (CheckOptions::context)
  std::vector<AxisInfo> axes;
  std::vector<Place> places;
  std::vector<Node> nodes;
  std::vector<Param> params;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<Recurrence> recurrences;
  std::vector<Loop> loops;
  /// Keeps the sources that spans point into alive.
  std::vector<std::shared_ptr<const Source>> sources;
};

} // namespace tril::dsl
