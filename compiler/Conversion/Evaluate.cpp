//===- Evaluate.cpp - values at points: sources, views, memory
//------------------------------------------===//
#include "Conversion/Evaluate.h"
#include "Conversion/Halves.h"
#include "Conversion/Weights.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

static SmallVector<AxisAttr> withoutTime(NamedTensorType type) {
  return llvm::to_vector(llvm::make_filter_range(
      type.getAxes(), [](AxisAttr axis) { return axis.getName() != "time"; }));
}

//===-------------------------------------------------------------------------------------------===//
// Coordinates
//===-------------------------------------------------------------------------------------------===//

Value Evaluator::toLanes(const Coordinate &c) {
  if (c.lanes)
    return c.lanes;
  Value base = code.broadcast(c.scalar, width);
  if (!c.lane)
    return base;
  SmallVector<int64_t> iota(width);
  for (int64_t i = 0; i < width; ++i)
    iota[i] = i;
  auto type = VectorType::get({width}, code.i64());
  Value steps =
      arith::ConstantOp::create(code.builder, code.loc, DenseIntElementsAttr::get(type, iota));
  return arith::AddIOp::create(code.builder, code.loc, base, steps);
}

Coordinate Evaluator::plus(const Coordinate &a, const Coordinate &b) {
  if (!a.lanes && !b.lanes && !(a.lane && b.lane)) {
    auto multiple = [&](const Coordinate &c) {
      auto constant = constantOf(c.scalar);
      return c.lane ? c.aligned : constant && *constant % width == 0;
    };
    return {code.add(a.scalar, b.scalar), a.lane || b.lane, Value(), multiple(a) && multiple(b)};
  }
  return {Value(), false, arith::AddIOp::create(code.builder, code.loc, toLanes(a), toLanes(b))};
}

Coordinate Evaluator::times(const Coordinate &a, int64_t factor) {
  if (factor == 1)
    return a;
  if (a.isUniform())
    return {code.mul(a.scalar, factor), false, Value()};
  return {Value(), false,
          arith::MulIOp::create(code.builder, code.loc, toLanes(a),
                                code.broadcast(code.c64(factor), width))};
}

Value Evaluator::both(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  if (isa<VectorType>(a.getType()) || isa<VectorType>(b.getType())) {
    a = code.broadcast(a, width);
    b = code.broadcast(b, width);
  }
  return arith::AndIOp::create(code.builder, code.loc, a, b);
}

Evaluated Evaluator::spread(Evaluated value) {
  value.data = code.broadcast(value.data, width);
  if (value.valid)
    value.valid = code.broadcast(value.valid, width);
  return value;
}

Value Evaluator::extent(AxisAttr axis) {
  if (!axis.isDynamic())
    return code.c64(axis.getSize());
  if (axis.getName() == "time")
    return frame.rows;
  if (axis.getRootName() == "time")
    return code.add(frame.position, frame.rows);
  auto sequences = (*module.getOps<ModelOp>().begin())->getAttrOfType<ArrayAttr>("tril.sequences");
  for (auto [i, sequence] : llvm::enumerate(sequences.getAsValueRange<StringAttr>()))
    if (sequence == axis.getRootName()) {
      StringRef field = axis.getName() == sequence ? "sequenceRows" : "extents";
      return code.load(code.i64(), code.at(frame.context, contextOffset(field) + 8 * i), 8);
    }
  llvm_unreachable("an axis without an extent");
}

//===-------------------------------------------------------------------------------------------===//
// Memory
//===-------------------------------------------------------------------------------------------===//

Value Evaluator::capacityOf(ExtendOp state) {
  if (!state.isRing())
    return frame.capacity;
  int64_t offset = contextOffset("ringSizes") + static_cast<int64_t>(state.getRing()) * 8;
  return code.load(code.i64(), code.at(frame.context, offset), 8);
}

