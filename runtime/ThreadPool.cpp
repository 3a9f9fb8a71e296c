//===- ThreadPool.cpp
//---------------------------------------------------------------------------===//
#include "runtime/ThreadPool.h"
#include "runtime/Error.h"
#include <algorithm>
#include <climits>
#include <csignal>
#include <linux/futex.h>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace tril {
namespace {

/// About 30 microseconds on processors of today: longer than most parts of a step, far shorter than
/// a time slice.
constexpr int spinsBeforeSleep = 2000;

constexpr unsigned sleepsBetweenTries = 16;

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "a futex is 32 bits");

void futex(std::atomic<uint32_t> &word, int operation, uint32_t value) {
  syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

/// More threads than processors: whoever spins keeps from running the one that it waits for.
int spinsFor(int threads) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && threads > CPU_COUNT(&set))
    return 0;
  return spinsBeforeSleep;
}

/// Blocks every signal in this thread, and so in those that it starts, for as long as this lives.
class NoSignals {
public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  NoSignals(const NoSignals &) = delete;
  NoSignals &operator=(const NoSignals &) = delete;
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

void meetOthers(tril_context *context) { static_cast<Barrier *>(context->shared)->arrive(); }
void meetNobody(tril_context *) {}

} // namespace

void Epoch::advance() {
  // Sequentially consistent, as the sleeper's two accesses are: either it sees the new value, or it
  // is seen here.
  value.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0)
    futex(value, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void Epoch::wait(uint32_t old) {
  int spins = budget.load(std::memory_order_relaxed);
  if (spins == 0 && sleeps.fetch_add(1, std::memory_order_relaxed) % sleepsBetweenTries == 0)
    spins = most;
  for (int i = 0; i < spins; ++i) {
    if (now() != old) {
      budget.store(most, std::memory_order_relaxed);
      return;
    }
    pause();
  }
  budget.store(budget.load(std::memory_order_relaxed) / 4, std::memory_order_relaxed);
  sleep(old);
}

void Epoch::sleep(uint32_t old) {
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (value.load(std::memory_order_seq_cst) == old)
    futex(value, FUTEX_WAIT_PRIVATE, old);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void Barrier::arrive() {
  uint32_t old = epoch.now();
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 < threads) {
    epoch.wait(old);
    return;
  }
  // Nobody arrives again before the epoch moves, so the counter can be set back without a race.
  arrived.store(0, std::memory_order_relaxed);
  epoch.advance();
}

ThreadPool::ThreadPool(int threads)
    : count(threads), barrier(threads, spinsFor(threads)), started(spinsFor(threads)) {
  // Signals are for the thread that made the pool: a call that waits there is to be interrupted.
  NoSignals inherited;
  try {
    for (int i = 1; i < count; ++i)
      workers.emplace_back([this, i] { work(i); });
  } catch (const std::system_error &error) {
    std::string reached = std::to_string(workers.size() + 1);
    stop();
    throw Error("cannot start " + std::to_string(threads) + " threads: the system stopped at " +
                reached + " (" + error.code().message() + ")");
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping = true;
  started.advance();
  for (std::thread &worker : workers)
    worker.join();
  workers.clear();
}

void ThreadPool::call(int thread) {
  tril_context own = context;
  own.thread = thread;
  own.threads = count;
  own.barrier = count == 1 ? meetNobody : meetOthers;
  own.shared = &barrier;
  step(&own);
}

void ThreadPool::run(StepFunction function, const tril_context &given) {
  step = function;
  context = given;
  if (count > 1)
    started.advance();
  call(0);
  if (count > 1)
    barrier.arrive(); // after it, no thread reads `context` any more
}

void ThreadPool::work(int thread) {
  for (uint32_t seen = 0;; ++seen) {
    started.wait(seen);
    if (stopping)
      return;
    call(thread);
    barrier.arrive();
  }
}

} // namespace tril
