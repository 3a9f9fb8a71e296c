//===- Passes.td - the passes over the tril dialect --------------------------------------------===//
#ifndef TRIL_PASSES_TD
#define TRIL_PASSES_TD

include "mlir/Pass/PassBase.td"

def ProveCausality : Pass<"tril-prove-causality", "::tril::ModelOp"> {
  let summary = "Prove what the text claims of itself, for all inputs and every length, or tell what refutes it";
  let description = [{
    `tril` proves the claim of a text before it compiles it; this is the same for a printed dump of the phase `tril`.  It changes nothing.
    The rules are in causality.md.
  }];
  let statistics = [Statistic<"queries", "queries", "Formulas that were decided">];
}

def Recognise : Pass<"tril-recognise", "::tril::ModelOp"> {
  let summary = "Find contractions and softmaxes in what the text says with sums, products and exponentials";
  let description = [{
    The language has no contraction and no softmax: `sum[a](x * w)` and the definition in std are their text.  This pass
    is apart from the import so that the imported form stays a literal picture of the text, and runs once, because later
    passes treat the two as primitives.
  }];
  let statistics = [
    Statistic<"contractions", "contractions", "Contractions found">,
    Statistic<"softmaxes", "softmaxes", "Softmaxes found">
  ];
}

def CutStates : Pass<"tril-cut-states", "::tril::ModelOp"> {
  let summary = "Choose what is kept of earlier positions: what is read of them, or what that is computed from";
  let description = [{
    A value of one position that is computed from values read at earlier positions is computed there, once.  Keys and values that are
    the product of a narrower latent and a weight need not be kept: by the associative law the weight moves to the query, or behind the weighted sum, and
    attention reads the latent.  `auto` does so where reading an earlier position then costs less (the larger of bytes read and
    operations, in CutStates.cpp), `latent` where it takes fewer bytes, `direct` never.  It stands before derive-decode, which makes a
    state of whatever is read then.
  }];
  let options = [Option<"keep", "keep", "std::string", "\"auto\"", "auto, latent or direct">];
  let statistics = [
    Statistic<"once", "once", "Values that are computed once, not again by every step">,
    Statistic<"latents", "latents", "Latents kept in the place of what is made of them">
  ];
}

def KeepSequences : Pass<"tril-keep-sequences", "::tril::ModelOp"> {
  let summary = "Read what is given at once, such as an encoder's positions, under another name, so that it is kept";
  let description = [{
    The positions of a sequence other than `time` come with the first call of a run.  After this pass the sequence's own name means the
    positions that a call brings (all, or none), another name all of them: what a step reads of an encoder is a rename, of which
    derive-decode makes a state, so that the encoder runs once.  Apart from derive-decode because it only renames: the meaning stays.
  }];
  let statistics = [Statistic<"values", "values", "Values read under another name">];
}

def DeriveDecode : Pass<"tril-derive-decode", "::tril::ModelOp"> {
  let summary = "Turn the whole-sequence text into a step over new positions";
  let description = [{
    After this pass `time` means the new positions of one call.  Whatever later positions read of earlier ones becomes a state:
    a value that is read under another name of the time axis (`k[past]`) or at another position (`x[time - 1]`) is appended to a state,
    and read from there.  So does what is read of another sequence under another name.  The same function serves a prompt (many positions a call) and a token (one).
    A text that reduces over `time` itself, or makes no claim to be causal, has no step: the pass records why, and the product takes whole
    sequences only.
  }];
  let statistics = [Statistic<"states", "states", "States made">];
}

def NarrowStates : Pass<"tril-narrow-states", "::tril::ModelOp"> {
  let summary = "Store what contractions read of earlier positions in 16 bits";
  let description = [{
    Keys, values and the latents in their place are rounded when they are written, whole sequence or step, and read as they were rounded. A state
    that something else reads too, one with holes, and the values of a recurrence stay f32.  It runs where `--cache` asks for another
    type than f32.
  }];
  let options = [Option<"type", "type", "std::string", "\"f16\"", "f16 or bf16">];
  let statistics = [Statistic<"narrowed", "narrowed", "States stored in 16 bits">];
}

def RoundAttention : Pass<"tril-round-attention", "::tril::ModelOp"> {
  let summary = "Round what attention multiplies to bf16";
  let description = [{
    Marks the contractions whose factors are the weights of a softmax over positions, for each of other positions, and those of queries with
    keys that its scores are made of: their factors are rounded, in the interpreter too.  It runs where `--attention` asks for bf16.
  }];
  let statistics = [Statistic<"marked", "marked", "Contractions of rounded factors">];
}

def FuseAttention : Pass<"tril-fuse-attention", "::tril::ModelOp"> {
  let summary = "Make one operation of scores, mask, softmax and the weighted sum of values";
  let description = [{
    Found from the contraction of a softmax with values, whatever elementwise score and mask lie between the softmax and the
    contractions of queries with keys.  The score and the mask keep their text, as the region of `tril.attention`.  It stands after
    derive-decode, because the layout of keys and values in their states is the fused kernel's choice.
  }];
  let options = [Option<"remarks", "remarks", "bool", "false", "Say of each attention that is not fused why it is not">];
  let statistics = [Statistic<"fused", "fused", "Attentions fused">];
}

