#include "runtime/coordinator/job_record.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "runtime/control/wire_codec.h"

namespace sluice {

namespace {

using Time = std::chrono::system_clock::time_point;

int64_t micros(Time time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

Time time_of(int64_t micros) {
  return Time(std::chrono::duration_cast<Time::duration>(std::chrono::microseconds(micros)));
}

}  // namespace

wire::JobRecord record_of(const JobInfo& info, const Submission& submission) {
  wire::JobRecord record;
  record.set_job(info.job);
  record.set_name(info.name);
  record.set_plan(submission.plan);
  record.set_block_bytes(submission.block_bytes);
  record.set_slot_memory(submission.slot_memory);
  wire::JobRecord::Restart& restart = *record.mutable_restart();
  restart.set_strategy(std::string(strategy_name(submission.restart.kind)));
  restart.set_attempts(submission.restart.attempts);
  restart.set_delay_ms(static_cast<uint64_t>(submission.restart.delay.count()));
  restart.set_most_delay_ms(static_cast<uint64_t>(submission.restart.most_delay.count()));
  record.set_submitted(micros(info.submitted));
  record.set_restarts(info.restarts);
  record.set_cannot_repeat(info.cannot_repeat);
  record.set_has_begun(info.has_begun);
  record.set_is_stopped(info.is_stopped);
  record.set_identity(info.identity);
  record.set_attempts(info.attempts);
  record.set_has_committed(info.has_committed);
  for (const auto& file : info.begun_files) record.add_begun_files(file);
  for (const auto& [phase, since] : info.history) {
    wire::JobRecord::Step& step = *record.add_history();
    step.set_phase(std::string(phase_name(phase)));
    step.set_since(micros(since));
  }
  for (const auto& [time, message] : info.failures) {
    wire::JobRecord::Failure& failure = *record.add_failures();
    failure.set_time(micros(time));
    failure.set_message(message);
  }
  if (info.row_error) *record.mutable_row_error() = wire::to_wire(*info.row_error);
  if (info.error) *record.mutable_error() = wire::to_wire(*info.error);
  *record.mutable_totals() = wire::to_wire(info.totals);
  return record;
}

Result<RecordedJob> read_record(const wire::JobRecord& record) {
  RecordedJob job;
  const auto unknown = [&](const std::string& what) {
    return external_error(
        fmt::format("the record of job {} speaks of `{}`, which this version does not know", record.job(), what));
  };
  job.submission.name = record.name();
  job.submission.plan = record.plan();
  job.submission.block_bytes = record.block_bytes();
  job.submission.slot_memory = record.slot_memory();
  const auto kind = strategy_named(record.restart().strategy());
  if (!kind) return unknown(record.restart().strategy());
  job.submission.restart = {*kind, record.restart().attempts(), std::chrono::milliseconds(record.restart().delay_ms()),
                            std::chrono::milliseconds(record.restart().most_delay_ms())};
  JobInfo& info = job.info;
  info.job = record.job();
  info.name = record.name();
  info.restart = job.submission.restart;
  info.slot_memory = job.submission.slot_memory;
  info.submitted = time_of(record.submitted());
  info.restarts = record.restarts();
  info.cannot_repeat = record.cannot_repeat();
  info.has_begun = record.has_begun();
  info.is_stopped = record.is_stopped();
  info.identity = record.identity();
  info.attempts = record.attempts();
  info.has_committed = record.has_committed();
  info.begun_files.assign(record.begun_files().begin(), record.begun_files().end());
  for (const auto& step : record.history()) {
    const auto phase = phase_named(step.phase());
    if (!phase) return unknown(step.phase());
    info.history.push_back({*phase, time_of(step.since())});
  }
  for (const auto& failure : record.failures()) info.failures.push_back({time_of(failure.time()), failure.message()});
  if (record.has_row_error()) info.row_error = wire::read_row_error(record.row_error());
  if (record.has_error()) info.error = wire::read_error(record.error());
  info.totals = wire::read_progress(record.totals());
  if (!info.history.empty()) info.phase = info.history.back().phase;
  return job;
}

}  // namespace sluice
