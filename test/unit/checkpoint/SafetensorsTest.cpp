//===- SafetensorsTest.cpp - each message of the reader of safetensors and of indices -----===//
#include "Support.h"
#include "runtime/Quantization.h"
#include <filesystem>
#include <gtest/gtest.h>

using namespace tril;
using namespace tril::test;

static std::string told(std::string_view file) {
  Folder folder;
  folder.write("m.safetensors", file);
  return messageOf(folder, "m.safetensors");
}

TEST(Safetensors, ReadsTensors) {
  Folder folder;
  auto checkpoint = Checkpoint::open(folder.write("m.safetensors", smallSafetensors()));
  EXPECT_EQ(checkpoint->dialect(), "");
  EXPECT_TRUE(checkpoint->config().empty());
  EXPECT_EQ(checkpoint->tokenizerPath(), "");
  ASSERT_EQ(checkpoint->tensors().size(), 5u);
  const Tensor *b = checkpoint->find("b");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->type, StoredType::bf16);
  EXPECT_EQ(b->bytes, 6u);
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(b->data), 6), "ghijkl");
  EXPECT_EQ(checkpoint->find("none")->shape, (std::vector<int64_t>{0, 7}));
  EXPECT_TRUE(openSafely(folder / "m.safetensors"));
  float number;
  try {
    dequantize(*checkpoint->find("e"), 0, 1, &number);
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "tensor `e` is stored as F8_E4M3, which cannot be read");
  }
}

TEST(Safetensors, Length) {
  EXPECT_EQ(told(""), "m.safetensors: byte 0: the file ends before the length of its header");
  EXPECT_EQ(told("1234567"),
            "m.safetensors: byte 7: the file ends before the length of its header");
  EXPECT_EQ(told(Bytes().put(1ull << 63).raw("{}").all),
            "m.safetensors: byte 0: the header is said to have 9223372036854775808 bytes, and the "
            "file has 2 more");
  EXPECT_EQ(told(Bytes().put(~0ull).raw("{}").all), // with its own 8 bytes it overflows
            "m.safetensors: byte 0: the header is said to have 18446744073709551615 bytes, and the "
            "file has 2 more");
  Folder folder; // with holes
  folder.write("m.safetensors", Bytes().put(uint64_t(100'000'001)).all);
  std::filesystem::resize_file(folder / "m.safetensors", 100'000'009);
  EXPECT_EQ(messageOf(folder, "m.safetensors"),
            "m.safetensors: byte 0: the header is said to have 100000001 bytes, more than the "
            "format allows");
}

TEST(Safetensors, Header) {
  auto header = [](const std::string &text) { return told(safetensors(text, "")); };
  EXPECT_EQ(header("{}"), "");
  EXPECT_EQ(header("{}  \n"), "");
  EXPECT_EQ(header(""), "m.safetensors: byte 8: the header is not JSON: the text ends too early");
  EXPECT_EQ(header("{\"a\":"),
            "m.safetensors: byte 13: the header is not JSON: the text ends too early");
  EXPECT_EQ(header("{\"a\":]}"), "m.safetensors: byte 13: the header is not JSON: unexpected ']'; "
                                 "expected '[', '{', or a literal");
  EXPECT_EQ(
      header("{} {}"),
      "m.safetensors: byte 11: the header is not JSON: unexpected '{'; expected end of input");
  EXPECT_EQ(header("{\"a\":1e999}"),
            "m.safetensors: byte 13: the header is not JSON: the number `1e999` is too large");
  EXPECT_EQ(
      header("{\"\xff\":1}"),
      "m.safetensors: byte 10: the header is not JSON: invalid string: ill-formed UTF-8 byte");
  for (const char *text : {"[]", "3", "\"a\"", "null", "true", "-1", "1.5"})
    EXPECT_EQ(header(text), "m.safetensors: byte 8: the header is not a JSON object") << text;
  EXPECT_EQ(header("{\"__metadata__\":1}"),
            "m.safetensors: byte 8: `__metadata__` is not an object");
  EXPECT_EQ(header("{\"__metadata__\":{\"shape\":[{}],\"dtype\":{}}}"), "");
}

