//===- SignalTest.cpp - terminals, Ctrl-C and closed pipes
//--------------------------------------===//
#include "test/unit/program/Support.h"
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tril;

namespace {

/// A program on a terminal of its own.
class Terminal {
public:
  explicit Terminal(std::vector<std::string> arguments) {
    child = forkpty(&fd, nullptr, nullptr, nullptr);
    if (child == 0) {
      std::vector<char *> argv;
      argv.reserve(arguments.size() + 1);
      for (std::string &argument : arguments)
        argv.push_back(argument.data());
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~Terminal() {
    close(fd);
    if (child > 0) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }

  void type(const std::string &text) {
    ASSERT_EQ(write(fd, text.data(), text.size()), ssize_t(text.size()));
  }

  /// Reads until `text` has come; false after ten seconds or at the end.
  bool expect(const std::string &text) {
    for (;;) {
      if (size_t at = seen.find(text, from); at != std::string::npos) {
        from = at + text.size();
        return true;
      }
      pollfd polled{fd, POLLIN, 0};
      char buffer[4096];
      if (poll(&polled, 1, 10'000) <= 0)
        return false;
      ssize_t count = read(fd, buffer, sizeof buffer);
      if (count <= 0)
        return false;
      seen.append(buffer, size_t(count));
    }
  }

  int status() {
    char buffer[4096];
    ssize_t count;
    while ((count = read(fd, buffer, sizeof buffer)) > 0)
      seen.append(buffer, size_t(count));
    int status;
    waitpid(child, &status, 0);
    child = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  std::string seen;

private:
  int fd = -1;
  pid_t child;
  size_t from = 0;
};

class SignalTest : public testing::Test {
protected:
  void SetUp() override { fake::makeProduct(folder / "fake", fake::manifest(), fake::tokenizer()); }
  fake::Folder folder;
};

TEST_F(SignalTest, LinesFromATerminal) {
  Terminal terminal({folder / "fake", "--temp", "0", "-n", "6"});
  ASSERT_TRUE(terminal.expect("> "));
  terminal.type("abc\n");
  ASSERT_TRUE(terminal.expect("abc\r\nabcabc\r\n> ")) << terminal.seen;
  terminal.type("xy\n"); // a text of its own
  ASSERT_TRUE(terminal.expect("xy\r\nxxyxxy\r\n> ")) << terminal.seen;
  terminal.type("\x04");
  EXPECT_EQ(terminal.status(), 0);
  EXPECT_NE(terminal.seen.find("generation: 12 tokens in "), std::string::npos) << terminal.seen;
}

TEST(Terminal, ALineIsATextToGenerateFrom) {
  fake::Folder folder;
  Manifest manifest = fake::sourceManifest();
  manifest.inputs[1].limit = manifest.inputs[0].limit;
  manifest.start = 'x';
  fake::makeProduct(folder / "source", manifest, fake::tokenizer());
  Terminal terminal({folder / "source", "-n", "3", "--temp", "0", "--begin", "ab"});
  ASSERT_TRUE(terminal.expect("> "));
  terminal.type("one\n");
  ASSERT_TRUE(terminal.expect("one\r\nabxab\r\n> ")) << terminal.seen;
  terminal.type("another line\n"); // begins anew
  ASSERT_TRUE(terminal.expect("another line\r\nabxab\r\n> ")) << terminal.seen;
  terminal.type("\x04");
  EXPECT_EQ(terminal.status(), 0);
}

TEST_F(SignalTest, AnEditedLineIsNotComputedAgain) {
  std::vector<std::string> arguments = {
      folder / "fake", "--temp",    "0", "-n", "3", "--stats", "--checkpoint-every", "2",
      "--save-state",  folder / "s"};
  Terminal terminal(arguments);
  ASSERT_TRUE(terminal.expect("> "));
  terminal.type("abcdef\n");
  ASSERT_TRUE(terminal.expect("def\r\nprompt:     6 tokens in ")) << terminal.seen;
  terminal.type("abcdXY\n"); // an edit of the end: four tokens are the same
  ASSERT_TRUE(terminal.expect("dXY\r\nprompt:     2 tokens in ")) << terminal.seen;
  ASSERT_TRUE(terminal.expect("re-used:    4 tokens computed before\r\n")) << terminal.seen;
  // What was generated is known too; the last checkpoint is before the line's last two tokens.
  terminal.type("abcdXYdX\n");
  ASSERT_TRUE(terminal.expect("YdX\r\nprompt:     2 tokens in ")) << terminal.seen;
  ASSERT_TRUE(terminal.expect("re-used:    6 tokens computed before\r\n")) << terminal.seen;
  terminal.type("\x04");
  EXPECT_EQ(terminal.status(), 0);
  EXPECT_NE(terminal.seen.find("re-used:    10 tokens"), std::string::npos) << terminal.seen;
  // Lines go on after a loaded text, each anew.
  Terminal loaded(
      {folder / "fake", "--temp", "0", "-n", "3", "--stats", "--load-state", folder / "s"});
  for (const char *line : {"ab\n", "ac\n"}) {
    ASSERT_TRUE(loaded.expect("> "));
    loaded.type(line);
    ASSERT_TRUE(loaded.expect("re-used:    10 tokens computed before\r\n")) << loaded.seen;
  }
  loaded.type("\x04");
  EXPECT_EQ(loaded.status(), 0);
}

TEST_F(SignalTest, CtrlCEndsATextThenTheProgram) {
  Terminal terminal({folder / "fake", "--temp", "0", "-c", "100000"});
  ASSERT_TRUE(terminal.expect("> "));
  terminal.type("abc\n");
  ASSERT_TRUE(terminal.expect("abcabcabcabc"));
  terminal.type("\x03");
  ASSERT_TRUE(terminal.expect("\n> ")) << terminal.seen.substr(terminal.seen.size() - 80);
  terminal.type("\x03");
  EXPECT_EQ(terminal.status(), 130);
  EXPECT_NE(terminal.seen.find("generation: "), std::string::npos);
}

TEST_F(SignalTest, CtrlCStopsAPrompt) {
  Terminal terminal({folder / "fake", "--temp", "0", "-c", "100000", "-p", "abc"});
  ASSERT_TRUE(terminal.expect("abcabcabcabc"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.status(), 130);
  size_t timing = terminal.seen.find("prompt:     3 tokens");
  ASSERT_NE(timing, std::string::npos);
  EXPECT_EQ(terminal.seen[timing - 1], '\n'); // the line was finished
}

TEST_F(SignalTest, AClosedPipeIsQuiet) {
  fake::Result result =
      fake::run({"/bin/sh", "-c",
                 "'" + (folder / "fake") +
                     "' -p abc -c 100000 --temp 0 2>&1 | head -c 5; "
                     "trap '' PIPE; '" +
                     (folder / "fake") + "' -p abc -c 100000 --temp 0 | head -c 5"});
  EXPECT_EQ(result.out, "abcababcab");
  EXPECT_EQ(result.err, "");
}

TEST_F(SignalTest, StandardOutputThatIsFull) {
  fake::Result result =
      fake::run({"/bin/sh", "-c", "'" + (folder / "fake") + "' -p abc -n 3 > /dev/full"});
  EXPECT_EQ(result.err, "error: cannot write to standard output: no space left on device\n");
  EXPECT_EQ(result.status, 1);
}

} // namespace
