//===- GgufTest.cpp - each message of the reader of GGUF ----------------------------------===//
#include "Support.h"
#include "runtime/Quantization.h"
#include <functional>
#include <gtest/gtest.h>

using namespace tril;
using namespace tril::test;

static std::string told(std::string_view file) {
  Folder folder;
  folder.write("m.gguf", file);
  return messageOf(folder, "m.gguf");
}
static std::string told(const Bytes &bytes) { return told(bytes.all); }

TEST(Gguf, ReadsMetadataAndTensors) {
  Folder folder;
  auto checkpoint = Checkpoint::open(folder.write("m.gguf", smallGguf()));
  EXPECT_EQ(checkpoint->dialect(), "gguf");
  EXPECT_EQ(checkpoint->config(), nlohmann::json::parse(R"({
    "general.alignment": 16, "byte": 200, "half": 0.5, "yes": true, "name": "hé", "tokens": ["a", "", "bc"],
    "nested": [[-7], []], "long": -1})"));
  ASSERT_EQ(checkpoint->tensors().size(), 7u);
  const Tensor *f32 = checkpoint->find("f32");
  ASSERT_TRUE(f32);
  EXPECT_EQ(f32->shape, (std::vector<int64_t>{2, 3}));
  float values[6];
  dequantize(*f32, 0, 6, values);
  EXPECT_EQ(values[3], 4.f);
  const Tensor *scalar = checkpoint->find("scalar");
  ASSERT_TRUE(scalar);
  EXPECT_TRUE(scalar->shape.empty());
  dequantize(*scalar, 0, 1, values);
  EXPECT_EQ(values[0], 2.5f);
  dequantize(*checkpoint->find("i8"), 1, 1, values);
  EXPECT_EQ(values[0], -1.f);
  EXPECT_EQ(checkpoint->find("empty")->shape, (std::vector<int64_t>{4, 0}));
  EXPECT_FALSE(checkpoint->find("none"));
  EXPECT_TRUE(openSafely(folder / "m.gguf"));
  try {
    dequantize(*checkpoint->find("other"), 0, 1, values);
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "tensor `other` is stored as Q2_K, which cannot be read");
  }
}

TEST(Gguf, Version2HasTheSameLayout) {
  std::string file = smallGguf();
  file[4] = 2;
  EXPECT_EQ(told(file), "");
}

TEST(Gguf, Header) {
  EXPECT_EQ(told(""), "m.gguf: byte 0: this is not GGUF: the file does not begin with `GGUF`");
  EXPECT_EQ(told("GGU"), "m.gguf: byte 0: this is not GGUF: the file does not begin with `GGUF`");
  EXPECT_EQ(told("GGML\3\0\0\0"),
            "m.gguf: byte 0: this is not GGUF: the file does not begin with `GGUF`");
  EXPECT_EQ(told("GGUF"), "m.gguf: byte 4: the file ends within the version");
  EXPECT_EQ(told(Bytes().raw("GGUF").put(1u)),
            "m.gguf: byte 4: GGUF version 1 is not supported (2 and 3 are)");
  EXPECT_EQ(told(Bytes().raw("GGUF").put(0x03000000u)),
            "m.gguf: byte 4: the file is big-endian, which is not supported");
  EXPECT_EQ(told(Bytes().raw("GGUF").put(3u)),
            "m.gguf: byte 8: the file ends within the number of tensors");
  EXPECT_EQ(told(Bytes().raw("GGUF").put(3u).put(uint64_t(0))),
            "m.gguf: byte 16: the file ends within the number of metadata keys");
  EXPECT_EQ(told(ggufHeader(0, 0)), "");
  EXPECT_EQ(
      told(ggufHeader(UINT64_MAX, 0)),
      "m.gguf: byte 8: the number of tensors, 18446744073709551615, is more than the file has "
      "room for");
  EXPECT_EQ(told(ggufHeader(0, 1)),
            "m.gguf: byte 16: the number of metadata keys, 1, is more than the file has room for");
}