TEST(Safetensors, Tensors) {
  const std::string t = "m.safetensors: byte 8: tensor `t` ";
  auto entry = [](const std::string &text, std::string_view data = "12345678") {
    return told(safetensors("{\"t\":" + text + "}", data));
  };
  auto tensor = [&](const std::string &dtype, const std::string &shape,
                    const std::string &offsets) {
    return entry("{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
                 "}");
  };
  EXPECT_EQ(tensor("\"F32\"", "[2]", "[0,8]"), "");
  const std::string needs = t + "needs `dtype`, `shape` and two `data_offsets`";
  for (const char *text :
       {"1", "[]", "null", "{}", R"({"dtype":"F32","shape":[2]})",
        R"({"dtype":"F32","data_offsets":[0,8]})", R"({"shape":[2],"data_offsets":[0,8]})"})
    EXPECT_EQ(entry(text), needs) << text;
  EXPECT_EQ(tensor("32", "[2]", "[0,8]"), needs);
  EXPECT_EQ(tensor("[\"F32\"]", "[2]", "[0,8]"), needs);
  EXPECT_EQ(tensor("\"F32\"", "2", "[0,8]"), needs);
  EXPECT_EQ(tensor("\"F32\"", "{}", "[0,8]"), needs);
  EXPECT_EQ(tensor("\"F32\"", "[2]", "[8]"), needs);
  EXPECT_EQ(tensor("\"F32\"", "[2]", "[0,8,8]"), needs);
  EXPECT_EQ(tensor("\"F32\"", "[2]", "8"), needs);
  for (const char *shape :
       {"[-2]", "[2.0]", "[\"2\"]", "[[2]]", "[{}]", "[null]", "[100000000000000000000]"})
    EXPECT_EQ(tensor("\"F32\"", shape, "[0,8]"), t + "has a shape that is not a list of sizes")
        << shape;
  for (const char *offsets : {"[-1,7]", "[0.0,8]", "[0,\"8\"]", "[[0,8]]"})
    EXPECT_EQ(tensor("\"F32\"", "[2]", offsets),
              t + "has `data_offsets` that are not positions in the file")
        << offsets;
  EXPECT_EQ(tensor("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), t + "has more than 8 dimensions");
  for (const char *shape : {"[9223372036854775808]", "[4294967296,4294967296]",
                            "[0,4294967296,4294967296]", "[4294967296,4294967296,0]"})
    EXPECT_EQ(tensor("\"F32\"", shape, "[0,8]"), t + "has more elements than can be counted")
        << shape;
  EXPECT_EQ(tensor("\"F32\"", "[2]", "[8,0]"), t + "lies at 8..0 of 8 bytes of data");
  EXPECT_EQ(tensor("\"F32\"", "[2]", "[1,9]"), t + "lies at 1..9 of 8 bytes of data");
  EXPECT_EQ(tensor("\"F32\"", "[2]", "[0,18446744073709551615]"),
            t + "lies at 0..18446744073709551615 of 8 bytes of data");
  EXPECT_EQ(tensor("\"F32\"", "[3]", "[0,8]"), t + "has 8 bytes for 3 elements of F32");
  EXPECT_EQ(tensor("\"F64\"", "[4611686018427387904]", "[0,8]"),
            t + "has 8 bytes for 4611686018427387904 elements of F64");
  EXPECT_EQ(tensor("\"F32\"", "[0]", "[0,8]"), t + "has 8 bytes for 0 elements of F32");
  EXPECT_EQ(tensor("\"a b\"", "[2]", "[0,8]"),
            t + "has the dtype `a b`, which the format does not know");
  EXPECT_EQ(entry(R"({"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]})"),
            t + "says `dtype` twice");
  EXPECT_EQ(entry(R"({"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]})"),
            t + "says `shape` twice");
}

