//===- Gemm.cpp - contractions with packed weights
//----------------------------------------------===//
#include "Conversion/Kernels/Gemm.h"
#include "Conversion/Kernels/Decode.h"
#include "Conversion/Kernels/Prepare.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

/// How outputs are cut into register tiles.
struct Tiling {
  SmallVector<int> rows; ///< heights, largest first, down to 1
  int groups;            ///< of 16 outputs, for many rows
  int groupsOfOneRow;    ///< for a single row: hides the latency of its chain of sums
  int rowBlock;          ///< rows that share a group of weights before the next is read
};

class GemmEmitter {
public:
  GemmEmitter(Emitter &e, PackedFormat format, ArrayRef<Value> arguments)
      : e(e), format(format), layout(packedLayout(format)),
        prepared(preparation(e.machine, format)), weights(arguments[0]), x(arguments[1]),
        xStride(arguments[2]), p(arguments[3]), pStride(arguments[4]), c(arguments[5]),
        cStride(arguments[6]), inputs(arguments[7]), outputs(arguments[8]), m0(arguments[9]),
        m1(arguments[10]), g0(arguments[11]), g1(arguments[12]) {
    if (arguments.size() > 13) {
      listed = arguments[13];
      share = arguments[14];
    }
  }

  void emit();

private:
  Emitter &e;
  PackedFormat format;
  const PackedLayout &layout;
  Preparation prepared;
  Value weights, x, xStride, p, pStride, c, cStride, inputs, outputs, m0, m1, g0, g1;
  Value listed, share;           ///< of listed rows: their numbers, and how many share a row of x
  Value codesAhead, scalesAhead; ///< distances of prefetches in bytes

  /// The row of C that is row `m` of those computed.
  Value rowOf(Value m) {
    if (!listed)
      return m;
    Value number = e.load(e.at(listed, e.mul(m, 4)), e.i32(), 4);
    return arith::ExtUIOp::create(e.builder, e.loc, e.i64(), number);
  }

  Tiling tiling() const;
  void rowTiles(const Tiling &tiling, Value begin, Value end, Value group, int groups);
  void tile(Value m, Value group, int rows, int groups);
  void storeTile(Value m, Value group, int rows, int groups, ArrayRef<Value> sums);
  void floatStep(Value k, ArrayRef<Value> xRows, ArrayRef<GroupPointers> groups, Values &sums);
  void digitStep(Value block, ArrayRef<Value> pRows, const GroupPointers &group,
                 MutableArrayRef<Value> sums);
  void prefetchBlock(Value block, const GroupPointers &group);
  void choosePrefetch();
  void decodedStep(Value block, ArrayRef<Value> xRows, ArrayRef<Value> pRows,
                   const GroupPointers &group, MutableArrayRef<Value> sums);
  Value broadcastFloat(Value pointer) { return e.broadcast(e.load(pointer, e.f32(), 4)); }
};

} // namespace

/// Counts registers: sums (rows * groups, and for quantised formats the sums of a block) + weights
/// + an activation.
Tiling GemmEmitter::tiling() const {
  bool floats = layout.isFloat();
  if (e.machine.avx512)
    return {{8, 4, 2, 1}, floats ? 3 : 1, floats ? 4 : 1, 64};
  if (e.machine.avx2)
    return {floats ? SmallVector<int>{6, 2, 1} : SmallVector<int>{4, 2, 1}, 1, floats ? 4 : 1, 48};
  return {floats ? SmallVector<int>{2, 1} : SmallVector<int>{2, 1}, 1, floats ? 2 : 1, 32};
}

/// One input of a float format.
void GemmEmitter::floatStep(Value k, ArrayRef<Value> xRows, ArrayRef<GroupPointers> groups,
                            Values &sums) {
  Values w;
  for (const GroupPointers &group : groups)
    w.push_back(loadFloats(e, format, e.at(group.codes, e.mul(k, layout.codeBytes))));
  for (size_t i = 0; i < xRows.size(); ++i) {
    Value activation = broadcastFloat(e.at(xRows[i], e.mul(k, 4)));
    for (size_t j = 0; j < w.size(); ++j) {
      Value &sum = sums[i * w.size() + j];
      sum = e.fma(activation, w[j], sum);
    }
  }
}

