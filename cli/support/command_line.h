// command_line: from the words after `sluice` to a command that has its options. CLI11 reads the flags; what it does
// not know is answered with one "did you mean" line instead of the usage text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/support/command.h"
#include "cli/support/console.h"

namespace sluice {

struct CommandLine {
  ConsoleOptions console;
  std::unique_ptr<Command> command;  // null: there is only text to show, or an error
  std::string help;                  // to be printed instead of executing (--help, --version)
  std::string error;                 // wrong usage: what, and what to do
};

[[nodiscard]] CommandLine read_command_line(std::vector<std::string> words);

// What `sluice help` prints, and `sluice help COMMAND`; no text when there is no such command.
[[nodiscard]] std::string overview_text();
[[nodiscard]] std::optional<std::string> help_text(const std::string& command);
// "there is no command `rnu`; did you mean `run`?"
[[nodiscard]] std::string unknown_command_text(const std::string& command);

}  // namespace sluice
