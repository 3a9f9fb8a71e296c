//===- TileRegisters.h - the permission to use AMX
//----------------------------------------------------===//
#pragma once
#include <string>

namespace tril {

/// Asks Linux for the tile registers of AMX, for all threads of this process: it gives their state
/// to those who ask only.  Returns why not; empty if it is granted.
std::string requestTileRegisters();

} // namespace tril
