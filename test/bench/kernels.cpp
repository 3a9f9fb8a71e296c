//===- kernels.cpp - generated kernels beside the machine's peak and OpenBLAS
//--------------------===//
// kernels [--mcpu=NAME] [FORMAT...]      one thread; minima of many runs
#include "../unit/kernels/Jit.h"
#include "../unit/kernels/Weights.h"
#include "Conversion/Kernels/Attention.h"
#include "Conversion/Kernels/Emitter.h"
#include "Conversion/Kernels/Gemm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <dlfcn.h>

using namespace tril;
using namespace tril::test;

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The shortest of many runs within about `budget` seconds.
template <typename F> static double shortest(double budget, F &&run) {
  double best = 1e9, end = now() + budget;
  do {
    double start = now();
    run();
    best = std::min(best, now() - start);
  } while (now() < end);
  return best;
}

using Sgemm = void(int, int, int, int, int, int, float, const float *, int, const float *, int,
                   float, float *, int);
using Sgemv = void(int, int, int, int, float, const float *, int, const float *, int, float,
                   float *, int);

/// A loop of independent multiply-adds: `turns` x 32 of 16 floats.
static void generatePeak(mlir::ModuleOp module, const Machine &machine) {
  using namespace kernels;
  Emitter::function(module, machine, "peak", "pi", [](Emitter &e, llvm::ArrayRef<Value> arguments) {
    int chains = e.machine.avx512 ? 24 : e.machine.avx2 ? 6 : 3;
    Values init;
    for (int i = 0; i < chains; ++i)
      init.push_back(e.load(e.at(arguments[0], 64 * i), e.floats(), 64));
    Value a = e.load(arguments[0], e.floats(), 64);
    Values sums =
        e.loop(e.constant(0), arguments[1], 1, init, [&](Value, llvm::ArrayRef<Value> carried) {
          Values next;
          for (Value sum : carried)
            next.push_back(e.fma(sum, a, a));
          return next;
        });
    for (int i = 0; i < chains; ++i)
      e.store(sums[i], e.at(arguments[0], 64 * i), 64);
  });
}

static constexpr int64_t heads = 9, keyHeads = 3, width = 64;

/// Causal attention of 9 query and 3 key heads of 64 (SmolLM2-135M).
static kernels::AttentionSpec attentionSpec() {
  using namespace kernels;
  AttentionSpec spec;
  spec.name = "attention";
  spec.keyWidth = spec.valueWidth = width;
  spec.members = heads / keyHeads;
  spec.score = [](Emitter &e, Value dots, const QueryRow &, Value) {
    return e.mulf(dots, e.splat(0.125F));
  };
  spec.mask = [](Emitter &e, const QueryRow &row, Value keys) -> Value {
    return mlir::arith::CmpIOp::create(e.builder, e.loc, mlir::arith::CmpIPredicate::sle, keys,
                                       e.broadcast(e.truncate(row.position, e.i32())));
  };
  spec.range = [](Emitter &e, Value first, Value last, llvm::ArrayRef<Value>) {
    return KeyRange{e.constant(0), e.add(last, 1), e.constant(0), e.add(first, 1)};
  };
  return spec;
}

static void benchAttention(Jit &jit, double peak) {
  auto *attention =
      jit.get<void(const float *, int64_t, const float *, const float *, float *, int64_t, int64_t,
                   int64_t, int64_t, int64_t, int64_t, int64_t)>("attention");
  constexpr int64_t capacity = 4096, stride = heads * width;
  Buffer<float> q(capacity * stride), o(capacity * stride), keys(capacity * keyHeads * width),
      values(capacity * keyHeads * width);
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (Buffer<float> *buffer : {&q, &keys, &values})
    for (size_t i = 0; i < buffer->size(); ++i)
      (*buffer)[i] = normal(random);
  for (int64_t rows : {512, 4096}) {
    double time = shortest(0.5, [&] {
      attention(q.get(), stride * 4, keys.get(), values.get(), o.get(), stride * 4, capacity, 0, 0,
                rows, 0, keyHeads);
    });
    double rate = heads * rows * (rows + 1) / 2.0 * 4 * width * 1e-9 / time;
    printf("attention, %4ld rows from 0  %9.1f us  %6.1f GF/s of what is seen  %3.0f %% of peak\n",
           long(rows), time * 1e6, rate, 100 * rate / peak);
  }
  for (int64_t position : {64, 512, 4000}) {
    double time = shortest(0.2, [&] {
      attention(q.get(), stride * 4, keys.get(), values.get(), o.get(), stride * 4, capacity,
                position, 0, 1, 0, keyHeads);
    });
    printf("attention, 1 row at %4ld  %9.1f us  %6.1f GB/s of keys and values\n", long(position),
           time * 1e6, keyHeads * (position + 1) * width * 8e-9 / time);
  }
}

