//===- kernels.cpp - generated kernels beside the machine's peak and OpenBLAS
//--------------------===//
// kernels [--mcpu=NAME] [FORMAT...]      one thread, minima of many runs, processor time
#include "../unit/kernels/Jit.h"
#include "../unit/kernels/Weights.h"
#include "Conversion/Kernels/Attention.h"
#include "Conversion/Kernels/Emitter.h"
#include "Conversion/Kernels/Gemm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "runtime/TileRegisters.h"
#include <algorithm>
#include <bit>
#include <cstdio>
#include <ctime>
#include <dlfcn.h>

using namespace tril;
using namespace tril::test;

/// Seconds of this thread on a processor: other work of a shared machine does not count.
static double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

/// The shortest time of a run, of many samples (at least 0.3 ms long) within about `budget`
/// seconds.
template <typename F> static double shortest(double budget, F &&run) {
  double start = now();
  run();
  double once = now() - start, best = once, end = now() + budget;
  int runs = 1 + int(3e-4 / std::max(once, 1e-7));
  do {
    start = now();
    for (int i = 0; i < runs; ++i)
      run();
    best = std::min(best, (now() - start) / runs);
  } while (now() < end);
  return best;
}

/// Contractions of OpenBLAS, if it is there.
using Sgemm = void(int order, int transA, int transB, int m, int n, int k, float alpha,
                   const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
using Sgemv = void(int order, int trans, int m, int n, float alpha, const float *a, int lda,
                   const float *x, int incX, float beta, float *y, int incY);
static void *openBlas(const char *name) {
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  unsetenv("OPENBLAS_CORETYPE");
  void *library = dlopen("libopenblas.so.0", RTLD_NOW);
  return library ? dlsym(library, name) : nullptr;
}

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
static kernels::AttentionSpec attentionSpec(StateElement type) {
  using namespace kernels;
  AttentionSpec spec;
  spec.name = ("attention." + stringifyStateElement(type)).str();
  spec.products = type;
  spec.dots.resize(1);
  spec.dots[0].width = spec.value.width = width;
  spec.dots[0].stored = spec.value.stored = type;
  spec.members = heads / keyHeads;
  spec.score = [](Emitter &e, llvm::ArrayRef<Value> dots, const QueryRow &, Value) {
    return e.mulf(dots[0], e.splat(0.125F));
  };
  spec.mask = [](Emitter &e, const QueryRow &row, Value keys) -> Value {
    return mlir::arith::CmpIOp::create(e.builder, e.loc, mlir::arith::CmpIPredicate::sle, keys,
                                       e.broadcast(e.truncate(row.position, e.i32())));
  };
  spec.ranges = [](Emitter &e, Value, Value first, Value last,
                   llvm::ArrayRef<Value>) -> llvm::SmallVector<KeyRange> {
    return {{e.constant(0), e.add(last, 1), e.constant(0), e.add(first, 1)}};
  };
  return spec;
}

static void benchAttention(Jit &jit, StateElement type, double peak) {
  std::string name = ("attention." + stringifyStateElement(type)).str();
  auto *attention =
      jit.get<void(const float *, int64_t, const void *, int64_t, const void *, int64_t, float *,
                   int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)>(name);
  constexpr int64_t capacity = 4096, stride = heads * width;
  Buffer<float> q(capacity * stride), o(capacity * stride), keys(capacity * keyHeads * width),
      values(capacity * keyHeads * width);
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (Buffer<float> *buffer : {&q, &keys, &values})
    for (size_t i = 0; i < buffer->size(); ++i)
      (*buffer)[i] = normal(random);
  if (type == StateElement::bf16)
    for (Buffer<float> *buffer : {&keys, &values})
      for (size_t i = 0; i < buffer->size(); ++i)
        reinterpret_cast<uint16_t *>(buffer->get())[i] =
            uint16_t(std::bit_cast<uint32_t>((*buffer)[i]) >> 16);
  auto run = [&](int64_t position, int64_t rows) {
    attention(q.get(), stride * 4, keys.get(), capacity, values.get(), capacity, o.get(),
              stride * 4, position, 0, rows, 0, keyHeads);
  };
  for (int64_t rows : {512, 4096}) {
    double time = shortest(0.5, [&] { run(0, rows); });
    double rate = heads * rows * (rows + 1) / 2.0 * 4 * width * 1e-9 / time;
    printf("%s, %4ld rows from 0  %9.1f us  %6.1f GF/s of what is seen  %3.0f %% of peak\n",
           name.c_str(), long(rows), time * 1e6, rate, 100 * rate / peak);
  }
  int64_t bytes = keyHeads * width * 2 * (type == StateElement::f32 ? 4 : 2);
  for (int64_t position : {64, 512, 4000}) {
    double time = shortest(0.2, [&] { run(position, 1); });
    printf("%s, 1 row at %4ld  %9.1f us  %6.1f GB/s of keys and values\n", name.c_str(),
           long(position), time * 1e6, double((position + 1) * bytes) * 1e-9 / time);
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
    for (StateElement type : {StateElement::f32, StateElement::bf16})
      kernels::getOrCreateAttention(module, machine, attentionSpec(type));
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

  benchAttention(jit, StateElement::f32, peak);
  if (!machine.amx || requestTileRegisters().empty())
    benchAttention(jit, StateElement::bf16, peak);
  auto *sgemm = reinterpret_cast<Sgemm *>(openBlas("cblas_sgemm"));
  auto *sgemv = reinterpret_cast<Sgemv *>(openBlas("cblas_sgemv"));

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
      // The output layer comes from memory: copies of it that no cache holds, in turn.
      int64_t bytes = packedBytes(format, n, k),
              copies = n > 40000 ? (int64_t(200) << 20) / bytes + 1 : 1;
      Buffer<std::byte> packed(bytes * copies);
      pack(format, [&](int64_t row) { return stored.row(row); }, n, k, packed.get());
      for (int64_t i = 1; i < copies; ++i)
        std::memcpy(packed.get() + i * bytes, packed.get(), bytes);
      int64_t turn = 0;
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
        gemm(packed.get() + bytes * (turn++ % copies), x.get(), k * 4, prepared.get(),
             kernels::preparedBytes(kind, k), c.get(), n * 4, k, n, 0, m, 0, (n + 15) / 16);
      });
      double rate = 2e-9 * m * n * k / time;
      printf("%-5s %4ld x %5ld x %4ld  %9.1f us  %6.1f GF/s  %3.0f %% of peak  %5.1f GB/s of "
             "weights%s",
             packedFormatName(format).str().c_str(), long(m), long(n), long(k), time * 1e6, rate,
             100 * rate / peak, double(bytes) * 1e-9 / time, copies > 1 ? " from memory" : "");
      if (prepareTime > 0)
        printf("  prepare %.1f us", prepareTime * 1e6);
      if (sgemm && sgemv && format == PackedFormat::f32) {
        std::vector<float> w(n * k);
        std::memcpy(w.data(), stored.row(0), n * k * 4);
        double blas = shortest(0.4, [&] { // row major, weights transposed
          if (m == 1)
            sgemv(101, 111, int(n), int(k), 1, w.data(), int(k), x.get(), 1, 0, c.get(), 1);
          else
            sgemm(101, 111, 112, int(m), int(n), int(k), 1, x.get(), int(k), w.data(), int(k), 0,
                  c.get(), int(n));
        });
        printf("  OpenBLAS %.1f us, %.1f GF/s", blas * 1e6, 2e-9 * m * n * k / blas);
      }
      printf("\n");
      fflush(stdout);
    }
  }
}
