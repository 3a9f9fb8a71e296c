//===- ThreadPoolTest.cpp
//-----------------------------------------------------------------------===//
#include "runtime/ThreadPool.h"
#include <ctime>
#include <gtest/gtest.h>

using namespace tril;

namespace {

struct Shared {
  int values[64]; // plain: the barrier alone makes them safe to read
  int sums[64];
};

/// Each thread writes its value, all read all of them; 50 rounds in one step.
void exchange(tril_context *c) {
  auto *shared = reinterpret_cast<Shared *>(c->state);
  for (int round = 0; round < 50; ++round) {
    shared->values[c->thread] = round * 100 + c->thread;
    c->barrier(c);
    int sum = 0;
    for (int i = 0; i < c->threads; ++i)
      sum += shared->values[i];
    shared->sums[c->thread] = sum;
    c->barrier(c);
  }
}

TEST(ThreadPool, BarrierSeparatesRounds) {
  for (int threads : {1, 2, 3, 4, 7}) {
    ThreadPool pool(threads);
    Shared shared{};
    tril_context context{};
    context.state = reinterpret_cast<char *>(&shared);
    for (int step = 0; step < 20; ++step) {
      pool.run(exchange, context);
      int expected = 49 * 100 * threads + threads * (threads - 1) / 2;
      for (int i = 0; i < threads; ++i)
        ASSERT_EQ(shared.sums[i], expected) << threads << " threads, thread " << i;
    }
  }
}

TEST(ThreadPool, TellsEachThreadWhichItIs) {
  ThreadPool pool(3);
  int seen[3] = {};
  tril_context context{};
  context.state = reinterpret_cast<char *>(seen);
  context.rows = 5;
  pool.run(
      [](tril_context *c) {
        reinterpret_cast<int *>(c->state)[c->thread] = int(c->rows) * c->threads;
      },
      context);
  for (int value : seen)
    EXPECT_EQ(value, 15);
}

TEST(ThreadPool, IdleThreadsSleep) {
  ThreadPool pool(4);
  tril_context context{};
  pool.run([](tril_context *) {}, context);
  timespec pause{0, 50'000'000};
  nanosleep(&pause, nullptr); // time to fall asleep
  auto used = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
  };
  double before = used();
  timespec longer{0, 200'000'000};
  nanosleep(&longer, nullptr);
  EXPECT_LT(used() - before, 0.05);
}

TEST(ThreadPool, SomeCoreIsAvailable) { EXPECT_GE(availableCores(), 1); }

} // namespace
