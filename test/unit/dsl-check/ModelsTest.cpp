//===- ModelsTest.cpp - whole texts against their checkpoints
//-------------------------------------===//
#include "Support.h"
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

using namespace tril::dsl;

static const std::string root = TRIL_ROOT;

struct Golden {
  const char *text, *name;
};

// Both spellings of the configuration bind the same tensors without a message.
class Example : public testing::TestWithParam<Golden> {};
TEST_P(Example, FitsItsCheckpoint) {
  std::string text = readFile(root + "/examples/" + GetParam().text + ".tril");
  std::string folder = root + "/test/golden/" + GetParam().name;
  Shapes shapes = readShapes(folder + "/model.safetensors");
  for (const char *config : {"config.json", "config_legacy.json"}) {
    Checked checked = checkText(text, readFile(folder + "/" + config), &shapes);
    ASSERT_TRUE(checked.model) << checked.messages();
    EXPECT_TRUE(checked.diagnostics.all().empty()) << checked.messages();
    EXPECT_EQ(checked.model->claim, "causal");
    EXPECT_FALSE(checked.model->nodes[checked.model->outputs[0].value].type.holes);
    ASSERT_EQ(checked.model->loops.size(), 1u);
  }
  Checked symbolic = checkText(text);
  EXPECT_TRUE(symbolic.diagnostics.all().empty()) << symbolic.messages();
}
static std::string exampleName(const testing::TestParamInfo<Golden> &info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(
    All, Example,
    testing::Values(Golden{"llama", "llama"}, Golden{"llama", "llama_bias_hd24"},
                    Golden{"llama", "llama_rope_linear"}, Golden{"llama", "llama_rope_llama3"},
                    Golden{"llama", "llama_rope_yarn"}, Golden{"mistral", "mistral"},
                    Golden{"qwen2", "qwen2"}, Golden{"qwen3", "qwen3"}, Golden{"gpt2", "gpt2"},
                    Golden{"gemma3", "gemma3_text"}),
    exampleName);

TEST(Example, IsShort) {
  for (const auto &entry : std::filesystem::directory_iterator(root + "/examples")) {
    if (entry.path().extension() != ".tril")
      continue;
    std::istringstream text(readFile(entry.path().string()));
    int lines = 0; // without blank ones and comments
    for (std::string line; std::getline(text, line);)
      lines += line.find_first_not_of(' ') != std::string::npos &&
               line[line.find_first_not_of(' ')] != '#';
    EXPECT_LE(lines, 110) << entry.path();
  }
}

// Other architectures: each text of test/dsl/texts with the configurations and shapes of its cases.
class Text : public testing::TestWithParam<Golden> {};
TEST_P(Text, FitsItsCheckpoint) {
  std::string text = readFile(root + "/test/dsl/texts/" + GetParam().text + ".tril");
  auto stored =
      nlohmann::json::parse(readFile(root + "/test/dsl/check/cases/" + GetParam().name + ".json"));
  Shapes shapes = stored.at("shapes").get<Shapes>();
  for (const char *config : {"config", "legacy"}) {
    if (!stored.contains(config))
      continue;
    Checked checked = checkText(text, stored[config].dump(), &shapes);
    EXPECT_TRUE(checked.diagnostics.all().empty()) << config << "\n" << checked.messages();
  }
  Checked symbolic = checkText(text);
  EXPECT_TRUE(symbolic.diagnostics.all().empty()) << symbolic.messages();
}
INSTANTIATE_TEST_SUITE_P(
    All, Text,
    testing::Values(Golden{"bert", "bert"}, Golden{"bloom", "bloom"},
                    Golden{"bloom", "bloom_h6_post"}, Golden{"deepseek_v3", "deepseek_v3"},
                    Golden{"diffllama", "diffllama"}, Golden{"gemma3n_text", "gemma3n_text"},
                    Golden{"gpt_neox", "gpt_neox"}, Golden{"gpt_oss", "gpt_oss"},
                    Golden{"jamba", "jamba"}, Golden{"llama4_text", "llama4_text"},
                    Golden{"mamba2", "mamba2"}, Golden{"minimax", "minimax"},
                    Golden{"modernbert", "modernbert"}, Golden{"phi3", "phi3"},
                    Golden{"phi3", "phi3_longrope_short"}, Golden{"qwen2_moe", "qwen2_moe"},
                    Golden{"qwen3_next", "qwen3_next"},
                    Golden{"recurrent_gemma", "recurrent_gemma"}, Golden{"rwkv", "rwkv"},
                    Golden{"t5", "t5"}),
    exampleName);

TEST(Models, AGgufFileHasOtherNamesAndInterleavedPairs) {
  std::string text = readFile(root + "/examples/llama.tril");
  auto stored = nlohmann::json::parse(readFile(root + "/test/dsl/check/cases/smollm2_gguf.json"));
  Shapes shapes = stored.at("shapes").get<Shapes>();
  Checked checked = checkText(text, stored.at("metadata").dump(), &shapes, "gguf");
  ASSERT_TRUE(checked.model) << checked.messages();
  const Model &model = *checked.model;
  ASSERT_EQ(model.loops.size(), 1u);
  EXPECT_EQ(model.loops[0].iterations.size(), 30u);
  const Param *found = nullptr;
  for (const Param &param : model.params)
    if (param.tensors[0] == "blk.7.attn_q.weight")
      found = &param;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pattern, "model.layers.{layer}.self_attn.q_proj.weight");
  // [group, member, pair, half, embed] of 3, 3, 32, 2, 576.
  EXPECT_EQ(found->strides, (std::vector<int64_t>{3 * 64 * 576, 64 * 576, 2 * 576, 576, 1}));
  EXPECT_EQ(model.axes[found->axes[2]].name, "pair");
}
