// program: what the commands that read a Flow program have in common: its flags, and coming as far as a phase.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/support/console.h"
#include "cli/support/exit_code.h"
#include "compiler/driver/driver.h"

namespace CLI {
class App;
}

namespace sluice {

struct ProgramOptions {
  std::string file;
  std::vector<std::string> params;  // "name=value"
  uint32_t parallel = 0;            // 0: as many tasks as there are cores
  bool no_optimize = false;
  std::vector<std::string> without;  // names of passes
  bool tests_count = false;          // see CheckOptions
  bool input_ends = false;
};

// FILE and --param.
void define_program_options(CLI::App& app, ProgramOptions& options);
// --parallel alone; `default_text` says what it is when it is not given.
void add_parallel_option(CLI::App& app, ProgramOptions& options, std::string_view default_text);
// --parallel, --no-optimize, --without: for commands that look at the optimized program.
void define_optimizer_options(CLI::App& app, ProgramOptions& options, std::string_view parallel_text = "one per core");

// As many hot threads as there are cores this process may use.
[[nodiscard]] uint32_t core_count();

// The compilation of the program, or what is wrong with the options.
[[nodiscard]] Result<Compilation> open_program(const ProgramOptions& options);

// Runs the phases up to `last` and says what went wrong, if anything did; then the exit code is not Done.
[[nodiscard]] ExitCode compile(Compilation& compilation, Phase last, const Console& console);

// Says what is wrong with the command line itself.
[[nodiscard]] ExitCode usage_error(const Console& console, std::string_view text);

}  // namespace sluice
