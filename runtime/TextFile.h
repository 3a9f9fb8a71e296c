//===- TextFile.h - a file of a person's, read whole
//--------------------------------------------===//
#pragma once
#include <string>

namespace tril {

/// All bytes of a file; a pipe or device will do as well.  Throws Error, naming the file and the
/// reason.
std::string readTextFile(const std::string &path);

} // namespace tril
