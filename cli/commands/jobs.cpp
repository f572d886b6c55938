#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "lang/support/visible_text.h"

namespace sluice {
namespace {

class JobsCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[FLAGS]", "the jobs of a cluster", "", {"sluice jobs", "sluice jobs --json"}};
  }

  void define(CLI::App& options) override { define_cluster_options(options, cluster_); }

  ExitCode execute(const Console& console) override {
    auto client = ClusterClient::make(cluster_);
    if (!client) return fail(console, client.error());
    uint64_t from = 0;
    for (bool is_first = true;; is_first = false) {
      const auto page = client->get(fmt::format("/jobs?from={}", from));
      if (!page) return fail(console, page.error());
      show((*page)["jobs"], is_first, console);
      if (!(*page)["next"].is_number_unsigned()) return ExitCode::Done;
      from = (*page)["next"].get<uint64_t>();
    }
  }

 private:
  static void show(const nlohmann::ordered_json& jobs, bool has_head, const Console& console) {
    if (has_head && !console.json() && !jobs.empty())
      console.result(fmt::format("{:>5}  {:<22} {:>12} {:>12}  {}\n", "job", "state", "rows in", "rows out", "name"));
    for (const auto& job : jobs) {
      if (console.json())
        console.result("job", job);
      else
        console.result(fmt::format("{:>5}  {:<22} {:>12} {:>12}  {}\n", job.value("job", 0), job.value("state", ""),
                                   job.value("rows_in", uint64_t{0}), job.value("rows_out", uint64_t{0}),
                                   visible_text(job.value("name", ""))));
    }
  }

  static ExitCode fail(const Console& console, const Error& error) {
    console.error(error);
    return ExitCode::JobFailed;
  }

  ClusterOptions cluster_;
};

}  // namespace

std::unique_ptr<Command> make_jobs_command() { return std::make_unique<JobsCommand>(); }

}  // namespace sluice