TEST(Gguf, Metadata) {
  auto one = [](const std::function<void(Bytes &)> &put) {
    Bytes bytes = ggufHeader(0, 1);
    put(bytes);
    return told(bytes.raw("                "));
  };
  EXPECT_EQ(one([](Bytes &b) { b.put(~0ull); }),
            "m.gguf: byte 24: the length of a metadata key, 18446744073709551615, is more than the "
            "file has left");
  EXPECT_EQ(one([](Bytes &b) { b.text(std::string(70000, 'k')); }),
            "m.gguf: byte 24: the length of a metadata key, 70000, is more than 65535");
  EXPECT_EQ(one([](Bytes &b) { b.text("k").put(13u); }),
            "m.gguf: byte 33: metadata `k` has unknown type 13");
  EXPECT_EQ(one([](Bytes &b) { b.text("k").put(7u).put(uint8_t(2)); }),
            "m.gguf: byte 37: metadata `k` is 2, neither false (0) nor true (1)");
  EXPECT_EQ(one([](Bytes &b) { b.text("k").put(8u).put(uint64_t(17)); }),
            "m.gguf: byte 37: the length of a metadata value, 17, is more than the file has left");
  EXPECT_EQ(one([](Bytes &b) { b.text("k").put(9u).put(99u); }),
            "m.gguf: byte 37: metadata `k` has elements of unknown type 99");
  EXPECT_EQ(one([](Bytes &b) {
              b.text("k").put(9u);
              for (int i = 0; i < 4; ++i)
                b.put(9u).put(uint64_t(1));
              b.put(0u).put(uint64_t(1)).put('x');
            }),
            "m.gguf: byte 85: metadata `k` nests arrays more than 4 levels deep");
  Bytes twice = ggufHeader(0, 2);
  twice.text("k").put(0u).put('x').text("k").put(0u).put('x');
  EXPECT_EQ(told(twice), "m.gguf: byte 38: metadata `k` is there twice");
  EXPECT_EQ(told(ggufHeader(0, 1).text("k").put(6u).put('x')),
            "m.gguf: byte 37: the file ends within a metadata value");
}

TEST(Gguf, NamesInMessagesAreFitForATerminal) {
  Bytes bytes = ggufHeader(0, 1);
  bytes.text("\x1b[2J\xff" + std::string(200, 'n')).put(13u);
  EXPECT_EQ(told(bytes), "m.gguf: byte 237: metadata `\\x1b[2J\\xff" + std::string(89, 'n') +
                             "...` has unknown type 13");
}

TEST(Gguf, ArraysHaveSoManyElementsAltogether) {
  Bytes bytes = ggufHeader(0, 2);
  bytes.text("a").put(9u).put(0u).put(uint64_t(16)).raw(std::string(16, 'x'));
  bytes.text("b").put(9u).put(0u).put(uint64_t((1 << 24) - 15)).raw(std::string(1 << 24, 'x'));
  EXPECT_EQ(told(bytes),
            "m.gguf: byte 82: metadata arrays have more than 16777216 elements altogether");
}

TEST(Gguf, Alignment) {
  auto with = [](const std::function<void(Bytes &)> &put) {
    Bytes bytes = ggufHeader(0, 1);
    bytes.text("general.alignment");
    put(bytes);
    return told(bytes);
  };
  const std::string place = "m.gguf: byte 24: `general.alignment` is ";
  const std::string rule = ", which is no power of two up to 2^20";
  EXPECT_EQ(with([](Bytes &b) { b.put(4u).put(0u); }), place + "0" + rule);
  EXPECT_EQ(with([](Bytes &b) { b.put(4u).put(24u); }), place + "24" + rule);
  EXPECT_EQ(with([](Bytes &b) { b.put(4u).put(1u << 21); }), place + "2097152" + rule);
  EXPECT_EQ(with([](Bytes &b) { b.put(5u).put(-32); }), place + "-32" + rule);
  EXPECT_EQ(with([](Bytes &b) { b.put(8u).text("\xff"); }), place + "a string" + rule);
  EXPECT_EQ(with([](Bytes &b) { b.put(4u).put(1u << 20); }), "");
}

TEST(Gguf, Parts) {
  Bytes bytes = ggufHeader(0, 1);
  bytes.text("split.count").put(2u).put(uint16_t(3));
  EXPECT_EQ(told(bytes), "m.gguf: byte 24: this is one of 3 parts, which must be merged first "
                         "(`llama-gguf-split --merge`)");
}

