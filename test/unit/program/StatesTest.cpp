//===- StatesTest.cpp - rows of states in every layout
//--------------------------------------------------===//
#include "runtime/States.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace tril;

namespace {

ManifestState state(const char *kind, const char *type, int64_t groups, int64_t width, bool lanes) {
  ManifestState result;
  result.name = result.kind = kind;
  result.place = "text.tril:1:1";
  result.type = type;
  result.groups = groups;
  result.width = width;
  result.lanes = lanes;
  return result;
}

int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// One state of each kind, layout and size of element; two copies of each.
Manifest manifest() {
  Manifest m;
  m.rings = {{5, 0, 64}, {70, 0, 64}, {5, 0, 64, 64}}; // the last one behind pinned positions
  auto add = [&](ManifestState s) {
    for (int i = 0; i < 2; ++i)
      if (s.ring >= 0) {
        s.copies.push_back({0, m.rings[s.ring].position});
        m.rings[s.ring].position += aligned(s.rowBytes());
      } else if (s.lag) {
        s.copies.push_back({m.state.fixed, 0});
        m.state.fixed += aligned(s.rowBytes() * s.lag);
      } else {
        s.copies.push_back({0, m.state.position});
        m.state.position += aligned(s.rowBytes());
      }
    m.states.push_back(s);
  };
  for (const char *type : {"f32", "bf16"})
    for (bool lanes : {false, true}) {
      add(state("linear", type, 2, 3, lanes));
      for (int64_t ring : {0, 1, 2}) {
        ManifestState s = state("ring", type, 3, 5, lanes);
        s.ring = ring;
        s.window = m.rings[ring].window;
        s.pinned = m.rings[ring].pinned;
        add(s);
      }
    }
  ManifestState sequence = state("sequence", "f32", 2, 3, true);
  sequence.sequence = 0;
  add(sequence);
  ManifestState s = state("recurrence", "f32", 1, 7, false);
  s.lag = 2;
  add(s);
  // Linear states and recurrences share memory: what is fixed comes first.
  for (ManifestState &each : m.states)
    if (each.ring < 0)
      for (ManifestState::Copy &copy : each.copies)
        copy.fixed += each.lag ? 0 : m.state.fixed;
  return m;
}

constexpr int64_t lengths[] = {37}; // of a sequence beside time

std::string save(const States &states, int64_t position, States::Which which = States::Which::all) {
  std::string bytes;
  states.save(position, which, [&](const char *data, size_t size) { bytes.append(data, size); });
  EXPECT_EQ(int64_t(bytes.size()), states.savedBytes(position, which));
  return bytes;
}

void restore(States &states, int64_t position, const std::string &bytes,
             States::Which which = States::Which::all) {
  size_t at = 0;
  states.restore(position, which, [&](char *data, size_t size) {
    ASSERT_LE(at + size, bytes.size());
    std::memcpy(data, bytes.data() + at, size);
    at += size;
  });
  EXPECT_EQ(at, bytes.size());
}

/// As many different bytes as there are.
std::string pattern(size_t size, unsigned seed) {
  std::string bytes(size, 0);
  for (char &byte : bytes)
    byte = char((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST(States, RowsFitOtherCapacities) {
  Manifest m = manifest();
  for (int64_t position : {1, 5, 63, 64, 100, 130}) {
    States a(m, lengths), b(m, lengths);
    a.allocate(1, 192);
    b.allocate(100, 320);
    std::string rows =
        pattern(size_t(a.savedBytes(position, States::Which::all)), unsigned(position));
    restore(a, position, rows);
    EXPECT_EQ(save(a, position), rows) << position;
    restore(b, position, save(a, position));
    EXPECT_EQ(save(b, position), rows) << position;
    States c(m, lengths);
    c.allocate(1, 192);
    c.copy(a, position);
    EXPECT_EQ(save(c, position), rows) << position;
  }
}

TEST(States, OtherSequencesAreKeptWhole) {
  Manifest m;
  m.states = {state("sequence", "f32", 1, 2, false)};
  m.states[0].sequence = 0;
  m.states[0].copies = {{0, 0}};
  m.state.position = 64;
  States states(m, lengths);
  states.allocate(1, 64);
  EXPECT_EQ(states.savedBytes(0, States::Which::all), 0); // not computed yet
  EXPECT_EQ(states.savedBytes(1, States::Which::all), 37 * 8);
  EXPECT_EQ(states.savedBytes(50, States::Which::all), 37 * 8);
  EXPECT_EQ(states.whyNotTruncate(1), "");
}

TEST(States, LieAsGeneratedCodeReadsThem) {
  Manifest m;
  m.states = {state("linear", "f32", 2, 3, true)};
  m.states[0].copies = {{0, 0}};
  m.state.position = 64;
  States states(m);
  states.allocate(1, 64);
  tril_context frame{};
  states.describe(frame);
  float rows[20][2][3];
  for (int p = 0; p < 20; ++p)
    for (int g = 0; g < 2; ++g)
      for (int w = 0; w < 3; ++w)
        rows[p][g][w] = float(100 * p + 10 * g + w);
  restore(states, 20, std::string(reinterpret_cast<char *>(rows), sizeof rows));
  const float *memory = reinterpret_cast<const float *>(frame.state);
  // [group][position / 16][width][16]
  EXPECT_EQ(memory[((1 * 4 + 18 / 16) * 3 + 2) * 16 + 18 % 16], 1812.0f);
}

TEST(States, RingsForget) {
  Manifest m;
  m.rings = {{5, 64, 64}};
  m.states = {state("ring", "f32", 1, 4, false)};
  m.states[0].ring = 0;
  m.states[0].window = 5;
  m.states[0].copies = {{0, 0}};
  States states(m);
  states.allocate(1, 1024);
  EXPECT_FALSE(states.alwaysTruncates());
  states.wrote(128);
  EXPECT_EQ(states.whyNotTruncate(3), ""); // position 0 is there
  states.wrote(129);
  EXPECT_EQ(states.whyNotTruncate(6), "");
  EXPECT_EQ(states.whyNotTruncate(5),
            "`ring` (text.tril:1:1) keeps the last 128 positions: position 0, which position 5 "
            "reads, is overwritten; with checkpoints (--checkpoint-every) it can");
  states.wrote(100); // having gone back changes nothing
  EXPECT_NE(states.whyNotTruncate(5), "");
  // What was not saved is not there either.
  restore(states, 100, pattern(5 * 16, 1));
  EXPECT_EQ(states.whyNotTruncate(100), "");
  EXPECT_NE(states.whyNotTruncate(99), "");
  states.clear();
  EXPECT_EQ(states.whyNotTruncate(5), "");
  // Pinned positions are never overwritten.
  Manifest pinned = m;
  pinned.rings = {{5, 64, 64, 64}};
  pinned.states[0].pinned = 64;
  States behind(pinned);
  behind.allocate(1, 1024); // 64, and a ring of 128
  behind.wrote(193);        // position 64 is overwritten
  EXPECT_EQ(behind.whyNotTruncate(70), "");
  EXPECT_EQ(behind.whyNotTruncate(69),
            "`ring` (text.tril:1:1) keeps the last 128 positions: position 64, which position 69 "
            "reads, is overwritten; with checkpoints (--checkpoint-every) it can");
  EXPECT_EQ(behind.whyNotTruncate(64), "");
  // One that is not read in tiles has the positions before a step, and those of the step.
  Manifest exact = m;
  exact.rings = {{5, 64}};
  States few(exact);
  few.allocate(2, 1024);
  few.wrote(100); // 93 .. 99 are there
  EXPECT_EQ(few.whyNotTruncate(98), "");
  EXPECT_EQ(few.whyNotTruncate(97),
            "`ring` (text.tril:1:1) keeps the last 7 positions: position 92, which position 97 "
            "reads, is overwritten; with checkpoints (--checkpoint-every) it can");
  // One that is as large as the context overwrites nothing.
  states.allocate(1, 64);
  EXPECT_TRUE(states.alwaysTruncates());
}

} // namespace
