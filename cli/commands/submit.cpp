#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/support/absence.h"
#include "cli/support/absolute_paths.h"
#include "cli/support/choice.h"
#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/end_process.h"
#include "cli/support/interrupt.h"
#include "cli/support/program.h"
#include "cli/support/row_error.h"
#include "runtime/coordinator/restart_strategy.h"
#include "runtime/plan/plan_text.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kFirstLook(5);
constexpr std::chrono::milliseconds kLastLook(200);

RowError row_error_in(const nlohmann::ordered_json& json) {
  RowError error;
  error.code = json.value("code", "");
  error.message = json.value("message", "");
  error.operands = json.value("operands", "");
  const auto& span = json["span"];
  error.span = {span.value("file", 0U),
                {span.value("line", 0U), span.value("column", 0U)},
                {span.value("end_line", 0U), span.value("end_column", 0U)}};
  if (json.contains("record")) {
    const auto& record = json["record"];
    error.record = {record.value("file", ""), record.value("line", uint64_t{0}), record.value("column", uint64_t{0}),
                    record.value("record", "")};
  }
  return error;
}

class SubmitCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "FILE [FLAGS]",
        "compile a pipeline and run it on a cluster",
        "Prints the number of the job and ends; --wait stays until the job has ended, shows what its `print` sinks\n"
        "write, and ends as `sluice run` would. Files are read and written by the workers, under the names they\n"
        "have here. A job that may begin anew and whose input ends shows its rows when it has ended, so that none\n"
        "is shown twice; with --restart none they come as they are made.",
        {"sluice submit pipeline.flow", "sluice submit pipeline.flow --wait --parallel 6"}};
  }

  void define(CLI::App& options) override {
    define_program_options(options, program_);
    define_optimizer_options(options, program_, "one per free slot of the cluster; when none is, per slot");
    define_cluster_options(options, cluster_);
    options.add_option("--name", name_, "what people call the job; default: the file's name")->type_name("NAME");
    options.add_flag("--wait", wait_, "stay until the job has ended");
    using Kind = RestartStrategy::Kind;
    add_choice<Kind>(options, "--restart", restart_.kind,
                     {{"exponential", Kind::Exponential}, {"fixed", Kind::Fixed}, {"none", Kind::None}},
                     "when a worker is lost the job begins anew: after pauses that double (default), after the same\n"
                     "pause, or not at all");
    add_number<uint32_t>(options, "--restart-attempts", restart_.attempts, 0, 1'000'000, "N",
                         "so often at most; default: 10");
    add_bytes(options, "--slot-memory", slot_memory_, "only on workers that have so much for each of their slots");
    add_duration(options, "--restart-delay", restart_delay_, "the first pause; default: 1s");
  }

  ExitCode execute(const Console& console) override {
    auto client = ClusterClient::make(cluster_);
    if (client && program_.parallel == 0) program_.parallel = parallel_of(*client);
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    JobPlan plan = compilation->plan();
    if (auto status = make_paths_absolute(plan); !status) return fail(console, status.error());
    if (!client) return fail(console, client.error());
    const std::string name = name_.empty() ? std::filesystem::path(program_.file).stem().string() : name_;
    const auto answer = client->post(
        "/jobs",
        {{"name", name}, {"plan", write_plan(plan)}, {"restart", restart_json()}, {"slot_memory", slot_memory_}});
    if (!answer) return fail(console, answer.error());
    const auto job = answer->value("job", uint64_t{0});
    const std::string identity = answer->value("identity", "");
    if (wait_) return wait(*client, {std::to_string(job), identity}, *compilation, console);
    if (console.json())
      console.result("submitted", {{"job", job}, {"name", name}, {"identity", identity}});
    else
      console.result(fmt::format("{}\n", job));
    return ExitCode::Done;
  }

 private:
  [[nodiscard]] nlohmann::ordered_json restart_json() const {
    using std::chrono::milliseconds;
    const auto delay = restart_delay_ ? std::chrono::ceil<milliseconds>(*restart_delay_) : restart_.delay;
    return {{"strategy", strategy_name(restart_.kind)},
            {"attempts", restart_.attempts},
            {"delay_ms", delay.count()},
            {"most_delay_ms", std::max(delay, restart_.most_delay).count()}};
  }

  // 0 when nobody answers, which is said when the program turned out to be right.
  static uint32_t parallel_of(ClusterClient& client) {
    constexpr uint64_t kMost = 1024;  // as of --parallel
    const auto overview = client.get("/overview");
    if (!overview) return 0;
    const auto free = overview->value("free_slots", uint64_t{0});
    return static_cast<uint32_t>(std::min(free == 0 ? overview->value("slots", uint64_t{0}) : free, kMost));
  }

  // Ctrl-C cancels the job, as it stops `sluice run`.
  ExitCode wait(ClusterClient& client, const JobName& job, const Compilation& compilation, const Console& console) {
    std::atomic<bool> is_cancelled{false};
    InterruptWatcher interrupts([&] { is_cancelled.store(true); });
    bool is_cancel_sent = false;
    Absence absence;
    uint64_t from = 0;
    auto pause = kFirstLook;
    while (true) {
      auto output = client.output(job, from);
      if (!output && !is_cancelled.load() && absence.outlasts(output.error(), console)) continue;
      if (!output) return fail(console, output.error());
      absence.end();
      console.result(output->rows);
      if (const int code = flush_results(); code != 0)
        return fail(console, system_error("standard output", code).error());
      from += output->rows.size();
      if (output->is_end) break;
      if (is_cancelled.load() && !is_cancel_sent)
        is_cancel_sent =
            client.post(fmt::format("/jobs/{}/cancel", job.number), nlohmann::ordered_json::object()).has_value();
      pause = output->rows.empty() ? std::min(pause * 2, kLastLook) : kFirstLook;
      std::this_thread::sleep_for(pause);
    }
    return end_of(client, job, compilation, interrupts, console);
  }

  static ExitCode end_of(ClusterClient& client, const JobName& job, const Compilation& compilation,
                         const InterruptWatcher& interrupts, const Console& console) {
    const auto info = client.job(job);
    if (!info) return fail(console, info.error());
    const std::string state = info->value("state", "");
    if (state == "finished") return ExitCode::Done;
    if (state == "cancelled") {
      console.note(info->contains("begun_files") ? "stopped; " + what_may_be_there(*info)
                                                 : "stopped; nothing was kept");
      return interrupts.signal() == 0 ? ExitCode::JobFailed : exit_code_of(interrupts.signal());
    }
    if (info->contains("row_error")) {
      console.diagnostic(row_diagnostic(row_error_in((*info)["row_error"]), false), plan_sources(compilation));
      if (info->contains("begun_files")) console.note(what_may_be_there(*info));
    } else {
      console.error(info->value("error", fmt::format("job {} {}", job.number, state)));
    }
    return ExitCode::JobFailed;
  }

  // An attempt before was cut off while files got their names.
  static std::string what_may_be_there(const nlohmann::ordered_json& info) {
    constexpr size_t kMostListed = 10;
    const auto& files = info["begun_files"];
    std::string list;
    for (size_t i = 0; i < files.size() && i < kMostListed; ++i)
      list += (i == 0 ? "" : ", ") + files[i].get<std::string>();
    if (files.size() > kMostListed) list += fmt::format(" and {} more", files.size() - kMostListed);
    return "these may be there, complete, or not be written: " + list;
  }

  static ExitCode fail(const Console& console, const Error& error) {
    console.error(error);
    return ExitCode::JobFailed;
  }

  ProgramOptions program_;
  ClusterOptions cluster_;
  std::string name_;
  bool wait_ = false;
  RestartStrategy restart_{.kind = RestartStrategy::Kind::Exponential};
  std::optional<std::chrono::nanoseconds> restart_delay_;
  uint64_t slot_memory_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_submit_command() { return std::make_unique<SubmitCommand>(); }

}  // namespace sluice
