// Windows: the clause `over tumble(1h)` of steps that work per window, and the event time they need.
#pragma once

#include <memory>
#include <optional>

#include "lang/operators/operator_util.h"

namespace sluice {

// What `over` says. Durations in microseconds.
struct WindowClause {
  WindowNode node;                       // unless it is
  std::optional<SessionWindow> session;  // which only aggregates have, like
  uint64_t rows = 0;                     // so many rows
  bool is_all = false;                   // everything in one window
  bool is_wall = false;                  // by the clock on the wall, not by event time
  Span span;
};
// Nothing when it was reported. `step` is the step that has the clause, `input` its rows.
[[nodiscard]] std::optional<WindowClause> check_window(OperatorContext& context, const ast::Step& step,
                                                       const ast::Clause& over, const Flow& input);

// What `over` says of a step that gives every row a frame: so many rows, or all of so many microseconds; both end with
// the row itself. Neither: all rows before it.
struct FrameClause {
  uint64_t rows = 0;
  int64_t last = 0;
  Span span;
};
[[nodiscard]] std::optional<FrameClause> check_frame(OperatorContext& context, const ast::Step& step,
                                                     const ast::Clause& over);

// A step that the checker adds beside the one that a person wrote.
[[nodiscard]] ast::Step added_at(const ast::Step& step);

// `over` adds a column `window`: reports that the rows have one already. Which of the two a person means is open.
void report_own_window(OperatorContext& context, const Span& span, const std::string& column);
// The same if it is so; true when it was reported.
bool refuse_own_window(OperatorContext& context, const WindowClause& window, const Flow& input);

// The rows of `input`, once per window they fall into, with the column `window`. Reports when they have no event time.
[[nodiscard]] Flow assign_windows(OperatorContext& context, const ast::Step& step, const WindowClause& window,
                                  Flow input);

// What the flow behind `step`, which puts `input` into windows or sessions, says about late rows.
[[nodiscard]] std::shared_ptr<const LateRows> late_rows(const Flow& input, WindowNode windows, NodeId step);
// Likewise of a step that leaves out every row that lies more than `late` behind its partition's watermark.
[[nodiscard]] std::shared_ptr<const LateRows> late_rows_of_moments(const Flow& input, int64_t late, NodeId step);

// Likewise of a flow made of both.
[[nodiscard]] std::shared_ptr<const LateRows> late_of_several(const Flow& a, const Flow& b);

// Adds the time by the clock on the wall when the clause asks for it; reports when there is none to go by.
[[nodiscard]] Flow timed_for(OperatorContext& context, const ast::Step& step, const WindowClause& window, Flow input);

// The flow of a step that gives out rows when a window is complete: their time is the last moment of the window in the
// column `window`.
[[nodiscard]] Flow timed_by_window(OperatorContext& context, const ast::Step& step, const Flow& flow,
                                   const std::string& window);

// The first column of `keys` that is a window; empty when there is none.
[[nodiscard]] std::string window_column(const std::vector<NamedExpr>& keys);

// The rows that are not behind their partition's watermark.
[[nodiscard]] Flow without_late_rows(OperatorContext& context, const ast::Step& step, Flow input);

// The flow without a column that programs do not see.
[[nodiscard]] Flow without_column(OperatorContext& context, const ast::Step& step, const Flow& flow,
                                  const std::string& column);

// The flow without its event time: what a sink writes, and what has to fit rows that have none.
[[nodiscard]] Flow without_time(OperatorContext& context, const ast::Step& step, const Flow& flow);

}  // namespace sluice
