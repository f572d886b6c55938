// analysis: the figures of a run, put beside the plan: `explain analyze`. Counts and times come from a JobProfile; what
// was not measured is absent, never guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/passes/pass_manager.h"
#include "runtime/control/job_profile.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

struct OperatorFigures {
  NodeId node;
  StageId stage;  // of an exchange: that of its producer
  std::optional<uint64_t> rows_in;
  std::optional<uint64_t> rows_out;
  std::optional<double> self_seconds;  // by sampling; none: there were too few samples
  uint64_t bytes = 0;                  // read by a source, sent by an exchange
  uint64_t state_bytes = 0;            // at most, summed over tasks
  uint64_t keys = 0;
  uint64_t late_rows = 0;
  std::optional<double> skew;     // its rows in the task with the most over the mean
  std::optional<double> busy;     // self time, as part of the wall time of its tasks
  std::optional<double> blocked;  // an exchange: the part that its producers waited for room
};

struct StageFigures {
  StageId stage;
  double cpu_seconds = 0;  // of its tasks
  double busy = 0;         // of the wall time of its tasks: at work, and waiting for room in the channel to the next
  double blocked = 0;
  std::optional<double> skew;         // rows of the task with the most over the mean
  std::optional<int64_t> watermark;   // how far event time had come, in the task that is least far
  std::optional<int64_t> lag;         // the latest event time seen anywhere, less the watermark; microseconds
  std::optional<int64_t> window_due;  // the watermark at which the first window still open is due
  std::vector<OperatorFigures> operators;
};

// A source with event time: where it holds the watermark.
struct SourceTime {
  NodeId node;
  std::optional<int64_t> watermark;  // none: no rows with a time came
  bool has_ended = false;            // by itself: holds nothing any more
  std::optional<uint32_t> task;      // one of several that held it, when others had come much further
};

struct Analysis {
  double wall_seconds = 0;
  double cpu_seconds = 0;  // of all tasks; without compiling
  uint64_t rows_in = 0;
  uint64_t rows_out = 0;
  uint32_t threads = 1;               // that the tasks share
  std::optional<int64_t> event_time;  // the latest seen
  std::vector<StageFigures> stages;
  std::vector<SourceTime> source_times;
};

[[nodiscard]] Analysis analyze(const JobPlan& plan, const JobProfile& profile);
// Nanoseconds of self time for a row that came in.
[[nodiscard]] std::optional<double> per_row(const OperatorFigures& figures);
[[nodiscard]] const OperatorFigures* hot_spot(const Analysis& analysis);

// One thing to know, with its name: {"hot spot", "61% of CPU in #3a `where` (:4). Try ..."}.
struct Finding {
  std::string kind;  // "hot spot", "late", "watermark", "skew", "blocked", "no output"
  std::string text;
  NodeId node;
};
[[nodiscard]] std::vector<Finding> findings(const JobPlan& plan, const Analysis& analysis);

// Both end with a newline.
[[nodiscard]] std::string analysis_text(const JobPlan& plan, const Analysis& analysis);
// One object per line: {"v":1,"type":"job"|"stage"|"operator"|"finding", ...}.
[[nodiscard]] std::string analysis_json(const JobPlan& plan, const std::vector<RewriteNote>& rewrites,
                                        const Analysis& analysis);

}  // namespace sluice
