//===- FakeStep.cpp - a step as generated code would do it, small enough to check by eye
//--------===//
// Tokens are bytes, 256 ends a text, 257 begins one.  The token after three others is the first of
// them (so "abc" goes on "abcabc"), after '!' the text ends.  On top comes a small number that
// depends on every token so far, on the weights and on the further inputs, so that a lost position,
// a state that was not cleared or a part that another thread had not written yet changes bits.  The
// arenas are used up to their last byte.
#include "test/unit/program/FakeStep.h"
#include "runtime/Abi.h"
#include <cmath>

using namespace tril::fake;

namespace {

/// Elements [begin, end) of n are this thread's.
struct Part {
  int64_t begin, end;
  Part(const tril_context &c, int64_t n)
      : begin(n * c.thread / c.threads), end(n * (c.thread + 1) / c.threads) {}
};

} // namespace

extern "C" void tril_step(tril_context *context) {
  tril_context &c = *context;
  const float *weights = reinterpret_cast<const float *>(c.weights);
  int64_t *sum = reinterpret_cast<int64_t *>(c.state); // state, fixed
  int32_t *tokens =
      reinterpret_cast<int32_t *>(c.state + 2 * sizeof(int64_t));  // state, one a position
  int64_t *sums = reinterpret_cast<int64_t *>(c.arena[1]);         // one a row
  int32_t *seen = reinterpret_cast<int32_t *>(c.arena[2]);         // one a position
  signed char *ages = reinterpret_cast<signed char *>(c.arena[3]); // rows x capacity

  // One byte for two positions, and for two positions and a row.
  if (c.thread == 0) {
    c.arena[4][c.capacity * c.capacity - 1] = 1;
    c.arena[5][c.maxRows * c.capacity * c.capacity - 1] = 1;
  }

  // What is kept: each thread its share of the new tokens.
  for (Part p(c, c.rows); p.begin < p.end; ++p.begin)
    tokens[c.position + p.begin] = c.inputs[0][p.begin];
  c.barrier(&c);
  for (Part p(c, c.capacity); p.begin < p.end; ++p.begin)
    seen[p.begin] = p.begin < c.position + c.rows ? tokens[p.begin] : -1;
  if (c.thread == 0) {
    int64_t running = *sum;
    for (int64_t r = 0; r < c.rows; ++r)
      sums[r] = running = (running * 31 + tokens[c.position + r] + 1) % 1000003;
    *sum = running;
    // The other sequence comes once: what is kept of it is state too.
    int64_t &other = sum[1];
    if (c.position == 0)
      other = 0;
    for (int64_t i = 0; i < c.sequenceRows[0]; ++i)
      other += c.inputs[1][i];
    *reinterpret_cast<int64_t *>(c.arena[0]) = other;
  }
  for (Part p(c, c.rows * c.capacity); p.begin < p.end; ++p.begin)
    ages[p.begin] = static_cast<signed char>(p.begin % 101);
  c.barrier(&c);

  int64_t other = *reinterpret_cast<int64_t *>(c.arena[0]);
  for (int64_t r = c.outputBegin; r < c.rows; ++r) {
    int64_t t = c.position + r;
    int32_t next = seen[t] == '!' ? end : t >= 2 ? seen[t - 2] : seen[0];
    float *row = c.outputs[0] + (r - c.outputBegin) * vocabulary;
    float age = ages[r * c.capacity + t] == (r * c.capacity + t) % 101 ? 1.0f : 0.0f;
    for (Part p(c, vocabulary); p.begin < p.end; ++p.begin)
      row[p.begin] = (p.begin == next ? 8.0f : 0.0f) +
                     age * std::sin(float(sums[r] + other) * weights[p.begin % weightCount]);
    if (c.thread == c.threads - 1) {
      c.outputs[1][(r - c.outputBegin) * 2] = float(sums[r]);
      c.outputs[1][(r - c.outputBegin) * 2 + 1] = float(t);
    }
  }
  if (c.thread == 0)
    for (int i = 0; i < 3; ++i)
      c.outputs[2][i] = float(c.position + c.rows + i);
  c.barrier(&c);
}
