//===- TrilOps.cpp - types, assembly, verifiers of the tril dialect ---------------------------===//
#include "Dialect/Tril/TrilOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

#include "Dialect/Tril/TrilDialect.cpp.inc"
#include "Dialect/Tril/TrilEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "Dialect/Tril/TrilAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/Tril/TrilTypes.cpp.inc"
#define GET_OP_CLASSES
#include "Dialect/Tril/TrilOps.cpp.inc"

namespace {
/// Gives tensor types short names at the head of a dump: `!time_embed`.
struct Aliases : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;
  AliasResult getAlias(Type type, raw_ostream &os) const override {
    auto tensor = dyn_cast<NamedTensorType>(type);
    if (!tensor || tensor.getAxes().empty())
      return AliasResult::NoAlias;
    if (!tensor.getElement().isF32())
      os << tensor.getElement() << "_";
    llvm::interleave(tensor.getAxes(), os, [&](AxisAttr axis) { os << axis.getName(); }, "_");
    if (tensor.getHoles())
      os << "_holes";
    return AliasResult::OverridableAlias;
  }
};
} // namespace

void TrilDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Dialect/Tril/TrilAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "Dialect/Tril/TrilTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Dialect/Tril/TrilOps.cpp.inc"
      >();
  addInterfaces<Aliases>();
}

//===-------------------------------------------------------------------------------------------===//
// Attributes and types
//===-------------------------------------------------------------------------------------------===//

// axis ::= name | name `=` size | name `of` root
FailureOr<AxisAttr> AxisAttr::parseBare(AsmParser &parser) {
  std::string name;
  if (parser.parseKeywordOrString(&name))
    return failure();
  int64_t size = kDynamic;
  std::string root;
  if (succeeded(parser.parseOptionalEqual())) {
    if (parser.parseInteger(size))
      return failure();
  } else if (succeeded(parser.parseOptionalKeyword("of"))) {
    if (parser.parseKeywordOrString(&root))
      return failure();
  }
  return AxisAttr::get(parser.getContext(), name, size, root);
}

void AxisAttr::printBare(raw_ostream &os) const {
  llvm::printEscapedString(getName(), os);
  if (!isDynamic())
    os << "=" << getSize();
  else if (!getRoot().empty())
    os << " of " << getRoot();
}

Attribute AxisAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  auto axis = parseBare(parser);
  if (failed(axis) || parser.parseGreater())
    return {};
  return *axis;
}

void AxisAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printBare(printer.getStream());
  printer << ">";
}

// tensor ::= `<` (axis (`,` axis)* `:`)? element (`,` `holes`)? `>`
Type NamedTensorType::parse(AsmParser &parser) {
  SmallVector<AxisAttr> axes;
  Type element;
  if (parser.parseLess())
    return {};
  OptionalParseResult bare = parser.parseOptionalType(element);
  if (bare.has_value()) {
    if (failed(*bare))
      return {};
  } else {
    do {
      auto axis = AxisAttr::parseBare(parser);
      if (failed(axis))
        return {};
      axes.push_back(*axis);
    } while (succeeded(parser.parseOptionalComma()));
    if (parser.parseColon() || parser.parseType(element))
      return {};
  }
  bool holes = false;
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("holes"))
      return {};
    holes = true;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<NamedTensorType>(parser.getContext(), axes, element, holes);
}

void NamedTensorType::print(AsmPrinter &printer) const {
  printer << "<";
  if (!getAxes().empty()) {
    llvm::interleaveComma(getAxes(), printer.getStream(), [&](AxisAttr axis) { axis.printBare(printer.getStream()); });
    printer << " : ";
  }
  printer << getElement();
  if (getHoles())
    printer << ", holes";
  printer << ">";
}

