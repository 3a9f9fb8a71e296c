//===- Abi.h - what generated code and the runtime know of each other
//--------------------------===//
// A product's object exports `tril_step`.  Every thread of the pool calls it with its own copy of
// the context (only `thread` differs); the generated code divides the work itself and meets at
// `barrier` where one part reads what another wrote.  One call takes `rows` new positions of one
// sequence, at `position`, `position + 1`, ... The layout is fixed: compiler/Conversion reads the
// fields by offset (offsetof below, checked by a test).
#pragma once
#include <cstdint>

extern "C" {

enum {
  tril_max_inputs = 8,
  tril_max_outputs = 4096,
  tril_max_sequences = 8,
  tril_max_rings = 8,
  tril_regions = 6
};

struct tril_context {
  const char *weights;       // packed weights, page aligned
  char *arena[tril_regions]; // scratch: [0] fixed, [1] grows with rows, [2] with capacity, [3] with
                             // rows * capacity, [4] with capacity^2, [5] with rows * capacity^2
  char *rings[tril_max_rings]; // states that keep a window, those of one size after each other;
                               // zeroed at the start of a sequence
  int64_t
      ringSizes[tril_max_rings]; // in positions; of states that are read in tiles, multiples of 64
  char *state;                   // what is kept between steps; zeroed at the start of a sequence
  int64_t rows;                  // new positions in this call, 1 <= rows <= maxRows
  int64_t position;              // of the first of them
  int64_t capacity;              // positions that linear states have room for; a multiple of 64
  int64_t maxRows;               // rows that the arena has room for
  int64_t outputBegin; // outputs are wanted for rows outputBegin..rows-1 only; outputBegin == rows:
                       // of no row
  const int32_t *inputs[tril_max_inputs]; // in the order of the manifest; inputs over time begin at
                                          // the first new position
  float *const *outputs; // in the order of the manifest; over time: begin at row outputBegin
  int64_t extents[tril_max_sequences]; // lengths of the sequences other than time, in the order of
                                       // the manifest
  int64_t sequenceRows[tril_max_sequences]; // positions of them in this call: all in the first of a
                                            // run, then none
  void (*barrier)(struct tril_context *);   // returns when all threads have called it
  void *shared;                             // the runtime's
  int32_t thread;                           // 0 <= thread < threads
  int32_t threads;
};

/// One step: reads the inputs, updates the state, writes the outputs.
void tril_step(struct tril_context *);
}

namespace tril {
/// Bytes of a region whose size is fixed + position * capacity (+ row * maxRows + rowPosition *
/// maxRows * capacity ...). arena[0] has `fixed` bytes, arena[1] `row * maxRows`, arena[2]
/// `position * capacity`, arena[3] `rowPosition * maxRows * capacity`, arena[4] `square *
/// capacity^2`, arena[5] `rowSquare * maxRows * capacity^2`. The state has `fixed + position *
/// capacity`.
struct Extent {
  int64_t fixed = 0, row = 0, position = 0, rowPosition = 0, square = 0, rowSquare = 0;
};

/// Which arena holds a value over `time` or not, and over so many other axes whose size is not
/// known before the run (at most 2).
constexpr unsigned arenaRegion(bool time, unsigned others) { return (time ? 1 : 0) + 2 * others; }
} // namespace tril
