// TaskData: everything behind the abi::TaskContext of one task: state, scratch memory, and the error it ran into.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "lang/support/result.h"
#include "runtime/abi/layout.h"
#include "runtime/data/ranking.h"
#include "runtime/data/sort_state.h"
#include "runtime/data/top_state.h"
#include "runtime/io/connector.h"
#include "runtime/io/sink_buffer.h"
#include "runtime/plan/job_plan.h"
#include "runtime/state/changed_groups.h"
#include "runtime/state/frame_rows.h"
#include "runtime/state/group_table.h"
#include "runtime/state/join_expiry.h"
#include "runtime/state/local_windows.h"
#include "runtime/state/panes.h"
#include "runtime/state/session_table.h"
#include "runtime/state/session_tops.h"
#include "runtime/state/shared_panes.h"
#include "runtime/task/row_error.h"
#include "runtime/task/scratch.h"
#include "runtime/task/stage_code.h"
#include "runtime/task/task_profile.h"

namespace sluice {

class TaskData : public abi::TaskContext {
 public:
  // `plan`, `code` and `is_cancelled` must outlive the task.
  TaskData(const JobPlan& plan, StageId stage, uint32_t task, const StageCode& code,
           const std::atomic<bool>& is_cancelled = kNeverCancelled);
  TaskData(const TaskData&) = delete;
  TaskData& operator=(const TaskData&) = delete;

  [[nodiscard]] static TaskData& of(abi::TaskContext* context) { return *static_cast<TaskData*>(context); }
  [[nodiscard]] const JobPlan& plan() const { return plan_; }
  [[nodiscard]] const ErrorSite& error_site(uint32_t site) const;
  [[nodiscard]] Scratch& scratch_memory() { return scratch_memory_; }

  void set_writers(std::vector<abi::RowWriter*> writers);
  void add_sink(Sink& sink);
  [[nodiscard]] std::vector<std::unique_ptr<SinkBuffer>>& sink_buffers() { return sink_buffers_; }
  [[nodiscard]] const std::vector<std::unique_ptr<SinkBuffer>>& sink_buffers() const { return sink_buffers_; }
  [[nodiscard]] bool sinks_are_well() const;
  // The chunk that is being processed, for the place of a bad record; null while it is a block.
  void set_chunk(const ChunkBuffer* chunk) { chunk_ = chunk; }
  [[nodiscard]] const ChunkBuffer* chunk() const { return chunk_; }

  // Sets wall_time; to what it was fixed at, if it was.
  void read_wall_clock();
  void fix_wall_clock(int64_t time) { fixed_wall_time_ = time; }

  // The first error counts.
  void raise(RowError row_error);
  [[nodiscard]] const std::optional<RowError>& row_error() const { return row_error_; }

  // The watermark at which the first window that has rows, or the first change of a group, is due; nothing when none
  // is.
  [[nodiscard]] std::optional<int64_t> first_window_due();
  // Are there rows to give out at this watermark that wait for their turn, in frames?
  [[nodiscard]] bool has_frames_due(int64_t at) const;
  // Does it give out anything when the watermark passes? Any thread, also while the state is being released.
  [[nodiscard]] bool has_windows() const { return has_windows_; }

  // Rows that came too late for windows of this task.
  [[nodiscard]] uint64_t rows_late() const;

  // Joins forget the rows that are behind the watermark.
  void expire_joins(int64_t to) noexcept;

  [[nodiscard]] uint64_t state_bytes() const;
  // Sizes of states by position, and the most they have been. To be called now and then.
  void measure_states();
  [[nodiscard]] const std::vector<StateProfile>& state_profiles() const { return state_profiles_; }
  [[nodiscard]] const std::vector<uint64_t>& rows_of_nodes() const { return node_row_list_; }
  // The task is done: gives the memory of its state back before the others end.
  void release_state();

 private:
  [[nodiscard]] uint32_t rows_in_tops(StageId stage, const StatePlan& groups) const;
  void make_state(StageId stage, uint32_t task, size_t position, uint32_t entry_size);

  friend class TaskSnapshot;  // task_snapshot.cpp: reads and fills the states
  const JobPlan& plan_;
  const StagePlan& stage_;
  const StageCode& code_;
  const std::atomic<bool>& is_cancelled_;
  Scratch scratch_memory_;
  std::vector<uint64_t> state_bytes_;  // by position; must outlive the states, which count in it
  std::vector<StateProfile> state_profiles_;
  std::vector<uint64_t> node_row_list_;
  std::vector<abi::RowWriter*> writer_list_;
  std::vector<abi::HashTable*> table_list_;
  std::vector<void*> sorter_list_;
  std::vector<int64_t> counter_list_;
  std::vector<size_t> late_counters_;  // positions in counter_list_
  std::vector<SinkBuffer*> sink_list_;
  std::vector<abi::Panes*> pane_list_;
  std::vector<std::unique_ptr<GroupTable>> group_tables_;
  std::vector<JoinExpiry> join_expiries_;
  std::vector<std::unique_ptr<PaneTables>> pane_tables_;
  std::vector<std::pair<size_t, std::unique_ptr<SharedPanes>>> shared_panes_;  // with their positions
  std::vector<std::unique_ptr<SessionTable>> session_tables_;
  std::vector<std::unique_ptr<SessionTops>> session_tops_;
  std::vector<std::unique_ptr<FrameRows>> frame_rows_;
  bool has_windows_ = false;
  std::vector<std::unique_ptr<ChangedGroups>> changed_groups_;
  std::vector<std::unique_ptr<LocalWindows>> local_windows_;
  std::vector<std::unique_ptr<SortState>> sort_states_;
  std::vector<std::unique_ptr<TopState>> top_states_;
  std::vector<std::unique_ptr<Ranking>> rankings_;
  std::optional<int64_t> fixed_wall_time_;
  std::vector<std::unique_ptr<SinkBuffer>> sink_buffers_;
  const ChunkBuffer* chunk_ = nullptr;
  std::optional<RowError> row_error_;
};

}  // namespace sluice
