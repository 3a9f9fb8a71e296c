//===- Attention.cpp - tril.attention to a generated kernel
//-----------------------------------------------------===//
// The kernel visits tiles of keys; this file says which, from the affine part of the mask, and
// gives it the code of the score and of the mask, which is the region of the operation evaluated
// for 16 keys at once.
#include "Analysis/KeyIntervals.h"
#include "Conversion/AttentionSpec.h"
#include "Conversion/Kernels/TileSoftmax.h"
#include "Conversion/Lowering.h"
#include "Conversion/Weights.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

//===-------------------------------------------------------------------------------------------===//
// Which keys
//===-------------------------------------------------------------------------------------------===//

namespace {

/// A quasi-affine number of a query's position, as code.
class Ends {
public:
  Ends(kernels::Emitter &e, const Floors &floors) : e(e), floors(floors) {}

  Value at(const Quasi &q, Value t) {
    Value sum = e.constant(q.constant);
    if (q.time)
      sum = e.add(sum, e.mul(t, q.time));
    for (auto [index, factor] : q.floors) {
      const Floors::Floor &floor = floors[index];
      Value quotient = arith::FloorDivSIOp::create(e.builder, e.loc, at(floor.dividend, t),
                                                   e.constant(floor.divisor));
      sum = e.add(sum, e.mul(quotient, factor));
    }
    return sum;
  }

private:
  kernels::Emitter &e;
  const Floors &floors;
};

/// The keys of `interval` that queries first .. last see, of `all` that there are.
kernels::KeyRange rangeOf(kernels::Emitter &e, const KeyInterval &interval, Value first, Value last,
                          Value all) {
  Ends ends(e, *interval.floors);
  Value zero = e.constant(0);
  Value begin = interval.first ? e.max(first, e.constant(interval.first)) : first;
  Value end = interval.last ? e.min(last, e.constant(*interval.last)) : last;
  kernels::KeyRange range{zero, all, zero, all};
  for (const KeyEnd &one : interval.least) {
    bool up = one.moves != Motion::down;
    Value outer = ends.at(one.value, up ? begin : end);
    Value inner = one.moves == Motion::still ? outer : ends.at(one.value, up ? end : begin);
    range.lo = e.max(outer, range.lo);
    range.fullLo = e.max(inner, range.fullLo);
  }
  for (const KeyEnd &one : interval.most) {
    bool up = one.moves != Motion::down;
    Value outer = e.add(ends.at(one.value, up ? end : begin), 1);
    Value inner =
        one.moves == Motion::still ? outer : e.add(ends.at(one.value, up ? begin : end), 1);
    range.hi = e.min(outer, range.hi);
    range.fullHi = e.min(inner, range.fullHi);
  }
  auto unless = [&](Value condition, Value &lo, Value &hi) {
    lo = e.select(condition, all, lo);
    hi = e.select(condition, zero, hi);
  };
  if (!interval.full)
    range.fullLo = range.fullHi = Value();
  if (interval.first || interval.last) {
    unless(e.less(end, begin), range.lo, range.hi);
    if (interval.full) {
      Value outside = e.less(first, begin);
      outside = e.ori(outside, e.less(end, last));
      unless(outside, range.fullLo, range.fullHi);
    }
  }
  return range;
}

/// Keys that queries see, apart for the groups that the mask tells apart.
class KeysOfGroups {
public:
  KeysOfGroups(AttentionOp attention, ArrayRef<Value> given, const KeyLattice &lattice);

