//===- Attentions.cpp - random attentions: compiled, interpreted, split
//----------------------------===//
// attentions [--count N] [--seed S] [--first I] [--each N] [--jobs N] [--show]
// Draws texts of N attentions each, and compiles them in this process as `tril build` does.  What
// a whole sequence gives must be what the interpreter gives, within rounding; and each way to
// divide the sequence, on 1 to 4 threads, must give the same bits, also where it went back, was
// copied, or saved and restored on the way.  Some texts store states in 16 bits; the interpreter
// then rounds the same numbers.  Prints every text for which this fails, the counts, and how many
// attentions were fused.
#include "CompiledText.h"
#include "runtime/Error.h"
#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace tril;
using namespace tril::test;

namespace {

/// What rounding may change, of the largest number of an output, or of 1.  A key or a value that
/// lies in the middle of two numbers of 16 bits may be rounded to either, and the interpreter does
/// not round weights.
double toleranceOf(const AttentionText &text) {
  if (text.products == "bf16" || text.cache == "bf16")
    return 3e-2;
  return text.cache == "f16" ? 4e-3 : 2e-5;
}

struct Arguments {
  uint64_t count = 1000, seed = 1, first = 0, each = 6, jobs = 1;
  bool show = false;
};

struct Counts {
  uint64_t texts = 0, attentions = 0, fused = 0, narrow = 0, rounded = 0, failed = 0;
  double worst = 0, slowest = 0; // compiling a text, in seconds of the processor
};

double processorTime() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

std::string place(const Manifest &manifest, size_t output, size_t element, float found,
                  float expected) {
  char text[160];
  snprintf(text, sizeof(text), "`%s`[%zu] is %.9g, not %.9g", manifest.outputs[output].name.c_str(),
           element, double(found), double(expected));
  return text;
}

/// Where two outputs differ most, and how much, relative to the largest number (or 1).
std::pair<size_t, double> furthest(const std::vector<float> &found,
                                   const std::vector<float> &expected) {
  double largest = 1;
  for (float value : expected)
    if (std::isfinite(value))
      largest = std::max(largest, double(std::fabs(value)));
  std::pair<size_t, double> result{0, 0};
  for (size_t i = 0; i < found.size(); ++i) {
    double off = std::fabs(double(found[i]) - expected[i]) / largest;
    if (!(off <= result.second))
      result = {i, std::isnan(off) ? INFINITY : off};
  }
  return result;
}

/// What is wrong with the compiled form, or "".
std::string examine(CompiledText &compiled, const AttentionText &text, std::mt19937_64 &random,
                    double &worst) {
  const Manifest &manifest = compiled.manifest();
  const double tolerance = toleranceOf(text);
  for (int64_t length :
       {static_cast<int64_t>(1 + random() % 60), static_cast<int64_t>(70 + random() % 90)}) {
    Inputs inputs;
    for (const ManifestInput &input : manifest.inputs) {
      std::vector<int32_t> list(static_cast<size_t>(length));
      bool sorted = input.name == "segment" && random() % 2;
      for (int32_t &value : list)
        value = static_cast<int32_t>(random() % static_cast<uint64_t>(input.limit));
      if (sorted)
        std::sort(list.begin(), list.end());
      inputs.push_back(list);
    }
    OutputValues expected = compiled.meaning(inputs, interpreter::Precision::f64), rounded;
    OutputValues whole = compiled.whole(inputs, 1);
    for (size_t o = 0; o < whole.size(); ++o) {
      if (whole[o].size() != expected[o].size())
        return "`" + manifest.outputs[o].name + "` has another size than interpreted";
      auto [at, off] = furthest(whole[o], expected[o]);
      if (text.cache == "f32" && text.products == "f32")
        worst = std::max(worst, std::min(off, tolerance));
      if (off <= tolerance)
        continue;
      // What rounding does to this text, the interpreter shows when it computes with f32, or with
      // products that are not rounded.
      if (rounded.empty())
        rounded = text.products == "f32"
                      ? compiled.meaning(inputs, interpreter::Precision::f32)
                      : compiled.meaning(inputs, interpreter::Precision::f64, /*exact=*/true);
      if (!(off <= 10 * furthest(rounded[o], expected[o]).second))
        return place(manifest, o, at, whole[o][at], expected[o][at]) + " as interpreted, of " +
               std::to_string(length) + " positions";
    }
    if (!text.causal) {
      for (int threads = 2; threads <= 4; ++threads)
        if (compiled.whole(inputs, threads) != whole)
          return "other bits with " + std::to_string(threads) + " threads";
      continue;
    }
    for (int threads = 1; threads <= 4; ++threads) {
      std::string told;
      auto most = threads == 1 ? 1 : 1 + static_cast<int64_t>(random() % 50);
      OutputValues split = compiled.divided(inputs, threads, most, random, told);
      for (size_t o = 0; o < whole.size(); ++o)
        for (size_t i = 0; i < whole[o].size(); ++i)
          if (std::bit_cast<uint32_t>(split[o][i]) != std::bit_cast<uint32_t>(whole[o][i]))
            return place(manifest, o, i, split[o][i], whole[o][i]) + " as whole, of " +
                   std::to_string(length) + " positions, " + std::to_string(threads) +
                   " threads, steps" + told;
    }
    if (std::string wrong = compiled.walk(inputs, whole, random()); !wrong.empty())
      return wrong;
  }
  return "";
}

class Search {
public:
  explicit Search(const Arguments &arguments) : arguments(arguments), next(arguments.first) {}

