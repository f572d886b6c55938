// CheckpointStore: the checkpoints of one job below a directory,
//
//   DIR/lock                                 held by the process that uses the directory
//   DIR/job-id                               tells this job's unfinished output from that of others
//   DIR/checkpoints/chk-00000012/manifest    written last
//   DIR/checkpoints/chk-00000012/S1-0.sst    the run of a task
//   DIR/checkpoints/chk-00000013.tmp/        one that is being written
//
// A checkpoint is there when its directory has its final name, which it gets when all of it is on the disk. Calls come
// from one thread at a time, but for the writing of runs into the directory that begin() gave.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lang/support/result.h"
#include "runtime/checkpoint/checkpoint_manifest.h"

namespace sluice {

struct FoundCheckpoint {
  CheckpointManifest manifest;
  std::string directory;  // where the runs are
};

struct LatestCheckpoint {
  std::optional<FoundCheckpoint> checkpoint;  // nothing: the job has not got to its first one, and begins anew
  std::vector<std::string> damaged;           // what is wrong with those that are newer, for people
};

class CheckpointStore {
 public:
  static constexpr size_t kKept = 3;

  // Makes the directory where it is missing (its parent must be there), locks it, and removes what attempts left that
  // were cut off. An error when another process uses it.
  [[nodiscard]] static Result<std::unique_ptr<CheckpointStore>> open(const std::string& directory, size_t kept = kKept);
  ~CheckpointStore();  // abandons what was begun and not committed
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  // The newest checkpoint that is whole: every file of it is looked through. An error when there are checkpoints and
  // none of them is whole: a job must never begin anew by itself then.
  [[nodiscard]] Result<LatestCheckpoint> latest() const;
  // A job goes on from checkpoint `number`, and those behind it are damaged: they are never looked at again, whoever
  // mends them. They stay as `chk-N.damaged` until the job ends.
  [[nodiscard]] Status set_newer_aside(uint64_t number);
  // For the next begin(): larger than every number that was ever used here, also by damaged ones.
  [[nodiscard]] uint64_t next_number() const { return next_number_; }
  // The directory to write the runs of a new checkpoint into. One at a time; numbers grow.
  [[nodiscard]] Result<std::string> begin(uint64_t number);
  // Of the checkpoint that was begun: when this returns without an error it is whole, on the disk and the latest.
  // Otherwise it is abandoned. Older ones than the last `kept` are removed.
  [[nodiscard]] Status commit(const CheckpointManifest& manifest);
  // Removes what was begun; nothing when nothing was.
  void abandon() noexcept;
  // The job has ended and its results are there: the next one in this directory begins anew.
  [[nodiscard]] Status forget_job();
  // The same in every life of the job, other for every other directory. Letters and digits.
  [[nodiscard]] const std::string& job_id() const { return job_id_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  CheckpointStore(std::string directory, size_t kept, int lock);
  [[nodiscard]] Status prepare();
  [[nodiscard]] Status read_job_id();
  [[nodiscard]] Status publish(const CheckpointManifest& manifest);
  [[nodiscard]] Result<std::vector<uint64_t>> numbers() const;
  [[nodiscard]] std::string path_of(uint64_t number) const;
  void remove_old() const noexcept;

  const std::string directory_;
  const size_t kept_;
  const int lock_;
  std::string job_id_;
  uint64_t next_number_ = 1;
  uint64_t begun_ = 0;  // 0: none is being written
};

}  // namespace sluice