def FuseRecurrence : Pass<"tril-fuse-recurrence", "::tril::ModelOp"> {
  let summary = "Read the values of a recurrence where they are made, and compute outside of it what does not depend on them";
  let description = [{
    What a recurrence gives at all positions is stored, unless it is read at the same position only, through sums that are smaller
    (`sum[key](s * q)` of a matrix state): these become equations of the recurrence, and of its state nothing but the last value is kept.
    What does not depend on earlier positions moves out of it, to run over all positions at once.  It stands behind expand-softmax,
    which may leave sums that read a recurrence.
  }];
  let statistics = [
    Statistic<"moved", "moved", "Sums moved into recurrences">,
    Statistic<"hoisted", "hoisted", "Operations moved out of recurrences">
  ];
}

def GroupRows : Pass<"tril-group-rows", "::tril::ModelOp"> {
  let summary = "Make one operation of a contraction with a weight that each position chooses among several";
  let description = [{
    `sum[embed](x * w[expert = chosen])`: rows that chose the same matrix are computed together, and those that nobody chose are not read.
    The axes of `chosen` stay in the result; x may lack the last of them.  It stands at the border to memory, since the order of rows is stored.
  }];
  let statistics = [Statistic<"grouped", "grouped", "Contractions grouped">];
}

def ExpandSoftmax : Pass<"tril-expand-softmax", "::tril::ModelOp"> {
  let summary = "Write the softmaxes that did not become part of an attention as exponentials and sums again";
  let description = [{ Apart from fuse-attention so that later passes need to know no softmax. }];
}

def PlanCache : Pass<"tril-plan-cache", "::tril::ModelOp"> {
  let summary = "Make rings of states that are read a bounded way back, and scratch memory of what no later step reads";
  let description = [{
    How far back follows from the masks of the attentions that read a state, and from the indices of other readers (`x[time - tap]`).  A ring keeps
    that many positions and those of the largest step; states that have the same window share a size.  All other states are linear in the context.
    What the positions of one call read only among themselves (an encoder's own keys, or all of a text without a step) is no state.
  }];
  let statistics = [
    Statistic<"ringStates", "rings", "States that are rings">,
    Statistic<"transientStates", "transient", "Values over all positions that no later step reads">
  ];
}
def Materialize : Pass<"tril-materialize", "::tril::ModelOp"> {
  let summary = "Decide which values lie in memory, and in which order of axes";
  let description = [{
    A value is stored where it has to be (operands of kernels, states, results of layers, results of reductions) or where computing it at each reader would
    cost more (a transcendental function read along more axes than it has, an expression with several readers).  All else is computed
    where it is read: elementwise chains become one loop.  Contractions with a weight become `tril.matmul` here, which fixes the order of
    the axes of their operands.
  }];
  let options = [Option<"blas", "blas", "bool", "false", "Keep f32 weights as BLAS reads them, and contract with it">];
  let statistics = [
    Statistic<"stored", "stored", "Values stored">,
    Statistic<"matmuls", "matmuls", "Contractions with a packed weight">
  ];
}

def PlanMemory : Pass<"tril-plan-memory", "::tril::ModelOp"> {
  let summary = "Give every stored value and every state its place";
  let description = [{
    Four regions: fixed, growing with the rows of a call, with the capacity of the context, with both.  In each, values whose lifetimes do not
    meet share bytes (first fit by size).  After this pass nothing allocates.
  }];
}

def PlanWeights : Pass<"tril-plan-weights", "::tril::ModelOp"> {
  let summary = "Give every param its place in the product's weights";
  let description = [{
    The weights of a layer lie together, in the order in which the layer reads them; main's come first.  A body says where from the beginning of its
    layer, a call where the layer begins.
  }];
}

def TrilToLoops : Pass<"tril-to-loops", "::mlir::ModuleOp"> {
  let summary = "Lower a planned model to functions of loops over raw memory";
  let description = [{
    `@tril_step` for the main body and a function for each kind of layer, called in a loop over a table of places, so that
    code does not grow with depth.  Stored values become loops or calls of generated kernels; everything else is computed inside them.
    Goes to scf, vector, arith and llvm at once rather than through linalg: named axes already say what an indexing map would, and all places are known.
  }];
  let options = [Option<"cpu", "cpu", "std::string", "\"native\"", "The processor to make code for">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::vector::VectorDialect", "::mlir::math::MathDialect"];
}

def ExpandMath : Pass<"tril-expand-math", "::mlir::ModuleOp"> {
  let summary = "Expand exp, log, tanh and erf to polynomials";
  let description = [{
    A vector of them would otherwise become a call of the C library for each lane.  The polynomials are MLIR's, but for tanh in f32: a ratio of two,
    at most 4.5 units in the last place away, in three quarters of the instructions.  Their arguments' divisions by constants, and those that the
    polynomials have, may become products with a reciprocal, which LLVM estimates and corrects once, in functions that are marked `tril.estimates`: where all work is
    on whole vectors, so that which lanes go together says nothing of a result's bits.  (The softmax of attention: the cap of a softcap.)
  }];
  let dependentDialects = ["::mlir::math::MathDialect", "::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def FoldTables : Pass<"tril-fold-tables", "::tril::ModelOp"> {
  let summary = "Compute values that depend on positions along static axes alone";
  let description = [{
    Rotary frequencies, slopes, scale factors: real numbers for which nothing is read at run time become a table, computed in f64 by the
    interpreter.  Apart from canonicalisation because a table is larger than its formula: it runs once, after the passes that read formulas.
    Whole numbers and predicates are left alone for the same reason.
  }];
  let statistics = [Statistic<"tables", "tables", "Values folded to tables">];
}

#endif
