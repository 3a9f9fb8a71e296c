//===- RegionTest.cpp
//----------------------------------------------------------------------------------===//
#include "runtime/Region.h"
#include "runtime/Error.h"
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>

using namespace tril;

static bool isZero(const Region &region, size_t bytes) {
  return std::all_of(region.data(), region.data() + bytes, [](char c) { return c == 0; });
}

TEST(Region, IsZeroWhenNewAndWhenCleared) {
  for (size_t bytes : {size_t(1), size_t(4096), size_t(300000), size_t(4 << 20), size_t(5000001)}) {
    Region region;
    region.ensure(int64_t(bytes), "a test");
    EXPECT_TRUE(isZero(region, bytes));
    region.expectFull();
    std::fill_n(region.data(), bytes, 1);
    region.clear();
    EXPECT_TRUE(isZero(region, bytes)) << bytes;
  }
}

TEST(Region, LargeOnesBeginAtALargePage) {
  for (int64_t bytes : {4 << 20, 5000001, 64 << 20}) {
    Region region;
    region.ensure(bytes, "a test");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(region.data()) % (2 << 20), 0U);
    region.expectFull();
    region.data()[bytes - 1] = 1;
  }
}

TEST(Region, GrowsAndStaysWhereItIsLargeEnough) {
  Region region;
  region.ensure(8 << 20, "a test");
  region.expectFull();
  char *before = region.data();
  before[5] = 1;
  region.ensure(100, "a test");
  EXPECT_EQ(region.data(), before);
  EXPECT_EQ(region.data()[5], 1);
  region.ensure(9 << 20, "a test");
  EXPECT_TRUE(isZero(region, 9 << 20));
}

TEST(Region, TellsWhatItHasNoMemoryFor) {
  Region region;
  try {
    region.ensure(int64_t(1) << 60, "the states");
    FAIL() << "more memory than there can be";
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "no memory for the states (1099511627776 MiB)");
  }
}
