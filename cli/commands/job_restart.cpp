#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/support/job_command.h"

namespace sluice {
namespace {

class JobRestartCommand final : public JobCommand {
 public:
  CommandHelp help() const override {
    return {
        "JOB [FLAGS]",
        "submit a job of a cluster once more",
        "Prints the number of the new job, which runs the same plan from the start. The old one stays as it is when\n"
        "it has ended, and is cancelled when it has not. A changed program is submitted with `sluice submit`.",
        {"sluice job restart 3"}};
  }

 protected:
  ExitCode execute_with_job(const Console& console) override {
    const auto answer = post_to_cluster(cluster(), path() + "/restart");
    if (!answer) return fail(console, answer.error());
    if (console.json())
      console.result("restarted", *answer);
    else
      console.result(fmt::format("{}\n", answer->value("job", uint64_t{0})));
    return ExitCode::Done;
  }
};

}  // namespace

std::unique_ptr<Command> make_job_restart_command() { return std::make_unique<JobRestartCommand>(); }

}  // namespace sluice
