#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "lang/support/visible_text.h"

namespace sluice {
namespace {

class ClusterStatusCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[FLAGS]", "the workers of a cluster and their slots", "", {"sluice cluster status"}};
  }

  void define(CLI::App& options) override { define_cluster_options(options, cluster_); }

  ExitCode execute(const Console& console) override {
    const auto answer = get_from_cluster(cluster_, "/workers");
    if (!answer) {
      console.error(answer.error());
      return ExitCode::JobFailed;
    }
    if (!console.json())
      console.result(fmt::format("coordinator at {}\n{:>6}  {:>6} {:>6}  {:>8}  {}\n", cluster_url(cluster_), "worker",
                                 "slots", "free", "process", "host"));
    for (const auto& worker : (*answer)["workers"]) {
      if (console.json())
        console.result("worker", worker);
      else
        console.result(fmt::format("{:>6}  {:>6} {:>6}  {:>8}  {}\n", worker.value("worker", 0),
                                   worker.value("slots", 0), worker.value("free_slots", 0), worker.value("process", 0),
                                   visible_text(worker.value("host", ""))));
    }
    return ExitCode::Done;
  }

 private:
  ClusterOptions cluster_;
};

}  // namespace

std::unique_ptr<Command> make_cluster_status_command() { return std::make_unique<ClusterStatusCommand>(); }

}  // namespace sluice