  /// Whether they are the same for all groups, and intervals say all.
  bool exact() const {
    return classes.size() == 1 &&
           llvm::all_of(classes[0], [](const KeyInterval &one) { return one.full; });
  }
  /// Of every group, where they are the same.
  ArrayRef<KeyInterval> intervals() const { return classes[0]; }
  /// `lookUp` is code for the number of a group in a list.
  SmallVector<kernels::KeyRange>
  ranges(kernels::Emitter &e, Value group, Value first, Value last, Value all,
         llvm::function_ref<Value(ArrayRef<int64_t>, Value)> lookUp) const;

private:
  std::vector<std::vector<KeyInterval>> classes;
  SmallVector<int64_t> which; // for each group
};

KeysOfGroups::KeysOfGroups(AttentionOp attention, ArrayRef<Value> given,
                           const KeyLattice &lattice) {
  NamedTensorType type = attention.getResult().getType();
  SmallVector<AxisAttr> axes;
  for (StringRef axis : attention.getGroups().getAsValueRange<StringAttr>())
    axes.push_back(type.axis(axis));
  PlacedMasks placed = masksOf(attention.getScore().front().getTerminator()->getOperand(0),
                               attention.getPast(), axes, given);
  SmallVector<int64_t> classOf;
  for (const Mask &mask : placed.masks) {
    std::vector<KeyInterval> intervals = keyIntervals(mask, lattice);
    auto known = llvm::find(classes, intervals);
    classOf.push_back(std::distance(classes.begin(), known));
    if (known == classes.end())
      classes.push_back(std::move(intervals));
  }
  for (int mask : placed.which)
    which.push_back(classOf[mask]);
}

SmallVector<kernels::KeyRange>
KeysOfGroups::ranges(kernels::Emitter &e, Value group, Value first, Value last, Value all,
                     llvm::function_ref<Value(ArrayRef<int64_t>, Value)> lookUp) const {
  SmallVector<kernels::KeyRange> result;
  if (classes.size() == 1) {
    for (const KeyInterval &interval : classes[0])
      result.push_back(rangeOf(e, interval, first, last, all));
    return result;
  }
  // Those of the group's class, and empty ones where another class has more.
  Value mine = lookUp(which, group), zero = e.constant(0);
  bool full = llvm::any_of(classes, [](const auto &intervals) {
    return llvm::any_of(intervals, [](const KeyInterval &one) { return one.full; });
  });
  for (auto [number, intervals] : llvm::enumerate(classes)) {
    Value chosen = e.equal(mine, static_cast<int64_t>(number));
    for (auto [i, interval] : llvm::enumerate(intervals)) {
      if (i == result.size())
        result.push_back({zero, zero, full ? zero : Value(), full ? zero : Value()});
      kernels::KeyRange range = rangeOf(e, interval, first, last, all);
      auto choose = [&](Value &to, Value from) { to = from ? e.select(chosen, from, to) : to; };
      choose(result[i].lo, range.lo);
      choose(result[i].hi, range.hi);
      choose(result[i].fullLo, range.fullLo);
      choose(result[i].fullHi, range.fullHi);
    }
  }
  return result;
}

} // namespace

//===-------------------------------------------------------------------------------------------===//
// Scores
//===-------------------------------------------------------------------------------------------===//

/// What a score is a positive constant times of, where the mask lets it be, and that constant.
static std::pair<Value, double> scaledScore(Value score) {
  auto constant = [](Value value) -> double {
    auto op = value.getDefiningOp<ConstantOp>();
    return op ? op.getValue().convertToDouble() : 0;
  };
  double scale = 1;
  for (;;) {
    double factor = 1;
    Value rest;
    if (auto where = score.getDefiningOp<WhereOp>()) {
      rest = where->getOperand(0);
    } else if (auto product = score.getDefiningOp<MulOp>()) {
      bool first = constant(product->getOperand(0)) != 0;
      factor = constant(product->getOperand(first ? 0 : 1));
      rest = product->getOperand(first ? 1 : 0);
    } else if (auto quotient = score.getDefiningOp<DivOp>()) {
      factor = 1 / constant(quotient->getOperand(1));
      rest = quotient->getOperand(0);
    }
    constexpr double most = 1e9; // far from where f32 ends
    if (!rest || !typeOf(rest).getElement().isF32() || !(scale * factor > 1 / most) ||
        !(scale * factor < most))
      return {score, scale};
    score = rest;
    scale *= factor;
  }
}

//===-------------------------------------------------------------------------------------------===//
// What a mask asks of values
//===-------------------------------------------------------------------------------------------===//

