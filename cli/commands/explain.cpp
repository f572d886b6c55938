#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/support/choice.h"
#include "cli/support/code_text.h"
#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/row_error.h"
#include "compiler/explain/describe.h"
#include "compiler/explain/explain.h"
#include "compiler/explain/explain_diff.h"

namespace sluice {
namespace {

enum class Level { Logical, Rewrites, Physical, Code, All, Plan };
enum class Format { Text, Json, Dot };

class ExplainCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "FILE [--level LEVEL] [--at LINE] [--diff OLD] [--format FORMAT] [FLAGS]",
        "how a pipeline will run, and why so",
        "Runs nothing. logical is what you wrote, typed; rewrites what the optimizer did and what kept it from more;\n"
        "physical the stages, exchanges and state; code the machine code of each source line. Without --level: all\n"
        "but the code.",
        {"sluice explain pipeline.flow", "sluice explain pipeline.flow --level code",
         "sluice explain pipeline.flow --level all --at 4        only the step on line 4",
         "sluice explain pipeline.flow --diff old.flow           what a change of the program changed",
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
    add_number<uint32_t>(options, "--at", at_, 1, std::numeric_limits<uint32_t>::max(), "LINE",
                         "only the steps on this line of the program, and what became of them");
    options.add_option("--diff", old_, "how the explanation differs from that of another program")->type_name("OLD");
    define_optimizer_options(options, program_);
  }

  ExitCode execute(const Console& console) override {
    if (console.json()) format_ = Format::Json;
    if (format_ == Format::Dot && level_ == Level::Code)
      return usage_error(console, "code has no picture; use --format text or json");
    if (format_ == Format::Dot && at_ != 0) return usage_error(console, "--at goes with --format text or json");
    if (!old_.empty() && (format_ != Format::Text || at_ != 0))
      return usage_error(console, "--diff compares texts: leave out --format, --json and --at");
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    if (!old_.empty()) return print_diff(*compilation, console);
    Focus focus;
    if (at_ != 0) focus = Focus(compilation->graph(), compilation->plan(), at_);
    if (focus.is_empty()) return nothing_there(*compilation, console);
    const auto text = all_text(*compilation, focus);
    if (!text) return code_failed(text.error(), console);
    console.result(*text);
    return ExitCode::Done;
  }

 private:
  // Everything that was asked for.
  [[nodiscard]] Result<std::string> all_text(const Compilation& compilation, const Focus& focus) const {
    std::string text = level_ == Level::Code ? "" : levels_text(compilation, focus);
    if ((level_ != Level::Code && level_ != Level::All) || format_ == Format::Dot) return text;
    SLUICE_ASSIGN(const std::string code, listed_code(compilation, focus));
    return text + code;
  }

  [[nodiscard]] std::string levels_text(const Compilation& compilation, const Focus& focus) const {
    const bool all = level_ == Level::All || level_ == Level::Plan;
    const ExplainLevels levels{all || level_ == Level::Logical, all || level_ == Level::Rewrites,
                               all || level_ == Level::Physical};
    const ExplainInput input{compilation.graph(), compilation.optimized().notes, compilation.plan(), levels, focus};
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

  [[nodiscard]] Result<std::string> listed_code(const Compilation& compilation, const Focus& focus) const {
    const SourceMap sources = plan_sources(compilation);
    const JobPlan& plan = compilation.plan();
    std::string text = format_ == Format::Text ? "code\n" : "";
    for (size_t i = 0; i < plan.stages.size(); ++i) {
      SLUICE_ASSIGN(StageListing listing, list_stage_code(plan, StageId(i), {}));
      if (focus.line())
        std::erase_if(listing.lines, [&](const LineListing& line) { return !is_at(plan, line, focus); });
      if (focus.line() && listing.lines.empty()) continue;
      if (format_ == Format::Text) {
        text += code_text(listing, sources);
        continue;
      }
      for (const LineListing& line : listing.lines) text += object_line("code", code_json(listing, line, sources));
    }
    return text;
  }

  static bool is_at(const JobPlan& plan, const LineListing& line, const Focus& focus) {
    return line.line == focus.line() && line.file < plan.graph.files.size() &&
           plan.graph.files[line.file] == describe::file_of(plan.graph);
  }

  ExitCode nothing_there(const Compilation& compilation, const Console& console) const {
    const auto lines = lines_of_steps(compilation.graph());
    return usage_error(console, fmt::format("no step stands on line {}; there are steps on {} {}", at_,
                                            lines.size() == 1 ? "line" : "lines", fmt::join(lines, ", ")));
  }

  ExitCode print_diff(const Compilation& compilation, const Console& console) const {
    ProgramOptions old_program = program_;
    old_program.file = old_;
    auto old_compilation = open_program(old_program);
    if (!old_compilation) return usage_error(console, old_compilation.error().to_string());
    if (const ExitCode code = compile(*old_compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    const auto before = nameless_text(*old_compilation);
    if (!before) return code_failed(before.error(), console);
    const auto after = nameless_text(compilation);
    if (!after) return code_failed(after.error(), console);
    const std::string difference = explain_diff(*before, *after);
    if (difference.empty())
      console.note("no difference");
    else
      console.result(fmt::format("--- {}\n+++ {}\n{}", old_, program_.file, difference));
    return ExitCode::Done;
  }

  // Without the program's name at the begin of the text, which is no difference.
  [[nodiscard]] Result<std::string> nameless_text(const Compilation& compilation) const {
    SLUICE_ASSIGN(std::string text, all_text(compilation, {}));
    const std::string file = describe::file_of(compilation.graph());
    if (text.starts_with(file)) text.replace(0, file.size(), "job");
    return text;
  }

  static ExitCode code_failed(const Error& error, const Console& console) {
    console.error(error);
    return ExitCode::JobFailed;
  }

  ProgramOptions program_;
  Level level_ = Level::Plan;
  Format format_ = Format::Text;
  uint32_t at_ = 0;  // a line of the program; 0: all of them
  std::string old_;  // another program
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace sluice