Memory Evaluator::keptBy(RecOp rec, uint64_t equation, int64_t lag) {
  MaterializeOp place;
  for (auto stored : rec.getBody().front().getOps<MaterializeOp>())
    if (stored.getKept() == equation)
      place = stored;
  NamedTensorType type = typeOf(place.getResult());
  int64_t longest = rec->getAttrOfType<IntegerAttr>("lag").getInt();
  // The last value comes last; while the next one is made, it is 1 ago.
  int64_t entry = longest - std::max<int64_t>(lag, 1);
  int64_t offset = rec->getAttrOfType<DenseI64ArrayAttr>("state_offsets")[equation];
  return dense(code.at(frame.state, offset + entry * type.staticElements() * 4), withoutTime(type),
               type.getElement());
}

Memory Evaluator::dense(Value base, ArrayRef<AxisAttr> axes, Type element) {
  Memory memory;
  memory.base = base;
  memory.truth = element.isInteger(1);
  memory.element = element.isInteger() ? code.i32() : code.f32();
  int64_t stride = 1;
  for (AxisAttr axis : llvm::reverse(axes)) {
    memory.strides.push_back({axis, code.c64(stride)});
    stride *= axis.getSize();
  }
  return memory;
}

Memory Evaluator::memoryOf(Value stored) {
  Memory memory;
  NamedTensorType type = typeOf(stored);
  memory.truth = type.getElement().isInteger(1);
  memory.element = type.getElement().isInteger() ? code.i32() : code.f32();

  auto dense = [&](Value base, ArrayRef<AxisAttr> axes) {
    memory.base = base;
    Value stride = code.c64(1);
    for (AxisAttr axis : llvm::reverse(axes)) {
      memory.strides.push_back({axis, stride});
      // A dynamic axis has room for as many positions as there can be.
      Value room = axis.isDynamic() ? (axis.getName() == "time" ? frame.maxRows : frame.capacity)
                                    : code.c64(axis.getSize());
      if (axis != axes.front())
        stride = code.mul(stride, room);
    }
  };
  auto inArena = [&](Value bytes) {
    unsigned others = 0;
    for (AxisAttr axis : type.getAxes())
      others += axis.isDynamic() && axis.getName() != "time";
    unsigned region = arenaRegion(type.hasAxis("time"), others);
    return code.at(frame.arena[region], code.mul(bytes, frame.scale[region]));
  };
  auto field = [&](int64_t index) {
    return code.load(code.i64(), code.at(frame.record, index * 8), 8);
  };

  if (auto argument = dyn_cast<BlockArgument>(stored)) {
    dense(inArena(field(frame.argumentField + argument.getArgNumber())), type.getAxes());
    return memory;
  }
  Operation *op = stored.getDefiningOp();
  if (auto value = dyn_cast<MaterializeOp>(op)) {
    if (auto output = value.getOutputIndex()) {
      Value outputs = code.load(code.ptr(), code.at(frame.context, contextOffset("outputs")), 8);
      Value base = code.load(code.ptr(), code.at(outputs, *output * 8), 8);
      dense(base, type.getAxes());
      if (type.hasAxis("time")) // the caller's memory begins at the first wanted row
        for (auto &[axis, stride] : memory.strides)
          if (axis.getName() == "time")
            memory.base = code.at(base, code.mul(code.mul(frame.outputBegin, stride), -4));
      return memory;
    }
    if (value.getKept()) {
      auto rec = value->getParentOfType<RecOp>();
      return keptBy(rec, *value.getKept(), /*lag=*/0);
    }
    if (value.getOneRow())
      return this->dense(code.at(frame.arena[0], value.getOffset()), withoutTime(type),
                         type.getElement());
    if (auto result = value.getReturnIndex()) {
      auto body = value->getParentOfType<BodyOp>();
      dense(inArena(field(frame.argumentField + body.getNumArguments() + *result)), type.getAxes());
      return memory;
    }
    dense(inArena(code.c64(value.getOffset())), type.getAxes());
    return memory;
  }
  if (auto call = dyn_cast<CallOp>(op)) {
    auto offsets = call->getAttrOfType<DenseI64ArrayAttr>("offsets");
    dense(inArena(code.c64(offsets[cast<OpResult>(stored).getResultNumber()])), type.getAxes());
    return memory;
  }
  if (auto rec = dyn_cast<RecOp>(op))
    return memoryOf(rec.getBody().front().getTerminator()->getOperand(
        cast<OpResult>(stored).getResultNumber()));
  if (auto input = dyn_cast<InputOp>(op)) {
    int64_t index = input->getAttrOfType<IntegerAttr>("input_index").getInt();
    dense(code.load(code.ptr(), code.at(frame.context, contextOffset("inputs") + index * 8), 8),
          type.getAxes());
    return memory;
  }
  auto extend = cast<ExtendOp>(op);
  Value capacity = capacityOf(extend), base;
  memory.stored = extend.getStored();
  if (extend.getTransient()) {
    base = inArena(code.c64(extend.getPositionOffset()));
  } else if (!extend.isRing()) {
    base = code.at(frame.state, code.add(code.mul(capacity, extend.getPositionOffset()),
                                         extend.getFixedOffset()));
  } else {
    auto ring = static_cast<int64_t>(extend.getRing());
    base = code.load(code.ptr(), code.at(frame.context, contextOffset("rings") + ring * 8), 8);
    Value offset = code.c64(extend.getPositionOffset());
    if (frame.ringField >= 0)
      offset = code.add(field(frame.ringField + ring), offset);
    base = code.at(base, code.mul(capacity, offset));
    memory.ring = capacity;
    memory.pinned = static_cast<int64_t>(extend.getPinned());
    memory.past = name(extend.getPast());
  }
  if (extend.getLayout() == StateLayout::rows) {
    dense(base, type.getAxes());
    return memory;
  }
  ArrayRef<AxisAttr> rest = type.getAxes().drop_front(),
                     groups = rest.take_front(extend.getGroups()),
                     inner = rest.drop_front(extend.getGroups());
  memory.base = base;
  int64_t size = 1;
  for (AxisAttr axis : inner)
    size *= axis.getSize();
  bool lanes = extend.getLayout() == StateLayout::lanes;
  memory.inLanes = lanes;
  memory.past = name(extend.getPast());
  memory.block = code.c64(size * 16);
  memory.step = static_cast<int64_t>(extend.getStep());
  int64_t stride = lanes ? 16 : 1;
  for (AxisAttr axis : llvm::reverse(inner)) {
    memory.strides.push_back({axis, code.c64(stride)});
    stride *= axis.getSize();
  }
  memory.strides.push_back({type.getAxes().front(), code.c64(lanes ? 1 : size)});
  Value groupStride = code.mul(capacity, size);
  for (AxisAttr axis : llvm::reverse(groups)) {
    memory.strides.push_back({axis, groupStride});
    groupStride = code.mul(groupStride, axis.getSize());
  }
  return memory;
}

