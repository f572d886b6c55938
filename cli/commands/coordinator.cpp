#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <stop_token>

#include "cli/support/choice.h"
#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/interrupt.h"
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
    add_tls_flags(options, tls_files_);
  }

  ExitCode execute(const Console& console) override {
    StopOnSignal stop;
    auto token = read_token(token_file_);
    if (!token) return fail(console, token.error());
    auto tls = read_identity(tls_files_);
    if (!tls) return fail(console, tls.error());
    const Credentials credentials{"sluice " SLUICE_VERSION, abi::abi_fingerprint(), *token, *tls};
    auto coordinator = Coordinator::make({url_of(fmt::format("{}:{}", host_, port_), *tls), credentials,
                                          state_directory_, [&](const std::string& line) { console.note(line); }});
    if (!coordinator) return fail(console, coordinator.error());
    auto api = HttpApi::make(**coordinator, host_, static_cast<int>(http_port_), *token);
    if (!api) return fail(console, api.error());
    console.note(
        fmt::format("workers join {}, clients use http://{}:{}", (*coordinator)->url(), host_, (*api)->port()));
    stop.wait();
    return ExitCode::Done;
  }

 private:
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
};

}  // namespace

std::unique_ptr<Command> make_coordinator_command() { return std::make_unique<CoordinatorCommand>(); }

}  // namespace sluice
