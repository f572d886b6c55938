// Snapshot: the state of one task at a barrier, as records that say nothing of where things stand in memory. States
// write and read them; the checkpoint store keeps them in sorted runs.
#pragma once

#include <cstdint>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {

struct SnapshotRecord {
  uint32_t state = 0;      // position in StagePlan::states
  uint64_t hash = 0;       // of the key: says which key group, and so which task, the record belongs to; 0: no key
  std::string_view key;    // tells records of one hash apart
  std::string_view value;  // everything that belongs to the key
};

class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  // By state, then by hash; those of one hash have different keys. The views are not needed any more behind the call.
  virtual Status put(const SnapshotRecord& record) = 0;
};

class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  // The next record, in the order of writing but for those of one hash, which come by their keys; false at the end.
  // The views hold until the next call.
  virtual Result<bool> next(SnapshotRecord& record) = 0;
};

}  // namespace sluice