/// Where position p lies: the pinned ones in front, the others around the rest.
static Value placeInRing(Code &code, Value p, const Memory &memory, int64_t width) {
  OpBuilder &b = code.builder;
  auto spread = [&](Value x) { return code.broadcast(x, width); };
  if (memory.pinned == 0)
    return arith::RemUIOp::create(b, code.loc, p, spread(memory.ring));
  Value pinned = spread(code.c64(memory.pinned));
  Value rest = spread(code.sub(memory.ring, code.c64(memory.pinned)));
  Value around = arith::RemUIOp::create(
      b, code.loc,
      arith::MaxSIOp::create(b, code.loc, arith::SubIOp::create(b, code.loc, p, pinned),
                             spread(code.c64(0))),
      rest);
  return code.select(code.compare(arith::CmpIPredicate::slt, p, pinned), p,
                     arith::AddIOp::create(b, code.loc, around, pinned));
}

/// The offset in elements: a number and, unless all coordinates are the same in all lanes, what
/// lanes add to it.
static Coordinate offsetOf(Evaluator &e, const Memory &memory, const Point &point) {
  Code &code = e.code;
  Coordinate total = {code.c64(0), false, Value()};
  auto accumulate = [&](Coordinate c, Value stride) {
    auto constant = constantOf(stride);
    if (c.isUniform())
      c = {code.mul(c.scalar, stride), false, Value()};
    else if (!constant || *constant != 1)
      c = {Value(), false,
           arith::MulIOp::create(code.builder, code.loc, e.toLanes(c),
                                 code.broadcast(stride, e.width))};
    if (!total.lanes && !c.lanes && !(total.lane && c.lane))
      total = {code.add(total.scalar, c.scalar), total.lane || c.lane, Value()};
    else
      total = {Value(), false,
               arith::AddIOp::create(code.builder, code.loc, e.toLanes(total), e.toLanes(c))};
  };
  for (auto &[axis, stride] : memory.strides) {
    Coordinate c = point.lookup(e.name(axis.getName()));
    if (memory.ring && e.name(axis.getName()) == memory.past) {
      // Sizes of rings are multiples of 16: lanes that begin at a multiple of 16 stay together.
      if (c.isUniform() || (c.lane && c.aligned && e.width == 16))
        c.scalar = placeInRing(code, c.scalar, memory, /*width=*/1);
      else
        c = {Value(), false, placeInRing(code, e.toLanes(c), memory, e.width)};
    }
    if (memory.step != 1 && e.name(axis.getName()) == memory.past) {
      // block of 64 * step positions, residue, and which one of it
      OpBuilder &b = code.builder;
      bool uniform = c.isUniform();
      auto number = [&](int64_t n) -> Value {
        return uniform ? code.c64(n) : code.broadcast(code.c64(n), e.width);
      };
      Value p = uniform ? c.scalar : e.toLanes(c);
      Value rest = arith::RemUIOp::create(b, code.loc, p, number(64 * memory.step));
      Value residue = arith::RemUIOp::create(b, code.loc, rest, number(memory.step));
      Value which = arith::DivUIOp::create(b, code.loc, rest, number(memory.step));
      Value tile = arith::MulIOp::create(b, code.loc, residue, number(64));
      Value slot = arith::SubIOp::create(b, code.loc, p, rest);
      slot =
          arith::AddIOp::create(b, code.loc, slot, arith::AddIOp::create(b, code.loc, tile, which));
      c = uniform ? Coordinate{slot, false, Value()} : Coordinate{Value(), false, slot};
    }
    if (memory.inLanes && e.name(axis.getName()) == memory.past) {
      // position p of a state in lanes: p / 16 blocks, and p % 16
      if (c.isUniform() || (c.lane && c.aligned)) {
        accumulate({code.mul(code.divu(c.scalar, 16), memory.block), false, Value()}, code.c64(1));
        accumulate({code.remu(c.scalar, 16), c.lane, Value()}, code.c64(1));
      } else {
        c.lanes = e.toLanes(c);
        Value sixteen = code.broadcast(code.c64(16), e.width);
        Value block = arith::DivUIOp::create(code.builder, code.loc, c.lanes, sixteen);
        Value lane = arith::RemUIOp::create(code.builder, code.loc, c.lanes, sixteen);
        accumulate({Value(), false, block}, memory.block);
        accumulate({Value(), false, lane}, code.c64(1));
      }
      continue;
    }
    accumulate(c, stride);
  }
  return total;
}

