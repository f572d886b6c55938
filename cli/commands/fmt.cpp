#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/replace_file.h"
#include "lang/syntax/format.h"

namespace sluice {
namespace {

class FmtCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "FILE... [--check]",
        "lay out Flow source the one way",
        "Rewrites the files in place; `-` reads standard input and writes standard output. Comments stay, and so does\n"
        "what the program means. A file with syntax errors is left alone.",
        {"sluice fmt *.flow", "sluice fmt --check *.flow     only name the files that would change; exit code 1",
         "sluice fmt - < a.flow"}};
  }

  void define(CLI::App& options) override {
    options.add_option("FILE", files_, "Flow programs; `-` for standard input");
    options.add_flag("--check", only_check_, "change nothing: print the names of files that would change");
  }

  ExitCode execute(const Console& console) override {
    if (files_.empty()) return usage_error(console, "format which files? For example: sluice fmt pipeline.flow");
    ExitCode worst = ExitCode::Done;
    for (const std::string& file : files_) {
      const ExitCode code = format_file(file, console);
      if (code == ExitCode::Usage || worst == ExitCode::Done) worst = code;
    }
    return worst;
  }

 private:
  ExitCode format_file(const std::string& file, const Console& console) const {
    Compilation compilation(file);
    if (const ExitCode code = compile(compilation, Phase::Parse, console); code != ExitCode::Done) return code;
    if (compilation.form() != SourceForm::Program)
      return usage_error(console, file + " is a graph, not a Flow program");
    const std::string laid_out = format(compilation.program(), compilation.source());
    const bool changes = laid_out != compilation.source().text();
    if (only_check_) {
      if (!changes) return ExitCode::Done;
      if (console.json())
        console.result("unformatted", {{"file", file}});
      else
        console.result(file + "\n");
      return ExitCode::ProgramErrors;
    }
    if (file == "-") {
      console.result(laid_out);
      return ExitCode::Done;
    }
    if (!changes) return ExitCode::Done;
    if (const Status written = replace_file(file, laid_out); !written)
      return usage_error(console, written.error().to_string());
    if (console.verbose()) console.note("formatted " + file);
    return ExitCode::Done;
  }

  std::vector<std::string> files_;
  bool only_check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_fmt_command() { return std::make_unique<FmtCommand>(); }

}  // namespace sluice
