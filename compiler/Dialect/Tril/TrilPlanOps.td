//===- TrilPlanOps.td - operations of the step form: states, fused kernels, memory -------------===//
// The passes after derive-decode speak about one step: `time` is then the new positions of this call, and a value over
// `past of time` covers all positions so far.
#ifndef TRIL_PLAN_OPS_TD
#define TRIL_PLAN_OPS_TD

include "Dialect/Tril/TrilDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Tril_StateLayout : I32EnumAttr<"StateLayout", "How the positions of a state lie in memory", [
    I32EnumAttrCase<"rows", 0>,   // [position][rest]
    I32EnumAttrCase<"groups", 1>, // [group][position][rest]: values of attention
    I32EnumAttrCase<"lanes", 2>   // [group][position / 16][rest][16]: keys of attention, 16 positions a vector
  ]> {
  let cppNamespace = "::tril";
  let genSpecializedAttr = 0;
}
def Tril_StateLayoutAttr : EnumAttr<Tril_Dialect, Tril_StateLayout, "state_layout"> {
  let assemblyFormat = "$value";
}

def Tril_StateElement : I32EnumAttr<"StateElement", "How a number of a state is stored", [
    I32EnumAttrCase<"f32", 0>, I32EnumAttrCase<"f16", 1>, I32EnumAttrCase<"bf16", 2>
  ]> {
  let cppNamespace = "::tril";
  let genSpecializedAttr = 0;
}
def Tril_StateElementAttr : EnumAttr<Tril_Dialect, Tril_StateElement, "state_element"> {
  let assemblyFormat = "$value";
}

def Tril_ExtendOp : Op<Tril_Dialect, "extend", []> {
  let summary = "Appends this step's positions to a state, and gives all positions so far";
  let description = [{
    The state is linear, with room for every position of the context, or, if `ring` is not -1, a ring of the `window` positions before
    a query and those of the largest step, of which plan-cache has numbered the sizes.  The first `pinned` positions (a multiple of 64) stay
    in front of a ring for ever.  The result has the axis `past` in place of
    `time`, and covers the positions 0..position + rows - 1; of a ring, only those within the window may be read.  `groups` leading axes of the rest come before the positions in memory (layouts
    `groups` and `lanes`).  `fixed_offset` and `position_offset` place it in the state of its body:
    `fixed_offset + capacity * position_offset` bytes from there, a ring `size of the ring * position_offset` bytes from the beginning
    of the body's rings of that size; plan-memory sets them.
    Of another sequence all positions come in one call, and are kept from then on.  What is `transient` no later call reads: it lies in
    scratch memory, where `position_offset` says as the offset of a stored value does.  The result's numbers are the operand's rounded to
    `stored`, the new positions' too (to the nearest, ties to even; beyond the largest f16, 65504, to that).
    With a `step` other than 1, positions of one residue lie together: of each block of 64 * step positions first those that are 0
    modulo `step`, then those that are 1, and so on, in tiles of 64.
    (extend_c1) the operand has the sequence that `past` is another name of, the result `past` in its place.  (extend_c2) what is
    stored as f16 or bf16 is f32 without holes.
  }];
  let arguments = (ins Tril_Tensor:$operand, StrAttr:$name, StrAttr:$past, Tril_StateLayoutAttr:$layout, DefaultValuedAttr<I64Attr, "0">:$groups,
                       DefaultValuedAttr<I64Attr, "-1">:$fixed_offset, DefaultValuedAttr<I64Attr, "-1">:$position_offset,
                       DefaultValuedAttr<I64Attr, "-1">:$ring, DefaultValuedAttr<I64Attr, "-1">:$window,
                       DefaultValuedAttr<I64Attr, "0">:$pinned,
                       DefaultValuedAttr<Tril_StateElementAttr, "::tril::StateElement::f32">:$stored,
                       DefaultValuedAttr<I64Attr, "1">:$step, UnitAttr:$transient);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$name $operand `as` $past $layout attr-dict `:` functional-type($operand, $result)";
  let extraClassDeclaration = [{
    bool isRing() { return static_cast<int64_t>(getRing()) >= 0; }
    /// `time`, or the other sequence of which this is a state.
    llvm::StringRef getSequence() { return getResult().getType().axis(getPast()).getRootName(); }
    /// Of one number in memory.
    int64_t getStoredBytes() { return getStored() == ::tril::StateElement::f32 ? 4 : 2; }
  }];
  let hasVerifier = 1;
}