Evaluated Evaluator::loadFrom(const Memory &memory, const Point &point, bool holes) {
  Coordinate offset = offsetOf(*this, memory, point);
  Evaluated result;
  OpBuilder &b = code.builder;
  auto bytes = static_cast<unsigned>(memory.bytes());
  bool narrow = memory.stored != StateElement::f32;
  Type element = narrow ? b.getI16Type() : memory.element;
  if (offset.isUniform())
    result.data = code.load(element, code.at(memory.base, code.mul(offset.scalar, bytes)), bytes);
  else if (offset.lane)
    result.data = code.load(code.vec(element, width),
                            code.at(memory.base, code.mul(offset.scalar, bytes)), bytes);
  else {
    auto pointers = VectorType::get({width}, code.ptr());
    Value addresses = LLVM::GEPOp::create(b, code.loc, pointers, element, memory.base,
                                          ArrayRef<LLVM::GEPArg>{offset.lanes});
    auto type = cast<VectorType>(code.vec(element, width));
    Value all = arith::ConstantOp::create(
        b, code.loc, DenseElementsAttr::get(VectorType::get({width}, code.i1()), true));
    Value none = LLVM::PoisonOp::create(b, code.loc, type);
    result.data =
        LLVM::masked_gather::create(b, code.loc, type, addresses, all, ValueRange{none}, bytes);
  }
  if (narrow)
    result.data = widen(b, code.loc, result.data, memory.stored);
  if (holes) {
    Value bits = result.data;
    bool real = memory.element.isF32();
    if (real)
      bits = arith::BitcastOp::create(
          b, code.loc, isa<VectorType>(bits.getType()) ? code.vec(code.i32(), width) : code.i32(),
          bits);
    Value hole = code.c32(real ? kHoleBits : kHoleInteger);
    if (isa<VectorType>(bits.getType()))
      hole = code.broadcast(hole, width);
    result.valid = code.compare(arith::CmpIPredicate::ne, bits, hole);
  }
  if (memory.truth)
    result.data = code.compare(
        arith::CmpIPredicate::ne, result.data,
        code.broadcast(code.c32(0), isa<VectorType>(result.data.getType()) ? width : 1));
  return result;
}

