// What the coordinator keeps of its jobs for clients: what they print, what went wrong, what there is to say.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/support/visible_text.h"
#include "runtime/coordinator/coordinator.h"

namespace sluice {

// Names of jobs, hosts and files are what others want them to be; a line stays one line.
void Coordinator::note(const std::string& text) {
  const std::string line = visible_text(text);
  log_.add(line);
  settings_.log(line);
}

void Coordinator::note(Job& job, const std::string& text) {
  job.log.add(visible_text(text));
  note(fmt::format("job {} ({}): {}", job.id, job.info.name, text));
}

void Coordinator::note_exception(Job& job, JobException exception) {
  std::string text = exception.message;
  if (exception.task)
    text = fmt::format("task {}.{}: {}", job.plan.stages[exception.task->stage].name, exception.task->index, text);
  note(job, exception.worker ? fmt::format("worker {}: {}", *exception.worker, text) : text);
  job.exceptions.push_back(std::move(exception));
  if (job.exceptions.size() > kMostExceptions) job.exceptions.pop_front();
}

// Rows that are not kept are lost, and a job that has lost rows has failed.
void Coordinator::keep_output(uint32_t worker, Job& job, const std::string& rows) {
  const auto kept = job.output.append(rows);
  if (kept) return;
  if (job.state.phase == JobPhase::Committing)
    happen(job, CommitFailed{worker, kept.error()});
  else
    happen(job, RowsLost{kept.error()});
}

void Coordinator::forget_old_jobs() {
  size_t ended = 0;
  for (const auto& [id, job] : jobs_) ended += is_end(job.state.phase) ? 1 : 0;
  for (auto job = jobs_.begin(); ended > kMostEndedJobs && job != jobs_.end();) {
    if (!is_end(job->second.state.phase)) {
      ++job;
      continue;
    }
    if (store_) store_->remove(job->first);
    unkept_.erase(job->first);
    job = jobs_.erase(job);
    --ended;
  }
}

std::optional<Result<JobOutput>> Coordinator::output(uint64_t job, uint64_t from) {
  return loop_.call([&]() -> std::optional<Result<JobOutput>> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    Job& shown = found->second;
    // Before it is known on the disk that rows are shown, and that they are all, they are not.
    const bool has_ended = is_end(shown.state.phase) && !unkept_.contains(job);
    const JobOutput nothing{.rows = {}, .is_end = false, .identity = shown.info.identity};
    if (shown.is_output_held && !has_ended) return nothing;
    auto rows = shown.output.read(from, kMostOutputAtOnce);
    if (!rows) return std::unexpected(rows.error());
    if (!has_ended && !rows->empty()) {
      if (shown.state.cannot_repeat.empty()) {
        happen(shown, CannotRepeat{"rows of it were shown already"});
        keep_or_note(shown);
      }
      if (unkept_.contains(job)) return nothing;
    }
    const bool is_all = from + rows->size() >= shown.output.size();
    return JobOutput{std::move(*rows), is_all && has_ended, shown.info.identity};
  });
}

std::optional<LogPage> Coordinator::job_log(uint64_t job, uint64_t from, size_t most) {
  return loop_.call([&]() -> std::optional<LogPage> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    return found->second.log.read(from, most);
  });
}

std::optional<std::vector<JobException>> Coordinator::exceptions(uint64_t job) {
  return loop_.call([&]() -> std::optional<std::vector<JobException>> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    return std::vector<JobException>(found->second.exceptions.begin(), found->second.exceptions.end());
  });
}

std::optional<Result<uint64_t>> Coordinator::restart(uint64_t job) {
  return loop_.call([&]() -> std::optional<Result<uint64_t>> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    Job& before = found->second;
    if (before.plan_error)
      return user_error(
          fmt::format("job {} cannot be submitted once more, because its plan is of another version of "
                      "Sluice: submit its program again. {}",
                      job, before.plan_error->to_string()));
    // The one before ends only when nothing can keep the new one from coming.
    SLUICE_ASSIGN(Job * next, keep_new_job(before.submission, before.plan, lineage_behind(before)));
    if (!is_end(before.state.phase)) happen(before, StopRequested{});
    note(before, fmt::format("submitted once more, as job {}", next->id));
    happen(*next, JobAccepted{});
    start_waiting_jobs();
    return next->id;
  });
}

// For a job that is about to follow this one, which is to end. Not of one that may still give its files their names: a
// later attempt would take them away under its hands. Jobs of one lineage that run at the same time are none.
Coordinator::Lineage Coordinator::lineage_behind(const Job& job) const {
  if (job.state.phase == JobPhase::Committing) return {};
  Lineage lineage{job.info.identity, job.state.attempts};
  for (const auto& [id, other] : jobs_) {
    if (id == job.id || other.info.identity != job.info.identity) continue;
    if (!is_end(other.state.phase)) return {};
    lineage.attempts = std::max(lineage.attempts, other.state.attempts);
  }
  return lineage;
}

}  // namespace sluice
