// The exit codes of `sluice`; part of its interface (docs/cli.md).
#pragma once

namespace sluice {

enum class ExitCode : int {
  Done = 0,
  ProgramErrors = 1,  // the Flow program (or, for --check modes, its layout) is wrong
  Usage = 2,          // wrong command line, or a file named on it cannot be read
  TestsFailed = 3,
  JobFailed = 4,  // while running
  TimedOut = 7,
  Interrupted = 130,  // 128 + the signal, see interrupt.h
};

}  // namespace sluice
