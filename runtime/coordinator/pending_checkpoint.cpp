#include "runtime/coordinator/pending_checkpoint.h"

#include <utility>

namespace sluice {

PendingCheckpoint::PendingCheckpoint(uint64_t number, std::set<TaskAddress> tasks,
                                     const std::map<TaskAddress, SavedTask>& finished)
    : number_(number), missing_(std::move(tasks)) {
  for (const auto& [address, saved] : finished) add(saved);
}

void PendingCheckpoint::add(SavedTask saved) {
  const bool has_finished = saved.checkpoint == 0;
  if (!has_finished && saved.checkpoint != number_) return;
  if (missing_.erase(saved.task) == 0) return;
  if (saved.error && !error_) error_ = saved.error;
  const TaskAddress address = saved.task;
  tasks_.insert_or_assign(address, std::move(saved));
}

}  // namespace sluice
