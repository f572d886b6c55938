// TopState: the first `limit` rows under an order, out of any number; and the tops of all keys of a keyed top.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "runtime/data/block_check.h"
#include "runtime/data/only_rows.h"
#include "runtime/data/row_store.h"

namespace sluice {

class ByteReader;
class ByteWriter;

class TopState {
 public:
  TopState(uint32_t row_size, uint64_t* account);

  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept { return rows_.reserve(heap_bytes); }
  // The row last reserved is complete: keeps it if it may still be among the first `limit`. Rows equal to the last of
  // those under `compare_ties` are kept as well, when it is not null. All three are the same in every call.
  void commit(abi::RowCompare compare, abi::RowCompare compare_ties, uint64_t limit) noexcept;
  // Takes over the rows of another top with the same arguments of commit.
  void absorb(const TopState& other, abi::RowCompare compare, abi::RowCompare compare_ties, uint64_t limit) noexcept;
  // A row that is behind this one need not be reserved; null while any row is kept.
  [[nodiscard]] const RowCell* worst() const { return has_worst_ ? &best_[limit_ - 1] : nullptr; }
  // Puts the rows in order; returns their number.
  uint64_t finish(abi::RowCompare compare) noexcept;
  [[nodiscard]] RowCell row(uint64_t position) const { return best_[position]; }
  [[nodiscard]] uint64_t candidates() const { return best_.size(); }  // for tests: bounded by twice what is kept

  // The top of one key, as generated code knows it; *slot belongs to the key and is null at first. Good for the next
  // row.
  [[nodiscard]] void* of_key(void** slot, uint32_t row_size) noexcept;

  // All that it keeps, for snapshots (runtime/state/top_snapshot.cpp); and back into one that nothing has come to.
  // False: that is not what save() wrote for such rows.
  void save(ByteWriter& out) noexcept;
  [[nodiscard]] bool load(ByteReader& in, const RowCheck& rows);
  // The same for the top of one key at its slot.
  static void save_key(void* top, ByteWriter& out) noexcept;
  [[nodiscard]] bool load_key(void** slot, ByteReader& in, const RowCheck& rows);
  [[nodiscard]] bool has_seen_rows() const { return compare_ != nullptr || is_settled_; }

 private:
  struct Saved;
  static constexpr uint64_t kMinCandidates = 8;
  [[nodiscard]] static uint64_t first_compaction(uint64_t kept);
  void replace_only(const RowCell& fresh) noexcept;
  void compact(abi::RowCompare compare) noexcept;
  void drop_behind(uint64_t kept) noexcept;

  RowStore rows_;
  std::vector<RowCell> best_;  // candidates; the worst of the first `limit` is at limit - 1 while has_worst_
  bool has_worst_ = false;
  abi::RowCompare compare_ = nullptr;
  abi::RowCompare ties_ = nullptr;
  bool has_ties_ = false;    // as ties_, which is not known any more in a top that was loaded
  bool is_settled_ = false;  // loaded, and no row has come since: nothing is kept that falls behind the last
  uint64_t limit_ = 0;
  uint64_t compact_at_ = 0;
  uint64_t* account_;
  TopState* owner_ = nullptr;  // of the top of a key
  // The tops of keys. With one row to keep they are kept as such, but for the first: it is with its first row that we
  // learn how many to keep.
  std::unique_ptr<std::deque<TopState>> keyed_;
  std::unique_ptr<OnlyRows> only_rows_;
};

}  // namespace sluice
