#include <CLI/CLI.hpp>

#include "cli/support/command.h"
#include "cli/support/local_cluster.h"

namespace sluice {
namespace {

class ClusterDownCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[FLAGS]", "end the cluster that `sluice cluster up` started", "", {"sluice cluster down"}};
  }

  void define(CLI::App& options) override {
    options.add_option("--dir", directory_, "as it was given to `cluster up`")->type_name("DIR");
  }

  ExitCode execute(const Console& console) override {
    const std::string directory = local_cluster_directory(directory_);
    const auto cluster = read_local_cluster(directory);
    if (!cluster) {
      console.note("there is no cluster to end");
      return ExitCode::Done;
    }
    for (auto process = cluster->processes.rbegin(); process != cluster->processes.rend(); ++process)
      end_process(*process);
    remove_local_cluster(directory);
    return ExitCode::Done;
  }

 private:
  std::string directory_;
};

}  // namespace

std::unique_ptr<Command> make_cluster_down_command() { return std::make_unique<ClusterDownCommand>(); }

}  // namespace sluice
