#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/choice.h"
#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/rewrite_notes.h"
#include "compiler/jit/jit_engine.h"
#include "lang/graph/graph_text.h"
#include "lang/syntax/ast_text.h"
#include "lang/syntax/parse.h"
#include "runtime/plan/plan_text.h"

namespace sluice {
namespace {

enum class Stage { Tokens, Ast, Graph, Rewrites, Plan, Llvm, Asm };

const std::vector<std::pair<std::string, Stage>>& stage_names() {
  static const std::vector<std::pair<std::string, Stage>> names = {
      {"tokens", Stage::Tokens}, {"ast", Stage::Ast},   {"graph", Stage::Graph}, {"rewrites", Stage::Rewrites},
      {"plan", Stage::Plan},     {"llvm", Stage::Llvm}, {"asm", Stage::Asm}};
  return names;
}

Phase phase_of(Stage stage) {
  switch (stage) {
    case Stage::Tokens:
      return Phase::Read;
    case Stage::Ast:
      return Phase::Parse;
    case Stage::Graph:
      return Phase::Check;
    case Stage::Rewrites:
      return Phase::Optimize;
    case Stage::Plan:
    case Stage::Llvm:
    case Stage::Asm:
      return Phase::Plan;
  }
  return Phase::Read;
}

std::string tokens_text(const Compilation& compilation, Diagnostics& diagnostics) {
  std::string text;
  for (const TokenText& token : tokenize(compilation.sources(), compilation.source_index(), diagnostics))
    text += fmt::format("{}:{} {} {}\n", token.span.begin.line, token.span.begin.column, token.kind, token.text);
  return text;
}

// Of all stages, one after the other.
Result<std::string> code_text(const JobPlan& plan, bool assembly, bool optimized) {
  std::string text;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const StageId stage(i);
    const char* comment = assembly ? "#" : ";";
    text += fmt::format("{} ---- stage {} ----\n", comment, plan.stages[stage].name);
    if (assembly) {
      SLUICE_ASSIGN(const std::string code, stage_assembly_text(plan, stage, {}));
      text += code;
    } else {
      text += stage_llvm_text(plan, stage, {}, optimized);
    }
  }
  return text;
}

class ShowCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "FILE [--stage STAGE] [FLAGS]",
        "print a form that a program takes on its way to machine code",
        "tokens and ast show what was read, graph what it means, rewrites what the optimizer made of it, plan how it\n"
        "is cut into stages, llvm and asm the code of each stage. The text of a graph or plan may take its place.",
        {"sluice show pipeline.flow                       the graph",
         "sluice show pipeline.flow --stage rewrites      with what each pass did, and what kept it from more",
         "sluice show pipeline.flow --stage plan --parallel 4"}};
  }

  void define(CLI::App& options) override {
    define_program_options(options, program_);
    add_choice<Stage>(options, "--stage", stage_, stage_names(), "which form; default: graph");
    options.add_flag("--optimized", is_optimized_, "with --stage llvm: after LLVM's optimizer");
    define_optimizer_options(options, program_);
  }

  ExitCode execute(const Console& console) override {
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Read, console); code != ExitCode::Done) return code;
    if (compilation->form() != SourceForm::Program && phase_of(stage_) < Phase::Check)
      return usage_error(console, "a graph has no tokens and no ast; its first stage is `graph`");
    if (const ExitCode code = compile(*compilation, phase_of(stage_), console); code != ExitCode::Done) return code;
    Diagnostics diagnostics;
    const auto text = stage_text(*compilation, diagnostics);
    if (!text) {
      console.error(text.error());
      return ExitCode::JobFailed;
    }
    console.diagnostics(diagnostics, compilation->sources());
    if (diagnostics.has_errors()) return ExitCode::ProgramErrors;
    if (console.json())
      console.result("stage", {{"stage", stage_name()}, {"text", *text}});
    else
      console.result(*text);
    return ExitCode::Done;
  }

 private:
  Result<std::string> stage_text(const Compilation& compilation, Diagnostics& diagnostics) const {
    switch (stage_) {
      case Stage::Tokens:
        return tokens_text(compilation, diagnostics);
      case Stage::Ast:
        return ast_text(compilation.program());
      case Stage::Graph:
        return write_graph(compilation.graph());
      case Stage::Rewrites:
        return notes_text(compilation.optimized().notes) + write_graph(compilation.optimized().graph);
      case Stage::Plan:
        return write_plan(compilation.plan());
      case Stage::Llvm:
      case Stage::Asm:
        return code_text(compilation.plan(), stage_ == Stage::Asm, is_optimized_);
    }
    return {};
  }

  std::string stage_name() const {
    for (const auto& [name, stage] : stage_names())
      if (stage == stage_) return name;
    return {};
  }

  ProgramOptions program_;
  Stage stage_ = Stage::Graph;
  bool is_optimized_ = false;
};

}  // namespace

std::unique_ptr<Command> make_show_command() { return std::make_unique<ShowCommand>(); }

}  // namespace sluice
