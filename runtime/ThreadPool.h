//===- ThreadPool.h - threads that run one step together
//----------------------------------------===//
// Every thread runs the same generated function on its own copy of the context (single program,
// multiple data) and meets the others at a barrier.  Who waits spins for some microseconds, because
// parts of a step are that short, and then sleeps on a futex: beside a busy neighbour, and between
// steps, a waiting thread gives its core away.
#pragma once
#include "runtime/Abi.h"
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace tril {

using StepFunction = void (*)(tril_context *);

/// A counter that threads wait on until it moves.  A line of its own in the cache.
class alignas(64) Epoch {
public:
  /// `spins`: pauses before a waiting thread sleeps, at most.
  explicit Epoch(int spins) : most(spins), budget(spins) {}
  uint32_t now() const { return value.load(std::memory_order_acquire); }
  /// Moves the counter and wakes who sleeps; what the caller wrote before is seen by who returns
  /// from `wait`.
  void advance();
  /// Returns when the counter differs from `old`.
  void wait(uint32_t old);

private:
  void sleep(uint32_t old);

  std::atomic<uint32_t> value{0};
  std::atomic<uint32_t> sleepers{0};
  const int most;
  // Pauses to spend now.  Where spinning was in vain, the one waited for has no core, maybe for
  // want of this one: less is spent next time.  A full try now and then finds out when that is
  // over.
  std::atomic<int> budget;
  std::atomic<unsigned> sleeps{0};
};

/// Returns from `arrive` when `threads` threads have called it.  Can be used again at once.
class Barrier {
public:
  Barrier(int threads, int spins) : threads(threads), epoch(spins) {}
  void arrive();

private:
  const int threads;
  alignas(64) std::atomic<int> arrived{0};
  Epoch epoch;
};

class ThreadPool {
public:
  /// The caller of `run` is one of the threads; `threads - 1` are started.  Throws Error if the
  /// system gives no more.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return count; }
  /// Calls `step` on every thread with a copy of `context` in which thread, threads, barrier and
  /// shared are set; returns when all have returned.
  void run(StepFunction step, const tril_context &context);

private:
  void work(int thread);
  void stop();
  void call(int thread);

  const int count;
  Barrier barrier;
  Epoch started;
  StepFunction step = nullptr;
  tril_context context{};
  bool stopping = false;
  std::vector<std::thread> workers;
};

/// Physical cores that this process may run on, and no more than a container's share of processor
/// time allows.  At least 1.
int availableCores();

} // namespace tril
