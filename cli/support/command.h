// Command: one word after `sluice`. A command defines its options when the command line is read and then executes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/support/console.h"
#include "cli/support/exit_code.h"

namespace CLI {
class App;
}

namespace sluice {

// How `--help` shows a command, beside its options.
struct CommandHelp {
  std::string usage;                  // "FILE [FLAGS]"
  std::string summary;                // one line, for the list of commands
  std::string description;            // what else there is to know; may be empty
  std::vector<std::string> examples;  // "sluice run x.flow --parallel 1    with one task"
};

class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual CommandHelp help() const = 0;
  // Adds the command's options to its part of the command line. Options are never `required()` here: execute() says
  // what is missing, after unknown words have been reported.
  virtual void define(CLI::App& options) = 0;
  [[nodiscard]] virtual ExitCode execute(const Console& console) = 0;
};

struct CommandRow {
  std::string name;  // one word or two
  std::string group;
  std::unique_ptr<Command> (*make)();
};
// Of commands.def, in its order.
[[nodiscard]] const std::vector<CommandRow>& command_rows();

#define COMMAND(name, group) [[nodiscard]] std::unique_ptr<Command> make_##name##_command();
#include "cli/support/commands.def"
#undef COMMAND

}  // namespace sluice
