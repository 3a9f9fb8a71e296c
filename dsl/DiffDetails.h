//===- DiffDetails.h - what differs within two lines (for Diff.cpp)
//-------------------------------===//
#pragma once
#include "dsl/DiffMatch.h"

namespace tril::dsl::differing {

/// What a function of the library is for: "norm" for what std/norm.tril defines.
struct FunctionKind {
  std::string name;
  bool within = false; // it has such a part: a gated feed-forward layer has an activation
};
using FunctionKinds = std::map<std::string, FunctionKind>;

/// What differs between two heads, in the words of the language; empty if they mean the same or one
/// follows from what is told elsewhere.
std::vector<std::string> detailsOf(const Matching &matching, const FunctionKinds &kinds, int i,
                                   int j);

} // namespace tril::dsl::differing