namespace {

/// A condition of the mask that compares a whole number of the key with one of the query.
struct AskedOfTiles {
  Value condition, key, query;
  kernels::Comparison::Kind kind; // key KIND query
};

SmallVector<AskedOfTiles> askedOfTiles(AttentionOp attention, Value score) {
  using Kind = kernels::Comparison::Kind;
  StringRef past = attention.getPast(), time = attention.getTime();
  auto members = llvm::to_vector(attention.getMembers().getAsValueRange<StringAttr>());
  auto isOf = [&](Value value, StringRef sequence) {
    NamedTensorType type = typeOf(value);
    return type.hasAxis(sequence) && !type.hasAxis(sequence == past ? time : past) &&
           !type.getHoles() && type.getElement().isInteger(32) &&
           llvm::none_of(members, [&](StringRef axis) { return type.hasAxis(axis); });
  };
  SmallVector<AskedOfTiles> result;
  for (Value condition : conditionsOf(score)) {
    Operation *op = condition.getDefiningOp();
    if (!isa_and_nonnull<EqOp, LtOp, LeOp, GtOp, GeOp>(op) ||
        !truthOf(condition, past).isOpen()) // known from positions
      continue;
    Kind kind = isa<EqOp>(op)   ? Kind::equal
                : isa<LtOp>(op) ? Kind::less
                : isa<LeOp>(op) ? Kind::lessEqual
                : isa<GtOp>(op) ? Kind::greater
                                : Kind::greaterEqual;
    Value key = op->getOperand(0), query = op->getOperand(1);
    if (isOf(query, past)) {
      std::swap(key, query);
      const Kind mirrored[] = {Kind::equal, Kind::greater, Kind::greaterEqual, Kind::less,
                               Kind::lessEqual};
      kind = mirrored[kind];
    }
    if (isOf(key, past) && isOf(query, time))
      result.push_back({condition, key, query, kind});
  }
  return result;
}

} // namespace