LogicalResult NamedTensorType::verify(llvm::function_ref<InFlightDiagnostic()> emitError, ArrayRef<AxisAttr> axes, Type element, bool) {
  // tensor_c1
  if (!element.isF32() && !element.isF64() && !element.isInteger(32) && !element.isInteger(1))
    return emitError() << "element type " << element << " is none of f32, f64, i32, i1";
  // tensor_c2
  llvm::StringSet<> seen;
  for (AxisAttr axis : axes)
    if (!seen.insert(axis.getName()).second)
      return emitError() << "axis `" << axis.getName() << "` is listed twice";
  return success();
}

std::optional<unsigned> NamedTensorType::indexOf(StringRef name) const {
  for (auto [i, axis] : llvm::enumerate(getAxes()))
    if (axis.getName() == name)
      return i;
  return std::nullopt;
}

int64_t NamedTensorType::staticElements() const {
  int64_t n = 1;
  for (AxisAttr axis : getAxes())
    if (!axis.isDynamic())
      n *= axis.getSize();
  return n;
}

NamedTensorType NamedTensorType::withHoles(bool holes) const { return get(getContext(), getAxes(), getElement(), holes); }
NamedTensorType NamedTensorType::withElement(Type element) const { return get(getContext(), getAxes(), element, getHoles()); }
NamedTensorType NamedTensorType::withAxes(ArrayRef<AxisAttr> axes) const { return get(getContext(), axes, getElement(), getHoles()); }

SmallVector<AxisAttr> tril::unionAxes(ArrayRef<NamedTensorType> types) {
  SmallVector<AxisAttr> axes;
  for (NamedTensorType type : types)
    for (AxisAttr axis : type.getAxes())
      if (!llvm::is_contained(axes, axis))
        axes.push_back(axis);
  return axes;
}

