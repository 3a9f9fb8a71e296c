//===- Processors.cpp - how many cores there are for us
//-----------------------------------------===//
#include "runtime/ThreadPool.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <set>
#include <string>

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

/// The number at `text`, which moves behind it; 0 if there is none.  (scanf would be 100 KB of a
/// product.)
long long number(const char *&text) {
  char *end;
  long long result = std::strtoll(text, &end, 10);
  text = end;
  return result;
}

/// Processors' worth of time that the control group allows, rounded up; a large number without a
/// limit.
int quota() {
  std::string both =
      firstLine("/sys/fs/cgroup/cpu.max"); // version 2: "QUOTA PERIOD" or "max PERIOD"
  if (both.empty())                        // version 1
    both = firstLine("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") + " " +
           firstLine("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  const char *text = both.c_str();
  long long allowed = number(text), period = number(text);
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
