#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/choice.h"
#include "cli/support/code_text.h"
#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/row_error.h"
#include "compiler/explain/explain.h"

namespace sluice {
namespace {

enum class Level { Logical, Rewrites, Physical, Code, All, Plan };
enum class Format { Text, Json, Dot };

class ExplainCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "FILE [--level LEVEL] [--format FORMAT] [FLAGS]",
        "how a pipeline will run, and why so",
        "Runs nothing. logical is what you wrote, typed; rewrites what the optimizer did and what kept it from more;\n"
        "physical the stages, exchanges and state; code the machine code of each source line. Without --level: all\n"
        "but the code.",
        {"sluice explain pipeline.flow", "sluice explain pipeline.flow --level code",
         "sluice explain pipeline.flow --format dot | dot -Tsvg > pipeline.svg",
         "sluice explain pipeline.flow --parallel 1     how it would run with one task"}};
  }

  void define(CLI::App& options) override {
    define_program_options(options, program_);
    add_choice<Level>(options, "--level", level_,
                      {{"logical", Level::Logical},
                       {"rewrites", Level::Rewrites},
                       {"physical", Level::Physical},
                       {"code", Level::Code},
                       {"all", Level::All}},
                      "what to show; default: all but the code");
    add_choice<Format>(options, "--format", format_,
                       {{"text", Format::Text}, {"json", Format::Json}, {"dot", Format::Dot}},
                       "text, JSON lines, or a picture for Graphviz");
    define_optimizer_options(options, program_);
  }

  ExitCode execute(const Console& console) override {
    if (console.json()) format_ = Format::Json;
    if (format_ == Format::Dot && level_ == Level::Code)
      return usage_error(console, "code has no picture; use --format text or json");
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    if (level_ != Level::Code) console.result(levels_text(*compilation));
    if ((level_ != Level::Code && level_ != Level::All) || format_ == Format::Dot) return ExitCode::Done;
    return print_code(*compilation, console);
  }

 private:
  std::string levels_text(const Compilation& compilation) const {
    const bool all = level_ == Level::All || level_ == Level::Plan;
    const ExplainLevels levels{all || level_ == Level::Logical, all || level_ == Level::Rewrites,
                               all || level_ == Level::Physical};
    const ExplainInput input{compilation.graph(), compilation.optimized().notes, compilation.plan(), levels};
    switch (format_) {
      case Format::Text:
        return explain_text(input);
      case Format::Json:
        return explain_json(input);
      case Format::Dot:
        return explain_dot(input);
    }
    return {};
  }

  ExitCode print_code(const Compilation& compilation, const Console& console) const {
    const SourceMap sources = plan_sources(compilation);
    const JobPlan& plan = compilation.plan();
    for (size_t i = 0; i < plan.stages.size(); ++i) {
      const auto listing = list_stage_code(plan, StageId(i), {});
      if (!listing) {
        console.error(listing.error());
        return ExitCode::JobFailed;
      }
      if (format_ == Format::Text) {
        console.result((i == 0 ? "code\n" : "") + code_text(*listing, sources));
        continue;
      }
      for (const LineListing& line : listing->lines) console.result("code", code_json(*listing, line, sources));
    }
    return ExitCode::Done;
  }

  ProgramOptions program_;
  Level level_ = Level::Plan;
  Format format_ = Format::Text;
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace sluice