LogicalResult tril::OpTrait::verifyElementwise(Operation *op) {
  SmallVector<NamedTensorType> types;
  bool holes = false;
  for (Type type : op->getOperandTypes()) {
    types.push_back(cast<NamedTensorType>(type));
    holes |= types.back().getHoles();
  }
  auto result = cast<NamedTensorType>(op->getResult(0).getType());
  SmallVector<AxisAttr> axes = unionAxes(types);
  // elementwise_c1
  for (AxisAttr axis : axes)
    if (!llvm::is_contained(result.getAxes(), axis))
      return op->emitOpError() << "axis `" << axis.getName() << "` of an operand is not in the result";
  for (AxisAttr axis : result.getAxes())
    if (!llvm::is_contained(axes, axis))
      return op->emitOpError() << "axis `" << axis.getName() << "` of the result is in no operand";
  // elementwise_c2
  if (holes != result.getHoles())
    return op->emitOpError() << (holes ? "an operand has holes and the result has none" : "the result has holes and no operand has");
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Structure
//===-------------------------------------------------------------------------------------------===//

void BodyOp::build(OpBuilder &builder, OperationState &state, StringRef name, FunctionType type) {
  state.addAttribute(getSymNameAttrName(state.name), builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  Region *body = state.addRegion();
  Block *block = new Block;
  body->push_back(block);
  for (Type input : type.getInputs())
    block->addArgument(input, state.location);
}

ParseResult BodyOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildFunctionType = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results, function_interface_impl::VariadicFlag,
                              std::string &) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name),
                                                  buildFunctionType, getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void BodyOp::print(OpAsmPrinter &p) {
  function_interface_impl::printFunctionOp(p, *this, /*isVariadic=*/false, getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

LogicalResult ReturnOp::verify() {
  auto body = cast<BodyOp>((*this)->getParentOp());
  // return_c1
  if (getValues().getTypes() != TypeRange(body.getResultTypes()))
    return emitOpError() << "types differ from the results of `@" << body.getSymName() << "`";
  return success();
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto body = symbols.lookupNearestSymbolFrom<BodyOp>(*this, getCalleeAttr());
  // call_c1
  if (!body)
    return emitOpError() << "`" << getCallee() << "` is no body";
  // call_c2
  if (getArguments().getTypes() != TypeRange(body.getArgumentTypes()) || getValues().getTypes() != TypeRange(body.getResultTypes()))
    return emitOpError() << "types differ from those of `@" << getCallee() << "`";
  return success();
}

LogicalResult OutputOp::verify() {
  // output_c1
  auto type = getValue().getType();
  auto names = getAxes().getAsValueRange<StringAttr>();
  if (!llvm::equal(names, llvm::map_range(type.getAxes(), [](AxisAttr axis) { return axis.getName(); })))
    return emitOpError() << "axes " << getAxes() << " are not those of " << type;
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Sources
//===-------------------------------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

LogicalResult ConstantOp::verify() {
  // constant_c1
  if (!getResult().getType().getAxes().empty() || getResult().getType().getHoles())
    return emitOpError() << "a constant has no axes and no holes";
  return success();
}

LogicalResult TableOp::verify() {
  auto type = getResult().getType();
  // table_c1
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic())
      return emitOpError() << "axis `" << axis.getName() << "` has no static size";
  // table_c2
  if (static_cast<int64_t>(getValues().size()) != type.staticElements())
    return emitOpError() << "has " << getValues().size() << " values for " << type.staticElements() << " positions";
  return success();
}

LogicalResult PositionOp::verify() {
  auto type = getResult().getType();
  // position_c1
  if (type.rank() != 1 || !type.getElement().isInteger(32) || type.getHoles())
    return emitOpError() << "the result must have one axis, i32 elements and no holes";
  return success();
}

SmallVector<StringRef> ParamOp::storedNames(int64_t layer) {
  SmallVector<StringRef> names;
  auto list = cast<ArrayAttr>(getNames()[getNames().size() == 1 ? 0 : layer]);
  for (auto name : list.getAsValueRange<StringAttr>())
    names.push_back(name);
  return names;
}

// tril.param "pattern" strides [..] offset n (stacked "axis")? of [stored shape] {names = [["a"], ["b"]]} : type
ParseResult ParamOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr pattern;
  std::string axis;
  int64_t offset = 0;
  Type type;
  auto list = [&](StringRef name) -> ParseResult {
    SmallVector<int64_t> values;
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] { return parser.parseInteger(values.emplace_back()); }))
      return failure();
    result.addAttribute(name, parser.getBuilder().getDenseI64ArrayAttr(values));
    return success();
  };
  if (parser.parseAttribute(pattern, "pattern", result.attributes) || parser.parseKeyword("strides") || list("strides"))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("offset")) && parser.parseInteger(offset))
    return failure();
  result.addAttribute("offset", parser.getBuilder().getI64IntegerAttr(offset));
  if (succeeded(parser.parseOptionalKeyword("stacked"))) {
    if (parser.parseKeywordOrString(&axis))
      return failure();
    result.addAttribute("stacked", parser.getBuilder().getStringAttr(axis));
  }
  if (parser.parseKeyword("of") || list("stored_shape") || parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(type))
    return failure();
  if (!result.attributes.get("names"))
    result.addAttribute("names", parser.getBuilder().getArrayAttr({parser.getBuilder().getStrArrayAttr({pattern.getValue()})}));
  result.addTypes(type);
  return success();
}

void ParamOp::print(OpAsmPrinter &p) {
  auto list = [&](ArrayRef<int64_t> values) {
    p << "[";
    llvm::interleaveComma(values, p);
    p << "]";
  };
  p << " ";
  p.printAttributeWithoutType(getPatternAttr());
  p << " strides ";
  list(getStrides());
  if (getOffset())
    p << " offset " << getOffset();
  if (getStacked()) {
    p << " stacked ";
    p.printKeywordOrString(*getStacked());
  }
  p << " of ";
  list(getStoredShape());
  SmallVector<StringRef> hidden = {"pattern", "strides", "offset", "stacked", "stored_shape"};
  Builder builder(getContext());
  if (getNames() == builder.getArrayAttr({builder.getStrArrayAttr({getPattern()})}))
    hidden.push_back("names");
  p.printOptionalAttrDict((*this)->getAttrs(), hidden);
  p << " : " << getResult().getType();
}

