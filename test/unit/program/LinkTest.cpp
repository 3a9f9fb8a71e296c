//===- LinkTest.cpp - the link line that `tril build` uses
//--------------------------------------===//
#include "runtime/LinkFlags.h"
#include "test/unit/program/Support.h"
#include <filesystem>
#include <gtest/gtest.h>

using namespace tril;

namespace {

TEST(Link, AProductIsSmallAndNeedsNothing) {
  fake::Folder folder;
  std::vector<std::string> command = {linkDriver, TRIL_FAKE_STEP, "-o", folder / "fake"};
  command.insert(command.end(), std::begin(linkFlags), std::end(linkFlags));
  command.insert(command.end(), {"-L", TRIL_ARCHIVES});
  command.insert(command.end(), std::begin(linkLibraries), std::end(linkLibraries));
  fake::Result linked = fake::run(command);
  ASSERT_EQ(linked.status, 0) << linked.err;

  fake::Result help = fake::run({folder / "fake", "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.out.find("usage: fake "), 0u);
#if !__has_feature(address_sanitizer)
  EXPECT_LT(std::filesystem::file_size(folder / "fake"), 2'300'000u);
  std::string text = fake::readFile(folder / "fake");
  EXPECT_EQ(text.find("/lib64/ld-linux"), std::string::npos) << "needs a loader";
  EXPECT_EQ(text.find("ios_base"), std::string::npos) << "pulls in streams";
#endif
}

} // namespace