void Evaluator::storeTo(const Memory &memory, const Point &point, Evaluated value) {
  OpBuilder &b = code.builder;
  if (memory.truth)
    value.data = arith::ExtUIOp::create(
        b, code.loc,
        isa<VectorType>(value.data.getType()) ? code.vec(code.i32(), width) : code.i32(),
        value.data);
  if (value.valid) {
    bool real = memory.element.isF32();
    Value hole = code.c32(real ? kHoleBits : kHoleInteger);
    if (real)
      hole = arith::BitcastOp::create(b, code.loc, code.f32(), hole);
    if (isa<VectorType>(value.data.getType()) || isa<VectorType>(value.valid.getType())) {
      value = spread(value);
      hole = code.broadcast(hole, width);
    }
    value.data = code.select(value.valid, value.data, hole);
  }
  Coordinate offset = offsetOf(*this, memory, point);
  auto bytes = static_cast<unsigned>(memory.bytes());
  if (memory.stored != StateElement::f32)
    value.data = narrow(b, code.loc, value.data, memory.stored);
  if (offset.isUniform())
    return code.store(value.data, code.at(memory.base, code.mul(offset.scalar, bytes)), bytes);
  value.data = code.broadcast(value.data, width);
  if (offset.lane)
    return code.store(value.data, code.at(memory.base, code.mul(offset.scalar, bytes)), bytes);
  Value all = arith::ConstantOp::create(
      b, code.loc, DenseElementsAttr::get(VectorType::get({width}, code.i1()), true));
  Value addresses = LLVM::GEPOp::create(b, code.loc, VectorType::get({width}, code.ptr()),
                                        getElementTypeOrSelf(value.data.getType()), memory.base,
                                        ArrayRef<LLVM::GEPArg>{offset.lanes});
  LLVM::masked_scatter::create(b, code.loc, value.data, addresses, all, bytes);
}

Value Evaluator::global(StringRef prefix, ArrayRef<float> values) {
  auto type = LLVM::LLVMArrayType::get(code.f32(), values.size());
  auto data = DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(values.size())}, code.f32()), values);
  OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
  std::string symbol;
  do
    symbol = (prefix + "." + Twine(globals++)).str();
  while (module.lookupSymbol(symbol));
  LLVM::GlobalOp::create(top, code.loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, symbol,
                         data, /*alignment=*/64);
  return LLVM::AddressOfOp::create(code.builder, code.loc, code.ptr(), symbol);
}

