#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/support/command.h"

namespace sluice {
namespace {

class VersionCommand final : public Command {
 public:
  CommandHelp help() const override { return {"", "the version of this program", "", {}}; }
  void define(CLI::App&) override {}
  ExitCode execute(const Console& console) override {
    if (console.json())
      console.result("version", {{"version", SLUICE_VERSION}});
    else
      console.result(fmt::format("sluice {}\n", SLUICE_VERSION));
    return ExitCode::Done;
  }
};

}  // namespace

std::unique_ptr<Command> make_version_command() { return std::make_unique<VersionCommand>(); }

}  // namespace sluice
