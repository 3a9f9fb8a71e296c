//===- StdTest.cpp - the library
//------------------------------------------------------------------===//
#include "Support.h"
#include "dsl/CheckMain.h"
#include <gtest/gtest.h>
#include <sstream>

using namespace tril::dsl;

TEST(Std, IsBuiltInAsItIsBeside) {
  Diagnostics diagnostics;
  Library embedded = loadStd("", diagnostics);
  EXPECT_FALSE(diagnostics.hasErrors());
  EXPECT_EQ(embedded.names(), library().names());
  for (const std::string &name : library().names())
    EXPECT_EQ(embedded.text(name), library().text(name)) << name;
}

TEST(Std, EveryDefinitionIsDocumented) {
  for (const std::string &name : library().names()) {
    auto text = library().text(name);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->front(), '#') << name << ":\n" << *text;
  }
}

TEST(Std, PrintsADefinitionWithItsComment) {
  std::ostringstream out, messages;
  EXPECT_TRUE(printStd("relu", "", out, messages));
  EXPECT_EQ(out.str(), "# x where it is positive, else 0.\ndef relu(x) = max(x, 0)\n");
  EXPECT_FALSE(printStd("softmx", "", out, messages));
  EXPECT_EQ(messages.str(),
            "error: the library has no `softmx`\nhelp: a similar name is `softmax`\n");
}

TEST(Std, ScalesRotaryPositionsForWhatATextIsBuiltFor) {
  const char *text = R"(
axis pair = 2
output y[time, pair] = time * rope_frequency[pair](config, 100, 32)
)";
  struct Case {
    const char *config;
    int64_t context;
    std::optional<int64_t> longest;
    bool reads;
  };
  for (const Case &c : std::initializer_list<Case>{
           {R"({"rope_type": "default"})", 0, std::nullopt, false},
           {R"({"rope_type": "dynamic", "factor": 2})", 0, 32, true},
           {R"({"rope_type": "dynamic", "factor": 2})", 32, 32, true},
           {R"({"rope_type": "dynamic", "factor": 2})", 33, std::nullopt, true},
           {R"({"rope_type": "dynamic", "factor": 2, "alpha": 50})", 33, std::nullopt, false},
           {R"({"type": "su", "short_factor": [1, 1], "long_factor": [2, 2],
                "original_max_position_embeddings": 8})",
            0, 8, true},
           {R"({"type": "su", "short_factor": [1, 1], "long_factor": [2, 2],
                "original_max_position_embeddings": 8})",
            9, std::nullopt, true}}) {
    Checked checked = checkText(text, c.config, nullptr, {}, c.context);
    ASSERT_TRUE(checked.model) << checked.messages();
    EXPECT_EQ(checked.model->longest, c.longest) << c.config << " for " << c.context;
    EXPECT_EQ(checked.model->readsContext, c.reads) << c.config << " for " << c.context;
  }
}

TEST(Std, KnowsBothSpellingsOfRotaryPositions) {
  const char *text = R"(
axis pair = 4
let theta = rope_theta(config)
let kind  = rope_kind(rope_parameters(config))
output y[pair] = theta * (pair where kind == "linear" else -1)
)";
  for (const char *config : {R"({"rope_parameters": {"rope_theta": 5, "rope_type": "linear"}})",
                             R"({"rope_theta": 5, "rope_scaling": {"type": "linear"}})"}) {
    Checked checked = checkText(text, config);
    ASSERT_TRUE(checked.model) << checked.messages();
    const Node &y = checked.model->nodes[checked.model->outputs[0].value];
    EXPECT_EQ(checked.model->nodes[y.operands[0]].value, 5) << config;
    EXPECT_EQ(checked.model->nodes[y.operands[1]].op, Op::position) << config;
  }
}
