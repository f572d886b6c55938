#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/cluster_client.h"
#include "cli/support/command.h"

namespace sluice {
namespace {

class JobsCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[FLAGS]", "the jobs of a cluster", "", {"sluice jobs", "sluice jobs --json"}};
  }

  void define(CLI::App& options) override { define_cluster_options(options, cluster_); }

  ExitCode execute(const Console& console) override {
    const auto answer = get_from_cluster(cluster_, "/jobs");
    if (!answer) {
      console.error(answer.error());
      return ExitCode::JobFailed;
    }
    if (!console.json() && !(*answer)["jobs"].empty())
      console.result(fmt::format("{:>5}  {:<22} {:>12} {:>12}  {}\n", "job", "state", "rows in", "rows out", "name"));
    for (const auto& job : (*answer)["jobs"]) {
      if (console.json())
        console.result("job", job);
      else
        console.result(fmt::format("{:>5}  {:<22} {:>12} {:>12}  {}\n", job.value("job", 0), job.value("state", ""),
                                   job.value("rows_in", uint64_t{0}), job.value("rows_out", uint64_t{0}),
                                   job.value("name", "")));
    }
    return ExitCode::Done;
  }

 private:
  ClusterOptions cluster_;
};

}  // namespace

std::unique_ptr<Command> make_jobs_command() { return std::make_unique<JobsCommand>(); }

}  // namespace sluice
