#include "runtime/checkpoint/snapshot_buffer.h"

#include "lang/support/invariant.h"
#include "runtime/checkpoint/bytes.h"

namespace sluice {

namespace {
constexpr size_t kPageBytes = size_t{1} << 20;
}

Status SnapshotBuffer::put(const SnapshotRecord& record) {
  const size_t size = sizeof record.state + 3 * sizeof(uint64_t) + record.key.size() + record.value.size();
  if (pages_.empty() || pages_.back().capacity() - pages_.back().size() < size)
    pages_.emplace_back().reserve(std::max(kPageBytes, size));
  ByteWriter out(pages_.back());
  out.u32(record.state);
  out.u64(record.hash);
  out.text(record.key);
  out.text(record.value);
  bytes_ += size;
  return {};
}

Status SnapshotBuffer::move_to(SnapshotWriter& writer) {
  for (auto& page : pages_) {
    ByteReader in(page);
    while (in.left() != 0) {
      SnapshotRecord record;
      record.state = in.u32();
      record.hash = in.u64();
      record.key = in.text();
      record.value = in.text();
      SLUICE_INVARIANT(in.is_well(), "a snapshot in memory ends in the middle of a record");
      SLUICE_TRY(writer.put(record));
    }
    page = std::string();
  }
  pages_.clear();
  bytes_ = 0;
  return {};
}

}  // namespace sluice
