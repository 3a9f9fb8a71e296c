//===- MutationTest.cpp - damaged checkpoints ---------------------------------------------===//
// Small files, damaged in every way that comes to mind: an Error tells what is wrong, or what opens
// can be read.  Run under the sanitizers too.
#include "Support.h"
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace tril;
using namespace tril::test;

namespace {

/// A file to be damaged, in a folder with what belongs to it.
struct Victim {
  const char *name;
  std::string content;
};

class Mutation : public testing::TestWithParam<Victim (*)()> {
protected:
  Victim victim = GetParam()();
  Folder folder;
  int opened = 0, refused = 0;

  void SetUp() override {
    folder.write("a.safetensors", smallSafetensors());
    if (victim.name == std::string("config.json"))
      folder.write("model.safetensors", smallSafetensors());
    try_(victim.content);
    ASSERT_EQ(opened, 1);
    ASSERT_FALSE(HasFailure());
  }
  void try_(std::string_view content) {
    const std::string path = folder.write(victim.name, content);
    (openSafely(victim.name == std::string("config.json") ? folder / "model.safetensors" : path)
         ? opened
         : refused)++;
    if (HasFailure()) // once is enough; the file tells how
      FAIL() << testing::PrintToString(std::string(content));
  }
};

} // namespace

TEST_P(Mutation, CutOffAtEachByte) {
  for (size_t n = 0; n < victim.content.size() && !HasFatalFailure(); ++n)
    try_(victim.content.substr(0, n));
  EXPECT_GT(refused, 10);
}

TEST_P(Mutation, EachBitTurned) {
  for (size_t bit = 0; bit < 8 * victim.content.size() && !HasFatalFailure(); ++bit) {
    std::string damaged = victim.content;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try_(damaged);
  }
  EXPECT_GT(refused, 10);
}

TEST_P(Mutation, HugeNumbers) {
  for (size_t at = 0; at + 8 <= victim.content.size() && !HasFatalFailure(); ++at)
    for (uint64_t number : {~0ull, ~31ull, 1ull << 63, (1ull << 63) - 1, 1ull << 62, 1ull << 32,
                            0xffffffffull, 0ull}) {
      std::string damaged = victim.content;
      std::memcpy(&damaged[at], &number, sizeof number);
      try_(damaged);
    }
  EXPECT_GT(refused, 10);
}

TEST_P(Mutation, ManyAtOnce) {
  // TRIL_FUZZ_COUNT=1000000 looks longer, at other files each time.
  const char *longer = std::getenv("TRIL_FUZZ_COUNT");
  std::mt19937_64 random(longer ? std::random_device()() : 11);
  auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  static const std::string pieces[] = {"{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       ":",
                                       "\"",
                                       "\\",
                                       "-1",
                                       "1e9",
                                       "1e999",
                                       "18446744073709551615",
                                       "18446744073709551616",
                                       "NaN",
                                       "-Infinity",
                                       "null",
                                       "\"dtype\":",
                                       "\"shape\":",
                                       "\"__metadata__\":",
                                       "{\"__float__\":\"NaN\"}",
                                       "F64",
                                       "\\u0000",
                                       "\xff",
                                       std::string(1, '\0'),
                                       std::string(8, '\0'),
                                       std::string("\1\0\0\0\0\0\0\0", 8),
                                       "\x1b[2J"};
  for (long i = longer ? std::strtol(longer, nullptr, 10) : 2500; i > 0 && !HasFatalFailure();
       --i) {
    std::string damaged = victim.content;
    for (size_t k = 1 + below(3); k > 0; --k) {
      const size_t at = below(damaged.size() + 1),
                   length = std::min(damaged.size() - at, below(24));
      switch (below(5)) {
      case 0:
        damaged.erase(at, length);
        break;
      case 1:
        damaged.insert(at, damaged.substr(at, length));
        break;
      case 2:
        damaged.insert(at, pieces[below(std::size(pieces))]);
        break;
      case 3: {
        const std::string &piece = pieces[below(std::size(pieces))];
        damaged.replace(at, piece.size(), piece);
        break;
      }
      default:
        if (at < damaged.size())
          damaged[at] = static_cast<char>(below(256));
        break;
      }
    }
    try_(damaged);
  }
  EXPECT_GT(refused, 10);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Mutation,
    testing::Values(
        +[] { return Victim{"m.gguf", smallGguf()}; },
        +[] { return Victim{"m.safetensors", smallSafetensors()}; },
        +[] {
          return Victim{"index.json",
                        R"({"metadata": {"total": 32}, "weight_map": {"w": "a.safetensors",
                                        "b": "a.safetensors"}})"};
        },
        +[] {
          return Victim{"config.json",
                        R"({"a": NaN, "b": {"c": [1, -2.5e3, {"__float__": "Infinity"}]},
                                        "d": "e\n\u00e9", "f": [true, false, null, -Infinity]})"};
        }),
    [](const auto &info) {
      std::string name = info.param().name;
      return name.substr(0, name.find('.')) == "m" ? name.substr(2)
                                                   : name.substr(0, name.find('.'));
    });
