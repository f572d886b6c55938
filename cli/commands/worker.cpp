#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "cli/support/cache_directory.h"
#include "cli/support/choice.h"
#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/loopback.h"
#include "cli/support/open_files.h"
#include "cli/support/program.h"
#include "cli/support/tls_flags.h"
#include "cli/support/wait_for_stop.h"
#include "compiler/jit/jit_engine.h"
#include "runtime/abi/fingerprint.h"
#include "runtime/worker/worker_node.h"
#include "stdlib/connectors/replaced_input.h"

namespace sluice {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

uint64_t memory_of_machine() {
  return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE));
}

// Row blocks come and go by the thousand, larger than what malloc keeps by itself: giving each back to the system and
// asking for it again takes longer than sending it.
void keep_freed_blocks() {
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

class WorkerProcessCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"--join HOST:PORT [FLAGS]",
            "a process of a cluster that runs tasks of its jobs",
            "Joins the coordinator, and joins it again whenever it was gone. On SIGTERM it takes no more\n"
            "tasks and ends when those that it has came to their ends. Ctrl-C ends it at once; its jobs begin anew on\n"
            "other workers.",
            {"sluice worker --join 127.0.0.1:7070", "sluice worker --join 10.0.0.1:7070 --host 10.0.0.7 --slots 16"}};
  }

  void define(CLI::App& options) override {
    options.add_option("--join", join_, "where the coordinator listens for workers")->type_name("HOST:PORT");
    add_number<uint32_t>(options, "--slots", slots_, 1, 65536, "N",
                         "how many tasks of a stage it runs; default: one for each core");
    add_bytes(options, "--memory", memory_, "of the machine, that its slots share; default: all of it");
    options.add_option("--host", host_, "address where other workers reach this one; default: 127.0.0.1")
        ->type_name("HOST");
    add_number<uint32_t>(options, "--port", port_, 0, 65535, "PORT", "for other workers; default: any free one");
    options
        .add_option("--advertise", advertised_,
                    "where other workers reach this one when that is not --host and --port: behind NAT, in a container")
        ->type_name("HOST:PORT");
    options.add_option("--token-file", token_file_, "file with the token of the cluster")->type_name("FILE");
    add_tls_flags(options, tls_files_);
  }

  ExitCode execute(const Console& console) override {
    if (join_.empty()) return usage_error(console, "which cluster? --join HOST:PORT names its coordinator");
    if (!is_loopback(join_) && advertised_.empty() && (is_loopback(host_) || host_ == "0.0.0.0"))
      return usage_error(console, "--join names another machine: --host must say where other workers reach this one");
    if (!advertised_.empty() && !advertised_.contains(':'))
      return usage_error(console,
                         "--advertise needs HOST:PORT; --port makes the worker listen on a port of your choice");
    keep_freed_blocks();
    raise_limit_of_open_files();
    StopOnSignal stop;
    auto token = read_token(token_file_);
    if (!token) return fail(console, token.error());
    auto tls = read_identity(tls_files_);
    if (!tls) return fail(console, tls.error());
    if (!is_loopback(host_) && token->empty() && !*tls)
      return usage_error(console, fmt::format("--host {} is open to other machines: --token-file must name a file with "
                                              "the secret of the cluster",
                                              host_));
    WorkerNodeSettings settings;
    settings.coordinator_url = url_of(join_, *tls);
    settings.data_url = url_of(fmt::format("{}:{}", host_, port_), *tls);
    if (!advertised_.empty()) settings.advertised_url = url_of(advertised_, *tls);
    settings.host = host_name();
    settings.slots = slots_ == 0 ? core_count() : slots_;
    settings.threads = core_count();
    settings.memory_bytes = memory_ == 0 ? memory_of_machine() : memory_;
    settings.credentials = {"sluice " SLUICE_VERSION, abi::abi_fingerprint(), *token, *tls};
    settings.services = make_services;
    settings.log = [&](const std::string& line) { console.note(line); };
    WorkerNode node(std::move(settings));
    if (auto status = node.run(stop.stopped(), stop.terminated()); !status) return fail(console, status.error());
    return ExitCode::Done;
  }

 private:
  static Result<JobServices> make_services(std::function<Status(std::string_view)> output) {
    JitOptions jit;
    jit.cache_directory = cache_directory();
    jit.connectors.output = std::move(output);
    SLUICE_ASSIGN(auto engine, JitEngine::create(jit));
    return JobServices{std::move(engine), make_connector_factory(jit.connectors), replaces_input};
  }

  static ExitCode fail(const Console& console, const Error& error) {
    console.error(error);
    return ExitCode::JobFailed;
  }

  std::string join_;
  uint32_t slots_ = 0;
  uint64_t memory_ = 0;
  std::string host_ = "127.0.0.1";
  uint32_t port_ = 0;
  std::string advertised_;
  std::string token_file_;
  TlsFiles tls_files_;
};

}  // namespace

std::unique_ptr<Command> make_worker_command() { return std::make_unique<WorkerProcessCommand>(); }

}  // namespace sluice
