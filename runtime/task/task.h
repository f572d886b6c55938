// Task: one of the parallel instances of a stage. It takes pieces of its inputs, one at a time, through the stage's
// native code, then lets the finish phases run, and never waits while it holds a thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/plan/job_plan.h"
#include "runtime/task/edge_reader.h"
#include "runtime/task/input_time.h"
#include "runtime/task/saved_task.h"
#include "runtime/task/scheduler.h"
#include "runtime/task/source_feed.h"
#include "runtime/task/stage_code.h"
#include "runtime/task/table_inputs.h"
#include "runtime/task/task_address.h"
#include "runtime/task/task_data.h"
#include "runtime/task/task_meter.h"
#include "runtime/task/task_outputs.h"
#include "runtime/task/task_profile.h"
#include "runtime/task/time_board.h"
#include "runtime/task/watermark_origin.h"

namespace sluice {

// How a task ended. At most one of the errors is set, and only when it failed.
struct TaskReport {
  enum class End : uint8_t { Finished, Cancelled, Failed } end = End::Finished;
  TaskAddress task;
  std::optional<RowError> row_error;
  std::optional<Error> error;
};

// Read by other threads while the task runs.
struct TaskCounters {
  std::atomic<uint64_t> rows_in{0};
  std::atomic<uint64_t> rows_out{0};
  std::atomic<uint64_t> rows_taken{0};   // of all inputs, records of sources among them
  std::atomic<uint64_t> rows_given{0};   // to other tasks and to sinks; to each of several
  std::atomic<uint64_t> bytes_taken{0};  // from other tasks
  std::atomic<uint64_t> bytes_given{0};  // to other tasks
  std::atomic<uint64_t> rows_late{0};
  std::atomic<uint64_t> state_bytes{0};
  std::atomic<int64_t> event_time{kNoWatermark};
  std::atomic<int64_t> watermark{kNoWatermark};
  std::atomic<int64_t> window_due{kEndOfTime};
};

class Task final : public Runnable {
 public:
  // `is_cancelled` becomes true when the job is to end; the task must then be woken. `time_stops`: as in
  // EngineSettings::time_stops_at_end; may become true while inputs have not ended.
  Task(const JobPlan& plan, TaskAddress address, std::shared_ptr<const StageCode> code,
       const std::atomic<bool>& is_cancelled, const std::atomic<bool>& time_stops,
       std::function<void(TaskReport)> on_end);

  // The time of day stands still there: for tests.
  void set_wall_time(int64_t time) { data_.fix_wall_clock(time); }

  // ---- wiring, before the first run, in the order of StagePlan::inputs, outputs and sinks ----
  void add_source(SourceFeed& feed);
  void add_edge(std::vector<ChannelReader*> channels, bool is_ordered);
  void add_output(const OutputTraits& traits, const std::vector<std::vector<ChannelWriter*>>& channels_of_partitions);
  void add_sink(Sink& sink) { data_.add_sink(sink); }
  // For jobs with sources that say `idle`; must outlive the task, which is then to be woken now and then.
  void set_time_board(TimeBoard& board) { time_board_ = &board; }
  void finish_wiring() { data_.set_writers(outputs_.writers()); }
  // The job makes checkpoints: what the task saves at barriers, and when it has finished, goes there (any thread).
  void save_to(std::function<void(SavedTask)> on_saved) { on_saved_ = std::move(on_saved); }
  // Goes on from a checkpoint. Behind the wiring.
  Status restore(const RestoredTask& restored);

  Step run() noexcept override;
  // All tasks are idle: if this one waits for room, lets it process one more piece regardless, so that two consumers
  // that wait for each other's producers do not wait for ever. Any thread.
  void relieve_congestion();
  // Any thread.
  [[nodiscard]] bool waits_for_room() const { return waits_for_room_.load(); }

  // The checkpoint with this number is given up, or complete. Any thread.
  void abandon_checkpoint(uint64_t number);
  void confirm_checkpoint(uint64_t number);

  // The job ends well, and the task has ended: hands what its sinks' buffers still hold to the sinks.
  Status write_rest();

  // Before the first run: profiled code will run, and another thread calls sample().
  void begin_profile() { meter_.begin_profile(); }
  // Notes what the task is doing right now. One other thread.
  void sample() noexcept { meter_.sample(data_.plan().graph.nodes.size()); }
  // When it has ended, or before it started.
  [[nodiscard]] TaskProfile profile() const;
  // Does it follow event time?
  [[nodiscard]] bool has_event_time() const;

