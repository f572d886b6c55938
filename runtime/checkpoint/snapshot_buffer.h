// SnapshotBuffer: a snapshot in memory: a task fills it at a barrier and goes on, and another thread writes it to disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/checkpoint/snapshot.h"

namespace sluice {

class SnapshotBuffer final : public SnapshotWriter {
 public:
  Status put(const SnapshotRecord& record) override;
  // Gives all records to `writer`, in their order, and the memory back on the way.
  Status move_to(SnapshotWriter& writer);
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  std::vector<std::string> pages_;  // records one behind the other; none spans two pages
  uint64_t bytes_ = 0;
};

}  // namespace sluice
