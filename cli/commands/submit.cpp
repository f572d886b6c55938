#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/support/absolute_paths.h"
#include "cli/support/cluster_client.h"
#include "cli/support/command.h"
#include "cli/support/end_process.h"
#include "cli/support/interrupt.h"
#include "cli/support/program.h"
#include "cli/support/row_error.h"
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
        "have here.",
        {"sluice submit pipeline.flow", "sluice submit pipeline.flow --wait --parallel 6"}};
  }

  void define(CLI::App& options) override {
    define_program_options(options, program_);
    define_optimizer_options(options, program_);
    define_cluster_options(options, cluster_);
    options.add_option("--name", name_, "what people call the job; default: the file's name")->type_name("NAME");
    options.add_flag("--wait", wait_, "stay until the job has ended");
  }

  ExitCode execute(const Console& console) override {
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    JobPlan plan = compilation->plan();
    if (auto status = make_paths_absolute(plan); !status) return fail(console, status.error());
    auto client = ClusterClient::make(cluster_);
    if (!client) return fail(console, client.error());
    const std::string name = name_.empty() ? std::filesystem::path(program_.file).stem().string() : name_;
    const auto answer = client->post("/jobs", {{"name", name}, {"plan", write_plan(plan)}});
    if (!answer) return fail(console, answer.error());
    const auto job = answer->value("job", uint64_t{0});
    if (wait_) return wait(*client, job, *compilation, console);
    if (console.json())
      console.result("submitted", {{"job", job}, {"name", name}});
    else
      console.result(fmt::format("{}\n", job));
    return ExitCode::Done;
  }

 private:
  // Ctrl-C cancels the job, as it stops `sluice run`.
  ExitCode wait(ClusterClient& client, uint64_t job, const Compilation& compilation, const Console& console) {
    std::atomic<bool> is_cancelled{false};
    InterruptWatcher interrupts([&] { is_cancelled.store(true); });
    bool is_cancel_sent = false;
    uint64_t from = 0;
    auto pause = kFirstLook;
    while (true) {
      auto output = client.output(job, from);
      if (!output) return fail(console, output.error());
      console.result(output->rows);
      if (const int code = flush_results(); code != 0)
        return fail(console, system_error("standard output", code).error());
      from += output->rows.size();
      if (output->is_end) break;
      if (is_cancelled.load() && !std::exchange(is_cancel_sent, true))
        static_cast<void>(client.post(fmt::format("/jobs/{}/cancel", job), nlohmann::ordered_json::object()));
      pause = output->rows.empty() ? std::min(pause * 2, kLastLook) : kFirstLook;
      std::this_thread::sleep_for(pause);
    }
    return end_of(client, job, compilation, interrupts, console);
  }

  static ExitCode end_of(ClusterClient& client, uint64_t job, const Compilation& compilation,
                         const InterruptWatcher& interrupts, const Console& console) {
    const auto info = client.get(fmt::format("/jobs/{}", job));
    if (!info) return fail(console, info.error());
    const std::string state = info->value("state", "");
    if (state == "finished") return ExitCode::Done;
    if (state == "stopped") {
      console.note("stopped; nothing was kept");
      return interrupts.signal() == 0 ? ExitCode::JobFailed : exit_code_of(interrupts.signal());
    }
    if (info->contains("row_error"))
      console.diagnostic(row_diagnostic(row_error_in((*info)["row_error"]), false), plan_sources(compilation));
    else
      console.error(info->value("error", fmt::format("job {} {}", job, state)));
    return ExitCode::JobFailed;
  }

  static ExitCode fail(const Console& console, const Error& error) {
    console.error(error);
    return ExitCode::JobFailed;
  }

  ProgramOptions program_;
  ClusterOptions cluster_;
  std::string name_;
  bool wait_ = false;
};

}  // namespace

std::unique_ptr<Command> make_submit_command() { return std::make_unique<SubmitCommand>(); }

}  // namespace sluice
