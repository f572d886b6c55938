#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/program.h"

namespace sluice {
namespace {

class JobCancelCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "JOB [FLAGS]",
        "end a job of a cluster; nothing of it is kept",
        "Returns at once; `sluice job status JOB` says when the job has ended. A job that has ended stays as it is.",
        {"sluice job cancel 3"}};
  }

  void define(CLI::App& options) override {
    options.add_option("JOB", job_, "its number")->type_name("JOB");
    define_cluster_options(options, cluster_);
  }

  ExitCode execute(const Console& console) override {
    if (job_.empty()) return usage_error(console, "which job? `sluice jobs` lists them");
    auto client = ClusterClient::make(cluster_);
    const auto answer = client ? client->post("/jobs/" + job_ + "/cancel", nlohmann::ordered_json::object())
                               : Result<nlohmann::ordered_json>(std::unexpected(client.error()));
    if (answer) return ExitCode::Done;
    console.error(answer.error());
    return ExitCode::JobFailed;
  }

 private:
  std::string job_;
  ClusterOptions cluster_;
};

}  // namespace

std::unique_ptr<Command> make_job_cancel_command() { return std::make_unique<JobCancelCommand>(); }

}  // namespace sluice
