//===- Decode.h - packed blocks to codes and scales in registers
//--------------------------------===//
#pragma once
#include "Conversion/Kernels/Emitter.h"
#include "Target/Pack.h"

namespace tril::kernels {

/// Where the three areas of one group of 16 rows begin.
struct GroupPointers {
  Value codes, sub, scales;
};

/// Bytes of a group of `inputs` (i64) inputs.
Value groupBytes(Emitter &e, PackedFormat format, Value inputs);

/// The areas of group `group` of the packed weight at `weights`.
GroupPointers groupPointers(Emitter &e, PackedFormat format, Value weights, Value group,
                            Value inputs);

/// The scales of one block of 32 inputs, one row a lane: value = scale * (code - bias) + minimum.
struct BlockScales {
  Value scale;     ///< of inputs 0-15, or of all
  Value scaleHigh; ///< of inputs 16-31 where they differ (q6_k), else null
  Value minimum;   ///< to add; null where there is none
};
BlockScales loadScales(Emitter &e, PackedFormat format, const GroupPointers &group, Value block);

/// The 32 codes of 16 rows: eight vectors of dwords, byte e of lane l of vector j is the code of
/// row l and input 4j + e.
Values loadCodes(Emitter &e, PackedFormat format, const GroupPointers &group, Value block);

/// The chunks of a block as they are stored (64 bytes each, as dwords).
Values loadChunks(Emitter &e, PackedFormat format, const GroupPointers &group, Value block);

/// 16 weights of a float format, rows one a lane, as f32.
Value loadFloats(Emitter &e, PackedFormat format, Value pointer);

} // namespace tril::kernels
