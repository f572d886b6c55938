// The program `sluice`: reads the command line, executes one command, and turns its outcome into an exit code.
#include <fcntl.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/support/command_line.h"
#include "cli/support/console.h"
#include "cli/support/deep_stack.h"
#include "cli/support/end_process.h"
#include "cli/support/exit_code.h"

namespace sluice {
namespace {

ExitCode execute(const CommandLine& line, const Console& console) {
  if (!line.error.empty()) {
    console.error(line.error);
    return ExitCode::Usage;
  }
  if (line.command == nullptr) {
    console.result(line.help);
    return ExitCode::Done;
  }
  return line.command->execute(console);
}

// A standard file that our parent closed would be replaced by the next file we open, and rows would end up there. In
// its place stands a file that refuses what the standard file is for.
void occupy_closed_standard_files() {
  constexpr int kModes[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (int file = 0; file < 3; ++file) {
    // The lowest free number is given out, and those below are taken.
    if (::fcntl(file, F_GETFD) < 0) (void)::open("/dev/null", kModes[file]);
  }
}

ExitCode run(int argc, char** argv) {
  // Ours does not throw; what a library throws and nobody caught ends here with a message instead of a core file.
  try {
    const CommandLine line = read_command_line(std::vector<std::string>(argv + 1, argv + argc));
    const Console console(line.console);
    return flush_output(execute(line, console), console);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: internal error: %s\n", error.what());
  }
  return ExitCode::JobFailed;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::occupy_closed_standard_files();
  return static_cast<int>(sluice::run_on_deep_stack([&] { return sluice::run(argc, argv); }));
}
