//===- Processors.cpp - how many cores there are for us
//-----------------------------------------===//
#include "runtime/ThreadPool.h"
#include <algorithm>
#include <cstdio>
#include <sched.h>
#include <set>
#include <string>
#include <utility>

namespace tril {
namespace {

/// The first line of a small file; empty if it cannot be read.
std::string firstLine(const std::string &path) {
  char text[256] = "";
  if (FILE *file = std::fopen(path.c_str(), "re")) {
    if (!std::fgets(text, sizeof text, file))
      text[0] = 0;
    std::fclose(file);
  }
  return text;
}

/// Processors' worth of time that the control group allows, rounded up; a large number without a
/// limit.
int quota() {
  long long allowed = 0, period = 0;
  std::string line =
      firstLine("/sys/fs/cgroup/cpu.max"); // version 2: "QUOTA PERIOD" or "max PERIOD"
  if (std::sscanf(line.c_str(), "%lld %lld", &allowed, &period) != 2) {
    std::sscanf(firstLine("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").c_str(), "%lld",
                &allowed); // version 1
    std::sscanf(firstLine("/sys/fs/cgroup/cpu/cpu.cfs_period_us").c_str(), "%lld", &period);
  }
  if (allowed <= 0 || period <= 0)
    return CPU_SETSIZE;
  return int(std::min<long long>((allowed + period - 1) / period, CPU_SETSIZE));
}

} // namespace

int availableCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  // Two threads of one core have the same list of siblings; without a list, each counts.
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set))
      continue;
    std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    std::string siblings = firstLine(folder + "thread_siblings_list");
    cores.insert(siblings.empty() ? "cpu " + std::to_string(cpu) : siblings);
  }
  return std::max(1, std::min(int(cores.size()), quota()));
}

} // namespace tril
