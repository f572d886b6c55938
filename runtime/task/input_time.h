// InputTime: event time in one input of a task, as the time nodes that its rows pass keep it in their counters.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime/task/time_board.h"
#include "runtime/task/watermark_origin.h"

namespace sluice {

class InputTime {
 public:
  using Clock = std::chrono::steady_clock;

  // `counters`: those of the task, by position in StagePlan::states; must outlive this.
  InputTime(WatermarkOrigin origin, int64_t* counters) : origin_(std::move(origin)), counters_(counters) {}

  // Do its rows pass time nodes here?
  [[nodiscard]] bool is_known() const { return !origin_.nodes.empty(); }
  // Do some of its rows pass none, so that the watermark they come with counts, too?
  [[nodiscard]] bool is_brought() const { return origin_.is_own; }
  // The lowest watermark of its time nodes.
  [[nodiscard]] int64_t watermark() const;
  // The latest time that a row had.
  [[nodiscard]] int64_t latest() const;

  // A source with a clock of its own says where event time is; what the task has seen would depend on the pieces it
  // got.
  void set_clock(int64_t clock);
  void raise(int64_t watermark);

  // It had nothing to read this time, or something.
  void note_wait();
  void note_rows() { waits_since_.reset(); }
  // Lets others know of its watermark, and takes theirs while it is idle.
  void share(TimeBoard& board, uint32_t task, bool has_ended);

 private:
  [[nodiscard]] int64_t watermark_of(const WatermarkOrigin::Time& time) const;

  WatermarkOrigin origin_;
  int64_t* counters_;
  std::optional<Clock::time_point> waits_since_;
};

}  // namespace sluice
