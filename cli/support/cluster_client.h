// ClusterClient: the coordinator's REST interface, as the commands that talk to a cluster use it.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "lang/support/result.h"

namespace CLI {
class App;
}
namespace httplib {
class Client;
class Result;
}  // namespace httplib

namespace sluice {

struct ClusterOptions {
  std::string address;      // "HOST:PORT"; empty: the one that SLUICE_CLUSTER names, or that `cluster up` started
  std::string token_file;   // empty: no token, but for the cluster that `cluster up` started
  std::string tls_ca = {};  // PEM files, as `sluice coordinator` has them; with a CA the cluster is reached by HTTPS
  std::string tls_certificate = {};
  std::string tls_key = {};
};
// --cluster, --token-file, --tls-ca, --tls-cert and --tls-key.
void define_cluster_options(CLI::App& app, ClusterOptions& options);

// The token in a file, without the line end; empty without a file.
[[nodiscard]] Result<std::string> read_token(const std::string& path);

// A job as a command knows it that asks for it more than once. A coordinator that keeps nothing gives the number to
// another job when it is begun again.
struct JobName {
  std::string number;
  std::string identity;  // empty: whatever job has the number
};

class ClusterClient {
 public:
  [[nodiscard]] static Result<ClusterClient> make(const ClusterOptions& options);
  ClusterClient(ClusterClient&&) noexcept;
  ~ClusterClient();

  // What the cluster answers; what it refuses is an error with its words. Paths are those behind /v1.
  Result<nlohmann::ordered_json> get(const std::string& path);
  Result<nlohmann::ordered_json> post(const std::string& path, const nlohmann::ordered_json& body);
  struct Output {
    std::string rows;
    bool is_end = false;
  };
  // What the `print` sinks of this job wrote, from this byte on.
  Result<Output> output(const JobName& job, uint64_t from);
  // What the coordinator knows of this job.
  Result<nlohmann::ordered_json> job(const JobName& job);

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] Result<nlohmann::ordered_json> read_answer(const httplib::Result& result,
                                                           Clock::time_point asked) const;
  [[nodiscard]] Status check_identity(const JobName& job, const std::string& answered) const;
  ClusterClient(std::string address, const std::string& token, const ClusterOptions& options);
  std::string address_;
  std::unique_ptr<httplib::Client> client_;
};

// "http://127.0.0.1:7080"
[[nodiscard]] std::string cluster_url(const ClusterOptions& options);
// For commands that ask one thing.
[[nodiscard]] Result<nlohmann::ordered_json> get_from_cluster(const ClusterOptions& options, const std::string& path);
[[nodiscard]] Result<nlohmann::ordered_json> post_to_cluster(const ClusterOptions& options, const std::string& path);

}  // namespace sluice
