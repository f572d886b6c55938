// local_cluster: the processes that `sluice cluster up` started on this machine, as a file remembers them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/support/result.h"

namespace sluice {

struct LocalCluster {
  std::string http_address;  // "127.0.0.1:40123"
  std::string url;           // for workers
  std::string token_file;
  struct Process {
    std::string role;  // "coordinator", "worker"
    int id = 0;
    uint64_t started = 0;  // of /proc/ID/stat: tells it from a later process with its number
  };
  std::vector<Process> processes;
};

// `given`, or where the cluster of this user is kept.
[[nodiscard]] std::string local_cluster_directory(const std::string& given);
// Makes it when it is not there; an error when it is not ours alone to write to.
[[nodiscard]] Status make_own_directory(const std::string& directory);
// A secret of 128 bits in a file of the directory that is ours alone: its name.
[[nodiscard]] Result<std::string> make_token_file(const std::string& directory);
[[nodiscard]] std::optional<LocalCluster> read_local_cluster(const std::string& directory);
[[nodiscard]] Status write_local_cluster(const std::string& directory, const LocalCluster& cluster);
void remove_local_cluster(const std::string& directory);

[[nodiscard]] bool is_running(const LocalCluster::Process& process);
// Starts this program with these words, its output going to a file.
[[nodiscard]] Result<LocalCluster::Process> start_process(const std::string& role, std::vector<std::string> words,
                                                          const std::string& log_path);
// Asks it to end, waits, and ends it by force when it does not.
void end_process(const LocalCluster::Process& process);

}  // namespace sluice