/// One block of 32 inputs by dot products of bytes.
void GemmEmitter::digitStep(Value block, ArrayRef<Value> pRows, const GroupPointers &group,
                            MutableArrayRef<Value> sums) {
  VectorType bytes = e.vector(e.builder.getI8Type(), 64);
  BlockScales scales = loadScales(e, format, group, block);
  Values codes = loadCodes(e, format, group, block);
  for (Value &code : codes)
    code = e.bitcast(code, bytes);
  size_t rows = pRows.size();
  Values x(rows);
  for (size_t i = 0; i < rows; ++i)
    x[i] = e.at(pRows[i], e.mul(block, preparedBlockBytes(prepared)));
  auto dots = [&](Value sum, size_t row, int digit, int j) {
    Value four = e.broadcast(e.load(e.at(x[row], 32 * digit + 4 * j), e.i32(), 4));
    return e.intrinsic("llvm.x86.avx512.vpdpbusd.512", {sum, codes[j], e.bitcast(four, bytes)},
                       e.ints());
  };
  auto addPart = [&](Value scale, int begin, int end, int64_t sumOffset, Value minimum) {
    // The highest digit first, scaled and added: its registers are then free. Integers are exact in
    // any order.
    Value high = e.mulf(scale, e.splat(65536));
    auto scaleOf = [&](size_t i) { return broadcastFloat(e.at(x[i], 96)); };
    Values integers(rows, e.splatInt(0));
    for (int j = begin; j < end; ++j)
      for (size_t i = 0; i < rows; ++i)
        integers[i] = dots(integers[i], i, 0, j);
    for (size_t i = 0; i < rows; ++i)
      sums[i] = e.fma(e.toFloat(integers[i]), e.mulf(high, scaleOf(i)), sums[i]);
    Values lower(rows, e.splatInt(0));
    for (int j = begin; j < end; ++j)
      for (size_t i = 0; i < rows; ++i)
        lower[i] = dots(lower[i], i, 1, j);
    bool apart = rows == 1; // two short chains instead of a long one
    for (size_t i = 0; i < rows; ++i)
      lower[i] = e.shiftLeft(lower[i], 8);
    Values last = apart ? Values(rows, e.splatInt(0)) : lower;
    for (int j = begin; j < end; ++j)
      for (size_t i = 0; i < rows; ++i)
        last[i] = dots(last[i], i, 2, j);
    for (size_t i = 0; i < rows; ++i) {
      Value integer = apart ? e.addi(lower[i], last[i]) : last[i];
      sums[i] = e.fma(e.toFloat(integer), e.mulf(scale, scaleOf(i)), sums[i]);
      if (minimum)
        sums[i] = e.fma(minimum, broadcastFloat(e.at(x[i], 96 + sumOffset)), sums[i]);
    }
  };
  // Codes are not negative; the bias is one more minimum.
  auto minimumOf = [&](Value scale) -> Value {
    if (layout.bias)
      return e.mulf(scale, e.splat(static_cast<float>(-layout.bias)));
    return scales.minimum;
  };
  if (scales.scaleHigh) {
    addPart(scales.scale, 0, 4, 4, minimumOf(scales.scale));
    addPart(scales.scaleHigh, 4, 8, 8, minimumOf(scales.scaleHigh));
  } else {
    addPart(scales.scale, 0, 8, 12, minimumOf(scales.scale));
  }
}