def Tril_AttentionOp : Op<Tril_Dialect, "attention", [SingleBlock, AttrSizedOperandSegments]> {
  let summary = "Scores, their softmax and the weighted sum of values as one, without a score matrix";
  let description = [{
    For each position of `time` (or another sequence: the first axis of the result), group and member: softmax over `past` of the region, times value, summed over `past`.  The region
    gets, for each query and its key, their product summed over the axes of `contracted` (over time, past, and those of groups and
    members that the two have), and yields the score, a hole where the mask is false.  A row with nothing allowed is 0.  `sink` is one
    more score of each row, whose value is 0.  If `rounded`, queries, keys, weights (before they are divided by their sum) and values are
    rounded to bf16 where they are multiplied; sums are f32.
    Groups are axes of the score that a key or the value has, members the others.  Axes: a query has time, some `groups`, some
    `members`, its `contracted`; its key has past, some `groups`, its `contracted`; value has past, some `groups`, `features`; the sink
    any of time, groups and members; the result time, groups, members, features, in this order.
    (attention_c1) axes are as described.  (attention_c2) there are as many queries as keys, lists of contracted axes and arguments of
    the region, at least one.  (attention_c3) the first axis of the result is a sequence.
  }];
  let arguments = (ins Variadic<Tril_Tensor>:$queries, Variadic<Tril_Tensor>:$keys, Tril_Tensor:$value, Optional<Tril_Tensor>:$sink,
                       StrAttr:$past, StrArrayAttr:$groups, StrArrayAttr:$members,
                       TypedArrayAttrBase<StrArrayAttr, "lists of axes">:$contracted, StrArrayAttr:$features,
                       UnitAttr:$rounded);
  let regions = (region SizedRegion<1>:$score);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = [{
    $queries `by` $keys `of` $value (`sink` $sink^)? `over` $past `groups` $groups `members` $members `contracted` $contracted
    `features` $features attr-dict `:` functional-type(operands, $result) $score
  }];
  let extraClassDeclaration = [{
    /// The axis of the queries.
    llvm::StringRef getTime() { return getResult().getType().getAxes().front().getName(); }
  }];
  let hasVerifier = 1;
}

def Tril_MatmulOp : Op<Tril_Dialect, "matmul", [Pure]> {
  let summary = "A contraction with a packed weight";
  let description = [{
    rows of x (its axes before `contracted`, flattened) times the weight, one output row of the weight a lane.  `prepared` is x as the kernels
    for quantised weights read it.  With `each`, an axis of x and of the weight that is not summed, each of its positions has a matrix
    of its own, for x at that position.  (matmul_c1) x ends in the axes `contracted`, in order, before them `each`; the result has
    x's other axes, then the weight's outputs, in order.
  }];
  let arguments = (ins Tril_Tensor:$x, Tril_Tensor:$weight, Optional<Tril_Tensor>:$prepared, StrArrayAttr:$contracted,
                       OptionalAttr<StrAttr>:$each);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = [{
    $contracted $x `,` $weight (`each` $each^)? (`prepared` $prepared^)? attr-dict `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

def Tril_GroupOp : Op<Tril_Dialect, "group", [Pure]> {
  let summary = "The rows of a call in the order of what they chose";
  let description = [{
    `chosen` says for each row (its axes, flattened) which of `count` matrices it is multiplied with.  The result lists the numbers of all
    rows, those of the first matrix first, those of one matrix in their own order.
  }];
  let arguments = (ins Tril_Tensor:$chosen, I64Attr:$count);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$chosen `of` $count attr-dict `:` functional-type($chosen, $result)";
}

def Tril_GroupedMatmulOp : Op<Tril_Dialect, "grouped_matmul", [Pure]> {
  let summary = "A contraction of each row with the one of several packed weights that it chose";
  let description = [{
    Row r of the result (the axes of `chosen`, flattened) is row r of x times position `chosen[r]` of the weight's axis `axis`; several
    rows that follow each other may share a row of x, which then lacks their axes.  `order` is a `tril.group` of `chosen`: rows
    of one matrix are computed together, and matrices that no row chose are not read.  (grouped_matmul_c1) x has leading axes of `chosen`,
    in order, and then `contracted`.  (grouped_matmul_c2) the result has the axes of `chosen`, then the weight's outputs, in order.
  }];
  let arguments = (ins Tril_Tensor:$x, Tril_Tensor:$weight, Tril_Tensor:$chosen, Tril_Tensor:$order, Optional<Tril_Tensor>:$prepared,
                       StrArrayAttr:$contracted, StrAttr:$axis);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = [{
    $contracted $x `,` $weight $axis `at` $chosen `in` $order (`prepared` $prepared^)? attr-dict `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

def Tril_PrepareOp : Op<Tril_Dialect, "prepare", [Pure]> {
  let summary = "Activations as the kernels for quantised weights read them";
  let description = [{
    The operand's last `inner` axes, flattened, in blocks of 32: for each, the sums that formats with minima need, or its scale and its numbers
    in 24-bit digits, as the machine wants them (compiler/Conversion/Kernels/Prepare.h).  The result is opaque: 28 words for each block.
  }];
  let arguments = (ins Tril_Tensor:$operand, I64Attr:$inner);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand `inner` $inner attr-dict `:` functional-type($operand, $result)";
}

def Tril_MaterializeOp : Op<Tril_Dialect, "materialize", [Pure]> {
  let summary = "A value that lies in memory";
  let description = [{
    The same value, stored in the order of the result's axes, slowest first.  Everything else is computed where it is read.  `offset` is set by
    plan-memory: bytes, times what the region grows with (`rows`, `capacity`, both or neither, by the dynamic axes of the type).
    `return_index` marks a value that the body returns, and `output_index` one that is an output: their place is given by who calls.
    `tail` marks a value of which the rows before the first wanted output are not needed.
    In a recurrence `one_row` marks a value of which only the position at hand is stored, and `kept` one that lies in the state of the
    recurrence, as the last value of the equation with this number.
    (materialize_c1) operand and result have the same axes.  (materialize_c2) what is kept, or stored for one row, stands in a recurrence.
  }];
  let arguments = (ins Tril_Tensor:$operand, DefaultValuedAttr<I64Attr, "-1">:$offset, OptionalAttr<I64Attr>:$return_index,
                       OptionalAttr<I64Attr>:$output_index, UnitAttr:$tail, UnitAttr:$one_row, OptionalAttr<I64Attr>:$kept);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` functional-type($operand, $result)";
  let hasVerifier = 1;
}

#endif
