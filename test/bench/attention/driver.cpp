//===- driver.cpp - times steps of a product, again and again
//---------------------------------------===//
// driver PRODUCT CONTEXT, linked with the product's object and the runtime.  Reads lines:
//   whole T     a sequence of T positions from nothing, in steps as large as a product's, if the
//               text can be computed in steps
//   steps N     N positions one after the other, from where the last one ended
// and answers each with seconds of processor time (of one step; of `steps`, on average), so that
// other work of a shared machine counts less.  One thread.
#include "runtime/Container.h"
#include "runtime/Error.h"
#include "runtime/ProgramOptions.h"
#include "runtime/Session.h"
#include <cstdio>
#include <ctime>
#include <iostream>
#include <random>
#include <string>

using namespace tril;

namespace {

double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

/// Random values of every input; whole documents follow each other.
std::vector<std::vector<int32_t>> inputsOf(const Manifest &manifest, int64_t length) {
  std::mt19937 random(7); // NOLINT(bugprone-random-generator-seed): the same work each time
  std::vector<std::vector<int32_t>> inputs;
  for (const ManifestInput &input : manifest.inputs) {
    std::vector<int32_t> values(static_cast<size_t>(length));
    for (int64_t i = 0; i < length; ++i)
      values[static_cast<size_t>(i)] =
          input.name == "document"
              ? static_cast<int32_t>(i * 8 / length) // eight of equal length
              : static_cast<int32_t>(random() % static_cast<uint64_t>(input.limit));
    inputs.push_back(values);
  }
  return inputs;
}

void serve(const char *product, int64_t context) {
  Container container = Container::open(product);
  Manifest manifest = Manifest::fromJson(container.manifest());
  ThreadPool pool(1);
  const int64_t batch = manifest.steps ? ProgramOptions().batch : context;
  Session session(manifest, container.weights(), tril_step, pool, context, batch);
  std::vector<std::vector<int32_t>> inputs = inputsOf(manifest, context);
  auto advance = [&](int64_t begin, int64_t count) {
    std::vector<std::span<const int32_t>> now;
    for (const std::vector<int32_t> &list : inputs)
      now.emplace_back(list.data() + begin, static_cast<size_t>(count));
    session.advance(now, 0);
  };
  std::string what;
  for (int64_t count; std::cin >> what >> count;) {
    if (what != "steps")
      session.reset();
    double start = now();
    if (what == "steps")
      for (int64_t i = 0; i < count; ++i)
        advance(session.position(), 1);
    else
      advance(0, count);
    double seconds = now() - start;
    std::printf("%.9f\n", what == "steps" ? seconds / static_cast<double>(count) : seconds);
    std::fflush(stdout);
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fputs("driver PRODUCT CONTEXT\n", stderr);
    return 2;
  }
  try {
    serve(argv[1], std::stoll(argv[2]));
  } catch (const Error &error) {
    std::fprintf(stderr, "driver: %s\n", error.what());
    return 1;
  }
}