Value Evaluator::globalIntegers(StringRef prefix, ArrayRef<int64_t> values) {
  auto type = LLVM::LLVMArrayType::get(code.i64(), values.size());
  auto data = DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(values.size())}, code.i64()), values);
  OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
  std::string symbol;
  do
    symbol = (prefix + "." + Twine(globals++)).str();
  while (module.lookupSymbol(symbol));
  LLVM::GlobalOp::create(top, code.loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, symbol,
                         data, /*alignment=*/64);
  return LLVM::AddressOfOp::create(code.builder, code.loc, code.ptr(), symbol);
}

//===-------------------------------------------------------------------------------------------===//
// Values
//===-------------------------------------------------------------------------------------------===//

Evaluated Evaluator::at(Value value, const Point &point) {
  if (auto found = given.find(value); found != given.end())
    return found->second;
  std::vector<void *> key = {value.getAsOpaquePointer(), code.builder.getInsertionBlock()};
  for (AxisAttr axis : typeOf(value).getAxes()) {
    Coordinate c = point.lookup(name(axis.getName()));
    assert((c.scalar || c.lanes) && "a coordinate is missing");
    key.push_back(c.scalar.getAsOpaquePointer());
    key.push_back(c.lanes.getAsOpaquePointer());
    key.push_back(c.lane ? this : nullptr);
  }
  if (auto found = memo.find(key); found != memo.end())
    return found->second;
  Evaluated result = compute(value, point);
  memo[key] = result;
  return result;
}

Value Evaluator::filled(Value value, const Point &point, Value instead) {
  Evaluated e = at(value, point);
  if (!e.valid)
    return e.data;
  if (isa<VectorType>(e.data.getType()) || isa<VectorType>(e.valid.getType())) {
    e = spread(e);
    instead = code.broadcast(instead, width);
  }
  return code.select(e.valid, e.data, instead);
}

Evaluated Evaluator::positionAt(const Coordinate &c, AxisAttr axis) {
  Coordinate absolute = c;
  if (axis.getName() == "time")
    absolute = plus(c, {frame.position, false, Value()});
  OpBuilder &b = code.builder;
  if (absolute.isUniform())
    return {arith::TruncIOp::create(b, code.loc, code.i32(), absolute.scalar), Value()};
  return {arith::TruncIOp::create(b, code.loc, code.vec(code.i32(), width), toLanes(absolute)),
          Value()};
}

