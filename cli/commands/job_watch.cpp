#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/support/absence.h"
#include "cli/support/job_command.h"
#include "cli/support/job_text.h"
#include "cli/support/status_line.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kFirstLook(10);
constexpr std::chrono::milliseconds kLastLook(500);

class JobWatchCommand final : public JobCommand {
 public:
  CommandHelp help() const override {
    return {
        "JOB [FLAGS]",
        "follow a job of a cluster to its end",
        "Prints the states that it goes through, and shows how far it is meanwhile. Ends as `sluice submit --wait`\n"
        "does: with 0 only when the job has finished. Ctrl-C ends the watching, not the job.",
        {"sluice job watch 3"}};
  }

 protected:
  ExitCode execute_with_job(const Console& console) override {
    auto client = ClusterClient::make(cluster());
    if (!client) return fail(console, client.error());
    StatusLine status(console, false);
    JobName watched{job(), ""};
    Absence absence;
    size_t shown = 0;
    auto pause = kFirstLook;
    while (true) {
      const auto job = client->job(watched);
      if (!job && status.without([&] { return absence.outlasts(job.error(), console); })) continue;
      if (!job) return status.without([&] { return fail(console, job.error()); });
      absence.end();
      watched.identity = job->value("identity", "");
      if (show_states(*job, shown, status, console)) pause = kFirstLook;
      if (job->value("has_ended", false)) return status.without([&] { return end(*job, console); });
      status.update(progress_in(*job));
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kLastLook);
    }
  }

 private:
  // Those that were not shown yet; whether there were any.
  static bool show_states(const nlohmann::ordered_json& job, size_t& shown, StatusLine& status,
                          const Console& console) {
    const auto& history = job["history"];
    const bool is_new = shown < history.size();
    for (; shown < history.size(); ++shown) {
      const auto& step = history[shown];
      status.without([&] {
        if (console.json())
          console.result("state", step);
        else
          console.result(fmt::format("{}  {}\n", clock_text(step.value("since", int64_t{0})), step.value("state", "")));
      });
    }
    if (is_new) static_cast<void>(flush_results());
    return is_new;
  }

  static ExitCode end(const nlohmann::ordered_json& job, const Console& console) {
    if (job.value("state", "") == "finished") return ExitCode::Done;
    console.error(failure_text(job));
    return ExitCode::JobFailed;
  }
};

}  // namespace

std::unique_ptr<Command> make_job_watch_command() { return std::make_unique<JobWatchCommand>(); }

}  // namespace sluice
