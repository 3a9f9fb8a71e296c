//===- ManifestTest.cpp
//-------------------------------------------------------------------------===//
#include "runtime/Manifest.h"
#include "runtime/Error.h"
#include "test/unit/program/Support.h"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace tril;
using nlohmann::json;

namespace {

std::string messageOf(const std::string &text) {
  try {
    Manifest::fromJson(text);
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

/// The message after one value of a good manifest was changed.
std::string messageWith(const char *pointer, json value) {
  json good = json::parse(fake::sourceManifest().toJson());
  good[json::json_pointer(pointer)] = std::move(value);
  return messageOf(good.dump());
}

TEST(Manifest, RoundTrip) {
  for (const Manifest &manifest :
       {fake::manifest(), fake::wholeManifest(), fake::sourceManifest()}) {
    std::string text = manifest.toJson();
    Manifest read = Manifest::fromJson(text);
    EXPECT_EQ(read.toJson(), text);
    EXPECT_EQ(read.steps, manifest.steps);
    EXPECT_EQ(read.arena.rowPosition, 1);
    EXPECT_EQ(read.outputs[0].shape, (std::vector<int64_t>{-1, 258}));
  }
}

TEST(Manifest, TheContextHasADefault) {
  json text = json::parse(fake::manifest().toJson());
  text.erase("context");
  EXPECT_EQ(Manifest::fromJson(text.dump()).context, 4096);
}

TEST(Manifest, FindsTheLogits) {
  Manifest manifest = fake::manifest();
  EXPECT_EQ(manifest.logitsOutput(), 0);
  manifest.outputs[0].name = "scores";
  EXPECT_EQ(manifest.logitsOutput(), 0); // as long as the vocabulary
  manifest.outputs[0].shape[1] = 3;
  EXPECT_EQ(manifest.logitsOutput(), -1);
}

TEST(Manifest, SaysWhatIsWrong) {
  EXPECT_EQ(messageOf("{"), "the product's manifest is not valid JSON");
  EXPECT_EQ(messageOf("{}"), "the product's manifest: `format` is missing");
  EXPECT_EQ(messageWith("/format", 2),
            "the product's manifest: `format` is 2; this program reads 1");
  EXPECT_EQ(messageWith("/model", 5), "the product's manifest: `model` is not a string");
  EXPECT_EQ(messageWith("/steps", "yes"), "the product's manifest: `steps` is not true or false");
  EXPECT_EQ(messageWith("/arena/row", -1),
            "the product's manifest: `arena.row` is -1, not between 0 and 17592186044416");
  EXPECT_EQ(messageWith("/arena/row", 1.5),
            "the product's manifest: `arena.row` is not a whole number");
  EXPECT_EQ(messageWith("/context", 0),
            "the product's manifest: `context` is 0, not between 1 and 2147483648");
  EXPECT_EQ(messageWith("/inputs/0/limit", 0),
            "the product's manifest: `inputs[0].limit` is 0, not between 1 and 2147483647");
  EXPECT_EQ(messageWith("/inputs/1/axes", json::array({"space"})),
            "the product's manifest: `inputs[1].axes` is not one sequence axis");
  EXPECT_EQ(messageWith("/inputs", json::array()),
            "the product's manifest: `inputs` has no input over `time`");
  EXPECT_EQ(messageWith("/sequences", json::array({"words", "more"})),
            "the product's manifest: `sequences` has `more`, which no input is along");
  EXPECT_EQ(messageWith("/outputs/0/shape", json::array({-1})),
            "the product's manifest: `outputs[0].shape` has another length than `axes`");
  EXPECT_EQ(messageWith("/outputs/0/shape", json::array({-1, -1})),
            "the product's manifest: `outputs[0].shape` does not agree with the axes (`time` comes "
            "first, and "
            "only sequences are -1)");
  EXPECT_EQ(messageWith("/states/0/type", "f64"),
            "the product's manifest: `states[0].type` is `f64`, not f32, f16, bf16, i32 or i1");
  EXPECT_EQ(messageWith("/states/0/copies/0/0", 1),
            "the product's manifest: `states[0].copies` has one at 1, 0, outside of the memory for "
            "it");
  EXPECT_EQ(
      messageWith("/states/1/copies/0/1", 1),
      "the product's manifest: `states[1].copies` has one at 16, 1, outside of the memory for "
      "it");
  EXPECT_EQ(messageWith("/states/1/copies/0", "here"),
            "the product's manifest: `states[1].copies` holds something that is not two sizes");
  json many = json::array();
  for (int i = 0; i < 9; ++i)
    many.push_back({{"name", "x"}, {"limit", 5}, {"axes", {"time"}}});
  EXPECT_EQ(messageWith("/inputs", many),
            "the product's manifest: `inputs` has 9 entries, more than 8");
}

} // namespace
