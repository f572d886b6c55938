#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <stop_token>

#include "cli/support/cache_directory.h"
#include "cli/support/choice.h"
#include "cli/support/command.h"
#include "cli/support/end_process.h"
#include "cli/support/interrupt.h"
#include "cli/support/job_end.h"
#include "cli/support/program.h"
#include "cli/support/status_line.h"
#include "cli/support/terminal_connectors.h"
#include "compiler/explain/describe.h"
#include "compiler/jit/jit_engine.h"
#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/coordinator/local_job.h"
#include "runtime/task/task_snapshot.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

constexpr uint32_t kMostBlockBytes = 64 << 20;
constexpr uint64_t kMostRows = uint64_t{1} << 62;

std::string milliseconds_text(std::chrono::nanoseconds time) {
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(time).count());
}

class RunCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {
        "FILE [FLAGS]",
        "compile a pipeline and run it here",
        "Results go to standard output and to the files that the program names; files appear when the job has\n"
        "succeeded. Ctrl-C stops the job and keeps nothing; a second one ends it at once. --for and --limit end\n"
        "it well: what has come until then is kept. With --state-dir the job makes checkpoints: killed or stopped,\n"
        "the same command goes on from the latest one, and no row is lost or comes twice.",
        {"sluice run pipeline.flow", "sluice run pipeline.flow --param day=2024-01-31 --param limit=10",
         "seq 1 1000000 | sluice run examples/numbers/pipeline.flow",
         "sluice run pipeline.flow --json | jq .        one JSON object per row",
         "sluice run pipeline.flow --for 60s            endless input, read for a minute",
         "sluice run pipeline.flow --state-dir state    goes on where it was when it is run again"}};
  }

  void define(CLI::App& options) override {
    define_program_options(options, program_);
    define_optimizer_options(options, program_);
    add_choice<JitTier>(options, "--tier", jit_.tier,
                        {{"auto", JitTier::Auto}, {"quick", JitTier::Quick}, {"optimized", JitTier::Optimized}},
                        "start on quickly compiled code and swap in optimized code (auto), or only one of them");
    add_number<uint32_t>(options, "--block-size", block_bytes_, 1, kMostBlockBytes, "BYTES",
                         "bytes of a block of rows between stages; default: 262144");
    add_duration(options, "--for", end_after_,
                 "end the input after so much time; windows that are still open then are not given out");
    add_number<uint64_t>(options, "--limit", limit_, 1, kMostRows, "N",
                         "end the job when so many rows were printed, by all pipelines together");
    options.add_option("--state-dir", state_directory_, "keep checkpoints there, and go on from the latest one")
        ->type_name("DIR");
    add_duration(options, "--checkpoint-every", checkpoint_interval_, "time between checkpoints; default: 10s");
    options.add_flag("--discard", jit_.connectors.discard_print, "drop the rows that would be printed, to measure");
    options.add_flag("--perf", jit_.perf_support, "tell `perf` about the compiled code (perf inject --jit)");
    options.add_flag("--gdb", jit_.debugger_support, "tell a debugger about the compiled code");
  }

  ExitCode execute(const Console& console) override {
    program_.input_ends = end_after_.has_value();
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    if (program_.file == "-" && reads_standard_input(compilation->plan().graph))
      return usage_error(
          console,
          "the program itself comes from standard input, so its source `-` has nothing to read; save the "
          "program as a file");
    if (state_directory_.empty() && checkpoint_interval_)
      return usage_error(console, "--checkpoint-every needs --state-dir DIR, where the checkpoints are kept");
    if (!state_directory_.empty() && limit_ != 0)
      return usage_error(console,
                         "--limit cannot be had together with --state-dir yet: rows that were printed in an "
                         "earlier life are not counted");
    return run(*compilation, console);
  }

 private:
  static bool reads_standard_input(const FlowGraph& graph) {
    return std::ranges::any_of(graph.nodes, [](const Node& node) {
      const auto* source = node.as<SourceNode>();
      return source != nullptr && std::ranges::any_of(source->options, [](const ConnectorOption& option) {
               return option.name == "path" && option.value == LiteralValue(std::string("-"));
             });
    });
  }

  ExitCode run(const Compilation& compilation, const Console& console) {
    let_writes_fail();
    StatusLine status(console, describe::waits_for_end(compilation.plan().graph));
    std::stop_source stop;
    std::stop_source enough;
    RowLimit limit(limit_, [&] { enough.request_stop(); });
    InterruptWatcher interrupts([&] {
      status.clear();
      stop.request_stop();
    });
    jit_.cache_directory = cache_directory();
    jit_.connectors.terminal_output = console.output_is_terminal() && !console.json();
    jit_.connectors.json_rows = console.json();
    auto jit = JitEngine::create(jit_);
    if (!jit) {
      console.error(jit.error());
      return ExitCode::JobFailed;
    }
    const auto store = open_state();
    if (!store) {
      console.error(store.error());
      return ExitCode::JobFailed;
    }
    ConnectorSettings settings = jit_.connectors;
    settings.on_warning = [&](const std::string& text) { status.without([&] { console.warning(text); }); };
    const auto connectors = make_connector_factory(settings);
    RunOptions options;
    options.threads = core_count();
    options.block_bytes = block_bytes_;
    options.stop = stop.get_token();
    options.enough = enough.get_token();
    options.end_input_after = end_after_;
    options.checkpoints.store = store->get();
    if (checkpoint_interval_) options.checkpoints.interval = *checkpoint_interval_;
    options.checkpoints.on_note = [&](const std::string& text) { status.without([&] { console.warning(text); }); };
    options.on_progress = [&](const JobProgress& progress) { status.update(progress); };
    TerminalConnectors terminal(*connectors, status, limit_ == 0 ? nullptr : &limit);
    const JobOutcome outcome = run_local(compilation.plan(), **jit, terminal, options);
    status.clear();
    const bool is_idle = (*jit)->stop();
    if (console.verbose()) describe(compilation, **jit, outcome, console);
    if (outcome.kind == JobOutcome::Kind::Finished) summarize(outcome.totals, console);
    const ExitCode code = job_exit_code(outcome, compilation, interrupts, console);
    // Nobody waits for code that will never run. The results are committed, and the cache is not being written.
    if (!is_idle) end_process(code, console);
    return code;
  }

  // Null without --state-dir.
  Result<std::unique_ptr<CheckpointStore>> open_state() {
    if (state_directory_.empty()) return std::unique_ptr<CheckpointStore>();
    SLUICE_ASSIGN(auto store, CheckpointStore::open(state_directory_));
    SLUICE_ASSIGN(const auto latest, store->latest());
    jit_.connectors.staging = {store->job_id(), state_directory_, latest.checkpoint.has_value()};
    return store;
  }

  // What nobody should miss, and under --json the totals.
  static void summarize(const JobProgress& totals, const Console& console) {
    if (console.json()) {
      if (console.quiet()) return;
      console.event("totals", {{"rows_in", totals.rows_in},
                               {"rows_out", totals.rows_out},
                               {"rows_late", totals.rows_late},
                               {"elapsed_ms", std::chrono::duration<double, std::milli>(totals.elapsed).count()}});
    } else if (totals.rows_late != 0) {
      console.note(fmt::format("{} came too late and {} left out; `delay`, or `late` of a window, waits longer",
                               totals.rows_late == 1 ? "1 row" : fmt::format("{} rows", totals.rows_late),
                               totals.rows_late == 1 ? "was" : "were"));
    }
  }

  static void describe(const Compilation& compilation, const JitEngine& jit, const JobOutcome& outcome,
                       const Console& console) {
    std::string phases;
    for (const auto& [phase, time] : compilation.times())
      phases += fmt::format("{}{} {}", phases.empty() ? "" : ", ", phase_name(phase), milliseconds_text(time));
    console.note(phases);
    for (const StageCompileTimes& times : jit.compile_times()) {
      console.note(fmt::format("compiling {}: emit {}, quick {}, optimized {}{}, {}", times.stage,
                               milliseconds_text(times.emit), milliseconds_text(times.quick),
                               milliseconds_text(times.optimized), times.from_cache ? " (from the cache)" : "",
                               bytes_text(times.code_bytes)));
    }
    const JobProgress& totals = outcome.totals;
    console.note(fmt::format("ran {}: {} rows in, {} out, {} late, {} read, state {}",
                             milliseconds_text(totals.elapsed), totals.rows_in, totals.rows_out, totals.rows_late,
                             bytes_text(totals.bytes_in), bytes_text(totals.state_bytes)));
  }

  ProgramOptions program_;
  JitOptions jit_;
  uint32_t block_bytes_ = 256 << 10;
  std::optional<std::chrono::nanoseconds> end_after_;
  uint64_t limit_ = 0;  // 0: none
  std::string state_directory_;
  std::optional<std::chrono::nanoseconds> checkpoint_interval_;
};

}  // namespace

std::unique_ptr<Command> make_run_command() { return std::make_unique<RunCommand>(); }

}  // namespace sluice