LogicalResult ParamOp::verify() {
  auto type = getResult().getType();
  // param_c1
  if (getStrides().size() != type.rank())
    return emitOpError() << "has " << getStrides().size() << " strides for " << type.rank() << " axes";
  // param_c2
  if (getStacked() && !type.hasAxis(*getStacked()))
    return emitOpError() << "stacked axis `" << *getStacked() << "` is not in " << type;
  // param_c3
  for (Attribute layer : getNames())
    if (!isa<ArrayAttr>(layer))
      return emitOpError() << "`names` must hold a list for each layer";
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Reductions, reading
//===-------------------------------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  auto type = getOperand().getType(), result = getResult().getType();
  llvm::StringSet<> reduced;
  // reduce_c1
  for (StringRef axis : getAxes().getAsValueRange<StringAttr>()) {
    reduced.insert(axis);
    if (!type.hasAxis(axis))
      return emitOpError() << "axis `" << axis << "` is not in " << type;
  }
  // reduce_c2
  if (result.rank() != type.rank() - reduced.size())
    return emitOpError() << "the result " << result << " must have the axes that are not reduced";
  for (AxisAttr axis : result.getAxes())
    if (reduced.contains(axis.getName()) || !llvm::is_contained(type.getAxes(), axis))
      return emitOpError() << "axis `" << axis.getName() << "` of the result is not an axis that is left";
  return success();
}

LogicalResult ContractOp::verify() {
  SmallVector<NamedTensorType> types;
  for (Value factor : getFactors())
    types.push_back(cast<NamedTensorType>(factor.getType()));
  SmallVector<AxisAttr> left;
  llvm::StringSet<> reduced;
  for (StringRef axis : getAxes().getAsValueRange<StringAttr>())
    reduced.insert(axis);
  unsigned found = 0;
  for (AxisAttr axis : unionAxes(types))
    if (reduced.contains(axis.getName()))
      ++found;
    else
      left.push_back(axis);
  // contract_c1
  if (found != reduced.size())
    return emitOpError() << "an axis of " << getAxes() << " is in no factor";
  // contract_c2
  auto result = getResult().getType();
  if (result.getHoles() || result.rank() != left.size() ||
      !llvm::all_of(left, [&](AxisAttr axis) { return llvm::is_contained(result.getAxes(), axis); }))
    return emitOpError() << "the result " << result << " must have the axes that are not reduced, without holes";
  return success();
}

LogicalResult IndexOp::verify() {
  auto type = getOperand().getType();
  // index_c1
  if (getAxes().size() != getIndices().size())
    return emitOpError() << "has " << getAxes().size() << " axes and " << getIndices().size() << " indices";
  for (StringRef axis : getAxes().getAsValueRange<StringAttr>())
    if (!type.hasAxis(axis))
      return emitOpError() << "axis `" << axis << "` is not in " << type;
  // index_c2
  for (Value index : getIndices())
    if (!cast<NamedTensorType>(index.getType()).getElement().isInteger(32))
      return emitOpError() << "indices must have i32 elements, not " << index.getType();
  return success();
}

LogicalResult RenameOp::verify() {
  auto type = getOperand().getType(), result = getResult().getType();
  // rename_c1
  if (!type.hasAxis(getFrom()) || !result.hasAxis(getTo()))
    return emitOpError() << "`" << getFrom() << "` must be in the operand and `" << getTo() << "` in the result";
  AxisAttr from = type.axis(getFrom()), to = result.axis(getTo());
  if (from.getSize() != to.getSize() || (from.isDynamic() && from.getRootName() != to.getRootName()))
    return emitOpError() << "axes `" << getFrom() << "` and `" << getTo() << "` differ in size";
  // rename_c2
  if (type.hasAxis(getTo()))
    return emitOpError() << "the operand already has `" << getTo() << "`";
  return success();
}
