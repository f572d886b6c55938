// The part of a task that takes part in checkpoints: it stands still at the barrier of every input until all have come
// to it, saves itself, and goes on.
#include <algorithm>

#include "runtime/checkpoint/bytes.h"
#include "runtime/task/task.h"
#include "runtime/task/task_snapshot.h"

namespace sluice {

void Task::abandon_checkpoint(uint64_t number) {
  abandoned_checkpoint_.store(number);
  wake();
}

void Task::confirm_checkpoint(uint64_t number) {
  confirmed_checkpoint_.store(number);
  wake();
}

void Task::pass_barrier(uint64_t number) {
  passed_barrier_ = std::max(passed_barrier_, number);
  for (auto& input : inputs_) {
    if (input.stands_at <= passed_barrier_) input.stands_at = 0;
    if (input.edge) input.edge->pass_barrier(passed_barrier_);
  }
}

// What was decided about checkpoints since the last turn.
bool Task::follow_checkpoints() {
  if (const uint64_t abandoned = abandoned_checkpoint_.load(); abandoned > passed_barrier_) pass_barrier(abandoned);
  const uint64_t confirmed = confirmed_checkpoint_.load();
  if (confirmed == confirmed_) return true;
  confirmed_ = confirmed;
  for (auto& sink : data_.sink_buffers())
    if (auto status = sink->sink().confirm(); !status && !error_) error_ = std::move(status).error();
  return !error_;
}

// Rows that wait until a table has been read stand in front of barriers that nobody gets to before: this checkpoint has
// to be given up, and the ones to come, until the table is there.
void Task::decline(uint64_t checkpoint) {
  SavedTask saved;
  saved.task = address_;
  saved.checkpoint = checkpoint;
  saved.error = external_error("a table that a join looks up rows in is still being read", true).error();
  on_saved_(std::move(saved));
  pass_barrier(checkpoint);
}

// A source gives its barrier without being read: it may be another one's turn.
void Task::look_at_barriers() {
  for (auto& input : inputs_) {
    if (input.feed == nullptr || input.has_ended) continue;
    const uint64_t cut = input.feed->latest_cut();
    if (cut == input.seen_cut) continue;
    input.seen_cut = cut;
    if (cut > passed_barrier_) input.stands_at = cut;
  }
  uint64_t number = 0;
  for (const auto& input : inputs_) number = std::max(number, input.stands_at);
  const auto holds_rows_back = [this](const Input& input) {
    return input.edge && !input.has_ended && waits_for_table(input);
  };
  if (number != 0 && std::ranges::any_of(inputs_, holds_rows_back)) decline(number);
}

// The checkpoint whose barrier has come on every input that has not ended; 0: none.
uint64_t Task::barrier_to_save() const {
  uint64_t number = 0;
  for (const auto& input : inputs_)
    if (!input.has_ended) number = std::max(number, input.stands_at);
  const bool is_complete =
      std::ranges::all_of(inputs_, [&](const Input& input) { return input.has_ended || input.stands_at == number; });
  return is_complete ? number : 0;
}

Task::Progress Task::save(uint64_t checkpoint) {
  // What was decided about the one before was decided before this one's cut: sinks hear of it first.
  if (!follow_checkpoints()) return Progress::Failed;
  SavedTask saved;
  saved.task = address_;
  saved.checkpoint = checkpoint;
  saved.states = std::make_shared<SnapshotBuffer>();
  ByteWriter progress(saved.progress);
  progress.i64(watermark_);
  progress.i64(seen_watermark_);
  progress.u64(rows_in_);
  for (const auto& input : inputs_) {
    const auto watermarks = input.edge ? input.edge->watermarks() : std::vector<int64_t>();
    progress.u64(watermarks.size());
    for (const int64_t watermark : watermarks) progress.i64(watermark);
  }
  if (auto status = save_states(data_, *saved.states); !status) saved.error = std::move(status).error();
  for (auto& sink : data_.sink_buffers()) {
    if (!sink->write_out()) return Progress::Failed;
    auto position = sink->sink().prepare();
    if (!position) return fail(std::move(position).error());
    saved.sinks.push_back(std::move(*position));
  }
  on_saved_(std::move(saved));
  outputs_.send_barrier(checkpoint);
  pass_barrier(checkpoint);
  return Progress::Made;
}

// Its sinks have all that it will ever write.
void Task::save_finished() {
  SavedTask saved;
  saved.task = address_;
  for (auto& sink : data_.sink_buffers()) {
    auto position = sink->sink().prepare();
    if (!position) {
      saved.error = std::move(position).error();
      break;
    }
    saved.sinks.push_back(std::move(*position));
  }
  on_saved_(std::move(saved));
}

Status Task::restore(const RestoredTask& restored) {
  if (restored.sinks.size() != data_.sink_buffers().size())
    return internal_error("a checkpoint has the positions of another number of sinks");
  for (size_t i = 0; i < restored.sinks.size(); ++i)
    SLUICE_TRY(data_.sink_buffers()[i]->sink().resume(restored.sinks[i]));
  is_restored_finished_ = restored.is_finished;
  if (restored.is_finished) return {};
  ByteReader progress(restored.progress);
  watermark_ = progress.i64();
  seen_watermark_ = progress.i64();
  rows_in_ = progress.u64();
  for (auto& input : inputs_) {
    const uint64_t count = progress.u64();
    if (count != (input.edge ? input.edge->watermarks().size() : 0))
      return external_error("the checkpoint is of another number of tasks");
    std::vector<int64_t> watermarks;
    for (uint64_t i = 0; i < count; ++i) watermarks.push_back(progress.i64());
    if (input.edge) input.edge->set_watermarks(std::move(watermarks));
  }
  if (!progress.is_done()) return external_error("the progress of a task in the checkpoint cannot be read");
  data_.watermark = watermark_;
  outputs_.set_watermark(watermark_, data_.has_windows());
  SLUICE_ASSIGN(const auto states, restored.states());
  return load_states(data_, *states);
}

}  // namespace sluice
