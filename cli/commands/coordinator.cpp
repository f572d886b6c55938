#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <stop_token>

#include "cli/support/choice.h"
#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/interrupt.h"
#include "cli/support/loopback.h"
#include "cli/support/open_files.h"
#include "cli/support/program.h"
#include "cli/support/tls_flags.h"
#include "cli/support/wait_for_stop.h"
#include "runtime/abi/fingerprint.h"
#include "runtime/coordinator/coordinator.h"
#include "runtime/coordinator/http_api.h"

namespace sluice {
namespace {

class CoordinatorCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "[FLAGS]",
        "the process of a cluster that workers join and jobs are submitted to",
        "Listens on the loopback unless told otherwise. With --state-dir its jobs outlive it: begun again with the\n"
        "same directory it begins those anew that had not ended. Without, they end with it.",
        {"sluice coordinator", "sluice coordinator --host 10.0.0.1 --token-file /etc/sluice/token"}};
  }

  void define(CLI::App& options) override {
    options.add_option("--host", host_, "address to listen on; default: 127.0.0.1")->type_name("HOST");
    add_number<uint32_t>(options, "--port", port_, 0, 65535, "PORT", "for workers; 0: any free one; default: 7070");
    add_number<uint32_t>(options, "--http-port", http_port_, 0, 65535, "PORT", "for clients; default: 7080");
    options.add_option("--token-file", token_file_, "file with the token that workers and clients must know")
        ->type_name("FILE");
    options.add_option("--state-dir", state_directory_, "where jobs are kept, for the next coordinator to go on with")
        ->type_name("DIR");
    options
        .add_option("--api-tokens", api_tokens_,
                    "file with a line `ROLE TOKEN` for each client: viewer, operator or admin; nobody else may read it")
        ->type_name("FILE");
    add_tls_flags(options, tls_files_);
    options
        .add_option(
            "--api-ca", api_ca_,
            "CA of the certificates of clients, when it is not --tls-ca: they are no good then to join as a worker")
        ->type_name("FILE");
    options
        .add_option("--spool-dir", spool_directory_, "where what jobs print is kept when it is much; default: $TMPDIR")
        ->type_name("DIR");
  }

  ExitCode execute(const Console& console) override {
    raise_limit_of_open_files();
    StopOnSignal stop;
    auto token = read_token(token_file_);
    if (!token) return fail(console, token.error());
    if (const std::string problem = wrong_usage(*token); !problem.empty()) return usage_error(console, problem);
    auto tls = read_identity(tls_files_);
    if (!tls) return fail(console, tls.error());
    CoordinatorSettings settings;
    settings.url = url_of(fmt::format("{}:{}", host_, port_), *tls);
    settings.credentials = {"sluice " SLUICE_VERSION, abi::abi_fingerprint(), *token, *tls};
    settings.log = [&](const std::string& line) { console.note(line); };
    settings.state_directory = state_directory_;
    settings.spool_directory = spool_directory();
    settings.options = {{"host", host_},
                        {"state_dir", state_directory_},
                        {"spool_dir", settings.spool_directory},
                        {"token_file", token_file_},
                        {"api_tokens", api_tokens_},
                        {"api_ca", api_ca_},
                        {"tls_ca", tls_files_.ca},
                        {"tls_cert", tls_files_.certificate}};
    auto coordinator = Coordinator::make(std::move(settings));
    if (!coordinator) return fail(console, coordinator.error());
    auto access = ApiAccess::make(*token, api_tokens_);
    if (!access) return fail(console, access.error());
    if (!tls_files_.is_empty()) access->need_certificate();
    auto api =
        HttpApi::make(**coordinator, {host_, static_cast<int>(http_port_), std::move(*access), tls_files_, api_ca_});
    if (!api) return fail(console, api.error());
    console.note(fmt::format("workers join {}, clients use {}://{}:{}", (*coordinator)->url(),
                             tls_files_.is_empty() ? "http" : "https", host_, (*api)->port()));
    stop.wait();
    return ExitCode::Done;
  }

 private:
  [[nodiscard]] std::string wrong_usage(const std::string& token) const {
    if (!is_loopback(host_) && token.empty() && tls_files_.is_empty())
      return fmt::format(
          "--host {} is open to other machines: --token-file must name a file with a secret that workers and clients "
          "know, or --tls-ca a CA whose certificates they have",
          host_);
    if (!api_ca_.empty() && tls_files_.is_empty())
      return "--api-ca is for HTTPS: it needs --tls-ca, --tls-cert and --tls-key";
    std::error_code ignored;
    if (!std::filesystem::is_directory(spool_directory(), ignored))
      return fmt::format("--spool-dir {} is no directory", spool_directory());
    return {};
  }

  [[nodiscard]] std::string spool_directory() const {
    std::error_code ignored;
    return spool_directory_.empty() ? std::filesystem::temp_directory_path(ignored).string() : spool_directory_;
  }

  static ExitCode fail(const Console& console, const Error& error) {
    console.error(error);
    return ExitCode::JobFailed;
  }

  std::string host_ = "127.0.0.1";
  uint32_t port_ = 7070;
  uint32_t http_port_ = 7080;
  std::string token_file_;
  std::string state_directory_;
  TlsFiles tls_files_;
  std::string spool_directory_;
  std::string api_tokens_;
  std::string api_ca_;
};

}  // namespace

std::unique_ptr<Command> make_coordinator_command() { return std::make_unique<CoordinatorCommand>(); }

}  // namespace sluice
