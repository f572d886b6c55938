#include <fmt/format.h>

#include <CLI/CLI.hpp>
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
#include "compiler/explain/analysis.h"
#include "compiler/explain/describe.h"
#include "compiler/jit/jit_engine.h"
#include "runtime/coordinator/local_job.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

enum class Format { Text, Json };

// What would be printed is encoded and dropped: the figures have standard output for themselves.
class DroppingConnectors final : public ConnectorFactory {
 public:
  explicit DroppingConnectors(ConnectorFactory& connectors) : connectors_(connectors) {}

  Result<std::unique_ptr<Source>> open_source(const Node& node) override { return connectors_.open_source(node); }
  Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t task, const JobAttempt& attempt) override {
    const auto* payload = node.as<SinkNode>();
    if (payload != nullptr && writes_standard_output(*payload)) return std::make_unique<DroppingSink>();
    return connectors_.open_sink(node, task, attempt);
  }

 private:
  class DroppingSink final : public Sink {
   public:
    Status write(std::string_view) override { return {}; }
    Status commit() override { return {}; }
    void abort() noexcept override {}
  };

  ConnectorFactory& connectors_;
};

class ExplainAnalyzeCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"FILE [--for DURATION] [FLAGS]",
            "run a pipeline and show where its rows and its time go",
            "Runs the pipeline, with code that counts the rows of every operator. Rows that would be printed are\n"
            "encoded and dropped; files are written. Then come the figures of each stage and operator, and what they\n"
            "say: the hot spot, what holds event time, why nothing comes out. Ctrl-C ends the run and shows the\n"
            "figures so far.",
            {"sluice explain analyze pipeline.flow", "sluice explain analyze pipeline.flow --for 60s",
             "sluice explain analyze pipeline.flow --json | jq 'select(.type == \"finding\")'"}};
  }

  void define(CLI::App& options) override {
    jit_.tier = JitTier::Optimized;
    define_program_options(options, program_);
    add_duration(options, "--for", end_after_, "end the input after so much time");
    add_choice<Format>(options, "--format", format_, {{"text", Format::Text}, {"json", Format::Json}},
                       "text, or JSON lines");
    add_choice<JitTier>(options, "--tier", jit_.tier,
                        {{"auto", JitTier::Auto}, {"quick", JitTier::Quick}, {"optimized", JitTier::Optimized}},
                        "as for `run`; default: optimized");
    define_optimizer_options(options, program_);
  }

  ExitCode execute(const Console& console) override {
    if (console.json()) format_ = Format::Json;
    program_.input_ends = end_after_.has_value();
    auto compilation = open_program(program_);
    if (!compilation) return usage_error(console, compilation.error().to_string());
    if (const ExitCode code = compile(*compilation, Phase::Plan, console); code != ExitCode::Done) return code;
    return run(*compilation, console);
  }

 private:
  ExitCode run(const Compilation& compilation, const Console& console) {
    let_writes_fail();
    StatusLine status(console, describe::waits_for_end(compilation.plan().graph));
    std::stop_source stop;
    InterruptWatcher interrupts([&] {
      status.clear();
      stop.request_stop();
    });
    jit_.cache_directory = cache_directory();
    jit_.profiled = true;
    auto jit = JitEngine::create(jit_);
    if (!jit) {
      console.error(jit.error());
      return ExitCode::JobFailed;
    }
    const auto connectors = make_connector_factory(jit_.connectors);
    DroppingConnectors dropping(*connectors);
    RunOptions options;
    options.threads = core_count();
    options.profile = true;
    options.stop = stop.get_token();
    options.end_input_after = end_after_;
    options.on_progress = [&](const JobProgress& progress) { status.update(progress); };
    const JobOutcome outcome = run_local(compilation.plan(), **jit, dropping, options);
    status.clear();
    const bool is_idle = (*jit)->stop();
    const ExitCode code = job_exit_code(outcome, compilation, interrupts, console);
    if (outcome.profile && !outcome.profile->tasks.empty()) {
      const Analysis analysis = analyze(compilation.plan(), *outcome.profile);
      console.result(format_ == Format::Json
                         ? analysis_json(compilation.plan(), compilation.optimized().notes, analysis)
                         : analysis_text(compilation.plan(), analysis));
    }
    if (!is_idle) end_process(code, console);
    return code;
  }

  ProgramOptions program_;
  JitOptions jit_;
  Format format_ = Format::Text;
  std::optional<std::chrono::nanoseconds> end_after_;
};

}  // namespace

std::unique_ptr<Command> make_explain_analyze_command() { return std::make_unique<ExplainAnalyzeCommand>(); }

}  // namespace sluice
