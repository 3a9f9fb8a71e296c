//===- GoldenTest.cpp - what a person is told, word for word --------------------------------===//
// test/dsl/syntax has pairs: NAME.tril, and NAME.expected with the messages that it gives, or, if
// it gives none, its tree.  TRIL_UPDATE=1 in the environment writes the second anew; then read it.
#include "Support.h"
#include "dsl/Printer.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>

using namespace tril::dsl;
using namespace tril::dsl::test;

namespace {

class Golden : public testing::TestWithParam<std::filesystem::path> {};

std::string nameOf(const testing::TestParamInfo<std::filesystem::path> &info) {
  std::string name = info.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

} // namespace

TEST_P(Golden, Syntax) {
  const std::filesystem::path &path = GetParam();
  std::filesystem::path expected = path;
  expected.replace_extension(".expected");
  Parsed parsed(readFile(path), path.filename().string());
  std::string got = parsed.diagnostics.all().empty() ? print(parsed.program) : parsed.messages();
  if (std::getenv("TRIL_UPDATE"))
    std::ofstream(expected, std::ios::binary) << got;
  EXPECT_EQ(got, readFile(expected));
}
INSTANTIATE_TEST_SUITE_P(Pairs, Golden, testing::ValuesIn(textsIn(TRIL_TEST_SYNTAX)), nameOf);