Evaluated Evaluator::compute(Value value, const Point &point) {
  NamedTensorType type = typeOf(value);
  if (isa<BlockArgument>(value) ||
      isa<MaterializeOp, CallOp, RecOp, ExtendOp, InputOp>(value.getDefiningOp()))
    return loadFrom(memoryOf(value), point, type.getHoles());
  Operation *op = value.getDefiningOp();
  OpBuilder &b = code.builder;
  auto number = [&](double x) -> Value {
    if (type.getElement().isInteger(1))
      return code.cb(x != 0);
    return type.getElement().isInteger(32) ? code.c32(static_cast<int32_t>(x)) : code.cf(x);
  };
  return llvm::TypeSwitch<Operation *, Evaluated>(op)
      .Case([&](ConstantOp o) -> Evaluated {
        return {number(o.getValue().convertToDouble()), Value()};
      })
      .Case([&](LayerConstantOp o) -> Evaluated {
        SmallVector<float> values(o.getValues().begin(), o.getValues().end());
        Value x = code.load(code.f32(),
                            code.at(global("layer_constant", values), code.mul(frame.layer, 4)));
        if (type.getElement().isInteger(32))
          x = arith::FPToSIOp::create(b, code.loc, code.i32(), x);
        return {x, Value()};
      })
      .Case([&](TableOp o) -> Evaluated {
        Memory memory = dense(Value(), type.getAxes(), code.f32()); // whatever the values are
        auto address = tables.find(op);
        if (address == tables.end())
          address = tables.try_emplace(op, "").first;
        if (address->second.empty()) {
          SmallVector<float> values(o.getValues().begin(), o.getValues().end());
          memory.base = global("table", values);
          address->second = memory.base.getDefiningOp<LLVM::AddressOfOp>().getGlobalName().str();
        } else
          memory.base = LLVM::AddressOfOp::create(b, code.loc, code.ptr(), address->second);
        Evaluated x = loadFrom(memory, point, /*holes=*/false);
        if (!type.getElement().isF32()) {
          Type element = type.getElement();
          if (element.isInteger(1)) {
            Value zero = code.broadcast(code.cf(0), isa<VectorType>(x.data.getType()) ? width : 1);
            x.data = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::UNE, x.data, zero);
          } else
            x.data = arith::FPToSIOp::create(
                b, code.loc, isa<VectorType>(x.data.getType()) ? code.vec(element, width) : element,
                x.data);
        }
        return x;
      })
      .Case([&](PositionOp) -> Evaluated {
        return positionAt(point.lookup(name(type.getAxes()[0].getName())), type.getAxes()[0]);
      })
      .Case([&](ExtentOp o) -> Evaluated {
        return {arith::TruncIOp::create(b, code.loc, code.i32(), extent(o.getAxis())), Value()};
      })
      .Case([&](ParamOp o) { return param(o, point); })
      .Case([&](WhereOp o) -> Evaluated {
        Evaluated x = at(o.getOperand(), point);
        Evaluated p = at(o.getCondition(), point);
        return {x.data, both(x.valid, both(p.data, p.valid))};
      })
      .Case([&](ElseOp o) -> Evaluated {
        Evaluated x = at(o.getOperand(), point), y = at(o.getOtherwise(), point);
        if (!x.valid)
          return x;
        if (isa<VectorType>(x.data.getType()) || isa<VectorType>(x.valid.getType()) ||
            isa<VectorType>(y.data.getType()))
          x = spread(x), y = spread(y);
        Evaluated result = {code.select(x.valid, x.data, y.data), Value()};
        if (y.valid)
          result.valid = arith::OrIOp::create(
              b, code.loc, x.valid,
              code.broadcast(y.valid, isa<VectorType>(x.valid.getType()) ? width : 1));
        return result;
      })
      .Case([&](SelectOp o) -> Evaluated {
        Evaluated p = at(o.getCondition(), point), x = at(o.getThen(), point),
                  y = at(o.getOtherwise(), point);
        Value condition = both(p.data, p.valid);
        bool vector = false;
        for (Value v : {condition, x.data, y.data, x.valid, y.valid})
          vector |= v && isa<VectorType>(v.getType());
        if (vector) {
          condition = code.broadcast(condition, width);
          x = spread(x), y = spread(y);
        }
        Evaluated result = {code.select(condition, x.data, y.data), Value()};
        if (x.valid || y.valid) {
          Value yes = code.broadcast(code.cb(true), vector ? width : 1);
          result.valid = code.select(condition, x.valid ? x.valid : yes, y.valid ? y.valid : yes);
        }
        return result;
      })
      .Case([&](RenameOp o) -> Evaluated {
        Point inner = point;
        Coordinate c = point.lookup(name(o.getTo()));
        inner.erase(name(o.getTo()));
        inner[name(o.getFrom())] = c;
        return at(o.getOperand(), inner);
      })
      .Case([&](IndexOp o) { return index(o, point); })
      .Case([&](SplitOp o) { return split(o, point); })
      .Case([&](MergeOp o) { return merge(o, point); })
      .Case([&](StackOp o) { return stack(o, point); })
      .Case([&](JoinOp o) { return join(o, point); })
      .Case([&](EarlierOp o) { return earlier(o, point); })
      .Default([&](Operation *o) -> Evaluated {
        assert(o->hasTrait<tril::OpTrait::Elementwise>() &&
               "an operation that must be stored was not");
        SmallVector<Evaluated> operands;
        for (Value operand : o->getOperands())
          operands.push_back(at(operand, point));
        return elementwise(o, operands, type.getElement());
      });
}