  Counts run() {
    std::vector<std::thread> threads;
    for (uint64_t job = 0; job < arguments.jobs; ++job)
      threads.emplace_back([&, job] { work(job); });
    for (std::thread &thread : threads)
      thread.join();
    return counts;
  }

private:
  void work(uint64_t job) {
    std::string folder =
        std::filesystem::temp_directory_path() /
        ("tril-attentions." + std::to_string(getpid()) + "." + std::to_string(job));
    std::filesystem::create_directories(folder);
    uint64_t texts = (arguments.count + arguments.each - 1) / arguments.each;
    for (uint64_t i = next++; i < arguments.first + texts; i = next++)
      one(i, folder);
    std::filesystem::remove_all(folder);
  }

  void one(uint64_t index, const std::string &folder) {
    std::seed_seq seeds{arguments.seed, index};
    std::mt19937_64 random(seeds);
    AttentionText text = AttentionGenerator(random()).draw(static_cast<int>(arguments.each));
    if (arguments.show) { // now: a text that never ends is seen too
      std::lock_guard lock(mutex);
      std::cout << text.text << "\n" << std::flush;
    }
    std::string wrong;
    unsigned fused = 0;
    double worst = 0, seconds = 0;
    try {
      double start = processorTime();
      CompiledText compiled(text, folder, random());
      seconds = processorTime() - start;
      fused = compiled.fused();
      wrong = examine(compiled, text, random, worst);
    } catch (const Error &error) {
      wrong = error.what();
    }
    std::lock_guard lock(mutex);
    ++counts.texts;
    counts.attentions += text.attentions.size();
    counts.fused += fused;
    counts.narrow += text.cache != "f32" ? text.attentions.size() : 0;
    counts.rounded += text.products != "f32" ? text.attentions.size() : 0;
    counts.slowest = std::max(counts.slowest, seconds);
    counts.worst = std::max(counts.worst, worst);
    if (!wrong.empty()) {
      ++counts.failed;
      std::cout << "text " << index << " of seed " << arguments.seed << ", states in " << text.cache
                << ", products of " << text.products << ", for " << text.cpu << ": " << wrong
                << "\n";
      for (const std::string &attention : text.attentions)
        std::cout << "  " << attention << "\n";
    }
    if (std::chrono::steady_clock::now() > tell) { // so that who waits sees it go on
      tell = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      std::cerr << counts.attentions << " of " << arguments.count << " attentions, "
                << counts.failed << " texts failed\n";
    }
  }

  const Arguments arguments;
  std::atomic<uint64_t> next;
  std::mutex mutex;
  Counts counts;
  std::chrono::steady_clock::time_point tell =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
};

Arguments parse(int argc, char **argv) {
  Arguments result;
  const std::pair<const char *, uint64_t Arguments::*> known[] = {
      {"--count", &Arguments::count}, {"--seed", &Arguments::seed}, {"--first", &Arguments::first},
      {"--each", &Arguments::each},   {"--jobs", &Arguments::jobs},
  };
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    bool found = name == "--show";
    result.show |= found;
    for (auto [option, member] : known)
      if (name == option && i + 1 < argc) {
        result.*member = std::strtoull(argv[++i], nullptr, 10);
        found = true;
      }
    if (!found) {
      std::cerr << "attentions [--count N] [--seed S] [--first I] [--each N] [--jobs N] [--show]\n";
      std::exit(2);
    }
  }
  return result;
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments = parse(argc, argv);
  auto start = std::chrono::steady_clock::now();
  Counts counts = Search(arguments).run();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  printf("%lu attentions in %lu texts, %lu fused, %lu with states in 16 bits, %lu with products of "
         "bf16, "
         "%.1f s\n",
         counts.attentions, counts.texts, counts.fused, counts.narrow, counts.rounded, seconds);
  printf("largest difference %.2g with all in f32; slowest text compiled in %.1f s of the "
         "processor\n",
         counts.worst, counts.slowest);
  printf("%lu passed, %lu failed\n", counts.texts - counts.failed, counts.failed);
  return counts.failed == 0 && counts.texts > 0 ? 0 : 1;
}
