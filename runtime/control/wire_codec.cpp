#include "runtime/control/wire_codec.h"

#include <utility>

namespace sluice::wire {

namespace {

void write(Command& message, const sluice::DeployTasks& command) {
  DeployTasks& deploy = *message.mutable_deploy();
  for (const auto& placed : command.tasks) {
    Placement& placement = *deploy.add_tasks();
    placement.set_stage(placed.task.stage.value);
    placement.set_task(placed.task.index);
    placement.set_worker(placed.worker);
    placement.set_slot(placed.slot);
  }
}
void write(Command& message, const sluice::StartTasks&) { message.mutable_start(); }
void write(Command& message, const sluice::EndInput&) { message.mutable_end_input(); }
void write(Command& message, const sluice::CancelTasks&) { message.mutable_cancel(); }
void write(Command& message, const sluice::CommitSinks&) { message.mutable_commit(); }
void write(Command& message, const sluice::AbortSinks&) { message.mutable_abort(); }
void write(Command& message, const sluice::AskStandstill& command) {
  message.mutable_ask_standstill()->set_question(command.question);
}
void write(Command& message, const sluice::RelieveCongestion& command) {
  message.mutable_relieve()->set_worker(command.worker);
}

Span span_message(const sluice::Span& span) {
  Span message;
  message.set_file(span.file);
  message.set_begin_line(span.begin.line);
  message.set_begin_column(span.begin.column);
  message.set_end_line(span.end.line);
  message.set_end_column(span.end.column);
  return message;
}

void write(Report& message, const sluice::TasksDeployed& report) {
  TasksDeployed& deployed = *message.mutable_deployed();
  deployed.set_is_final(report.is_final);
  deployed.set_replaces_input(report.replaces_input);
  for (const auto& file : report.files) deployed.add_files(file);
  for (const auto& input : report.inputs) {
    TasksDeployed::SharedInput& shared = *deployed.add_inputs();
    shared.set_source(input.source.value);
    shared.set_fingerprint(input.fingerprint);
  }
}
void write(Report& message, const sluice::DeployFailed& report) {
  *message.mutable_deploy_failed() = to_wire(report.error);
}
void write(Report& message, const sluice::TaskEnded& ended) {
  const TaskReport& report = ended.report;
  TaskEnded& task = *message.mutable_ended();
  task.set_end(static_cast<TaskEnded::End>(report.end));
  task.set_stage(report.task.stage.value);
  task.set_task(report.task.index);
  if (report.row_error) *task.mutable_row_error() = to_wire(*report.row_error);
  if (report.error) *task.mutable_error() = to_wire(*report.error);
}
void write(Report& message, const sluice::SinksCommitted&) { message.mutable_committed(); }
void write(Report& message, const sluice::CommitFailed& report) {
  *message.mutable_commit_failed() = to_wire(report.error);
}

void write(Report& message, const sluice::Standstill& report) {
  Standstill& standstill = *message.mutable_standstill();
  standstill.set_question(report.question);
  standstill.set_stands_still(report.stands_still);
  standstill.set_waits_for_room(report.waits_for_room);
  standstill.set_sent(report.sent);
  standstill.set_received(report.received);
}

Result<WorkerReport> read_ended(const TaskEnded& message) {
  if (!TaskEnded::End_IsValid(message.end())) return external_error("a task ended in an unknown way");
  TaskReport report;
  report.end = static_cast<TaskReport::End>(message.end());
  report.task = {StageId(size_t{message.stage()}), message.task()};
  if (message.has_row_error()) report.row_error = read_row_error(message.row_error());
  if (message.has_error()) report.error = read_error(message.error());
  return sluice::TaskEnded{std::move(report)};
}

}  // namespace

std::shared_ptr<const Frame> control_frame(const Command& message) {
  return sealed_frame(FrameKind::Control, message.SerializeAsString());
}
std::shared_ptr<const Frame> control_frame(const Report& message) {
  return sealed_frame(FrameKind::Control, message.SerializeAsString());
}

Command to_wire(uint32_t deployment, const WorkerCommand& command) {
  Command message;
  message.set_deployment(deployment);
  std::visit([&](const auto& alternative) { write(message, alternative); }, command);
  return message;
}

Result<WorkerCommand> read_command(const Command& message) {
  switch (message.command_case()) {
    case Command::kDeploy: {
      sluice::DeployTasks command;
      for (const Placement& placement : message.deploy().tasks())
        command.tasks.push_back(
            {{StageId(size_t{placement.stage()}), placement.task()}, placement.worker(), placement.slot()});
      return command;
    }
    case Command::kStart:
      return sluice::StartTasks{};
    case Command::kEndInput:
      return sluice::EndInput{};
    case Command::kCancel:
      return sluice::CancelTasks{};
    case Command::kCommit:
      return sluice::CommitSinks{};
    case Command::kAbort:
      return sluice::AbortSinks{};
    case Command::kAskStandstill:
      return sluice::AskStandstill{message.ask_standstill().question()};
    case Command::kRelieve:
      return sluice::RelieveCongestion{message.relieve().worker()};
    case Command::kForget:
    case Command::kHeartbeat:
    case Command::kDismiss:
    case Command::COMMAND_NOT_SET:
      break;
  }
  return external_error("a message that is no command to the tasks of a job");
}

Report to_wire(uint32_t deployment, const WorkerReport& report) {
  Report message;
  message.set_deployment(deployment);
  std::visit([&](const auto& alternative) { write(message, alternative); }, report);
  return message;
}

Result<WorkerReport> read_report(const Report& message, uint32_t worker) {
  switch (message.report_case()) {
    case Report::kDeployed: {
      sluice::TasksDeployed deployed{worker, {}, message.deployed().is_final()};
      for (const auto& input : message.deployed().inputs())
        deployed.inputs.push_back({NodeId(size_t{input.source()}), input.fingerprint()});
      deployed.files.assign(message.deployed().files().begin(), message.deployed().files().end());
      deployed.replaces_input = message.deployed().replaces_input();
      return deployed;
    }
    case Report::kDeployFailed:
      return sluice::DeployFailed{worker, read_error(message.deploy_failed())};
    case Report::kEnded:
      return read_ended(message.ended());
    case Report::kCommitted:
      return sluice::SinksCommitted{worker};
    case Report::kCommitFailed:
      return sluice::CommitFailed{worker, read_error(message.commit_failed())};
    case Report::kStandstill: {
      const Standstill& told = message.standstill();
      return sluice::Standstill{worker,      told.question(), told.stands_still(), told.waits_for_room(),
                                told.sent(), told.received()};
    }
    case Report::kOutput:
    case Report::kProgress:
    case Report::kHeartbeat:
    case Report::kLeaving:
    case Report::kNeighbourLost:
    case Report::REPORT_NOT_SET:
      break;
  }
  return external_error("a message that is no report about the tasks of a job");
}

Progress to_wire(const JobProgress& progress) {
  Progress message;
  message.set_rows_in(progress.rows_in);
  message.set_rows_out(progress.rows_out);
  message.set_rows_late(progress.rows_late);
  message.set_bytes_in(progress.bytes_in);
  message.set_bytes_total(progress.bytes_total);
  message.set_state_bytes(progress.state_bytes);
  if (progress.event_time) message.set_event_time(*progress.event_time);
  if (progress.watermark) message.set_watermark(*progress.watermark);
  if (progress.window_due) message.set_window_due(*progress.window_due);
  return message;
}

JobProgress read_progress(const Progress& message) {
  JobProgress progress;
  progress.rows_in = message.rows_in();
  progress.rows_out = message.rows_out();
  progress.rows_late = message.rows_late();
  progress.bytes_in = message.bytes_in();
  progress.bytes_total = message.bytes_total();
  progress.state_bytes = message.state_bytes();
  if (message.has_event_time()) progress.event_time = message.event_time();
  if (message.has_watermark()) progress.watermark = message.watermark();
  if (message.has_window_due()) progress.window_due = message.window_due();
  return progress;
}

TaskMetrics to_wire(const sluice::TaskMetrics& metrics) {
  TaskMetrics message;
  message.set_stage(metrics.task.stage.value);
  message.set_task(metrics.task.index);
  message.set_rows_in(metrics.rows_in);
  message.set_rows_out(metrics.rows_out);
  message.set_rows_late(metrics.rows_late);
  message.set_bytes_in(metrics.bytes_in);
  message.set_bytes_out(metrics.bytes_out);
  message.set_state_bytes(metrics.state_bytes);
  message.set_busy(static_cast<uint64_t>(metrics.busy.count()));
  message.set_blocked(static_cast<uint64_t>(metrics.blocked.count()));
  message.set_idle(static_cast<uint64_t>(metrics.idle.count()));
  if (metrics.watermark) message.set_watermark(*metrics.watermark);
  return message;
}

sluice::TaskMetrics read_task_metrics(const TaskMetrics& message) {
  sluice::TaskMetrics metrics;
  metrics.task = {StageId(size_t{message.stage()}), message.task()};
  metrics.rows_in = message.rows_in();
  metrics.rows_out = message.rows_out();
  metrics.rows_late = message.rows_late();
  metrics.bytes_in = message.bytes_in();
  metrics.bytes_out = message.bytes_out();
  metrics.state_bytes = message.state_bytes();
  metrics.busy = std::chrono::microseconds(message.busy());
  metrics.blocked = std::chrono::microseconds(message.blocked());
  metrics.idle = std::chrono::microseconds(message.idle());
  if (message.has_watermark()) metrics.watermark = message.watermark();
  return metrics;
}

Heartbeat to_wire(const ProcessFigures& figures) {
  Heartbeat message;
  message.set_resident_bytes(figures.resident_bytes);
  message.set_cpu(static_cast<uint64_t>(figures.cpu.count()));
  return message;
}

ProcessFigures read_heartbeat(const Heartbeat& message) {
  return {message.resident_bytes(), std::chrono::microseconds(message.cpu())};
}

Error to_wire(const sluice::Error& error) {
  Error message;
  message.set_domain(static_cast<uint32_t>(error.domain));
  message.set_retryable(error.retryable);
  message.set_message(error.message);
  for (const auto& line : error.context) message.add_context(line);
  message.set_error_number(error.error_number);
  return message;
}

sluice::Error read_error(const Error& message) {
  sluice::Error error;
  error.domain = message.domain() <= static_cast<uint32_t>(ErrorDomain::Internal)
                     ? static_cast<ErrorDomain>(message.domain())
                     : ErrorDomain::Internal;
  error.retryable = message.retryable();
  error.message = message.message();
  error.context.assign(message.context().begin(), message.context().end());
  error.error_number = message.error_number();
  return error;
}

RowError to_wire(const sluice::RowError& error) {
  RowError message;
  message.set_code(error.code);
  message.set_message(error.message);
  *message.mutable_span() = span_message(error.span);
  message.set_operands(error.operands);
  if (error.record) {
    RecordLocation& record = *message.mutable_record();
    record.set_file(error.record->file);
    record.set_line(error.record->line);
    record.set_column(error.record->column);
    record.set_record(error.record->record);
  }
  return message;
}

sluice::RowError read_row_error(const RowError& message) {
  const Span& span = message.span();
  sluice::RowError error{message.code(),
                         message.message(),
                         {span.file(), {span.begin_line(), span.begin_column()}, {span.end_line(), span.end_column()}},
                         message.operands(),
                         std::nullopt};
  if (message.has_record()) {
    const RecordLocation& record = message.record();
    error.record = {record.file(), record.line(), record.column(), record.record()};
  }
  return error;
}

}  // namespace sluice::wire
