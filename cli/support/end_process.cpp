#include "cli/support/end_process.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace sluice {

ExitCode flush_output(ExitCode code, const Console& console) {
  const int error = flush_results();
  if (error == 0) return code;
  if (error == EPIPE) {
    if (code == ExitCode::Done) die_of_closed_pipe();
    return code;
  }
  console.error(system_error("cannot write to standard output", error).error());
  return code == ExitCode::Done ? ExitCode::JobFailed : code;
}

void end_process(ExitCode code, const Console& console) { ::_exit(static_cast<int>(flush_output(code, console))); }

void let_writes_fail() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void die_of_closed_pipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  std::abort();  // not reached: the default action ends the process
}

}  // namespace sluice
