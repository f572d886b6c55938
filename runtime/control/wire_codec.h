// wire_codec: the messages of messages.h as they travel (net/wire.proto) and back. What comes from outside is checked
// as far as it can be without knowing the job.
#pragma once

#include <memory>
#include <string>

#include "lang/support/result.h"
#include "runtime/control/job_progress.h"
#include "runtime/control/messages.h"
#include "runtime/control/task_metrics.h"
#include "runtime/net/frame.h"
#include "runtime/net/wire.pb.h"

namespace sluice::wire {

// Ready to be sent.
[[nodiscard]] std::shared_ptr<const Frame> control_frame(const Command& message);
[[nodiscard]] std::shared_ptr<const Frame> control_frame(const Report& message);

// A DeployTasks takes its plan and peers from elsewhere: they are the caller's to add.
[[nodiscard]] Command to_wire(uint32_t deployment, const WorkerCommand& command);
// Nothing for messages that are no command to a worker of a job.
[[nodiscard]] Result<WorkerCommand> read_command(const Command& message);

[[nodiscard]] Report to_wire(uint32_t deployment, const WorkerReport& report);
// `worker`: whose connection it came over.
[[nodiscard]] Result<WorkerReport> read_report(const Report& message, uint32_t worker);

[[nodiscard]] Progress to_wire(const JobProgress& progress);
[[nodiscard]] JobProgress read_progress(const Progress& message);

[[nodiscard]] TaskMetrics to_wire(const sluice::TaskMetrics& metrics);
[[nodiscard]] sluice::TaskMetrics read_task_metrics(const TaskMetrics& message);

[[nodiscard]] Heartbeat to_wire(const ProcessFigures& figures);
[[nodiscard]] ProcessFigures read_heartbeat(const Heartbeat& message);

[[nodiscard]] Error to_wire(const sluice::Error& error);
[[nodiscard]] sluice::Error read_error(const Error& message);
[[nodiscard]] RowError to_wire(const sluice::RowError& error);
[[nodiscard]] sluice::RowError read_row_error(const RowError& message);

}  // namespace sluice::wire
