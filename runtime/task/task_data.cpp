#include "runtime/task/task_data.h"

#include <utility>

#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/data/row_layout.h"
#include "runtime/task/key_range.h"

namespace sluice {

TaskData::TaskData(const JobPlan& plan, StageId stage, uint32_t task, const StageCode& code)
    : abi::TaskContext{}, plan_(plan), code_(code), scratch_memory_(*this) {
  const auto& states = plan.stages[stage].states;
  table_list_.resize(states.size());
  sorter_list_.resize(states.size());
  counter_list_.resize(states.size());
  for (size_t i = 0; i < states.size(); ++i) make_state(stage, task, i, code.entry_size(i));
  tables = table_list_.data();
  sorters = sorter_list_.data();
  counters = counter_list_.data();
}

void TaskData::make_state(StageId stage, uint32_t task, size_t position, uint32_t entry_size) {
  const StatePlan& state = plan_.stages[stage].states[position];
  const uint32_t row_size = block_layout(state.value).size;
  const auto make_table = [&](HashRange range) {
    group_tables_.push_back(std::make_unique<GroupTable>(entry_size, range, &state_bytes_));
    table_list_[position] = group_tables_.back().get();
  };
  const auto make_top = [&] {
    top_states_.push_back(std::make_unique<TopState>(row_size, &state_bytes_));
    sorter_list_[position] = top_states_.back().get();
  };
  switch (state.kind) {
    case StateKind::Groups:
      make_table(key_range(plan_, stage, state, task));
      make_top();  // owns the tops of the keys, when that is what the entries lead to
      return;
    case StateKind::Distinct:
      make_table({});
      return;
    case StateKind::Top:
      make_top();
      return;
    case StateKind::Sort:
      sort_states_.push_back(std::make_unique<SortState>(row_size, &state_bytes_));
      sorter_list_[position] = sort_states_.back().get();
      return;
    case StateKind::Counter:
      return;
  }
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

void TaskData::add_sink(Sink& sink, const std::atomic<bool>& is_cancelled) {
  sink_buffers_.push_back(std::make_unique<SinkBuffer>(sink, &is_cancelled));
  sink_list_.push_back(sink_buffers_.back().get());
  sinks = sink_list_.data();
}

void TaskData::raise(RowError error) {
  failed = 1;
  if (!row_error_) row_error_ = std::move(error);
}

void TaskData::release_state() {
  group_tables_.clear();
  sort_states_.clear();
  top_states_.clear();
}

}  // namespace sluice

namespace sluice::abi {

char* scratch_alloc(TaskContext* context, size_t size) noexcept {
  return TaskData::of(context).scratch_memory().allocate(size);
}

extern "C" Ptr rt_scratch_alloc(Ptr context, I64 size) noexcept {
  return scratch_alloc(static_cast<TaskContext*>(context), static_cast<size_t>(size));
}

}  // namespace sluice::abi
