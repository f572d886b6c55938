#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/support/cache_directory.h"
#include "cli/support/command.h"
#include "cli/support/program.h"
#include "cli/support/replace_file.h"
#include "cli/support/test_report.h"
#include "cli/support/test_update.h"
#include "compiler/jit/jit_engine.h"
#include "compiler/testing/test_runner.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

bool may_have_tests(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return text.find("test") != std::string::npos && text.find("expect") != std::string::npos;
}

// The programs with tests below a directory, in the order of their names.
Result<std::vector<std::string>> programs_below(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(directory, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const fs::path& path = it->path();
    if (path.filename().string().starts_with('.')) {
      it.disable_recursion_pending();
    } else if (path.extension() == ".flow" && it->is_regular_file(error) && may_have_tests(path)) {
      files.push_back(directory == "." ? path.lexically_relative(".").string() : path.string());
    }
  }
  if (error) return external_error(fmt::format("cannot read {}: {}", directory, error.message()));
  std::ranges::sort(files);
  return files;
}

class TestCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[FILE|DIRECTORY...] [FLAGS]",
            "run the tests of Flow programs",
            "Runs the `test` blocks of the files, and of all .flow files below the directories (default: this one).\n"
            "Sources have the rows that a test gives to them, and event time is where it says: no test waits or reads\n"
            "anything. Each also runs with several tasks, and with its rows in other orders that the sources allow.",
            {"sluice test", "sluice test pipeline.flow --filter silent",
             "sluice test pipeline.flow --update     writes what came where a test expects something else"}};
  }

  void define(CLI::App& options) override {
    options.add_option("FILE", paths_, "Flow programs, and directories to look for them in");
    options.add_option("-p,--param", params_, "set a `param` of the programs; a test's `with` comes first")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    options.add_option("--filter", filter_, "run only tests with this in their names")->type_name("TEXT");
    options.add_flag("--update", update_, "write what came into the files, in the place of what tests expect");
  }

  ExitCode execute(const Console& console) override {
    if (paths_.empty()) paths_.emplace_back(".");
    std::vector<std::string> files;
    for (const auto& path : paths_) {
      std::error_code error;
      if (!fs::is_directory(path, error)) {
        files.push_back(path);
        continue;
      }
      auto below = programs_below(path);
      if (!below) return usage_error(console, below.error().to_string());
      std::ranges::move(*below, std::back_inserter(files));
    }
    JitOptions options;
    options.tier = JitTier::Quick;
    auto jit = JitEngine::create(options);
    if (!jit) {
      console.error(jit.error());
      return ExitCode::JobFailed;
    }
    for (const auto& file : files)
      if (const ExitCode code = test_file(file, **jit, console); code != ExitCode::Done) return code;
    return summarize(console);
  }

 private:
  struct Counts {
    size_t passed = 0;
    size_t failed = 0;
    size_t updated = 0;  // tests
    size_t broken_files = 0;
    size_t left_out = 0;  // by the filter
  };

  // Not Done when nothing more can be done.
  ExitCode test_file(const std::string& file, JitEngine& jit, const Console& console) {
    ProgramOptions options;
    options.file = file;
    options.params = params_;
    auto compilation = open_program(options);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    const auto parsed = compilation->run_until(Phase::Parse);
    if (!parsed) return usage_error(console, parsed.error().to_string());
    if (*parsed && compilation->form() != SourceForm::Program)
      return usage_error(console, file + " is a graph, not a Flow program");
    const auto tests = *parsed ? compilation->check_tests() : std::vector<CheckedTest>();
    console.diagnostics(compilation->diagnostics(), compilation->sources());
    if (compilation->diagnostics().has_errors()) ++counts_.broken_files;
    std::vector<TextEdit> edits;
    for (const auto& test : tests) {
      if (test.item->title.find(filter_) == std::string::npos) {
        ++counts_.left_out;
        continue;
      }
      const TestOutcome outcome = run_test(test, jit, verifies_passes());
      report(test, outcome, *compilation, edits, console);
    }
    if (edits.empty()) return ExitCode::Done;
    const Status written = replace_file(file, edited(compilation->source(), std::move(edits)));
    return written ? ExitCode::Done : usage_error(console, written.error().to_string());
  }

  void report(const CheckedTest& test, const TestOutcome& outcome, const Compilation& compilation,
              std::vector<TextEdit>& edits, const Console& console) {
    const SourceMap& sources = compilation.sources();
    if (console.json()) console.result("test", test_json(test, outcome, sources));
    if (outcome.passed()) {
      ++counts_.passed;
      return;
    }
    if (update_ && can_update(outcome, compilation, console)) {
      for (const auto& mismatch : outcome.mismatches) edits.push_back(update_of(mismatch));
      ++counts_.updated;
      return;
    }
    ++counts_.failed;
    if (!console.json()) console.result(failure_text(test, outcome, sources, console.result_color()));
  }

  // What depends on how a test is run is no expectation, and comments between rows have no place among others.
  static bool can_update(const TestOutcome& outcome, const Compilation& compilation, const Console& console) {
    if (!outcome.variation.empty() || outcome.mismatches.empty()) return false;
    for (const auto& mismatch : outcome.mismatches) {
      const Span& span = mismatch.expect->statement->span;
      for (const auto& comment : compilation.program().comments) {
        if (comment.span.begin < span.begin || comment.span.begin >= span.end) continue;
        console.note(fmt::format("{} has comments between its rows and is not updated",
                                 location_text(span, compilation.sources())));
        return false;
      }
    }
    return true;
  }

  static constexpr bool verifies_passes() {
#ifdef SLUICE_VERIFY_PASSES
    return true;
#else
    return false;
#endif
  }

  ExitCode summarize(const Console& console) const {
    const size_t count = counts_.passed + counts_.failed + counts_.updated;
    if (count == 0 && counts_.broken_files == 0)
      return usage_error(console, counts_.left_out != 0 ? fmt::format("no test has `{}` in its name", filter_)
                                                        : "there are no tests here");
    if (count == 0) return ExitCode::ProgramErrors;
    if (console.json()) {
      console.result("summary", {{"passed", counts_.passed},
                                 {"failed", counts_.failed},
                                 {"updated", counts_.updated},
                                 {"files_with_errors", counts_.broken_files}});
    } else if (!console.quiet() || counts_.failed != 0) {
      const size_t broken = counts_.broken_files;
      console.result(fmt::format(
          "{} passed, {} failed{}{}\n", counts_.passed, counts_.failed,
          counts_.updated == 0 ? "" : fmt::format(", {} updated", counts_.updated),
          broken == 0 ? "" : fmt::format(", {} {} errors", broken, broken == 1 ? "file has" : "files have")));
    }
    if (counts_.broken_files != 0) return ExitCode::ProgramErrors;
    return counts_.failed == 0 ? ExitCode::Done : ExitCode::TestsFailed;
  }

  std::vector<std::string> paths_;
  std::vector<std::string> params_;
  std::string filter_;
  bool update_ = false;
  Counts counts_;
};

}  // namespace

std::unique_ptr<Command> make_test_command() { return std::make_unique<TestCommand>(); }

}  // namespace sluice
