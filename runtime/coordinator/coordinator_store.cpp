// What of the coordinator outlives it: its jobs, in the state directory.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "runtime/coordinator/coordinator.h"
#include "runtime/coordinator/job_record.h"
#include "runtime/plan/check_plan.h"
#include "runtime/plan/plan_text.h"

namespace sluice {

namespace {

Result<JobPlan> plan_of(const Submission& submission) {
  SLUICE_ASSIGN(auto plan, read_plan(submission.plan));
  SLUICE_TRY(check_plan(plan));
  return plan;
}

}  // namespace

Status Coordinator::keep_or_note(const Job& job) {
  auto status = keep(job);
  if (status) {
    unkept_.erase(job.id);
  } else if (unkept_.insert(job.id).second) {
    note(fmt::format("{}; trying again", status.error().to_string()));
  }
  return status;
}

Status Coordinator::keep(const Job& job) {
  if (!store_) return {};
  if (is_end(job.state.phase))
    SLUICE_TRY(store_->save_output(job.id, [&](uint64_t from) { return job.output.read(from, kMostOutputAtOnce); }));
  return store_->save(record_of(info_of(job), job.submission));
}

// The jobs of the coordinator before. Those that it did not see to their end begin anew when there are workers.
Status Coordinator::restore() {
  if (settings_.state_directory.empty()) return {};
  SLUICE_ASSIGN(auto store, JobStore::open(settings_.state_directory));
  store_.emplace(std::move(store));
  SLUICE_ASSIGN(auto records, store_->load());
  std::map<std::string, uint64_t> latest;  // by identity
  for (const auto& record : records) latest[record.identity()] = record.job();
  for (auto& record : records) {
    // Restarting it was cut off when the new job was kept and this one was not stopped yet.
    if (!record.identity().empty() && latest.at(record.identity()) != record.job()) record.set_is_stopped(true);
    SLUICE_TRY(restore(record));
  }
  return {};
}

Status Coordinator::restore(const wire::JobRecord& record) {
  const uint64_t id = record.job();
  auto recorded = read_record(record);
  if (!recorded) return store_->unusable(id, recorded.error());
  auto plan = plan_of(recorded->submission);
  // Of a job that has ended it is needed only to submit it once more.
  if (!plan && !is_end(recorded->info.phase)) return store_->unusable(id, plan.error());
  next_job_ = std::max(next_job_, id + 1);
  Job& job = make_job(id, std::move(recorded->submission), plan ? std::move(*plan) : JobPlan());
  if (!plan) job.plan_error = std::move(plan).error();
  recorded->info.slots = job.info.slots;
  job.info = std::move(recorded->info);
  job.state.phase = is_end(job.info.phase) ? job.info.phase : JobPhase::Suspended;
  job.state.restarts = job.info.restarts;
  job.state.cannot_repeat = job.info.cannot_repeat;
  job.state.has_begun = job.info.has_begun;
  job.state.attempts = job.info.attempts;
  job.state.has_committed = job.info.has_committed;
  job.state.begun_files.insert(job.info.begun_files.begin(), job.info.begun_files.end());
  job.state.row_error = job.info.row_error;
  job.state.error = job.info.error;
  note_phase(job);
  if (is_end(job.state.phase)) {
    SLUICE_TRY(store_->load_output(id, [&](std::string_view rows) { return job.output.append(rows); }));
  } else {
    job.info.totals = {};
    happen(job, job.info.is_stopped ? JobEvent(StopRequested{}) : JobEvent(JobResumed{}));
  }
  return {};
}

// The next coordinator will find them so.
void Coordinator::suspend() {
  for (auto& [id, job] : jobs_) {
    if (!store_ || (is_end(job.state.phase) && !unkept_.contains(id))) continue;
    if (!is_end(job.state.phase)) job.state.phase = JobPhase::Suspended;
    note_phase(job);
    keep_or_note(job);
  }
}

}  // namespace sluice
