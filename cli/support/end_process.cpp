#include "cli/support/end_process.h"

#include <unistd.h>

#include <cstdio>

namespace sluice {

ExitCode flush_output(ExitCode code) {
  if (std::fflush(stdout) == 0 || code != ExitCode::Done) return code;
  std::fputs("sluice: cannot write to standard output\n", stderr);
  return ExitCode::JobFailed;
}

void end_process(ExitCode code) { ::_exit(static_cast<int>(flush_output(code))); }

}  // namespace sluice
