#include "cli/support/command.h"

#include <algorithm>

namespace sluice {

namespace {

std::string command_words(std::string function) {
  std::ranges::replace(function, '_', ' ');
  return function;
}

}  // namespace

const std::vector<CommandRow>& command_rows() {
  static const std::vector<CommandRow> rows = {
#define COMMAND(name, group) {command_words(#name), group, make_##name##_command},
#include "cli/support/commands.def"
#undef COMMAND
  };
  return rows;
}

}  // namespace sluice
