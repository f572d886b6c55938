#include "cli/support/job_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/support/program.h"

namespace sluice {

void JobCommand::define(CLI::App& options) {
  options.add_option("JOB", job_, "its number")->type_name("JOB");
  define_cluster_options(options, cluster_);
}

ExitCode JobCommand::execute(const Console& console) {
  if (job_.empty()) return usage_error(console, "which job? `sluice jobs` lists them");
  if (job_.find_first_not_of("0123456789") != std::string::npos)
    return usage_error(console, fmt::format("`{}` is no number of a job; `sluice jobs` lists them", job_));
  return execute_with_job(console);
}

ExitCode JobCommand::fail(const Console& console, const Error& error) {
  console.error(error);
  return ExitCode::JobFailed;
}

}  // namespace sluice
