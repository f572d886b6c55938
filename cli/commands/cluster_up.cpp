#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/support/choice.h"
#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/local_cluster.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kPatience(20);
constexpr std::chrono::milliseconds kLook(10);

class ClusterUpCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "[FLAGS]",
        "start a cluster of processes on this machine",
        "For development: one coordinator and some workers, which `sluice submit` and the other commands then find\n"
        "by themselves. Nobody else on this machine can: a token is made for it, in the file `token` of its "
        "directory.\n"
        "`sluice cluster down` ends them. With --dir it prints the flags by which other commands reach it.",
        {"sluice cluster up --workers 3", "sluice cluster up --workers 2 --slots 4 --dir /tmp/c"}};
  }

  void define(CLI::App& options) override {
    add_number<uint32_t>(options, "--workers", workers_, 1, 256, "N", "how many workers; default: 2");
    add_number<uint32_t>(options, "--slots", slots_, 1, 65536, "N", "of each worker; default: one for each core");
    options.add_option("--dir", directory_, "where its logs are kept, and who belongs to it")->type_name("DIR");
  }

  ExitCode execute(const Console& console) override {
    const std::string directory = local_cluster_directory(directory_);
    const auto cluster = start(directory);
    if (!cluster) {
      console.error(cluster.error());
      return ExitCode::JobFailed;
    }
    if (!directory_.empty()) tell(*cluster, console);
    return ExitCode::Done;
  }

 private:
  // The other commands look for a cluster in one place only.
  static void tell(const LocalCluster& cluster, const Console& console) {
    const std::string token = std::filesystem::absolute(cluster.token_file).lexically_normal().string();
    if (console.json())
      console.result("cluster", {{"address", cluster.http_address}, {"token_file", token}});
    else
      console.result(fmt::format("--cluster {} --token-file {}\n", cluster.http_address, token));
  }

  Result<LocalCluster> start(const std::string& directory) {
    if (const auto before = read_local_cluster(directory))
      for (const auto& process : before->processes)
        if (is_running(process))
          return user_error("there is a cluster already; `sluice cluster down` ends it, --dir starts another one");
    SLUICE_TRY(make_own_directory(directory));
    LocalCluster cluster;
    auto status = start_processes(directory, cluster);
    if (status) status = write_local_cluster(directory, cluster);
    if (!status)
      for (const auto& process : cluster.processes) end_process(process);
    if (!status) return std::unexpected(std::move(status).error());
    return cluster;
  }

  Status start_processes(const std::string& directory, LocalCluster& cluster) {
    const std::string log = directory + "/coordinator.log";
    std::filesystem::remove(log);
    SLUICE_ASSIGN(cluster.token_file, make_token_file(directory));
    const std::string& token = cluster.token_file;
    SLUICE_ASSIGN(
        auto coordinator,
        start_process("coordinator", {"coordinator", "--port", "0", "--http-port", "0", "--token-file", token}, log));
    cluster.processes.push_back(coordinator);
    SLUICE_TRY(find_addresses(log, cluster));
    const std::string join = cluster.url.substr(cluster.url.find("//") + 2);
    for (uint32_t i = 1; i <= workers_; ++i) {
      std::vector<std::string> words = {"worker", "--join", join, "--token-file", token};
      if (slots_ != 0) words.insert(words.end(), {"--slots", std::to_string(slots_)});
      const std::string worker_log = fmt::format("{}/worker-{}.log", directory, i);
      std::filesystem::remove(worker_log);
      SLUICE_ASSIGN(auto worker, start_process("worker", words, worker_log));
      cluster.processes.push_back(worker);
    }
    SLUICE_ASSIGN(auto client, ClusterClient::make({.address = cluster.http_address, .token_file = token}));
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto answer = client.get("/workers");
      if (answer && (*answer)["workers"].size() == workers_) return {};
      std::this_thread::sleep_for(kLook);
    }
    return external_error("the workers did not join; their logs are in " + directory);
  }

  // As the coordinator says them when it listens.
  static Status find_addresses(const std::string& log, LocalCluster& cluster) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      std::ifstream file(log);
      std::string line;
      while (std::getline(file, line)) {
        const size_t join = line.find("workers join ");
        const size_t http = line.find(", clients use http://");
        if (join == std::string::npos || http == std::string::npos || file.eof()) continue;
        cluster.url = line.substr(join + 13, http - join - 13);
        cluster.http_address = line.substr(http + 21);
        return {};
      }
      if (!is_running(cluster.processes.front())) break;
      std::this_thread::sleep_for(kLook);
    }
    return external_error("the coordinator did not start; its log is " + log);
  }

  uint32_t workers_ = 2;
  uint32_t slots_ = 0;
  std::string directory_;
};

}  // namespace

std::unique_ptr<Command> make_cluster_up_command() { return std::make_unique<ClusterUpCommand>(); }

}  // namespace sluice