/// The message about tensors that are described so, with that many bytes of data.
static std::string toldOf(size_t count, const std::function<void(Bytes &)> &put, size_t data = 32) {
  Bytes bytes = ggufHeader(count, 0);
  put(bytes);
  bytes.padTo(32).raw(std::string(data, 'x'));
  return told(bytes);
}

TEST(Gguf, Tensors) {
  const std::string t = "m.gguf: byte 24: tensor `t` ";
  auto one = [](const std::vector<uint64_t> &extents, uint32_t type, uint64_t offset,
                size_t data = 32) {
    return toldOf(1, [&](Bytes &b) { describe(b, "t", extents, type, offset); }, data);
  };
  EXPECT_EQ(one({8}, 0, 0), "");
  EXPECT_EQ(one({1, 1, 1, 1, 1, 1, 1, 1}, 0, 0), "");
  EXPECT_EQ(one({1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 0), t + "has 9 dimensions, more than 8");
  EXPECT_EQ(one({1ull << 63}, 0, 0), t + "has more elements than can be counted");
  EXPECT_EQ(one({1ull << 62, 2}, 0, 0), t + "has more elements than can be counted");
  EXPECT_EQ(one({0, 1ull << 62, 2}, 0, 0), t + "has more elements than can be counted");
  EXPECT_EQ(one({1ull << 62, 0, 2}, 0, 0), t + "has more elements than can be counted");
  EXPECT_EQ(one({1ull << 62, 0}, 0, 0), "");
  EXPECT_EQ(one({8}, 0, 1), t + "begins at 1, which is no multiple of the alignment 32");
  EXPECT_EQ(one({9}, 0, 0), t + "has 9 blocks of 4 bytes, and there are 32 bytes of data: is the "
                                "file cut off?");
  EXPECT_EQ(one({1ull << 62}, 28, 0),
            t + "has 4611686018427387904 blocks of 8 bytes, and there are "
                "32 bytes of data: is the file cut off?");
  EXPECT_EQ(one({8}, 0, 32),
            t + "begins at 32 and has 32 bytes, and there are 32 bytes of data: is "
                "the file cut off?");
  EXPECT_EQ(one({8}, 0, ~31ull),
            t + "begins at 18446744073709551584 and has 32 bytes, and there are "
                "32 bytes of data: is the file cut off?");
  EXPECT_EQ(one({0}, 0, 32), "");
  EXPECT_EQ(one({0}, 0, 64), t + "begins at 64 and has 0 bytes, and there are 32 bytes of data: is "
                                 "the file cut off?");
  EXPECT_EQ(one({16, 2}, 2, 0),
            t + "has rows of 16 elements, no multiple of the 32 of a block of Q4_0");
  EXPECT_EQ(one({}, 2, 0), t + "has rows of 1 elements, no multiple of the 32 of a block of Q4_0");
  EXPECT_EQ(one({1ull << 40}, 4711, 0), ""); // its size is unknown: it cannot be read
  EXPECT_EQ(toldOf(1, [](Bytes &b) { b.text(std::string(70000, 'n')); }),
            "m.gguf: byte 24: the length of the name of a tensor, 70000, is more than 65535");
  EXPECT_EQ(told(ggufHeader(1, 0).text("t").put(1u).raw("           ")),
            "m.gguf: byte 45: the file ends within the type of a tensor");
  EXPECT_EQ(told(ggufHeader(1, 0).text("tensor").put(4000000000u).raw("      ")),
            "m.gguf: byte 24: tensor `tensor` has 4000000000 dimensions, more than 8");
}

TEST(Gguf, TensorsThatShareANameOrAPlace) {
  EXPECT_EQ(toldOf(
                2,
                [](Bytes &b) {
                  describe(b, "t", {8}, 0, 0);
                  describe(b, "t", {8}, 0, 32);
                },
                64),
            "m.gguf: tensor `t` is there twice");
  EXPECT_EQ(toldOf(
                3,
                [](Bytes &b) {
                  describe(b, "c", {1}, 0, 128);
                  describe(b, "b", {8}, 0, 32);
                  describe(b, "a", {9}, 0, 0);
                },
                160),
            "m.gguf: byte 160: tensors `a` and `b` overlap");
}
