#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/support/job_command.h"
#include "cli/support/job_text.h"

namespace sluice {
namespace {

class JobLogsCommand final : public JobCommand {
 public:
  CommandHelp help() const override {
    return {"JOB [FLAGS]",
            "what the coordinator of a cluster noted about a job",
            "The last lines, oldest first. What the processes say elsewhere is on their standard error.",
            {"sluice job logs 3", "sluice job logs 3 --json"}};
  }

 protected:
  ExitCode execute_with_job(const Console& console) override {
    auto client = ClusterClient::make(cluster());
    if (!client) return fail(console, client.error());
    uint64_t from = 0;
    while (true) {
      const auto page = client->get(fmt::format("{}/logs?from={}", path(), from));
      if (!page) return fail(console, page.error());
      if (const auto dropped = page->value("dropped", uint64_t{0}); dropped != 0)
        console.note(fmt::format("{} older lines are no longer kept", dropped));
      for (const auto& line : (*page)["lines"]) {
        if (console.json())
          console.result("log", line);
        else
          console.result(fmt::format("{}  {}\n", clock_text(line.value("time", int64_t{0})), line.value("text", "")));
      }
      if ((*page)["lines"].empty()) return ExitCode::Done;
      from = page->value("next", uint64_t{0});
    }
  }
};

}  // namespace

std::unique_ptr<Command> make_job_logs_command() { return std::make_unique<JobLogsCommand>(); }

}  // namespace sluice
