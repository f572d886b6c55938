#include "cli/support/cluster_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "cli/support/local_cluster.h"

namespace sluice {

namespace {

constexpr const char* kDefaultAddress = "127.0.0.1:7080";
constexpr std::chrono::seconds kConnectTime(10);
// A coordinator that is busy for so long has lost its workers. Whoever gives up before it has answered does not know
// what became of what was asked.
constexpr std::chrono::seconds kAnswerTime(35);

std::string address_of(const ClusterOptions& options) {
  if (!options.address.empty()) return options.address;
  if (const char* named = std::getenv("SLUICE_CLUSTER"); named != nullptr && *named != '\0') return named;
  if (const auto local = read_local_cluster(local_cluster_directory({}))) return local->http_address;
  return kDefaultAddress;
}

std::unexpected<Error> no_answer(httplib::Error error, const std::string& address,
                                 std::chrono::steady_clock::duration time) {
  using enum httplib::Error;
  if (error == SSLServerVerification || error == SSLLoadingCerts)
    return external_error(
        fmt::format("the certificate of {} is not one of the CA in --tls-ca for that address", address));
  if (error == SSLConnection)
    return external_error(fmt::format("{} does not use TLS, or does not take this client's certificate", address));
  if ((error == Read || error == Write) && time >= kAnswerTime)
    return external_error(fmt::format("{} has not answered for {} s: it is busy, stopped or cut off. What was asked of "
                                      "it may be done all the same: `sluice jobs` shows which jobs there are",
                                      address, kAnswerTime.count()),
                          true);
  if (error == Read)
    return external_error(fmt::format("{} ends the connection; if it uses TLS, --tls-ca must name its CA", address),
                          true);
  return external_error(fmt::format("no coordinator answers at {} ({}); `sluice cluster up` starts a cluster here, "
                                    "--cluster HOST:PORT names another",
                                    address, httplib::to_string(error)),
                        true);
}

}  // namespace

void define_cluster_options(CLI::App& app, ClusterOptions& options) {
  app.add_option("--cluster", options.address,
                 "where the coordinator listens for clients; default: $SLUICE_CLUSTER, then the cluster of "
                 "`sluice cluster up`")
      ->type_name("HOST:PORT");
  app.add_option("--token-file", options.token_file, "file with the token of the cluster, or of this client")
      ->type_name("FILE");
  app.add_option("--tls-ca", options.tls_ca, "certificate of the cluster's CA; with it, the coordinator uses HTTPS")
      ->type_name("FILE");
  app.add_option("--tls-cert", options.tls_certificate,
                 "certificate of this client, where it takes the place of a token")
      ->type_name("FILE");
  app.add_option("--tls-key", options.tls_key, "key of that certificate")->type_name("FILE");
}

Result<std::string> read_token(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string token;
  if (!std::getline(file, token) || token.empty()) return user_error("there is no token in " + path);
  return token;
}

ClusterClient::ClusterClient(std::string address, const std::string& token, const ClusterOptions& options)
    : address_(std::move(address)),
      client_(std::make_unique<httplib::Client>((options.tls_ca.empty() ? "http://" : "https://") + address_,
                                                options.tls_certificate, options.tls_key)) {
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
  client_->set_connection_timeout(kConnectTime);
  client_->set_read_timeout(kAnswerTime);
  client_->set_write_timeout(kAnswerTime);
  if (!options.tls_ca.empty()) {
    client_->set_ca_cert_path(options.tls_ca);
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that the coordinator has closed
  }
  if (!token.empty()) client_->set_bearer_token_auth(token);
}
ClusterClient::ClusterClient(ClusterClient&&) noexcept = default;
ClusterClient::~ClusterClient() = default;

Result<ClusterClient> ClusterClient::make(const ClusterOptions& options) {
  std::string token_file = options.token_file;
  const auto local = read_local_cluster(local_cluster_directory({}));
  if (token_file.empty() && local && local->http_address == address_of(options)) token_file = local->token_file;
  SLUICE_ASSIGN(const std::string token, read_token(token_file));
  for (const auto* file : {&options.tls_ca, &options.tls_certificate, &options.tls_key})
    if (!file->empty() && !std::ifstream(*file)) return system_error("cannot open " + *file, errno);
  if (options.tls_certificate.empty() != options.tls_key.empty())
    return user_error("--tls-cert and --tls-key belong together");
  return ClusterClient(address_of(options), token, options);
}

Result<nlohmann::ordered_json> ClusterClient::get(const std::string& path) {
  const auto asked = Clock::now();
  return read_answer(client_->Get("/v1" + path), asked);
}

Result<nlohmann::ordered_json> ClusterClient::post(const std::string& path, const nlohmann::ordered_json& body) {
  const auto asked = Clock::now();
  return read_answer(
      client_->Post("/v1" + path, body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
                    "application/json"),
      asked);
}

Result<nlohmann::ordered_json> ClusterClient::read_answer(const httplib::Result& result,
                                                          Clock::time_point asked) const {
  if (!result) return no_answer(result.error(), address_, Clock::now() - asked);
  auto json = nlohmann::ordered_json::parse(result->body, nullptr, false);
  if (json.is_discarded()) return external_error(fmt::format("{} does not answer as a coordinator does", address_));
  if (result->status < 300) return json;
  if (json.contains("error") && json["error"].is_string()) return user_error(json["error"].get<std::string>());
  return external_error(fmt::format("{} answers with status {}", address_, result->status));
}

Status ClusterClient::check_identity(const JobName& job, const std::string& answered) const {
  if (job.identity.empty() || job.identity == answered) return {};
  return external_error(
      fmt::format("the coordinator has forgotten job {}: it was begun again without --state-dir, and another job has "
                  "that number now",
                  job.number));
}

Result<nlohmann::ordered_json> ClusterClient::job(const JobName& job) {
  SLUICE_ASSIGN(auto info, get("/jobs/" + job.number));
  SLUICE_TRY(check_identity(job, info.value("identity", "")));
  return info;
}

Result<ClusterClient::Output> ClusterClient::output(const JobName& job, uint64_t from) {
  const auto asked = Clock::now();
  const auto result = client_->Get(fmt::format("/v1/jobs/{}/output?from={}", job.number, from));
  if (!result || result->status != 200) SLUICE_TRY(read_answer(result, asked));
  SLUICE_TRY(check_identity(job, result->get_header_value("Sluice-Job")));
  return Output{result->body, result->get_header_value("Sluice-End") == "true"};
}

std::string cluster_url(const ClusterOptions& options) {
  return (options.tls_ca.empty() ? "http://" : "https://") + address_of(options);
}

Result<nlohmann::ordered_json> get_from_cluster(const ClusterOptions& options, const std::string& path) {
  SLUICE_ASSIGN(auto client, ClusterClient::make(options));
  return client.get(path);
}

Result<nlohmann::ordered_json> post_to_cluster(const ClusterOptions& options, const std::string& path) {
  SLUICE_ASSIGN(auto client, ClusterClient::make(options));
  return client.post(path, nlohmann::ordered_json::object());
}

}  // namespace sluice
