//===- Terminal.cpp
//-----------------------------------------------------------------------------===//
#include "runtime/Terminal.h"
#include "runtime/Error.h"
#include "runtime/SystemReason.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace tril {
namespace {

volatile std::sig_atomic_t interruptions = 0;

void onInterrupt(int) {
  if (interruptions)
    _exit(130);
  interruptions = 1;
}

/// Waits until standard input has something to read, its end included, or for Ctrl-C.  One that
/// comes between the look at the flag and the wait would be lost, so it is let in by ppoll only
/// (the threads of the pool let none in: ThreadPool).
void waitForInput() {
  sigset_t interrupt, before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, &before);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (!interrupted() && ppoll(&input, 1, nullptr, &before) < 0 && errno == EINTR) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Reads once; 0 at the end of input and at Ctrl-C.
size_t readSome(char *buffer, size_t size) {
  for (;;) {
    waitForInput();
    if (interrupted())
      return 0;
    ssize_t count = read(STDIN_FILENO, buffer, size);
    if (count >= 0)
      return size_t(count);
    if (errno != EINTR && errno != EAGAIN)
      throw Error(std::string("cannot read standard input: ") + systemReason(errno));
  }
}

} // namespace

void writeOut(std::string_view text) {
  while (!text.empty()) {
    ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0)
      text.remove_prefix(size_t(count));
    else if (errno == EPIPE)
      throw OutputClosed();
    else if (errno != EINTR && errno != EAGAIN)
      throw Error(std::string("cannot write to standard output: ") + systemReason(errno));
  }
}

void writeErr(std::string_view text) {
  while (!text.empty()) {
    ssize_t count = write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno != EINTR)
      return;
    text.remove_prefix(size_t(std::max<ssize_t>(count, 0)));
  }
}

std::string readInput() {
  std::string text;
  char buffer[1 << 16];
  while (size_t count = readSome(buffer, sizeof buffer))
    text.append(buffer, count);
  return text;
}

std::optional<std::string> readLine() {
  // A terminal gives a line at a time, but a long one in parts, and pasted ones together.
  static std::string pending;
  for (;;) {
    if (size_t end = pending.find('\n'); end != std::string::npos) {
      std::string line = pending.substr(0, end);
      pending.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    size_t count = readSome(buffer, sizeof buffer);
    if (count == 0) {
      if (interrupted() || pending.empty())
        return std::nullopt;
      return std::exchange(pending, {});
    }
    pending.append(buffer, count);
  }
}

void catchInterrupt() {
  struct sigaction action{};
  action.sa_handler = onInterrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0; // a read returns instead of going on
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() { return interruptions != 0; }
void clearInterrupt() { interruptions = 0; }

} // namespace tril