/// One block of 32 inputs in f32, in halves: a single row has two chains of sums at once, several
/// rows need only one chain each in registers at a time.
void GemmEmitter::decodedStep(Value block, ArrayRef<Value> xRows, ArrayRef<Value> pRows,
                              const GroupPointers &group, MutableArrayRef<Value> sums) {
  BlockScales scales = loadScales(e, format, group, block);
  size_t rows = xRows.size();
  Values x(rows);
  for (size_t i = 0; i < rows; ++i)
    x[i] = e.at(xRows[i], e.mul(block, 128));
  bool byTable = layout.bits == 4 && e.machine.avx512;
  Values codes = byTable ? loadChunks(e, format, group, block) : loadCodes(e, format, group, block);
  VectorType bytes = e.vector(e.builder.getI8Type(), 64);
  Value table;
  if (byTable) {
    SmallVector<float> values;
    for (int i = 0; i < 16; ++i)
      values.push_back(static_cast<float>(i - layout.bias));
    table = e.vectorOf(values);
  }
  auto weight = [&](Value code, int half, int byte) {
    // A table permute looks at the low four bits of a lane only: one shift and one permute a code.
    if (byTable)
      return e.intrinsic("llvm.x86.avx512.permvar.sf.512",
                         {table, e.shiftRight(code, 8 * byte + 4 * half)}, e.floats());
    return e.toFloat(e.shiftRightSigned(e.shiftLeft(code, 24 - 8 * byte), 24));
  };
  for (int half = 0; half < 2; ++half) {
    Values chain(rows);
    for (int j = 0; j < 4; ++j) {
      Value code = codes[byTable ? j : 4 * half + j];
      if (layout.bias && !byTable)
        code = e.bitcast(e.subi(e.bitcast(code, bytes), e.splatInt(layout.bias, 8, 64)), e.ints());
      for (int byte = 0; byte < 4; ++byte) {
        Value w = weight(code, half, byte);
        for (size_t i = 0; i < rows; ++i) {
          Value activation = broadcastFloat(e.at(x[i], 4 * (16 * half + 4 * j + byte)));
          chain[i] = chain[i] ? e.fma(w, activation, chain[i]) : e.mulf(w, activation);
        }
      }
    }
    for (size_t i = 0; i < rows; ++i)
      sums[i] =
          e.fma(chain[i], half && scales.scaleHigh ? scales.scaleHigh : scales.scale, sums[i]);
  }
  if (!scales.minimum)
    return;
  for (size_t i = 0; i < rows; ++i) {
    Value sum = e.at(pRows[i], e.mul(block, preparedBlockBytes(prepared)));
    sums[i] = e.fma(scales.minimum, broadcastFloat(e.at(sum, preparedFloatsOffset(prepared) + 12)),
                    sums[i]);
  }
}

/// Asks for blocks ahead. With one row, products wait for weights in the schedulers of the
/// processor, which hold two or three blocks: too few loads are in flight to keep memory busy, and
/// so few that the hardware does not see a stream. Into the second level: what goes to the first is
/// limited by its miss buffers again. (Zen 4, of 23 GB/s: q4_1 10 to 22, q8_0 13 to 20.)
void GemmEmitter::prefetchBlock(Value block, const GroupPointers &group) {
  Value codes = e.at(e.at(group.codes, e.mul(block, layout.codeBytes)), codesAhead);
  for (int line = 0; line < layout.codeBytes; line += 64)
    e.prefetch(e.at(codes, line));
  if (layout.subBytes)
    e.prefetch(e.at(e.at(group.sub, e.mul(block, layout.subBytes)), scalesAhead));
  if (layout.scaleInputs == 32)
    e.prefetch(e.at(e.at(group.scales, e.mul(block, layout.scaleBytes)), scalesAhead));
}

/// Whole groups ahead where groups are small, so that codes meet codes.
void GemmEmitter::choosePrefetch() {
  constexpr int64_t distance = 16384;
  Value bytes = groupBytes(e, format, inputs);
  Value groups = arith::DivUIOp::create(e.builder, e.loc, e.add(bytes, distance - 1), bytes);
  Value whole = e.mul(bytes, groups), isSmall = e.less(bytes, e.constant(2 * distance));
  codesAhead = e.select(isSmall, whole, e.constant(distance));
  scalesAhead = e.select(isSmall, whole, e.constant(distance / 4));
}

void GemmEmitter::storeTile(Value m, Value group, int rows, int groups, ArrayRef<Value> sums) {
  SmallVector<Value> out(rows);
  for (int i = 0; i < rows; ++i)
    out[i] = e.at(e.at(c, e.mul(rowOf(e.add(m, i)), cStride)), e.mul(group, 64));
  Value end = e.mul(e.add(group, groups), packedRows);
  e.ifElse(
      e.lessEqual(end, outputs),
      [&] {
        for (int i = 0; i < rows; ++i)
          for (int j = 0; j < groups; ++j)
            e.store(sums[i * groups + j], e.at(out[i], 64 * j), 4);
      },
      [&] {
        // The last group has fewer outputs; those before it are whole.
        Value last = e.sub(outputs, e.mul(e.add(group, groups - 1), packedRows));
        Value count = e.broadcast(e.truncate(last, e.i32()));
        Value mask = arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt,
                                           e.laneNumbers(), count);
        for (int i = 0; i < rows; ++i) {
          for (int j = 0; j < groups - 1; ++j)
            e.store(sums[i * groups + j], e.at(out[i], 64 * j), 4);
          e.storeMasked(sums[i * groups + groups - 1], e.at(out[i], 64 * (groups - 1)), mask, 4);
        }
      });
}

