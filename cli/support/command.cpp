#include "cli/support/command.h"

namespace sluice {

const std::vector<CommandRow>& command_rows() {
  static const std::vector<CommandRow> rows = {
#define COMMAND(name, group) {#name, group, make_##name##_command},
#include "cli/support/commands.def"
#undef COMMAND
  };
  return rows;
}

}  // namespace sluice
