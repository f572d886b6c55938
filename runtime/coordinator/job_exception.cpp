#include "runtime/coordinator/job_exception.h"

#include <utility>

namespace sluice {

namespace {

JobException of_error(const Error& error, std::optional<uint32_t> worker) {
  return {std::chrono::system_clock::now(), "", error.to_string(), worker, std::nullopt};
}

std::optional<JobException> read(const WorkerLost& event, const JobState&) {
  return of_error(event.error, event.worker);
}
std::optional<JobException> read(const RowsLost& event, const JobState&) { return of_error(event.error, std::nullopt); }
std::optional<JobException> read(const StepNotKept& event, const JobState&) {
  return of_error(event.error, std::nullopt);
}
std::optional<JobException> read(const DeployFailed& event, const JobState&) {
  return of_error(event.error, event.worker);
}
std::optional<JobException> read(const CommitFailed& event, const JobState&) {
  return of_error(event.error, event.worker);
}
std::optional<JobException> read(const TaskEnded& event, const JobState& state) {
  const TaskReport& report = event.report;
  if (report.end != TaskReport::End::Failed) return std::nullopt;
  JobException exception{std::chrono::system_clock::now(), "", "", std::nullopt, report.task};
  if (report.row_error) {
    exception.code = report.row_error->code;
    exception.message = report.row_error->message;
  } else if (report.error) {
    exception.message = report.error->to_string();
  }
  if (const auto placed = state.worker_of.find(report.task); placed != state.worker_of.end())
    exception.worker = placed->second;
  return exception;
}
template <class Other>
std::optional<JobException> read(const Other&, const JobState&) {
  return std::nullopt;
}

}  // namespace

std::optional<JobException> exception_of(const JobEvent& event, const JobState& state) {
  return std::visit([&](const auto& alternative) { return read(alternative, state); }, event);
}

}  // namespace sluice