void GemmEmitter::tile(Value m, Value group, int rows, int groups) {
  SmallVector<GroupPointers> pointers;
  for (int j = 0; j < groups; ++j)
    pointers.push_back(groupPointers(e, format, weights, e.add(group, j), inputs));
  Values xRows(rows), pRows(rows);
  Value blocks = e.div(inputs, 32);
  for (int i = 0; i < rows; ++i) {
    Value row = rowOf(e.add(m, i));
    if (share)
      row = arith::DivUIOp::create(e.builder, e.loc, row, share);
    xRows[i] = e.at(x, e.mul(row, xStride));
    if (prepared != Preparation::none)
      pRows[i] = e.at(p, e.mul(row, pStride));
  }
  Values init(static_cast<size_t>(rows) * groups, e.splat(0));
  Values sums = e.loop(e.constant(0), layout.isFloat() ? inputs : blocks, 1, init,
                       [&](Value k, ArrayRef<Value> carried) {
                         Values next(carried);
                         if (layout.isFloat()) {
                           floatStep(k, xRows, pointers, next);
                           return next;
                         }
                         for (int j = 0; j < groups; ++j) {
                           if (rows == 1 && codesAhead)
                             prefetchBlock(k, pointers[j]);
                           Values column(rows);
                           for (int i = 0; i < rows; ++i)
                             column[i] = carried[i * groups + j];
                           if (prepared == Preparation::digits)
                             digitStep(k, pRows, pointers[j], column);
                           else
                             decodedStep(k, xRows, pRows, pointers[j], column);
                           for (int i = 0; i < rows; ++i)
                             next[i * groups + j] = column[i];
                         }
                         return next;
                       });
  storeTile(m, group, rows, groups, sums);
}

/// All rows begin..end of some groups, in the tallest tiles that fit.
void GemmEmitter::rowTiles(const Tiling &tiling, Value begin, Value end, Value group, int groups) {
  for (int height : tiling.rows) {
    Value tiles = e.div(e.sub(end, begin), height);
    Value stop = e.add(begin, e.mul(tiles, height));
    e.loop(begin, stop, height, [&](Value m) { tile(m, group, height, groups); });
    begin = stop;
  }
}

void GemmEmitter::emit() {
  Tiling shape = tiling();
  auto groupTiles = [&](int groups, llvm::function_ref<void(Value, int)> body) {
    Value stop = g0;
    if (groups > 1) {
      stop = e.add(g0, e.mul(e.div(e.max(e.sub(g1, g0), e.constant(0)), groups), groups));
      e.loop(g0, stop, groups, [&](Value g) { body(g, groups); });
    }
    e.loop(stop, g1, 1, [&](Value g) { body(g, 1); });
  };
  e.ifElse(
      e.equal(e.sub(m1, m0), 1),
      [&] {
        if (!layout.isFloat())
          choosePrefetch();
        groupTiles(shape.groupsOfOneRow, [&](Value g, int groups) { tile(m0, g, 1, groups); });
      },
      [&] {
        codesAhead = {};
        e.loop(m0, m1, shape.rowBlock, [&](Value begin) {
          Value end = e.min(e.add(begin, shape.rowBlock), m1);
          groupTiles(shape.groups,
                     [&](Value g, int groups) { rowTiles(shape, begin, end, g, groups); });
        });
      });
}

func::FuncOp kernels::getOrCreateGemm(ModuleOp module, const Machine &machine,
                                      PackedFormat format) {
  return Emitter::function(
      module, machine, ("tril_gemm_" + packedFormatName(format)).str(), "ppipipiiiiiii",
      [&](Emitter &e, ArrayRef<Value> arguments) { GemmEmitter(e, format, arguments).emit(); });
}

func::FuncOp kernels::getOrCreateGemmOfRows(ModuleOp module, const Machine &machine,
                                            PackedFormat format) {
  return Emitter::function(
      module, machine, ("tril_gemm_rows_" + packedFormatName(format)).str(), "ppipipiiiiiiipi",
      [&](Emitter &e, ArrayRef<Value> arguments) { GemmEmitter(e, format, arguments).emit(); });
}
