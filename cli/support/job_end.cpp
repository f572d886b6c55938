#include "cli/support/job_end.h"

#include <cerrno>

#include "cli/support/end_process.h"
#include "cli/support/row_error.h"

namespace sluice {

ExitCode job_exit_code(const JobOutcome& outcome, const Compilation& compilation, const InterruptWatcher& interrupts,
                       const Console& console) {
  switch (outcome.kind) {
    case JobOutcome::Kind::Finished:
      return ExitCode::Done;
    case JobOutcome::Kind::Stopped:
      console.note("stopped; nothing was kept");
      return exit_code_of(interrupts.signal());
    case JobOutcome::Kind::RowFailed:
      console.diagnostic(row_diagnostic(*outcome.row_error), plan_sources(compilation));
      return ExitCode::JobFailed;
    case JobOutcome::Kind::Failed:
      if (outcome.error->error_number == EPIPE) die_of_closed_pipe();
      console.error(*outcome.error);
      return ExitCode::JobFailed;
  }
  return ExitCode::JobFailed;
}

}  // namespace sluice
