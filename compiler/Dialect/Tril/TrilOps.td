//===- TrilOps.td - the operations -------------------------------------------------------------===//
#ifndef TRIL_OPS_TD
#define TRIL_OPS_TD

include "Dialect/Tril/TrilDialect.td"
include "Dialect/Tril/ReadsInterface.td"
include "Dialect/Tril/TrilPlanOps.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"

class Tril_Op<string mnemonic, list<Trait> traits = []> : Op<Tril_Dialect, mnemonic, traits>;
// One of the whole-sequence form.
class Tril_WholeOp<string mnemonic, list<Trait> traits = []> : Tril_Op<mnemonic, traits # [Tril_Reads]>;

//===-------------------------------------------------------------------------------------------===//
// Structure
//===-------------------------------------------------------------------------------------------===//

def Tril_ModelOp : Tril_Op<"model", [Symbol, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove]> {
  let summary = "An architecture with its configuration";
  let description = [{
    Holds the axes of the text, the body `@main`, one body for each distinct kind of layer, and, after the
    passes that make them, states and buffers.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$claim);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name (`is` $claim^)? attr-dict-with-keyword $body";
}

def Tril_BodyOp : Tril_Op<"body", [FunctionOpInterface, IsolatedFromAbove, SingleBlock, HasParent<"ModelOp">]> {
  let summary = "The main program, or one kind of layer";
  let description = [{
    `@main` reads the inputs and gives the outputs.  Another body is one kind of layer: what differs between the
    layers that share it are the checkpoint names of its params (`{layer}` in a pattern stands for the `layer` of
    the call) and its layer constants.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let builders = [OpBuilder<(ins "llvm::StringRef":$name, "mlir::FunctionType":$type)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    mlir::Region *getCallableRegion() { return &getBody(); }
    llvm::ArrayRef<mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    llvm::ArrayRef<mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
  }];
}

def Tril_ReturnOp : Tril_WholeOp<"return", [Terminator, Pure, HasParent<"BodyOp">, ReturnLike]> {
  let summary = "The values of a body";
  let description = [{ (return_c1) the values have the result types of the body, in order. }];
  let arguments = (ins Variadic<Tril_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let hasVerifier = 1;
}

def Tril_CallOp : Tril_WholeOp<"call", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One layer";
  let description = [{
    `layer` selects the checkpoint names and the layer constants of the callee.  (call_c1) the callee is a body of the model.
    (call_c2) arguments and values have the types of its arguments and results.  (call_c3) `layer` is not negative.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Tril_Tensor>:$arguments, I64Attr:$layer);
  let results = (outs Variadic<Tril_Tensor>:$values);
  let assemblyFormat = "$callee `(` $arguments `)` `layer` $layer attr-dict `:` functional-type($arguments, $values)";
}

def Tril_OutputOp : Tril_WholeOp<"output", [HasParent<"BodyOp">]> {
  let summary = "A named output, its axes in the order in which it is written out";
  let description = [{ (output_c1) `axes` are exactly the axes of the value, which comes in that order.  Holes are written as 0. }];
  let arguments = (ins StrAttr:$name, Tril_Tensor:$value, StrArrayAttr:$axes);
  let assemblyFormat = "$name $value $axes attr-dict `:` type($value)";
  let hasVerifier = 1;
}

//===-------------------------------------------------------------------------------------------===//
// Sources
//===-------------------------------------------------------------------------------------------===//

def Tril_ConstantOp : Tril_WholeOp<"constant", [Pure, ConstantLike]> {
  let summary = "A number";
  let description = [{ Of whole numbers and truth values (0, 1) too.  (constant_c1) the result has no axes and no holes. }];
  let arguments = (ins F64Attr:$value);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tril_TableOp : Tril_WholeOp<"table", [Pure]> {
  let summary = "Constant numbers over static axes, row-major in the order of the type";
  let description = [{ (table_c1) every axis has a static size.  (table_c2) there is a value for each position.  (table_c3) no holes. }];
  let arguments = (ins DenseF64ArrayAttr:$values);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "custom<Numbers>($values) attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tril_LayerConstantOp : Tril_WholeOp<"layer_constant", [Pure]> {
  let summary = "A number that differs between the layers that share a body";
  let description = [{
    `values` has one number for each layer of the loop, by the `layer` of the call.  (layer_constant_c1) the result has no axes and no
    holes.  (layer_constant_c2) there is a value.
  }];
  let arguments = (ins DenseF64ArrayAttr:$values);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "custom<Numbers>($values) attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tril_PositionOp : Tril_WholeOp<"position", [Pure]> {
  let summary = "The position along an axis";
  let description = [{ (position_c1) the result has that one axis and i32 elements. }];
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tril_ExtentOp : Tril_WholeOp<"extent", [Pure]> {
  let summary = "The number of positions of a sequence axis";
  let description = [{ (extent_c1) the axis has no static size.  (extent_c2) the result has no axes, no holes and i32 elements. }];
  let arguments = (ins Tril_AxisAttr:$axis);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tril_ParamOp : Tril_WholeOp<"param", [Pure]> {
  let summary = "A tensor of the checkpoint, or a part of one";
  let description = [{
    The element at positions c is, in elements of the stored row-major tensor, at
    `offset + sum(strides[a] * c[a])`, `strides` following the axes of the result's type.  `pattern` names the tensor; `{layer}`
    is filled in by the call.  `names` lists the stored names: for each layer of the loop (just one in `@main`), for each
    position of the axis `stacked` (just one without it).  (param_c1) there is a stride for each axis of the result.
    (param_c2) `stacked` is an axis of the result.  (param_c3) `names` holds lists of strings, one of them not empty.  (param_c4) all axes have static
    sizes, and there are no holes.
  }];
  let arguments = (ins StrAttr:$pattern, DenseI64ArrayAttr:$strides, I64Attr:$offset, OptionalAttr<StrAttr>:$stacked,
                       DenseI64ArrayAttr:$stored_shape, ArrayAttr:$names);
  let results = (outs Tril_Tensor:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The stored names of layer `layer` (0 in `@main`).
    llvm::SmallVector<llvm::StringRef> storedNames(int64_t layer);
  }];
}

def Tril_InputOp : Tril_WholeOp<"input", [Pure]> {
  let summary = "What is given at run time: tokens, or a further input of the text";
  let description = [{
    Whole numbers in 0..limit-1; something else is refused before the model runs.  (input_c1) the result has i32 elements and no
    holes.  (input_c2) `limit` is at least 1.
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$limit);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$name `below` $limit attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===-------------------------------------------------------------------------------------------===//
// Elementwise.  Operands are aligned by axis name; the result has the union of their axes and a hole where any operand has one.
//   (elementwise_c1) the axes of the result are the union of the operands' axes.
//   (elementwise_c2) the result has holes if and only if an operand has.
//   (elementwise_c3) elements: arithmetic is of one type of numbers; functions, `div` and `pow` of real ones; comparisons are of one type and
//     give i1; `and`, `or`, `not` are of i1; `convert` has any.
//===-------------------------------------------------------------------------------------------===//

def Tril_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::tril::OpTrait";
}

class Tril_Unary<string mnemonic, string text> : Tril_WholeOp<mnemonic, [Pure, Tril_Elementwise]> {
  let summary = text;
  let hasFolder = 1;
  let arguments = (ins Tril_Tensor:$operand);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` functional-type($operand, $result)";
}
class Tril_Binary<string mnemonic, string text, list<Trait> traits = []> : Tril_WholeOp<mnemonic, [Pure, Tril_Elementwise] # traits> {
  let summary = text;
  let hasFolder = 1;
  let arguments = (ins Tril_Tensor:$lhs, Tril_Tensor:$rhs);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, $result)";
}

def Tril_NegOp : Tril_Unary<"neg", "-x">;
def Tril_NotOp : Tril_Unary<"not", "Truth of the opposite">;
def Tril_ExpOp : Tril_Unary<"exp", "e^x">;
def Tril_LogOp : Tril_Unary<"log", "Natural logarithm">;
def Tril_SqrtOp : Tril_Unary<"sqrt", "Square root">;
def Tril_SinOp : Tril_Unary<"sin", "Sine of radians">;
def Tril_CosOp : Tril_Unary<"cos", "Cosine of radians">;
def Tril_TanhOp : Tril_Unary<"tanh", "Hyperbolic tangent">;
def Tril_ErfOp : Tril_Unary<"erf", "Error function">;
def Tril_AbsOp : Tril_Unary<"abs", "|x|">;
def Tril_FloorOp : Tril_Unary<"floor", "Largest whole number not above x">;
def Tril_CeilOp : Tril_Unary<"ceil", "Smallest whole number not below x">;
def Tril_RoundOp : Tril_Unary<"round", "Nearest whole number, ties to even">;
def Tril_ConvertOp : Tril_Unary<"convert", "The same number in another element type (whole to real, truth to 0 and 1, real to whole by truncation)">;

def Tril_AddOp : Tril_Binary<"add", "x + y", [Commutative]>;
def Tril_SubOp : Tril_Binary<"sub", "x - y">;
def Tril_MulOp : Tril_Binary<"mul", "x * y", [Commutative]>;
def Tril_DivOp : Tril_Binary<"div", "x / y, of real numbers">;
def Tril_ModOp : Tril_Binary<"mod", "x - y * floor(x / y)">;
def Tril_PowOp : Tril_Binary<"pow", "x ^ y, of real numbers">;
def Tril_MaxOp : Tril_Binary<"max", "The larger", [Commutative]>;
def Tril_MinOp : Tril_Binary<"min", "The smaller", [Commutative]>;
def Tril_LtOp : Tril_Binary<"lt", "x < y">;
def Tril_LeOp : Tril_Binary<"le", "x <= y">;
def Tril_GtOp : Tril_Binary<"gt", "x > y">;
def Tril_GeOp : Tril_Binary<"ge", "x >= y">;
def Tril_EqOp : Tril_Binary<"eq", "x == y", [Commutative]>;
def Tril_NeOp : Tril_Binary<"ne", "x != y", [Commutative]>;
def Tril_AndOp : Tril_Binary<"and", "Both", [Commutative]>;
def Tril_OrOp : Tril_Binary<"or", "Either", [Commutative]>;

def Tril_SelectOp : Tril_WholeOp<"select", [Pure]> {
  let summary = "x where p else y";
  let description = [{
    A hole in the predicate counts as false; the result is a hole where the chosen one is.  (select_c1) the result has the union of the
    operands' axes.  (select_c2) the three values have the same elements.  (select_c3) the result has holes if and only if one of the two values has.
  }];
  let arguments = (ins Tril_TruthTensor:$condition, Tril_Tensor:$then, Tril_Tensor:$otherwise);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$condition `,` $then `,` $otherwise attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Tril_WhereOp : Tril_WholeOp<"where", [Pure]> {
  let summary = "Makes holes where a predicate is false";
  let description = [{
    A hole stays one; a hole in the predicate counts as false.  (where_c1) the result has the union of the operands' axes.  (where_c2) the result has
    the elements of the operand.  (where_c3) the result has holes.
  }];
  let arguments = (ins Tril_Tensor:$operand, Tril_TruthTensor:$condition);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand `,` $condition attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Tril_ElseOp : Tril_WholeOp<"else", [Pure]> {
  let summary = "Fills holes";
  let description = [{
    Where both are holes, the result is one.  (else_c1) the result has the union of the operands' axes.  (else_c2) the three have the same
    elements.  (else_c3) the result has holes if and only if both operands have.
  }];
  let arguments = (ins Tril_Tensor:$operand, Tril_Tensor:$otherwise);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand `,` $otherwise attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===-------------------------------------------------------------------------------------------===//
// Reductions
//===-------------------------------------------------------------------------------------------===//

def Tril_ReduceOp : Tril_WholeOp<"reduce", [Pure]> {
  let summary = "Reduces named axes; holes are skipped";
  let description = [{
    Over nothing, `sum` and `count` are 0, `any` false, `all` true; `max`, `min`, `mean` are holes.
    `count` counts where a predicate is true.
    (reduce_c1) every axis of `axes` is in the operand.  (reduce_c2) the result has the other axes.  (reduce_c3) elements: `any`, `all` of i1
    give i1; `count` of i1 gives i32; `mean` is of real numbers; the others keep their elements, numbers.  (reduce_c4) `sum`, `any`, `all`, `count`
    have no holes; `max`, `min`, `mean` have if and only if the operand has or there is nothing to reduce.
  }];
  let arguments = (ins Tril_ReduceKindAttr:$kind, StrArrayAttr:$axes, Tril_Tensor:$operand);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "`` $kind $axes $operand attr-dict `:` functional-type($operand, $result)";
  let hasVerifier = 1;
}

def Tril_ContractOp : Tril_WholeOp<"contract", [Pure]> {
  let summary = "A sum of a product";
  let description = [{
    sum over `axes` of the product of the operands; a hole in any factor counts as 0.  (contract_c1) every axis of `axes` is in some operand.
    (contract_c2) the result has the union of the operands' axes without `axes`, and no holes.  (contract_c3) there is a factor, and all have
    the elements of the result.  `rounded`, of the products of an attention: factors are the nearest numbers of bf16 to the operands (ties to
    even).  Code that does not multiply in bf16 may leave that out.  What a softmax gives is not rounded here, since code rounds it before
    it is divided by its sum.
  }];
  let arguments = (ins StrArrayAttr:$axes, Variadic<Tril_NumberTensor>:$factors, UnitAttr:$rounded);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$axes $factors attr-dict `:` functional-type($factors, $result)";
  let hasVerifier = 1;
}

def Tril_SoftmaxOp : Tril_WholeOp<"softmax", [Pure]> {
  let summary = "exp(x - max x), divided by its sum, along axes; holes stay holes";
  let description = [{
    A row of holes only stays one.  `sink` is one more number of each row, that the result leaves out (Xiao et al. 2023,
    arXiv:2309.17453).  (softmax_c1) every axis of `axes` is in the operand.  (softmax_c2) operand and result have the
    same axes, holes and elements, real numbers.  (softmax_c3) the axes of the sink are among the operand's others, and it has no holes.
  }];
  let arguments = (ins StrArrayAttr:$axes, Tril_Tensor:$operand, Optional<Tril_Tensor>:$sink);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$axes $operand (`sink` $sink^)? attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Tril_TopOp : Tril_WholeOp<"top", [Pure]> {
  let summary = "The largest along an axis, and where they were";
  let description = [{
    Along `axis`, as many as the axis `into` has, in falling order, the lower position first among equals; holes come last and stay
    holes.  (top_c1) the operand has `axis` and not `into`.  (top_c2) both results have `into`, of static size, in place of `axis`.  (top_c3) the
    values have the elements of the operand, numbers, the positions i32.  (top_c4) both results have holes if and only if the operand has
    or there may be too few positions.
  }];
  let arguments = (ins StrAttr:$axis, StrAttr:$into, Tril_Tensor:$operand);
  let results = (outs Tril_Tensor:$value, Tril_Tensor:$position);
  let assemblyFormat = "$axis `to` $into $operand attr-dict `:` functional-type($operand, results)";
  let hasVerifier = 1;
}

//===-------------------------------------------------------------------------------------------===//
// Reading and rearranging
//===-------------------------------------------------------------------------------------------===//

def Tril_IndexOp : Tril_WholeOp<"index", [Pure]> {
  let summary = "Reads along axes at given positions";
  let description = [{
    The operand is read along `axes[k]` at `indices[k]`.  The axes of the indices take the place of `axes`; an index axis that
    the operand also has (besides the replaced ones) is aligned.  Outside of the axis, or at a hole of the index, is a hole.
    (index_c1) every axis of `axes` is in the operand, with an index.  (index_c2) indices have i32 elements.  (index_c3) the result has the
    operand's other axes and those of the indices.  (index_c4) the result has the elements of the operand, and holes if the operand or an index has.
  }];
  let arguments = (ins Tril_Tensor:$operand, StrArrayAttr:$axes, Variadic<Tril_NumberTensor>:$indices);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand $axes `at` $indices attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}
def Tril_RenameOp : Tril_WholeOp<"rename", [Pure]> {
  let summary = "Calls an axis by another name";
  let description = [{
    (rename_c1) the two axes have the same size, or the same root.  (rename_c2) the operand lacks `to`.  (rename_c3) the result has `to` in place of
    `from`, and else the operand's axes, elements and holes.
  }];
  let arguments = (ins Tril_Tensor:$operand, StrAttr:$from, StrAttr:$to);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand $from `to` $to attr-dict `:` functional-type($operand, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}
def Tril_SplitOp : Tril_WholeOp<"split", [Pure]> {
  let summary = "Sees one axis as several";
  let description = [{
    The position along `axis` is `offset + sum(strides[k] * position along parts[k])`.  (split_c1) the operand has `axis`, of static size, and none
    of `parts`.  (split_c2) there is a stride for each part.  (split_c3) the result has the parts, of static size, in place of `axis`,
    and else the operand's axes, elements and holes.  (split_c4) no position lies outside of `axis`.
  }];
  let arguments = (ins Tril_Tensor:$operand, StrAttr:$axis, StrArrayAttr:$parts, DenseI64ArrayAttr:$strides, I64Attr:$offset);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand $axis `to` $parts `strides` $strides `offset` $offset attr-dict `:` functional-type($operand, $result)";
  let hasVerifier = 1;
}
def Tril_MergeOp : Tril_WholeOp<"merge", [Pure]> {
  let summary = "Sees several axes as one, row-major";
  let description = [{
    (merge_c1) the operand has every part, and not `axis`.  (merge_c2) the result has `axis` in place of the parts, and else the operand's
    axes, elements and holes.  (merge_c3) `axis` has as many positions as the parts together.
  }];
  let arguments = (ins Tril_Tensor:$operand, StrArrayAttr:$parts, StrAttr:$axis);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$operand $parts `to` $axis attr-dict `:` functional-type($operand, $result)";
  let hasVerifier = 1;
}
def Tril_StackOp : Tril_WholeOp<"stack", [Pure]> {
  let summary = "Lays values along a new axis";
  let description = [{
    Operand k is at position k.  (stack_c1) no operand has `axis`.  (stack_c2) the result has the union of the operands' axes, and `axis`.
    (stack_c3) `axis` has a position for each operand.  (stack_c4) all have the same elements, and the result has holes if an operand has.
  }];
  let arguments = (ins StrAttr:$axis, Variadic<Tril_Tensor>:$operands);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$axis $operands attr-dict `:` functional-type($operands, $result)";
  let hasVerifier = 1;
}
def Tril_JoinOp : Tril_WholeOp<"join", [Pure]> {
  let summary = "Lays values one after the other along an axis";
  let description = [{
    Operand k lies along its axis `parts[k]`, which becomes a stretch of `axis`; an empty name is a stretch of one position.  (join_c1) there is a part for
    each operand, which has it.  (join_c2) the result has `axis` in place of the parts, and else the union of the operands' axes.
    (join_c3) `axis` has as many positions as the parts together.  (join_c4) all have the same elements, and the result has holes if an operand has.
  }];
  let arguments = (ins StrAttr:$axis, StrArrayAttr:$parts, Variadic<Tril_Tensor>:$operands);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$axis $parts $operands attr-dict `:` functional-type($operands, $result)";
  let hasVerifier = 1;
}

//===-------------------------------------------------------------------------------------------===//
// Recurrences
//===-------------------------------------------------------------------------------------------===//

def Tril_RecOp : Tril_WholeOp<"rec", [SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Values defined by their own earlier positions";
  let description = [{
    The region computes every equation at each position of `axis` (time), in order.  Values are typed over time inside as
    outside, and mean the one current position.  `tril.earlier` reads an equation at an earlier position.  The results are
    the equations' values at all positions.  Values from outside are used directly.  (rec_c1) every result has `axis`.  (rec_c2) the
    region yields values of the results' types.
  }];
  let arguments = (ins StrAttr:$axis);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Tril_Tensor>:$values);
  let assemblyFormat = "$axis attr-dict `:` type($values) $body";
  let hasRegionVerifier = 1;
}
def Tril_EarlierOp : Tril_WholeOp<"earlier", []> {
  let summary = "An equation of the enclosing recurrence, `lag` positions ago";
  let description = [{ A hole before the start.  (earlier_c1) `lag` is at least 1.  (earlier_c2) it stands in a recurrence that has the equation.  (earlier_c3) the
    result has the axes and elements of the equation, and holes.
  }];
  let arguments = (ins I64Attr:$equation, I64Attr:$lag);
  let results = (outs Tril_Tensor:$result);
  let assemblyFormat = "$equation `ago` $lag attr-dict `:` type($result)";
  let hasVerifier = 1;
}
def Tril_YieldOp : Tril_WholeOp<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "The values of a region";
  let arguments = (ins Variadic<Tril_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ }]>];
}

#endif
