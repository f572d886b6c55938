#include "runtime/control/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace sluice {

ProcessFigures process_figures() {
  ProcessFigures figures;
  uint64_t pages = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  figures.resident_bytes = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto time_of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  figures.cpu = time_of(usage.ru_utime) + time_of(usage.ru_stime);
  return figures;
}

}  // namespace sluice
