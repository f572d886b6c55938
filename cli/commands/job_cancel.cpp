#include <nlohmann/json.hpp>

#include "cli/support/job_command.h"

namespace sluice {
namespace {

class JobCancelCommand final : public JobCommand {
 public:
  CommandHelp help() const override {
    return {
        "JOB [FLAGS]",
        "end a job of a cluster; nothing of it is kept",
        "Returns at once; `sluice job status JOB` says when the job has ended. A job that has ended stays as it is.",
        {"sluice job cancel 3"}};
  }

 protected:
  ExitCode execute_with_job(const Console& console) override {
    const auto answer = post_to_cluster(cluster(), path() + "/cancel");
    return answer ? ExitCode::Done : fail(console, answer.error());
  }
};

}  // namespace

std::unique_ptr<Command> make_job_cancel_command() { return std::make_unique<JobCancelCommand>(); }

}  // namespace sluice
