//===- TrilOps.cpp - types, assembly, verifiers of the tril dialect ---------------------------===//
#include "Dialect/Tril/TrilOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

#include "Dialect/Tril/ReadsInterface.cpp.inc"

#include "Dialect/Tril/TrilDialect.cpp.inc"
#include "Dialect/Tril/TrilEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "Dialect/Tril/TrilAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/Tril/TrilTypes.cpp.inc"

// numbers ::= `[` (float (`,` float)*)? `]`, exactly: the attribute's own form keeps six digits.
static ParseResult parseNumbers(OpAsmParser &parser, DenseF64ArrayAttr &numbers) {
  SmallVector<double> values;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        APFloat value(0.0);
        if (parser.parseFloat(APFloat::IEEEdouble(), value))
          return failure();
        values.push_back(value.convertToDouble());
        return success();
      }))
    return failure();
  numbers = parser.getBuilder().getDenseF64ArrayAttr(values);
  return success();
}

static void printNumbers(OpAsmPrinter &p, Operation *, DenseF64ArrayAttr numbers) {
  p << "[";
  llvm::interleaveComma(numbers.asArrayRef(), p,
                        [&](double value) { p.printFloat(APFloat(value)); });
  p << "]";
}

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
    if (size == kDynamic) // what stands for "dynamic" inside is no size in a text
      size = std::numeric_limits<int64_t>::min();
  } else if (succeeded(parser.parseOptionalKeyword("of"))) {
    if (parser.parseKeywordOrString(&root))
      return failure();
  }
  auto axis = parser.getChecked<AxisAttr>(parser.getContext(), name, size, root);
  if (!axis)
    return failure();
  return axis;
}

void AxisAttr::printBare(raw_ostream &os) const {
  llvm::printEscapedString(getName(), os);
  if (!isDynamic())
    os << "=" << getSize();
  else if (!getRoot().empty())
    os << " of " << getRoot();
}

LogicalResult AxisAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, StringRef name,
                               int64_t size, StringRef) {
  // axis_c1
  if (size < 0 && size != kDynamic)
    return emitError() << "axis `" << name << "` has the size " << size;
  // axis_c2
  if (name.empty())
    return emitError() << "an axis needs a name";
  return success();
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
    llvm::interleaveComma(getAxes(), printer.getStream(),
                          [&](AxisAttr axis) { axis.printBare(printer.getStream()); });
    printer << " : ";
  }
  printer << getElement();
  if (getHoles())
    printer << ", holes";
  printer << ">";
}

