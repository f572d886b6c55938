#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/rewrite_notes.h"
#include "lang/graph/graph_text.h"

namespace sluice {
namespace {

class OptCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "[FILE] [--passes A,B,...] [FLAGS]",
        "run single passes of the optimizer over a graph",
        "Reads a graph (or a Flow program), runs the named passes in the order given, and prints the graph, with a\n"
        "comment line for each thing that a pass did or could not do. Without FILE it lists the passes.",
        {"sluice opt                                            the passes, in their order",
         "sluice opt --passes push_filters,prune_columns a.graph",
         "sluice show a.flow | sluice opt --passes push_filters -"}};
  }

  void define(CLI::App& options) override {
    define_program_options(options, program_);
    options.add_option("--passes", passes_, "names of passes, in the order in which they shall run")
        ->type_name("A,B,...")
        ->delimiter(',')
        ->allow_extra_args(false);
    add_parallel_option(options, program_, "1");
  }

  ExitCode execute(const Console& console) override {
    if (program_.file.empty() && passes_.empty()) return list(console);
    if (program_.parallel == 0) program_.parallel = 1;  // the result must not depend on the machine
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Check, console); code != ExitCode::Done) return code;
    PassOptions options;
    options.parallelism = program_.parallel;
    const auto result = run_named_passes(compilation->graph(), passes_, options);
    if (!result) return usage_error(console, result.error().to_string());
    const std::string text = notes_text(result->notes) + write_graph(result->graph);
    if (console.json())
      console.result("stage", {{"stage", "rewrites"}, {"text", text}});
    else
      console.result(text);
    return ExitCode::Done;
  }

 private:
  static ExitCode list(const Console& console) {
    for (const PassRow& row : pass_rows()) {
      if (console.json())
        console.result("pass", {{"code", row.code},
                                {"name", row.name},
                                {"title", row.title},
                                {"required", row.is_required},
                                {"why_here", row.why_here}});
      else
        console.result(
            fmt::format("{} {:<24} {}\n{}{}\n", row.code, row.name, row.title, std::string(4, ' '), row.why_here));
    }
    return ExitCode::Done;
  }

  ProgramOptions program_;
  std::vector<std::string> passes_;
};

}  // namespace

std::unique_ptr<Command> make_opt_command() { return std::make_unique<OptCommand>(); }

}  // namespace sluice
