//===- TileRegisters.cpp - the permission to use AMX
//--------------------------------------------------===//
#include "runtime/TileRegisters.h"
#include "runtime/SystemReason.h"
#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

std::string tril::requestTileRegisters() {
#ifdef __x86_64__
  // From asm/prctl.h, which older systems lack; the component of XSAVE is that of tile data.
  constexpr long askPermission = 0x1023, tileData = 18;
  if (syscall(SYS_arch_prctl, askPermission, tileData) == 0)
    return "";
  if (errno == EINVAL)
    return "this Linux does not know them (it needs 5.16)";
  if (errno == EOPNOTSUPP)
    return "this processor has none, or this Linux does not offer them";
  return systemReason(errno);
#else
  return "this is no x86 processor";
#endif
}