LogicalResult NamedTensorType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                      ArrayRef<AxisAttr> axes, Type element, bool) {
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

NamedTensorType NamedTensorType::withHoles(bool holes) const {
  return get(getContext(), getAxes(), getElement(), holes);
}
NamedTensorType NamedTensorType::withElement(Type element) const {
  return get(getContext(), getAxes(), element, getHoles());
}
NamedTensorType NamedTensorType::withAxes(ArrayRef<AxisAttr> axes) const {
  return get(getContext(), axes, getElement(), getHoles());
}

SmallVector<AxisAttr> tril::unionAxes(ArrayRef<NamedTensorType> types) {
  SmallVector<AxisAttr> axes;
  for (NamedTensorType type : types)
    for (AxisAttr axis : type.getAxes())
      if (!llvm::is_contained(axes, axis))
        axes.push_back(axis);
  return axes;
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
  auto buildFunctionType = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
                              function_interface_impl::VariadicFlag,
                              std::string &) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name),
      buildFunctionType, getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void BodyOp::print(OpAsmPrinter &p) {
  function_interface_impl::printFunctionOp(p, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
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
  // call_c3
  if (static_cast<int64_t>(getLayer()) < 0)
    return emitOpError() << "layer " << static_cast<int64_t>(getLayer()) << " is negative";
  // call_c2
  if (getArguments().getTypes() != TypeRange(body.getArgumentTypes()) ||
      getValues().getTypes() != TypeRange(body.getResultTypes()))
    return emitOpError() << "types differ from those of `@" << getCallee() << "`";
  return success();
}

LogicalResult OutputOp::verify() {
  // output_c1
  auto type = getValue().getType();
  auto names = getAxes().getAsValueRange<StringAttr>();
  if (!llvm::equal(names,
                   llvm::map_range(type.getAxes(), [](AxisAttr axis) { return axis.getName(); })))
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
    return emitOpError() << "has " << getValues().size() << " values for " << type.staticElements()
                         << " positions";
  // table_c3
  if (type.getHoles())
    return emitOpError() << "a table has no holes";
  return success();
}

LogicalResult LayerConstantOp::verify() {
  // layer_constant_c1
  if (getResult().getType().rank() != 0 || getResult().getType().getHoles())
    return emitOpError() << "a layer constant has no axes and no holes";
  // layer_constant_c2
  if (getValues().empty())
    return emitOpError() << "has no values";
  return success();
}

LogicalResult ExtentOp::verify() {
  // extent_c1
  if (!getAxis().isDynamic())
    return emitOpError() << "axis `" << getAxis().getName() << "` has the static size "
                         << getAxis().getSize();
  auto type = getResult().getType();
  // extent_c2
  if (type.rank() != 0 || type.getHoles() || !type.getElement().isInteger(32))
    return emitOpError() << "the result must have no axes, no holes and i32 elements";
  return success();
}

LogicalResult InputOp::verify() {
  auto type = getResult().getType();
  // input_c1
  if (type.getHoles() || !type.getElement().isInteger(32))
    return emitOpError() << "the result must have i32 elements and no holes";
  // input_c2
  if (static_cast<int64_t>(getLimit()) < 1)
    return emitOpError() << "the limit " << static_cast<int64_t>(getLimit()) << " leaves no value";
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

// tril.param "pattern" strides [..] offset n (stacked "axis")? of [stored shape] {names = [["a"],
// ["b"]]} : type
ParseResult ParamOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr pattern;
  std::string axis;
  int64_t offset = 0;
  Type type;
  auto list = [&](StringRef name) -> ParseResult {
    SmallVector<int64_t> values;
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                       [&] { return parser.parseInteger(values.emplace_back()); }))
      return failure();
    result.addAttribute(name, parser.getBuilder().getDenseI64ArrayAttr(values));
    return success();
  };
  if (parser.parseAttribute(pattern, "pattern", result.attributes) ||
      parser.parseKeyword("strides") || list("strides"))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("offset")) && parser.parseInteger(offset))
    return failure();
  result.addAttribute("offset", parser.getBuilder().getI64IntegerAttr(offset));
  if (succeeded(parser.parseOptionalKeyword("stacked"))) {
    if (parser.parseKeywordOrString(&axis))
      return failure();
    result.addAttribute("stacked", parser.getBuilder().getStringAttr(axis));
  }
  if (parser.parseKeyword("of") || list("stored_shape") ||
      parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(type))
    return failure();
  if (!result.attributes.get("names"))
    result.addAttribute("names", parser.getBuilder().getArrayAttr(
                                     {parser.getBuilder().getStrArrayAttr({pattern.getValue()})}));
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
    return emitOpError() << "has " << getStrides().size() << " strides for " << type.rank()
                         << " axes";
  // param_c2
  if (getStacked() && !type.hasAxis(*getStacked()))
    return emitOpError() << "stacked axis `" << *getStacked() << "` is not in " << type;
  // param_c3
  bool some = false;
  for (Attribute layer : getNames()) {
    auto list = dyn_cast<ArrayAttr>(layer);
    if (!list || !llvm::all_of(list, llvm::IsaPred<StringAttr>))
      return emitOpError() << "`names` must hold a list of strings for each layer";
    some |= !list.empty();
  }
  if (!some)
    return emitOpError() << "`names` names no stored tensor";
  // param_c4
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic())
      return emitOpError() << "axis `" << axis.getName() << "` has no static size";
  if (type.getHoles())
    return emitOpError() << "a param has no holes";
  return success();
}