  [[nodiscard]] const TaskCounters& counters() const { return counters_; }
  // Any thread.
  [[nodiscard]] TaskTimes times() const { return meter_.times(); }
  [[nodiscard]] TaskAddress address() const { return address_; }

 private:
  enum class Phase : uint8_t { Reading, Advancing, Finishing, Closing, Failing, Failed };
  enum class Progress : uint8_t { Made, Wait, End, Failed };
  struct Input {
    Input(WatermarkOrigin origin, int64_t* counters) : time(std::move(origin), counters) {}
    SourceFeed* feed = nullptr;  // or
    std::optional<EdgeReader> edge;
    bool has_ended = false;
    uint64_t seen_cut = 0;   // SourceFeed::latest_cut() when it was last passed
    uint64_t stands_at = 0;  // the barrier that the task has come to here; 0: none
    bool waits = false;      // a source that had nothing this time
    TableInput table;        // which inputs it waits for
    InputTime time;
    InputProfile profile;
  };

  Input& add_input();
  [[nodiscard]] uint64_t barrier_to_save() const;
  Progress save(uint64_t checkpoint);
  void save_finished();
  void look_at_barriers();
  void pass_barrier(uint64_t number);
  [[nodiscard]] bool follow_checkpoints();
  void decline(uint64_t checkpoint);
  Step run_turn();
  void end_turn();
  Progress step();
  Progress read();
  Progress read_edge(size_t input);
  Progress read_source(size_t input);
  struct Unit {
    const void* data;
    uint64_t row_count;
    uint64_t sequence;
    bool ends_sequence;
  };
  Progress process(size_t input, const Unit& unit);
  Progress raise_chunk_error(const ChunkBuffer& chunk, NodeId source);
  void follow_time();
  [[nodiscard]] int64_t watermark_of(const Input& input) const;
  [[nodiscard]] std::optional<size_t> next_source() const;
  [[nodiscard]] bool waits_for_table(const Input& input) const;
  [[nodiscard]] int64_t latest_event_time() const;
  void note_watermark(Input& input) const;
  Progress advance();
  Progress finish();
  Progress close();
  Progress fail_in_order();
  Progress fail(Error error);
  [[nodiscard]] bool has_error();
  void become_idle();
  void stop_reading();
  bool write_sinks();
  void publish();
  Step end(TaskReport::End how);

  TaskAddress address_;
  std::shared_ptr<const StageCode> code_;  // shared by the tasks of the stage and the compiler's optimized tier
  const std::atomic<bool>& is_cancelled_;
  const std::atomic<bool>& time_stops_;
  std::function<void(TaskReport)> on_end_;
  std::function<void(SavedTask)> on_saved_;  // null: the job makes no checkpoints
  TaskData data_;
  TaskMeter meter_;
  TaskOutputs outputs_;
  std::vector<TableInput> tables_;  // of the inputs
  std::vector<Input> inputs_;
  std::unique_ptr<ChunkBuffer> chunk_;
  TimeBoard* time_board_ = nullptr;
  TaskCounters counters_;
  int64_t end_event_time_ = kNoWatermark;  // as they were when the task ended
  std::optional<int64_t> end_window_due_;
  std::optional<Error> error_;
  Phase phase_ = Phase::Reading;
  size_t turn_ = 0;  // the edge to look at first
  uint32_t finish_phase_ = 0;
  std::vector<bool> is_windowed_;          // by finish phase
  int64_t seen_watermark_ = kNoWatermark;  // the same, but for the end of the input
  int64_t watermark_ = kNoWatermark;       // of all inputs together: where event time has come to
  std::optional<int64_t> window_end_;      // Advancing: windows that end here are being given out
  uint32_t units_since_announced_ = 0;
  uint64_t rows_in_ = 0;    // records of sources
  bool is_flushed_ = true;  // nothing happened since everything was sent on
  uint64_t passed_barrier_ = 0;
  uint64_t confirmed_ = 0;
  bool is_restored_finished_ = false;
  std::atomic<uint64_t> abandoned_checkpoint_{0};
  std::atomic<uint64_t> confirmed_checkpoint_{0};
  std::atomic<bool> waits_for_room_{false};
  std::atomic<bool> is_relieved_{false};
};

}  // namespace sluice
