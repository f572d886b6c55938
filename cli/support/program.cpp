#include "cli/support/program.h"

#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/support/choice.h"

namespace sluice {
namespace {

Result<std::map<std::string, std::string>> read_params(const std::vector<std::string>& words) {
  std::map<std::string, std::string> params;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos)
      return user_error(fmt::format("--param wants NAME=VALUE, not `{}`", word));
    params[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return params;
}

Result<std::set<std::string>> read_pass_names(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const PassRow& row : pass_rows()) names.emplace_back(row.name);
  for (const std::string& word : words) {
    if (std::ranges::find(names, word) != names.end()) continue;
    const auto close = closest_name(word, names);
    return user_error(fmt::format("there is no pass `{}`; {}", word,
                                  close ? fmt::format("did you mean `{}`?", *close) : "`sluice opt` lists them"));
  }
  return std::set<std::string>(words.begin(), words.end());
}

}  // namespace

void define_program_options(CLI::App& app, ProgramOptions& options) {
  app.add_option("FILE", options.file, "a Flow program; `-` for standard input");
  app.add_option("-p,--param", options.params, "set a `param` of the program; may be given several times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

void add_parallel_option(CLI::App& app, ProgramOptions& options, std::string_view default_text) {
  constexpr uint32_t kMost = 1024;
  add_number<uint32_t>(app, "--parallel", options.parallel, 1, kMost, "N",
                       fmt::format("tasks per stage; default: {}", default_text));
}

void define_optimizer_options(CLI::App& app, ProgramOptions& options, std::string_view parallel_text) {
  add_parallel_option(app, options, parallel_text);
  app.add_flag("--no-optimize", options.no_optimize, "only the passes without which nothing can run");
  app.add_option("--without", options.without, "leave these passes out, for example prune_columns")
      ->type_name("PASS,...")
      ->delimiter(',')
      ->allow_extra_args(false);
}

uint32_t core_count() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<uint32_t>(std::max(1, CPU_COUNT(&cores)));
}

Result<Compilation> open_program(const ProgramOptions& options) {
  if (options.file.empty()) return user_error("which file? For example pipeline.flow, or `-` for standard input");
  CompileOptions compile;
  SLUICE_ASSIGN(compile.params, read_params(options.params));
  SLUICE_ASSIGN(compile.passes.disabled, read_pass_names(options.without));
  compile.passes.parallelism = options.parallel != 0 ? options.parallel : core_count();
  compile.passes.optimize = !options.no_optimize;
  compile.tests_count = options.tests_count;
  compile.input_ends = options.input_ends;
#ifndef SLUICE_VERIFY_PASSES
  compile.passes.verify = false;
#endif
  return Compilation(options.file, std::move(compile));
}

ExitCode compile(Compilation& compilation, Phase last, const Console& console) {
  const auto done = compilation.run_until(last);
  console.diagnostics(compilation.diagnostics(), compilation.sources());
  if (done) return *done ? ExitCode::Done : ExitCode::ProgramErrors;
  console.error(done.error());
  return ExitCode::Usage;
}

ExitCode usage_error(const Console& console, std::string_view text) {
  console.error(text);
  return ExitCode::Usage;
}

}  // namespace sluice
