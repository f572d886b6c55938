#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/support/job_command.h"
#include "lang/support/quantity_text.h"
#include "lang/support/visible_text.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

uint64_t number(const Json& json, const char* name) { return json.value(name, uint64_t{0}); }

// Of the time that is known of: 0 when none is.
uint64_t percent(const Json& metrics, const char* name) {
  const uint64_t all = number(metrics, "busy_ms") + number(metrics, "blocked_ms") + number(metrics, "idle_ms");
  return all == 0 ? 0 : number(metrics, name) * 100 / all;
}

std::string line(const std::string& who, const std::string& where, const Json& metrics) {
  const Json& watermark = metrics["watermark"];
  return fmt::format("{:<9}{:>6}{:>13}{:>13}{:>8}{:>10}{:>6}{:>9}{:>6}  {}\n", who, where, number(metrics, "rows_in"),
                     number(metrics, "rows_out"), number(metrics, "rows_late"),
                     bytes_text(number(metrics, "state_bytes")), percent(metrics, "busy_ms"),
                     percent(metrics, "blocked_ms"), percent(metrics, "idle_ms"),
                     watermark.is_string() ? watermark.get<std::string>() : "-");
}

class JobMetricsCommand final : public JobCommand {
 public:
  CommandHelp help() const override {
    return {
        "JOB [FLAGS]",
        "what each task of a job of a cluster does",
        "A line for each stage, under it one for each of its tasks: rows taken and given on, late rows, state, the\n"
        "share of its time in percent that it was busy, blocked (whoever takes its rows has no room) and idle (no\n"
        "rows came), and how far event time is.",
        {"sluice job metrics 3", "sluice job metrics 3 --json"}};
  }

 protected:
  ExitCode execute_with_job(const Console& console) override {
    const auto answer = get_from_cluster(cluster(), path() + "/metrics");
    if (!answer) return fail(console, answer.error());
    if (console.json())
      console.result("metrics", *answer);
    else
      show(*answer, console);
    return ExitCode::Done;
  }

 private:
  static void show(const Json& job, const Console& console) {
    std::string text = fmt::format("job {} ({}): {}\n", job.value("job", 0), visible_text(job.value("name", "")),
                                   job.value("state", ""));
    text += fmt::format("{:<9}{:>6}{:>13}{:>13}{:>8}{:>10}{:>6}{:>9}{:>6}  {}\n", "task", "worker", "rows in",
                        "rows out", "late", "state", "busy", "blocked", "idle", "watermark");
    for (const auto& stage : job["stages"]) {
      const auto name = stage.value("stage", "");
      text += line(name, "all", stage);
      for (const auto& task : stage["tasks"])
        text +=
            line(fmt::format("  {}.{}", name, task.value("task", 0)), std::to_string(task.value("worker", 0)), task);
      std::string operators;
      for (const auto& name_of_one : stage["operators"])
        operators += (operators.empty() ? "" : ", ") + name_of_one.get<std::string>();
      text += fmt::format("  {}\n", visible_text(operators));
    }
    console.result(text);
  }
};

}  // namespace

std::unique_ptr<Command> make_job_metrics_command() { return std::make_unique<JobMetricsCommand>(); }

}  // namespace sluice
