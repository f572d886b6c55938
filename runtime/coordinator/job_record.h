// job_record: a job as a JobStore keeps it. Pure.
#pragma once

#include "lang/support/result.h"
#include "runtime/coordinator/coordinator.h"
#include "runtime/coordinator/job_record.pb.h"

namespace sluice {

[[nodiscard]] wire::JobRecord record_of(const JobInfo& info, const Submission& submission);

struct RecordedJob {
  JobInfo info;
  Submission submission;
};
// An error: a later version wrote it.
[[nodiscard]] Result<RecordedJob> read_record(const wire::JobRecord& record);

}  // namespace sluice
