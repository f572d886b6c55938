#include "runtime/task/task_data.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/data/block.h"
#include "runtime/data/row_layout.h"
#include "runtime/task/key_range.h"

namespace sluice {

namespace {

bool forgets_rows(const JoinNode& join) { return join.left_bound || join.right_bound; }

std::vector<uint32_t> text_key_offsets(const Schema& keys) {
  const EntryLayout layout = entry_layout(types_of(keys), {});
  std::vector<uint32_t> offsets;
  for (size_t i = 0; i < keys.fields.size(); ++i)
    if (const Type& type = keys.fields[i].type; type.kind == TypeKind::String)
      offsets.push_back(layout.keys[i] + (type.nullable ? 8 : 0));
  return offsets;
}

// Do values of these types have bytes or elements besides themselves?
bool has_parts_elsewhere(const Schema& schema) {
  const auto leads = [](const auto& self, const Type& type) -> bool {
    if (type.kind == TypeKind::String || type.kind == TypeKind::List) return true;
    return type.kind == TypeKind::Record &&
           std::ranges::any_of(type.fields, [&](const auto& field) { return self(self, field.type); });
  };
  return std::ranges::any_of(schema.fields, [&](const Field& field) { return leads(leads, field.type); });
}

}  // namespace

TaskData::TaskData(const JobPlan& plan, StageId stage, uint32_t task, const StageCode& code,
                   const std::atomic<bool>& is_cancelled)
    : abi::TaskContext{},
      plan_(plan),
      stage_(plan.stages[stage]),
      code_(code),
      is_cancelled_(is_cancelled),
      scratch_memory_(*this) {
  const auto& states = stage_.states;
  table_list_.resize(states.size());
  sorter_list_.resize(states.size());
  counter_list_.resize(states.size());
  pane_list_.resize(states.size());
  state_bytes_.resize(states.size());
  state_profiles_.resize(states.size());
  node_row_list_.resize(plan.graph.nodes.size());
  watermark = kNoWatermark;
  for (size_t i = 0; i < states.size(); ++i) make_state(stage, task, i, code.entry_size(i));
  tables = table_list_.data();
  sorters = sorter_list_.data();
  counters = counter_list_.data();
  panes = pane_list_.data();
  node_rows = node_row_list_.data();
  has_windows_ = !pane_tables_.empty() || !changed_groups_.empty() || !shared_panes_.empty() ||
                 !session_tables_.empty() ||
                 std::ranges::any_of(frame_rows_, [](const auto& frames) { return frames->is_timed(); });
}

void TaskData::make_state(StageId stage, uint32_t task, size_t position, uint32_t entry_size) {
  const StatePlan& state = plan_.stages[stage].states[position];
  uint64_t* account = &state_bytes_[position];
  const uint32_t row_size = block_layout(state.value).size;
  const auto make_table = [&](HashRange range) {
    group_tables_.push_back(std::make_unique<GroupTable>(entry_size, range, account));
    table_list_[position] = group_tables_.back().get();
  };
  const bool has_window = std::ranges::any_of(state.key.fields, [](const Field& key) { return key.type.is_window; });
  const Node& owner = plan_.graph.nodes[state.node];
  // A window among the keys of sessions is a key like others.
  const bool is_windowed = has_window && owner.kind() != NodeKind::Frame && session_of(owner) == nullptr;
  const bool has_lag = is_windowed || state.kind == StateKind::Sessions || state.kind == StateKind::Panes;
  const int64_t lag = has_lag ? window_lag(plan_.graph, state.node) : 0;
  const auto make_panes = [&](HashRange range, uint32_t rows_of_tops) {
    pane_tables_.push_back(std::make_unique<PaneTables>(entry_size, range, rows_of_tops, lag, account));
    pane_list_[position] = pane_tables_.back().get();
  };
  const auto make_top = [&] {
    top_states_.push_back(std::make_unique<TopState>(row_size, account));
    sorter_list_[position] = top_states_.back().get();
  };
  switch (state.kind) {
    case StateKind::Groups:
      if (is_windowed) return make_panes(key_range(plan_, stage, state, task), rows_in_tops(stage, state));
      make_table(key_range(plan_, stage, state, task));
      if (const auto* join = plan_.graph.nodes[state.node].as<JoinNode>(); join != nullptr && forgets_rows(*join))
        join_expiries_.emplace_back(*group_tables_.back(), key_range(plan_, stage, state, task),
                                    text_key_offsets(state.key), account, window_lag(plan_.graph, state.node));
      make_top();  // owns the tops of the keys, when that is what the entries lead to
      return;
    case StateKind::Panes: {
      const auto& windows = *plan_.graph.nodes[state.node].as<AggregateNode>()->windows;
      const bool lead_elsewhere = has_parts_elsewhere(state.key) || has_parts_elsewhere(state.value);
      const HashRange range = key_range(plan_, stage, state, task);
      auto shared = std::make_unique<SharedPanes>(entry_size, lead_elsewhere, range, windows, lag, account);
      sorter_list_[position] = shared.get();
      shared_panes_.emplace_back(position, std::move(shared));
      return;
    }
    case StateKind::Distinct:
      if (session_of(owner) != nullptr) {
        make_table({});
        return group_tables_.back()->expect_reuse();
      }
      if (is_windowed) return make_panes({}, 0);
      make_table({});
      return;
    case StateKind::Top:
      if (session_of(plan_.graph.nodes[state.node]) == nullptr) return make_top();
      session_tops_.push_back(std::make_unique<SessionTops>(row_size, account));
      sorter_list_[position] = session_tops_.back().get();
      return;
    case StateKind::Ranking:
      rankings_.push_back(std::make_unique<Ranking>(row_size, account));
      sorter_list_[position] = rankings_.back().get();
      return;
    case StateKind::Sort:
      sort_states_.push_back(std::make_unique<SortState>(row_size, account, is_cancelled_));
      sorter_list_[position] = sort_states_.back().get();
      return;
    case StateKind::Sessions: {  // its keys stand right before it
      const SessionWindow& session = *session_of(plan_.graph.nodes[state.node]);
      session_tables_.push_back(
          std::make_unique<SessionTable>(*group_tables_.back(), entry_size, session.gap, session.max, lag, account));
      sorter_list_[position] = session_tables_.back().get();
      return;
    }
    case StateKind::Frames: {
      const auto& frame = *plan_.graph.nodes[state.node].as<FrameNode>();
      const bool is_timed = follows_time(frame);
      if (frame.keep != 0) group_tables_.back()->expect_reuse();  // of its keys, which stand right before it
      const int64_t lag_of_rows = window_lag(plan_.graph, state.node);
      frame_rows_.push_back(std::make_unique<FrameRows>(row_size, lag_of_rows, is_timed, account, is_cancelled_));
      sorter_list_[position] = frame_rows_.back().get();
      return;
    }
    case StateKind::LocalWindows:
      local_windows_.push_back(std::make_unique<LocalWindows>(*plan_.graph.nodes[state.node].as<WindowNode>()));
      sorter_list_[position] = static_cast<abi::LocalWindows*>(local_windows_.back().get());
      return;
    case StateKind::Changed:
      changed_groups_.push_back(std::make_unique<ChangedGroups>(account));
      sorter_list_[position] = changed_groups_.back().get();
      return;
    case StateKind::Counter: {
      const NodeKind of = plan_.graph.nodes[state.node].kind();
      if (of == NodeKind::Time) counter_list_[position] = kNoWatermark;
      if (of == NodeKind::Window || of == NodeKind::Aggregate || of == NodeKind::Top || of == NodeKind::Frame)
        late_counters_.push_back(position);
      return;
    }
  }
}

// Size of the rows that the tops of a keyed top keep; 0 when the groups belong to something else.
uint32_t TaskData::rows_in_tops(StageId stage, const StatePlan& groups) const {
  for (const auto& state : plan_.stages[stage].states)
    if (state.kind == StateKind::Top && state.node == groups.node) return block_layout(state.value).size;
  return 0;
}

std::optional<int64_t> TaskData::first_window_due() {
  std::optional<int64_t> first;
  for (const auto& panes_of_state : pane_tables_) {
    const auto end = panes_of_state->first_due();
    if (end && (!first || *end < *first)) first = end;
  }
  for (const auto& [position, shared] : shared_panes_) {
    const auto end = shared->first_due();
    if (end && (!first || *end < *first)) first = end;
  }
  for (const auto& changed : changed_groups_) {
    const auto due = changed->first_due();
    if (due && (!first || *due < *first)) first = due;
  }
  for (const auto& sessions : session_tables_) {
    const auto end = sessions->first_due();
    if (end && (!first || *end < *first)) first = end;
  }
  return first;
}

bool TaskData::has_frames_due(int64_t watermark) const {
  return std::ranges::any_of(frame_rows_, [&](const auto& frames) { return frames->is_due(watermark); });
}

uint64_t TaskData::rows_late() const {
  uint64_t rows = 0;
  for (const size_t position : late_counters_) rows += static_cast<uint64_t>(counter_list_[position]);
  return rows;
}

uint64_t TaskData::state_bytes() const {
  return std::accumulate(state_bytes_.begin(), state_bytes_.end(), uint64_t{0});
}

void TaskData::measure_states() {
  for (size_t i = 0; i < state_profiles_.size(); ++i) {
    StateProfile& profile = state_profiles_[i];
    profile.bytes = state_bytes_[i];
    profile.peak_bytes = std::max(profile.peak_bytes, profile.bytes);
    profile.counter = counter_list_[i];
    if (table_list_[i] != nullptr) profile.keys = std::max(profile.keys, table_list_[i]->count);
    if (pane_list_[i] != nullptr)
      profile.keys = std::max(profile.keys, static_cast<const PaneTables*>(pane_list_[i])->group_count());
  }
  for (const auto& [position, shared] : shared_panes_)
    state_profiles_[position].keys = std::max(state_profiles_[position].keys, shared->group_count());
}

const ErrorSite& TaskData::error_site(uint32_t site) const {
  const auto& sites = code_.error_sites();
  SLUICE_INVARIANT(site < sites.size(), "generated code raised an error at a site that it does not have");
  return sites[site];
}

void TaskData::set_writers(std::vector<abi::RowWriter*> list) {
  writer_list_ = std::move(list);
  writers = writer_list_.data();
}

void TaskData::add_sink(Sink& sink) {
  sink_buffers_.push_back(std::make_unique<SinkBuffer>(sink, &is_cancelled_));
  sink_list_.push_back(sink_buffers_.back().get());
  sinks = sink_list_.data();
}

bool TaskData::sinks_are_well() const {
  return std::ranges::all_of(sink_buffers_, [](const auto& sink) { return sink->status().has_value(); });
}

void TaskData::read_wall_clock() {
  using std::chrono::microseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  wall_time = fixed_wall_time_.value_or(std::chrono::duration_cast<microseconds>(now).count());
}

void TaskData::raise(RowError error) {
  failed = 1;
  if (!row_error_) row_error_ = std::move(error);
}

void TaskData::expire_joins(int64_t to) noexcept {
  for (auto& expiry : join_expiries_) expiry.advance(to);
}

void TaskData::release_state() {
  join_expiries_.clear();
  session_tables_.clear();
  shared_panes_.clear();
  session_tops_.clear();
  frame_rows_.clear();
  changed_groups_.clear();
  group_tables_.clear();
  pane_tables_.clear();
  sort_states_.clear();
  top_states_.clear();
  rankings_.clear();
}

}  // namespace sluice

namespace sluice::abi {

char* scratch_grow(TaskContext* context, size_t size) noexcept {
  return TaskData::of(context).scratch_memory().grow(size);
}

extern "C" Ptr rt_scratch_alloc(Ptr context, I64 size) noexcept {
  return scratch_alloc(static_cast<TaskContext*>(context), static_cast<size_t>(size));
}

}  // namespace sluice::abi