TEST(Safetensors, TensorsCoverTheDataExactly) {
  auto two = [](const std::string &a, const std::string &b, const char *second = "b") {
    const std::string header = R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[)" + a +
                               R"(]},")" + second +
                               R"(":{"dtype":"I8","shape":[4],"data_offsets":[)" + b + "]}}";
    EXPECT_EQ(header.size(), 105u);
    return told(safetensors(header, "12345678"));
  };
  EXPECT_EQ(two("0,4", "4,8"), "");
  EXPECT_EQ(two("4,8", "0,4"), "");
  EXPECT_EQ(two("0,4", "3,7"), "m.safetensors: byte 116: tensors `a` and `b` overlap");
  EXPECT_EQ(two("0,4", "0,4"), "m.safetensors: byte 113: tensors `a` and `b` overlap");
  EXPECT_EQ(two("0,4", "4,8", "a"), "m.safetensors: tensor `a` is there twice");
  EXPECT_EQ(
      told(safetensors(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})", "12345678")),
      "m.safetensors: byte 61: the next 2 bytes belong to no tensor");
  EXPECT_EQ(
      told(safetensors(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", "12345678")),
      "m.safetensors: byte 65: the next 4 bytes belong to no tensor");
}

/// A tensor of one byte, alone.
static std::string fileWith(const std::string &name) {
  return safetensors("{\"" + name + R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "x");
}

static std::string toldOfIndex(const std::string &index) {
  Folder folder;
  folder.write("a.safetensors", fileWith("x"));
  folder.write("b.safetensors", fileWith("y"));
  folder.write("same.safetensors", fileWith("x"));
  folder.write("damaged.safetensors", "1234567");
  folder.write("model.safetensors.index.json", index);
  return messageOf(folder, "");
}

TEST(Index, OfSeveralFiles) {
  Folder folder;
  folder.write("a.safetensors", fileWith("x"));
  folder.write("b.safetensors", fileWith("y"));
  folder.write("config.json", "{\"n\": 3}");
  folder.write("tokenizer.json", "{}");
  folder.write("model.safetensors.index.json",
               R"({"metadata":{},"weight_map":{"y":"b.safetensors","x":"a.safetensors"}})");
  for (const std::string &path : {folder.path, folder / "model.safetensors.index.json"}) {
    auto checkpoint = Checkpoint::open(path);
    EXPECT_EQ(checkpoint->tensors().size(), 2u);
    EXPECT_EQ(checkpoint->files().size(), 2u);
    EXPECT_TRUE(checkpoint->find("y"));
    EXPECT_EQ(checkpoint->config()["n"], 3);
    EXPECT_EQ(checkpoint->tokenizerPath(), folder / "tokenizer.json");
    EXPECT_EQ(checkpoint->path(), path);
  }
}

TEST(Index, Messages) {
  const std::string file = "model.safetensors.index.json";
  EXPECT_EQ(toldOfIndex("{\"weight_map\":\n {]"),
            file + ":2:3: this is not JSON: unexpected ']'; expected string literal");
  for (const char *text : {"[]", "{}", "{\"weight_map\":[]}"})
    EXPECT_EQ(toldOfIndex(text), file + ": has no object `weight_map`") << text;
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":3}})"),
            file + ": the file of tensor `x` is not a string");
  for (const char *name : {"", "../a.safetensors", "/a", ".", ".."})
    EXPECT_EQ(toldOfIndex(std::string(R"({"weight_map":{"x":")") + name + "\"}}"),
              file + ": the file of tensor `x`, `" + name + "`, is not a file in the same folder");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"a.safetensors\u0000"}})"),
            file +
                ": the file of tensor `x`, `a.safetensors\\x00`, is not a file in the same folder");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"\u001b[2J\u202e.safetensors"}})"),
            file +
                ": the file of tensor `x`, `\\x1b[2J\\xe2\\x80\\xae.safetensors`, has a name with "
                "control characters");
  const std::string accented = "\xc3\xa9" + std::string(120, 'n') + ".safetensors";
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":")" + accented + "\"}}"),
            "cannot read `" + accented + "`: no such file or directory");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"none.safetensors"}})"),
            "cannot read `none.safetensors`: no such file or directory");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"a.safetensors","y":"a.safetensors"}})"),
            file + ": tensor `y` is not in `a.safetensors`");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"b.safetensors","y":"a.safetensors"}})"),
            file + ": tensor `y` is not in `a.safetensors`");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"a.safetensors","y":"same.safetensors"}})"),
            "same.safetensors: tensor `x` is there twice");
  EXPECT_EQ(toldOfIndex(R"({"weight_map":{"x":"damaged.safetensors"}})"),
            "damaged.safetensors: byte 7: the file ends before the length of its header");
}
