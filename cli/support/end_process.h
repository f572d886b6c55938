// How the process ends: with what it has printed on its way out of the buffers, which may fail.
#pragma once

#include "cli/support/exit_code.h"

namespace sluice {

// The code to end with: another one than `code` when what was printed could not be written.
[[nodiscard]] ExitCode flush_output(ExitCode code);
// Ends the process where it is, threads and all.
[[noreturn]] void end_process(ExitCode code);

}  // namespace sluice
