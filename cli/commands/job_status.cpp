#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/support/job_command.h"
#include "cli/support/job_text.h"
#include "lang/support/visible_text.h"

namespace sluice {
namespace {

class JobStatusCommand final : public JobCommand {
 public:
  CommandHelp help() const override {
    return {"JOB [FLAGS]",
            "where a job of a cluster is, and how it came there",
            "Shows the states the job was in, what it waits for, its tasks with their workers, and\n"
            "why it failed, if it did.",
            {"sluice job status 3", "sluice job status 3 --json"}};
  }

 protected:
  ExitCode execute_with_job(const Console& console) override {
    const auto answer = get_from_cluster(cluster(), path());
    if (!answer) return fail(console, answer.error());
    if (console.json())
      console.result("job", *answer);
    else
      show(*answer, console);
    return ExitCode::Done;
  }

 private:
  static void show(const nlohmann::ordered_json& job, const Console& console) {
    std::string text = fmt::format("job {} ({}): {}\n{} rows in, {} out, {} late, state {} bytes\n",
                                   job.value("job", 0), visible_text(job.value("name", "")), job.value("state", ""),
                                   job.value("rows_in", uint64_t{0}), job.value("rows_out", uint64_t{0}),
                                   job.value("rows_late", uint64_t{0}), job.value("state_bytes", uint64_t{0}));
    if (job.contains("waits_for")) text += fmt::format("waits: {}\n", job.value("waits_for", ""));
    if (const auto restarts = job.value("restarts", 0U); restarts != 0)
      text += fmt::format("has begun anew {} time{}\n", restarts, restarts == 1 ? "" : "s");
    if (job.contains("error") || job.contains("row_error")) text += "failed: " + failure_text(job) + "\n";
    text += "\nhistory\n";
    for (const auto& step : job["history"])
      text += fmt::format("  {}  {}\n", clock_text(step.value("since", int64_t{0})), step.value("state", ""));
    if (!job["failures"].empty()) text += "\nattempts that failed\n";
    for (const auto& failure : job["failures"])
      text += fmt::format("  {}  {}\n", clock_text(failure.value("time", int64_t{0})),
                          visible_text(failure.value("error", "")));
    if (!job["tasks"].empty()) text += "\ntasks\n";
    for (const auto& task : job["tasks"])
      text += fmt::format("  {}.{:<4} worker {:<4} {}\n", task.value("stage", ""), task.value("task", 0),
                          task.value("worker", 0), task.value("state", ""));
    console.result(text);
  }
};

}  // namespace

std::unique_ptr<Command> make_job_status_command() { return std::make_unique<JobStatusCommand>(); }

}  // namespace sluice
