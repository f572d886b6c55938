// How many files a process may have open: one that serves others has one for each connection, and more than the shell's
// usual 1024.
#pragma once

#include <sys/resource.h>

namespace sluice {

// As many as the system lets it have without asking anybody.
inline void raise_limit_of_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace sluice
