//===- Terminal.h - standard input and output, and Ctrl-C
//---------------------------------------===//
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tril {

/// Thrown when nobody reads standard output any more; the program then ends as SIGPIPE would end
/// it.
struct OutputClosed {};

/// Writes all of it, at once.  Throws OutputClosed, or Error for a disk that is full.
void writeOut(std::string_view text);
/// Writes to standard error, as far as that goes.
void writeErr(std::string_view text);

/// All of standard input.  Ends early at Ctrl-C.
std::string readInput();
/// The next line of standard input, without its end; nothing at the end of input or at Ctrl-C.
std::optional<std::string> readLine();

/// From here on, the first Ctrl-C only sets a flag that loops look at; a second one ends the
/// process, status 130.
void catchInterrupt();
bool interrupted();
void clearInterrupt();

} // namespace tril
