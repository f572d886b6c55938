#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "cli/support/command.h"
#include "cli/support/command_line.h"
#include "cli/support/reference.h"

namespace sluice {
namespace {

class HelpCommand final : public Command {
 public:
  CommandHelp help() const override { return {"[COMMAND]", "what there is, or all about one command", "", {}}; }
  void define(CLI::App& options) override {
    options.add_option("COMMAND", words_,
                       "a command, or `operators`, `functions`, `aggregates`, `frames`, `connectors`");
  }
  ExitCode execute(const Console& console) override {
    if (words_.empty()) {
      console.result(overview_text());
      return ExitCode::Done;
    }
    const std::string topic = fmt::format("{}", fmt::join(words_, " "));
    auto text = help_text(topic);
    if (!text) text = reference_topic(topic);
    if (!text) {
      console.error(unknown_command_text(topic));
      return ExitCode::Usage;
    }
    console.result(*text);
    return ExitCode::Done;
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Command> make_help_command() { return std::make_unique<HelpCommand>(); }

}  // namespace sluice
