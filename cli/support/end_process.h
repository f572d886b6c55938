// How the process ends: with what it has printed on its way out of the buffers, which may fail.
#pragma once

#include "cli/support/console.h"
#include "cli/support/exit_code.h"

namespace sluice {

// The code to end with: another one than `code` when that is Done and results could not be written.
[[nodiscard]] ExitCode flush_output(ExitCode code, const Console& console);
// Ends the process where it is, threads and all.
[[noreturn]] void end_process(ExitCode code, const Console& console);
// From now on, a write to a closed pipe or to a file that may not grow fails like any other, so that the job can clean
// up; the signals of both would end the process at once.
void let_writes_fail();
// Ends the process the way the system ends one that writes to a closed pipe: without a word.
[[noreturn]] void die_of_closed_pipe();

}  // namespace sluice
