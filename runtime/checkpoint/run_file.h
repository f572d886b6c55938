// Runs: the snapshot of one task as a file of sorted records (an SST file of RocksDB's), of which a reader can take the
// keys of a range of hashes alone. Written in the background of a job, read when it goes on from a checkpoint.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "lang/support/result.h"
#include "runtime/checkpoint/snapshot.h"

namespace sluice {

// What a manifest says of a run, so that damage is found.
struct RunInfo {
  uint64_t bytes = 0;
  uint64_t checksum = 0;
  bool operator==(const RunInfo&) const = default;
};

class RunWriter final : public SnapshotWriter {
 public:
  // A file that is there already is replaced.
  [[nodiscard]] static Result<std::unique_ptr<RunWriter>> create(const std::string& path);
  ~RunWriter() override;
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  // By state and hash; records of one hash may come in any order. Two with the same key are an error.
  Status put(const SnapshotRecord& record) override;
  // No more records come: the file is whole and on the disk. Its name is when its directory is, see
  // CheckpointStore::commit().
  [[nodiscard]] Result<RunInfo> finish();

 private:
  struct Parts;
  explicit RunWriter(std::unique_ptr<Parts> parts);
  Status write_gathered();

  std::unique_ptr<Parts> parts_;
};

// Both ends belong to it.
struct HashSpan {
  uint64_t first = 0;
  uint64_t last = std::numeric_limits<uint64_t>::max();
};

class RunReader final : public SnapshotReader {
 public:
  // Of every state the records whose hashes are in the range.
  [[nodiscard]] static Result<std::unique_ptr<RunReader>> open(const std::string& path, HashSpan range = {});
  ~RunReader() override;
  RunReader(const RunReader&) = delete;
  RunReader& operator=(const RunReader&) = delete;

  Result<bool> next(SnapshotRecord& record) override;

 private:
  struct Parts;
  explicit RunReader(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// Size and checksum of a file as it stands on the disk.
[[nodiscard]] Result<RunInfo> examine_run(const std::string& path);

}  // namespace sluice
