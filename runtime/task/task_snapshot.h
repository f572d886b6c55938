// The states of a task in snapshots: written between two units, when the windows up to the watermark have been given
// out and no finish phase has begun; read into a task that nothing has come to. The task then goes on as the first
// would have. Its watermark is not among them: whoever feeds it knows it.
#pragma once

#include "lang/support/result.h"
#include "runtime/checkpoint/snapshot.h"
#include "runtime/task/task_data.h"

namespace sluice {

[[nodiscard]] Status save_states(TaskData& task, SnapshotWriter& writer);
// `task` must have the plan, the stage and the number of the one that was saved. After an error it is good for nothing.
[[nodiscard]] Status load_states(TaskData& task, SnapshotReader& reader);

}  // namespace sluice
