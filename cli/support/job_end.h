// job_end: what the end of a job means for the command that ran it.
#pragma once

#include "cli/support/console.h"
#include "cli/support/exit_code.h"
#include "cli/support/interrupt.h"
#include "compiler/driver/driver.h"
#include "runtime/coordinator/local_job.h"

namespace sluice {

// Says what went wrong, if anything did.
[[nodiscard]] ExitCode job_exit_code(const JobOutcome& outcome, const Compilation& compilation,
                                     const InterruptWatcher& interrupts, const Console& console);

}  // namespace sluice
