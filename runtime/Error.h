//===- Error.h - what the runtime throws
//--------------------------------------------------------===//
#pragma once
#include <stdexcept>

namespace tril {

/// A message for a person: lower-case start, no final full stop, the place where one is known.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace tril
