#include "cli/support/job_end.h"

#include <algorithm>
#include <cerrno>

#include "cli/support/end_process.h"
#include "cli/support/row_error.h"
#include "cli/support/terminal_connectors.h"

namespace sluice {

namespace {

bool writes_files(const FlowGraph& graph) {
  return std::ranges::any_of(graph.nodes, [](const Node& node) {
    const auto* sink = node.as<SinkNode>();
    return sink != nullptr && sink->connector != "blackhole" && !writes_standard_output(*sink);
  });
}

}  // namespace

ExitCode job_exit_code(const JobOutcome& outcome, const Compilation& compilation, const InterruptWatcher& interrupts,
                       const Console& console) {
  switch (outcome.kind) {
    case JobOutcome::Kind::Finished:
      return ExitCode::Done;
    case JobOutcome::Kind::Stopped:
      console.note(outcome.has_checkpoint ? "stopped; the same command goes on from the latest checkpoint"
                                          : "stopped; nothing was kept");
      return exit_code_of(interrupts.signal());
    case JobOutcome::Kind::RowFailed:
      console.diagnostic(row_diagnostic(*outcome.row_error, writes_files(compilation.plan().graph)),
                         plan_sources(compilation));
      return ExitCode::JobFailed;
    case JobOutcome::Kind::Failed:
      if (outcome.error->error_number == EPIPE) die_of_closed_pipe();
      console.error(*outcome.error);
      return ExitCode::JobFailed;
  }
  return ExitCode::JobFailed;
}

}  // namespace sluice
