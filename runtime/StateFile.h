//===- StateFile.h - a sequence in a file, to go on with later
//-------------------------------------------===//
// What a session keeps, so that another run goes on without computing the sequence again:
//
//   prefix | JSON | pending tokens | what Session::save gives | checksum
//
// All numbers are little-endian.  The prefix has the checksum of the JSON, the last 8 bytes that of
// everything after the JSON (chained over blocks of 64 KiB): damage is found; who makes a file on
// purpose can only change values, for every size follows from the product and the position.  The
// JSON names the model, by the digest of its compiled form and that of its weights: a state fits
// exactly the products that were built of the same text, sizes and weights by the same compiler.
#pragma once
#include "runtime/Session.h"
#include <string>

namespace tril {

struct StateFilePrefix {
  static constexpr char expectedMagic[8] = {'\x7f', 't', 'r', 's', 't', '\r', '\n', '\x1a'};
  static constexpr uint32_t currentVersion = 1;
  static constexpr uint32_t mostJson = 1 << 20;

  char magic[8];
  uint32_t version;
  uint32_t jsonBytes;
  uint64_t jsonChecksum;
};
static_assert(sizeof(StateFilePrefix) == 24);

/// Writes the session's sequence, and tokens that follow it but are not computed yet.  The file
/// appears under its name when it is complete.  Throws Error.
void saveState(const Session &session, std::span<const int32_t> pending, const std::string &path);

/// Puts a saved sequence in place of the session's; the pending tokens.  Throws Error, naming the
/// file, for one that is damaged, cut off, no saved state, or that of another model; the session is
/// then as after reset.
std::vector<int32_t> loadState(Session &session, const std::string &path);

} // namespace tril