void BodyLowering::attention(MaterializeOp op, AttentionOp attentionOp) {
  Code &c = code();
  StringRef past = attentionOp.getPast();
  // Queries of another sequence come all at once, from its beginning.
  bool time = attentionOp.getTime() == "time";
  NamedTensorType resultType = attentionOp.getResult().getType();
  ArrayAttr groupAxes = attentionOp.getGroups(), memberAxes = attentionOp.getMembers();
  int64_t groups = sizeAlong(resultType, groupAxes);
  kernels::AttentionSpec spec = specOf(attentionOp);
  spec.name = ("attention." + body.getSymName() + "." + Twine(attentions++)).str();
  spec.extra = "ppi"; // context, record, positions so far

  Value yielded = attentionOp.getScore().front().getTerminator()->getOperand(0);
  SmallVector<AskedOfTiles> asked = askedOfTiles(attentionOp, yielded);
  SmallVector<Value> given;
  for (const AskedOfTiles &one : asked)
    given.push_back(one.condition);
  KeyLattice lattice = latticeOf(attentionOp);
  spec.step = lattice.step;
  spec.residueMoves = lattice.moves;
  if (spec.step != 1)
    spec.residue = [lattice](kernels::Emitter &e, Value position) {
      Value offset = e.constant(lattice.offset);
      return lattice.moves ? e.rem(e.add(position, offset), lattice.step) : offset;
    };
  KeysOfGroups seen(attentionOp, given, lattice);

  // A value evaluated for one query and, if there are keys, 16 of them; `dots` are the region's
  // arguments.
  auto evaluate = [&](kernels::Emitter &e, Value value, ArrayRef<Value> dots,
                      const kernels::QueryRow &row, Value keys) -> Evaluated {
    Frame inner;
    inner.context = row.extra[0];
    inner.record = row.extra[1];
    OpBuilder builder(e.builder);
    Evaluator at(builder, inner, module, machine);
    at.code.loc = e.loc;
    loadFrame(at.code, inner);
    at.width = keys ? 16 : 1;
    Point point;
    Value query = time ? at.code.sub(row.position, inner.position) : row.position;
    point[at.name(attentionOp.getTime())] = {query, false, Value()};
    if (keys && spec.step == 1) { // 16 that follow each other, from a multiple of 16 on
      Value first = vector::ExtractOp::create(builder, e.loc, keys, ArrayRef<int64_t>{0});
      point[at.name(past)] = {arith::ExtSIOp::create(builder, e.loc, at.code.i64(), first), true,
                              Value()};
    } else if (keys)
      point[at.name(past)] = {
          Value(), false,
          arith::ExtSIOp::create(builder, e.loc, at.code.vec(at.code.i64(), 16), keys)};
    auto flat = [&](ArrayAttr axes, Value index) {
      int64_t below = 1;
      for (Attribute axis : llvm::reverse(axes)) {
        int64_t size = resultType.axis(cast<StringAttr>(axis)).getSize();
        point[cast<StringAttr>(axis)] = {at.code.remu(at.code.divu(index, below), size), false,
                                         Value()};
        below *= size;
      }
    };
    flat(groupAxes, row.group);
    flat(memberAxes, row.member);
    for (auto [argument, dot] : llvm::zip(attentionOp.getScore().front().getArguments(), dots))
      at.given[argument] = {dot, Value()};
    Evaluated result = at.at(value, point);
    e.builder.restoreInsertionPoint(builder.saveInsertionPoint());
    return result;
  };
  auto vectorOf = [](kernels::Emitter &e, Value value) -> Value {
    return isa<VectorType>(value.getType())
               ? value
               : vector::BroadcastOp::create(e.builder, e.loc,
                                             VectorType::get({16}, value.getType()), value)
                     .getResult();
  };
  auto [unscaled, scale] = scaledScore(yielded);
  spec.scale = scale;
  if (!isa<BlockArgument>(unscaled) || spec.dots.size() > 1)
    spec.score = [&, unscaled = unscaled](kernels::Emitter &e, ArrayRef<Value> dots,
                                          const kernels::QueryRow &row, Value keys) {
      return vectorOf(e, evaluate(e, unscaled, dots, row, keys).data);
    };
  if (Value sink = attentionOp.getSink())
    spec.sink = [&evaluate, sink](kernels::Emitter &e, const kernels::QueryRow &row) {
      return evaluate(e, sink, {}, row, Value()).data;
    };
  if (seen.exact() && typeOf(yielded).getHoles())
    // Which keys a row sees follows from the ends of its intervals: less work than the predicate.
    spec.mask = [&](kernels::Emitter &e, const kernels::QueryRow &row, Value keys) {
      Value within;
      for (const KeyInterval &interval : seen.intervals()) {
        kernels::KeyRange range = rangeOf(e, interval, row.position, row.position, row.extra[2]);
        auto compare = [&](arith::CmpIPredicate predicate, Value end) -> Value {
          return arith::CmpIOp::create(e.builder, e.loc, predicate, keys,
                                       e.broadcast(e.truncate(end, e.i32())));
        };
        Value here = e.andi(compare(arith::CmpIPredicate::sge, range.lo),
                            compare(arith::CmpIPredicate::slt, range.hi));
        within = within ? e.ori(within, here) : here;
      }
      for (const AskedOfTiles &one : asked)
        within = e.andi(within, vectorOf(e, evaluate(e, one.condition, {}, row, keys).data));
      return within;
    };
  else if (typeOf(yielded).getHoles())
    spec.mask = [&](kernels::Emitter &e, const kernels::QueryRow &row, Value keys) {
      SmallVector<Value> nothing(spec.dots.size(), e.splat(0));
      Value valid = evaluate(e, yielded, nothing, row, keys).valid;
      return vectorOf(
          e, valid ? valid
                   : arith::ConstantOp::create(e.builder, e.loc, e.builder.getBoolAttr(true))
                         .getResult());
    };
  for (const AskedOfTiles &one : asked)
    spec.comparisons.push_back(
        {one.kind,
         [&, key = one.key](kernels::Emitter &e, const kernels::QueryRow &row, Value keys) {
           return vectorOf(e, evaluate(e, key, {}, row, keys).data);
         },
         [&, query = one.query](kernels::Emitter &e, const kernels::QueryRow &row) {
           return evaluate(e, query, {}, row, Value()).data;
         }});
  std::string table; // of the class of each group
  spec.ranges = [&](kernels::Emitter &e, Value group, Value first, Value last,
                    ArrayRef<Value> extra) {
    return seen.ranges(e, group, first, last, extra[2], [&](ArrayRef<int64_t> list, Value at) {
      if (table.empty())
        table = evaluator->globalIntegers("mask_of", list)
                    .getDefiningOp<LLVM::AddressOfOp>()
                    .getGlobalName()
                    .str();
      Value base = LLVM::AddressOfOp::create(e.builder, e.loc, code().ptr(), table);
      return e.load(e.at(base, e.mul(at, 8)), e.i64(), 8);
    });
  };

  Evaluator::Scope scope(*evaluator);
  func::FuncOp function = kernels::getOrCreateAttention(module, machine, spec);
  SmallVector<Value> operands;
  for (auto [query, key, dot] :
       llvm::zip(attentionOp.getQueries(), attentionOp.getKeys(), spec.dots)) {
    int64_t bytes = dot.width * 4;
    for (ArrayAttr axes : {groupAxes, memberAxes})
      for (StringRef axis : axes.getAsValueRange<StringAttr>())
        if (typeOf(query).hasAxis(axis))
          bytes *= resultType.axis(axis).getSize();
    llvm::append_values(operands, evaluator->memoryOf(query).base, c.c64(bytes),
                        evaluator->memoryOf(key).base,
                        evaluator->capacityOf(key.template getDefiningOp<ExtendOp>()));
  }
  Value result = evaluator->memoryOf(op.getResult()).base;
  int64_t resultBytes = groups * spec.members * spec.value.width * 4;
  Value position = time ? frame.position : c.c64(0);
  Value rows = evaluator->extent(resultType.axis(attentionOp.getTime()));
  Value total = evaluator->extent(attentionOp.getValue().getType().axis(past));
  Value record =
      frame.record ? frame.record : LLVM::ZeroOp::create(c.builder, c.loc, c.ptr()).getResult();
  llvm::append_values(operands, evaluator->memoryOf(attentionOp.getValue()).base,
                      evaluator->capacityOf(attentionOp.getValue().getDefiningOp<ExtendOp>()),
                      result, c.c64(resultBytes), position);
  auto call = [&](Value r0, Value r1, Value g0, Value g1) {
    SmallVector<Value> all = operands;
    llvm::append_values(all, r0, r1, g0, g1, frame.context, record, total);
    func::CallOp::create(c.builder, c.loc, function, all);
  };
  // An output has memory for the wanted rows only.
  Value begin = op.getTail() ? frame.outputBegin : c.c64(0);
  // Many rows: threads take pieces in turn, because later rows see more keys; of one group after
  // the other, whose keys and values then stay near.  Few: they share the groups.
  // Pieces are whole blocks of the kernel, or parts of one where blocks would be too few to share:
  // four for each thread, in all groups.
  const int64_t block = kernels::rowsOfBlock(machine, spec) * spec.rowStep();
  const int64_t tile = kernels::queryTile(machine, spec) * spec.rowStep();
  const int64_t part = std::max<int64_t>(std::min<int64_t>(block, 32) / tile, 1) * tile;
  Value many = c.compare(arith::CmpIPredicate::sge, rows, c.c64(part));
  Value share =
      arith::DivUIOp::create(c.builder, c.loc, c.mul(rows, groups), c.mul(frame.threads, 4 * tile));
  Value shared = c.max(c.c64(part), c.min(c.c64(block), c.mul(share, tile)));
  Value alone = c.compare(arith::CmpIPredicate::eq, frame.threads, c.c64(1));
  Value piece = c.select(alone, c.c64(block), shared);
  auto branch = scf::IfOp::create(c.builder, c.loc, many, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(c.builder);
    c.builder.setInsertionPointToStart(branch.thenBlock());
    c.loop(c.c64(0), c.c64(groups), 1, [&](Value group) {
      Value step = c.mul(frame.threads, piece);
      // The longest pieces go to the last threads, and in every second group to the first ones.
      Value odd = c.compare(arith::CmpIPredicate::ne, c.remu(group, 2), c.c64(0));
      Value mirrored = c.sub(c.add(frame.threads, -1), frame.thread);
      Value turn = c.select(odd, mirrored, frame.thread);
      auto loop =
          scf::ForOp::create(c.builder, c.loc, c.add(begin, c.mul(turn, piece)), rows, step);
      OpBuilder::InsertionGuard guard(c.builder);
      c.builder.setInsertionPointToStart(loop.getBody());
      call(loop.getInductionVar(), c.min(c.add(loop.getInductionVar(), piece), rows), group,
           c.add(group, 1));
    });
    c.builder.setInsertionPointToStart(branch.elseBlock());
    auto border = [&](Value thread) -> Value {
      return arith::DivUIOp::create(c.builder, c.loc, c.mul(thread, groups), frame.threads);
    };
    call(begin, rows, border(frame.thread), border(c.add(frame.thread, 1)));
  }
}
