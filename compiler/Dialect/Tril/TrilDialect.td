//===- TrilDialect.td - the dialect, its attributes and types ---------------------------------===//
#ifndef TRIL_DIALECT_TD
#define TRIL_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Tril_Dialect : Dialect {
  let name = "tril";
  let cppNamespace = "::tril";
  let summary = "Transformer architectures over named axes";
  let description = [{
    Values are functions from named positions to numbers.  Axes have names and no order that matters; one of
    them, `time`, is the position in the sequence.  A value may have *holes*: positions where a predicate
    excluded it.  See docs/language.md for the meaning of each operation and docs/architecture.md for the
    forms that the passes take a model through.
  }];
  let hasConstantMaterializer = 1;
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Tril_Attr<string name, string attrMnemonic> : AttrDef<Tril_Dialect, name> {
  let mnemonic = attrMnemonic;
}
class Tril_Type<string name, string typeMnemonic> : TypeDef<Tril_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Tril_AxisAttr : Tril_Attr<"Axis", "axis"> {
  let summary = "A named axis";
  let description = [{
    `embed=576` has a size known at compile time; `time` is decided by an input; `past of time` has the
    positions of another axis under a second name.  (axis_c1) a size is not negative.  (axis_c2) an axis has a name.
  }];
  let parameters = (ins StringRefParameter<"name">:$name, "int64_t":$size, StringRefParameter<"root">:$root);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kDynamic = -1;
    bool isDynamic() const { return getSize() == kDynamic; }
    /// The name of the axis whose extent this one has: its root for an alias, else its own.
    llvm::StringRef getRootName() const { return getRoot().empty() ? getName() : getRoot(); }
    /// Parses and prints the part between the angle brackets.
    static mlir::FailureOr<AxisAttr> parseBare(mlir::AsmParser &parser);
    void printBare(llvm::raw_ostream &os) const;
  }];
}

def Tril_TensorType : Tril_Type<"NamedTensor", "tensor"> {
  let summary = "Numbers over a set of named axes";
  let description = [{
    `!tril.tensor<time, group=3, pair=32 : f32>`; `holes` after the element says that positions may be holes:
    `!tril.tensor<time, past of time : f32, holes>`.  A number alone is `!tril.tensor<f32>`.  Elements are f32 (real numbers),
    i32 (whole numbers: positions, tokens, indices) and i1 (predicates).  The order in which axes are listed has
    no meaning in the language; it is the order in which a materialised value lies in memory, slowest first.
    (tensor_c1) elements are f32, f64, i32 or i1.  (tensor_c2) no two axes have one name.
  }];
  let parameters = (ins ArrayRefParameter<"AxisAttr">:$axes, "mlir::Type":$element, "bool":$holes);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The position of the axis called `name` in the list, or nothing.
    std::optional<unsigned> indexOf(llvm::StringRef name) const;
    bool hasAxis(llvm::StringRef name) const { return indexOf(name).has_value(); }
    AxisAttr axis(llvm::StringRef name) const { return getAxes()[*indexOf(name)]; }
    unsigned rank() const { return getAxes().size(); }
    /// The product of the static sizes (dynamic axes count as one).
    int64_t staticElements() const;
    NamedTensorType withHoles(bool holes) const;
    NamedTensorType withElement(mlir::Type element) const;
    NamedTensorType withAxes(llvm::ArrayRef<AxisAttr> axes) const;
  }];
}

def Tril_Tensor : Type<CPred<"::llvm::isa<::tril::NamedTensorType>($_self)">, "a named-axis tensor", "::tril::NamedTensorType">;
def Tril_NumberTensor : Type<
    CPred<"::llvm::isa<::tril::NamedTensorType>($_self) && !::llvm::cast<::tril::NamedTensorType>($_self).getElement().isInteger(1)">,
    "a named-axis tensor of numbers", "::tril::NamedTensorType">;
def Tril_TruthTensor : Type<
    CPred<"::llvm::isa<::tril::NamedTensorType>($_self) && ::llvm::cast<::tril::NamedTensorType>($_self).getElement().isInteger(1)">,
    "a named-axis tensor of predicates", "::tril::NamedTensorType">;

def Tril_ReduceKind : I32EnumAttr<"ReduceKind", "What a reduction does", [
    I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"mean", 1>, I32EnumAttrCase<"max", 2>, I32EnumAttrCase<"min", 3>,
    I32EnumAttrCase<"any", 4>, I32EnumAttrCase<"all", 5>, I32EnumAttrCase<"count", 6>]> {
  let cppNamespace = "::tril";
  let genSpecializedAttr = 0;
}
def Tril_ReduceKindAttr : EnumAttr<Tril_Dialect, Tril_ReduceKind, "reduce_kind"> {
  let assemblyFormat = "$value";
}

#endif