int main(int argc, char **argv) {
  std::string mcpu = "native";
  std::vector<PackedFormat> formats;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument.consume_front("--mcpu="))
      mcpu = argument.str();
    else if (auto format = parsePackedFormat(argument))
      formats.push_back(*format);
  }
  if (formats.empty())
    for (int i = 0; i < packedFormatCount; ++i)
      formats.push_back(static_cast<PackedFormat>(i));
  Machine machine = llvm::cantFail(Machine::named(mcpu));
  double start = now();
  Jit jit(machine, [&](mlir::ModuleOp module) {
    generatePeak(module, machine);
    kernels::getOrCreateAttention(module, machine, attentionSpec());
    for (PackedFormat format : formats) {
      kernels::getOrCreateGemm(module, machine, format);
      if (auto kind = kernels::preparation(machine, format); kind != kernels::Preparation::none)
        kernels::getOrCreatePrepare(module, machine, kind);
    }
  });
  printf("%s: %zu formats, %.0f ms to generate, object %zu bytes\n", machine.cpu.c_str(),
         formats.size(), (now() - start) * 1e3, jit.objectBytes);

  Buffer<float> work(1024);
  auto *peakLoop = jit.get<void(float *, int64_t)>("peak");
  int chains = machine.avx512 ? 24 : machine.avx2 ? 6 : 3;
  double peak = 32e-9 * chains * 100000 / shortest(0.3, [&] { peakLoop(work.get(), 100000); });
  Buffer<uint64_t> memory(size_t(32) << 20);
  volatile uint64_t sink = 0;
  double bandwidth = double(memory.size() * 8) * 1e-9 / shortest(1.0, [&] {
                       uint64_t s[8] = {};
                       for (size_t i = 0; i < memory.size(); i += 8)
                         for (int j = 0; j < 8; ++j)
                           s[j] += memory[i + j];
                       sink = s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
                     });
  printf("peak %.0f GF/s (f32 fma), memory %.1f GB/s (sum of 256 MB)\n", peak, bandwidth);

  benchAttention(jit, peak);

  struct Shape {
    int64_t m, n, k;
  };
  for (PackedFormat format : formats) {
    bool super = inputGranularity(format) == 256;
    std::vector<Shape> shapes = {{512, 1536, 576}, {512, 576, 1536}, {512, 192, 576},
                                 {512, 576, 576},  {8, 1536, 576},   {1, 1536, 576},
                                 {1, 576, 1536},   {1, 49152, 576}};
    for (Shape shape : shapes) {
      auto [m, n, k] = shape;
      if (super && k % 256)
        k = 512;
      StoredWeights stored(format, n, k);
      Buffer<std::byte> packed(packedBytes(format, n, k));
      pack(format, [&](int64_t row) { return stored.row(row); }, n, k, packed.get());
      Buffer<float> x(m * k), c(m * n);
      std::mt19937 random(2);
      for (int64_t i = 0; i < m * k; ++i)
        x[i] = std::uniform_real_distribution<float>(-1, 1)(random);
      auto kind = kernels::preparation(machine, format);
      Buffer<std::byte> prepared(m * kernels::preparedBytes(kind, k));
      double prepareTime = 0;
      if (kind != kernels::Preparation::none) {
        auto *prepare = jit.get<Prepare>(
            kind == kernels::Preparation::digits ? "tril_prepare_digits" : "tril_prepare_sums");
        prepareTime = shortest(0.02, [&] { prepare(x.get(), k * 4, prepared.get(), k, 0, m); });
      }
      auto *gemm = jit.get<Gemm>("tril_gemm_" + packedFormatName(format).str());
      double time = shortest(0.4, [&] {
        gemm(packed.get(), x.get(), k * 4, prepared.get(), c.get(), n * 4, k, n, 0, m, 0,
             (n + 15) / 16);
      });
      double rate = 2e-9 * m * n * k / time;
      printf(
          "%-5s %4ld x %5ld x %4ld  %9.1f us  %6.1f GF/s  %3.0f %% of peak  %5.1f GB/s of weights",
          packedFormatName(format).str().c_str(), long(m), long(n), long(k), time * 1e6, rate,
          100 * rate / peak, double(packed.size()) * 1e-9 / time);
      if (prepareTime > 0)
        printf("  prepare %.1f us", prepareTime * 1e6);
      printf("\n");
      fflush(stdout);
    }
  }
}
