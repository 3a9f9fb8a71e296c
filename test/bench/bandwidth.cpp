//===- bandwidth.cpp - how fast this machine reads memory
//---------------------------------------===//
// Prints GB/s of one thread that adds up 512 MB of 64-bit words: the best of several passes, wall
// time, as the benchmarks beside it measure.  Decoding reads every weight once for each token, so
// this bounds its speed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
  using Clock = std::chrono::steady_clock;
  constexpr size_t words = (512u << 20) / sizeof(uint64_t);
  std::vector<uint64_t> memory(words, 1);
  double best = 0;
  uint64_t total = 0;
  for (int pass = 0; pass < 8; ++pass) {
    // Independent sums, wide enough to be made vectors: the loop waits for memory alone.
    uint64_t sums[64] = {};
    Clock::time_point start = Clock::now();
    for (size_t i = 0; i < words; i += 64)
      for (size_t j = 0; j < 64; ++j)
        sums[j] += memory[i + j];
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, double(words) * sizeof(uint64_t) / seconds * 1e-9);
    for (uint64_t sum : sums)
      total += sum;
  }
  std::printf("%.1f\n", best);
  return total == 8 * words ? 0 : 1; // the sums are used
}
