//===- ContainerTest.cpp
//------------------------------------------------------------------------===//
#include "runtime/Container.h"
#include "runtime/Error.h"
#include "test/unit/program/Support.h"
#include <csignal>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tril;

namespace {

std::string messageOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

std::string openMessage(const std::string &path) {
  return messageOf([&] { Container::open(path); });
}

ProductSections sections(size_t weightBytes) {
  ProductSections result;
  result.weights = [=](const ByteSink &sink) {
    std::string piece(1000, 'w');
    for (size_t left = weightBytes; left > 0; left -= std::min(left, piece.size()))
      sink(piece.data(), std::min(left, piece.size()));
  };
  for (char c : std::string("tokens"))
    result.tokenizer.push_back(std::byte(c));
  result.manifest = [] { return "{\"a\":1}"; };
  return result;
}

TEST(Container, RoundTrip) {
  fake::Folder folder;
  writeProduct(TRIL_FAKE_PRODUCT, sections(12345), folder / "a");
  Container container = Container::open(folder / "a");
  EXPECT_EQ(container.weightsSize(), 12345u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(container.weights()) % 4096, 0u);
  EXPECT_EQ(std::string_view(container.weights(), 12345), std::string(12345, 'w'));
  EXPECT_EQ(container.tokenizer(), "tokens");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(container.tokenizer().data()) % 8, 0u);
  EXPECT_EQ(container.manifest(), "{\"a\":1}");
  EXPECT_EQ(std::filesystem::status(folder / "a").permissions() &
                std::filesystem::perms::owner_exec,
            std::filesystem::perms::owner_exec);
}

TEST(Container, NothingButAManifest) {
  fake::Folder folder;
  ProductSections empty;
  empty.manifest = [] { return "{}"; };
  writeProduct(TRIL_FAKE_PRODUCT, empty, folder / "a");
  Container container = Container::open(folder / "a");
  EXPECT_EQ(container.weightsSize(), 0u);
  EXPECT_TRUE(container.tokenizer().empty());
  EXPECT_EQ(container.manifest(), "{}");
}

TEST(Container, ATailIsReplaced) {
  fake::Folder folder;
  writeProduct(TRIL_FAKE_PRODUCT, sections(100), folder / "a");
  writeProduct(folder / "a", sections(100), folder / "b");
  EXPECT_EQ(fake::readFile(folder / "a"), fake::readFile(folder / "b"));
}

TEST(Container, EveryDamageIsFound) {
  fake::Folder folder;
  writeProduct(TRIL_FAKE_PRODUCT, sections(100), folder / "a");
  std::string whole = fake::readFile(folder / "a");
  Container original = Container::open(folder / "a");
  size_t tail = whole.size() - sizeof(ContainerTrailer) -
                16; // tokenizer, manifest, trailer: 6 (8), 7 (8), 80
  size_t damaged = 0;
  for (size_t i = tail; i < whole.size(); ++i) {
    if (i == tail + 6 || i == tail + 7 || i == tail + 15)
      continue; // padding
    std::string copy = whole;
    copy[i] = char(copy[i] ^ 0x40);
    fake::writeFile(folder / "b", copy);
    std::string message = openMessage(folder / "b");
    EXPECT_NE(message, "no error") << "byte " << i - tail;
    damaged += message.find(" is damaged: ") != std::string::npos;
  }
  EXPECT_GT(damaged, 70u);
}

TEST(Container, CutOff) {
  fake::Folder folder;
  writeProduct(TRIL_FAKE_PRODUCT, sections(100), folder / "a");
  std::string whole = fake::readFile(folder / "a");
  for (size_t lost : {size_t(1), size_t(80), size_t(100), whole.size() - 40, whole.size()}) {
    fake::writeFile(folder / "b", whole.substr(0, whole.size() - lost));
    EXPECT_EQ(openMessage(folder / "b"),
              "`" + (folder / "b") +
                  "` has no model at its end: it was not made by `tril build`, or "
                  "it was cut off or stripped");
  }
  // A hole in the middle moves the trailer.
  fake::writeFile(folder / "b", whole.substr(0, 100) + whole.substr(200));
  EXPECT_NE(openMessage(folder / "b").find("is damaged: its trailer speaks of"), std::string::npos);
}

TEST(Container, LaterVersion) {
  fake::Folder folder;
  writeProduct(TRIL_FAKE_PRODUCT, sections(100), folder / "a");
  std::string whole = fake::readFile(folder / "a");
  whole[whole.size() - sizeof(ContainerTrailer) + offsetof(ContainerTrailer, version)] = 9;
  fake::writeFile(folder / "b", whole);
  EXPECT_EQ(openMessage(folder / "b"),
            "`" + (folder / "b") + "` has a tail of version 9; this program reads 1");
}

TEST(Container, WriterErrors) {
  fake::Folder folder;
  EXPECT_EQ(messageOf([&] { writeProduct(folder / "none", sections(1), folder / "a"); }),
            "cannot read `" + (folder / "none") + "`: no such file or directory");
  fake::writeFile(folder / "text", "hello world");
  EXPECT_EQ(messageOf([&] { writeProduct(folder / "text", sections(1), folder / "a"); }),
            "`" + (folder / "text") + "` is not an ELF executable");
  EXPECT_EQ(messageOf([&] { writeProduct(TRIL_FAKE_PRODUCT, sections(1), folder / "no/a"); }),
            "cannot write `" + (folder / "no/a") + "`: no such file or directory");
  mkdir((folder / "d").c_str(), 0755);
  EXPECT_EQ(messageOf([&] { writeProduct(TRIL_FAKE_PRODUCT, sections(1), folder / "d"); }),
            "cannot write `" + (folder / "d") + "`: is a directory");
}

/// A limit on the size of files stands in for a full disk: write fails in the same place.
TEST(Container, AFullDiskLeavesTheOldProduct) {
  fake::Folder folder;
  writeProduct(TRIL_FAKE_PRODUCT, sections(100), folder / "a");
  std::string before = fake::readFile(folder / "a");
  pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlim_t size = before.size() + 100'000;
    rlimit limit{size, size};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::string message =
        messageOf([&] { writeProduct(TRIL_FAKE_PRODUCT, sections(1'000'000), folder / "a"); });
    _exit(message == "cannot write `" + (folder / "a") + "`: file too large" ? 7 : 8);
  }
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(fake::readFile(folder / "a"), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1); // no leftovers
}

TEST(Container, ADeviceThatIsFull) {
  EXPECT_EQ(messageOf([&] { writeProduct(TRIL_FAKE_PRODUCT, sections(1), "/dev/full"); }),
            "cannot write `/dev/full`: no space left on device");
}

} // namespace
