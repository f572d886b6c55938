// What a task tells others about itself: counters that may be read while it runs, and its profile behind that.
#include <algorithm>

#include "runtime/task/task.h"

namespace sluice {

void Task::end_turn() {
  counters_.event_time.store(latest_event_time(), std::memory_order_relaxed);
  counters_.watermark.store(watermark_, std::memory_order_relaxed);
  counters_.window_due.store(data_.first_window_due().value_or(kEndOfTime), std::memory_order_relaxed);
  if (meter_.is_profiled()) data_.measure_states();
  meter_.end_turn(outputs_.is_congested());
}

int64_t Task::latest_event_time() const {
  int64_t latest = kNoWatermark;
  for (const auto& input : inputs_) latest = std::max(latest, input.time.latest());
  return latest;
}

bool Task::has_event_time() const {
  return data_.has_windows() || std::ranges::any_of(inputs_, [](const Input& input) { return input.time.is_known(); });
}

TaskProfile Task::profile() const {
  TaskProfile profile;
  profile.stage = address_.stage;
  profile.index = address_.index;
  for (const auto& input : inputs_) profile.inputs.push_back(input.profile);
  profile.outputs = outputs_.profiles();
  for (const auto& sink : data_.sink_buffers()) profile.sink_rows.push_back(sink->rows());
  profile.states = data_.state_profiles();
  profile.watermark = seen_watermark_;
  profile.node_rows = data_.rows_of_nodes();
  profile.event_time = end_event_time_;
  profile.window_due = end_window_due_;
  meter_.fill(profile);
  return profile;
}

void Task::publish() {
  uint64_t rows_out = 0;
  for (const auto& sink : data_.sink_buffers()) rows_out += sink->rows();
  counters_.rows_in.store(rows_in_, std::memory_order_relaxed);
  counters_.rows_out.store(rows_out, std::memory_order_relaxed);
  counters_.rows_late.store(data_.rows_late(), std::memory_order_relaxed);
  uint64_t rows_taken = 0;
  uint64_t bytes_taken = 0;
  for (const auto& input : inputs_) {
    rows_taken += input.profile.rows;
    bytes_taken += input.profile.bytes;
  }
  const OutputProfile sent = outputs_.sent();
  counters_.rows_taken.store(rows_taken, std::memory_order_relaxed);
  counters_.bytes_taken.store(bytes_taken, std::memory_order_relaxed);
  counters_.rows_given.store(rows_out + sent.rows, std::memory_order_relaxed);
  counters_.bytes_given.store(sent.bytes, std::memory_order_relaxed);
  counters_.state_bytes.store(data_.state_bytes(), std::memory_order_relaxed);
}

}  // namespace sluice
