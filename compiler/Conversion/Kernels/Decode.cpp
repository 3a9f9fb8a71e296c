//===- Decode.cpp - packed blocks to codes and scales in registers
//------------------------------===//
#include "Conversion/Kernels/Decode.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

Value kernels::groupBytes(Emitter &e, PackedFormat format, Value inputs) {
  const PackedLayout &layout = packedLayout(format);
  if (layout.isFloat())
    return e.mul(e.div(e.add(e.mul(inputs, layout.codeBytes), 63), 64), 64);
  Value blocks = e.mul(e.div(inputs, 32), layout.codeBytes + layout.subBytes);
  Value scales = e.mul(e.div(inputs, layout.scaleInputs), layout.scaleBytes);
  return e.mul(e.div(e.add(e.add(blocks, scales), 63), 64), 64);
}

GroupPointers kernels::groupPointers(Emitter &e, PackedFormat format, Value weights, Value group,
                                     Value inputs) {
  const PackedLayout &layout = packedLayout(format);
  GroupPointers result;
  result.codes = e.at(weights, e.mul(group, groupBytes(e, format, inputs)));
  if (layout.isFloat())
    return result;
  Value blocks = e.div(inputs, 32);
  result.sub = e.at(result.codes, e.mul(blocks, layout.codeBytes));
  result.scales = layout.subBytes ? e.at(result.sub, e.mul(blocks, layout.subBytes)) : result.sub;
  return result;
}

BlockScales kernels::loadScales(Emitter &e, PackedFormat format, const GroupPointers &group,
                                Value block) {
  const PackedLayout &layout = packedLayout(format);
  BlockScales result;
  VectorType bytes = e.vector(e.builder.getI8Type());
  if (layout.scaleInputs == 32) {
    Value at = e.at(group.scales, e.mul(block, layout.scaleBytes));
    result.scale = e.loadHalves(at, 32);
    if (layout.minima)
      result.minimum = e.loadHalves(e.at(at, 32), 32);
    return result;
  }
  Value at = e.at(group.scales, e.mul(e.div(block, 8), layout.scaleBytes));
  Value sub = e.at(group.sub, e.mul(block, layout.subBytes));
  Value first = e.load(sub, bytes, 16), second = e.load(e.at(sub, 16), bytes, 16);
  Value d = e.loadHalves(at, 32);
  auto scaled = [&](Value factor, Value code, bool isSigned) {
    Value wide = isSigned ? e.extendSigned(code, e.ints()) : e.extendUnsigned(code, e.ints());
    return e.mulf(factor, e.toFloat(wide)); // exact: 11 bits times 8
  };
  result.scale = scaled(d, first, !layout.minima);
  if (layout.minima)
    result.minimum = scaled(e.negf(e.loadHalves(e.at(at, 32), 32)), second, false);
  else
    result.scaleHigh = scaled(d, second, true);
  return result;
}

Values kernels::loadChunks(Emitter &e, PackedFormat format, const GroupPointers &group,
                           Value block) {
  const PackedLayout &layout = packedLayout(format);
  Value at = e.at(group.codes, e.mul(block, layout.codeBytes));
  Values chunks;
  for (int c = 0; c < layout.codeBytes / 64; ++c)
    chunks.push_back(e.load(e.at(at, 64 * c), e.ints(), 64));
  return chunks;
}

/// Moves bits up (positive) or down.
static Value shift(Emitter &e, Value value, int bits) {
  return bits >= 0 ? e.shiftLeft(value, bits) : e.shiftRight(value, -bits);
}

Values kernels::loadCodes(Emitter &e, PackedFormat format, const GroupPointers &group,
                          Value block) {
  Values chunks = loadChunks(e, format, group, block);
  int bits = packedLayout(format).bits;
  if (bits == 8)
    return chunks;
  Values codes(8);
  for (int j = 0; j < 8; ++j) {
    Value code = e.andi(e.shiftRight(chunks[j % 4], j / 4 * 4), e.splatInt(0x0f0f0f0f));
    if (bits == 5)
      code = e.ori(code, e.andi(shift(e, chunks[4], 4 - j), e.splatInt(0x10101010)));
    if (bits == 6)
      code =
          e.ori(code, e.andi(shift(e, chunks[4 + j / 4], 4 - 2 * (j % 4)), e.splatInt(0x30303030)));
    codes[j] = code;
  }
  return codes;
}

Value kernels::loadFloats(Emitter &e, PackedFormat format, Value pointer) {
  switch (format) {
  case PackedFormat::f16:
    return e.loadHalves(pointer, 32);
  case PackedFormat::bf16: {
    Value halves = e.load(pointer, e.vector(e.builder.getIntegerType(16)), 32);
    return e.bitcast(e.shiftLeft(e.extendUnsigned(halves, e.ints()), 16), e.floats());
  }
  default:
    return e.load(pointer, e.floats(), 64);
  }
}
