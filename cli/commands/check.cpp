#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/command.h"
#include "cli/support/program.h"

namespace sluice {
namespace {

class CheckCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"FILE... [FLAGS]",
            "look for errors without running anything",
            "Says nothing when a program is right. With --json, what it finds is printed to standard output.",
            {"sluice check pipeline.flow", "sluice check --json *.flow     for editors and scripts"}};
  }

  void define(CLI::App& options) override {
    options.add_option("FILE", files_, "Flow programs; `-` for standard input");
    options.add_option("-p,--param", params_, "set a `param` of the program; may be given several times")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    options.add_flag("--deny-warnings", deny_warnings_, "warnings count as errors for the exit code");
  }

  ExitCode execute(const Console& console) override {
    if (files_.empty()) return usage_error(console, "check which files? For example: sluice check pipeline.flow");
    ExitCode worst = ExitCode::Done;
    for (const std::string& file : files_) {
      const ExitCode code = check_file(file, console);
      if (code == ExitCode::Usage || worst == ExitCode::Done) worst = code;
    }
    return worst;
  }

 private:
  ExitCode check_file(const std::string& file, const Console& console) const {
    ProgramOptions options;
    options.file = file;
    options.params = params_;
    options.tests_count = true;
    auto compilation = open_program(options);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    const auto done = compilation->run_until(Phase::Optimize);  // some warnings are about what will run
    if (!done) return usage_error(console, done.error().to_string());
    if (*done) static_cast<void>(compilation->check_tests());
    const auto findings = compilation->diagnostics().sorted();
    for (const Diagnostic& finding : findings) {
      if (console.json())
        console.result("diagnostic", diagnostic_json(finding, compilation->sources()));
      else
        console.diagnostic(finding, compilation->sources());
    }
    const bool has_errors = compilation->diagnostics().has_errors();
    return !has_errors && (findings.empty() || !deny_warnings_) ? ExitCode::Done : ExitCode::ProgramErrors;
  }

  std::vector<std::string> files_;
  std::vector<std::string> params_;
  bool deny_warnings_ = false;
};

}  // namespace

std::unique_ptr<Command> make_check_command() { return std::make_unique<CheckCommand>(); }

}  // namespace sluice
