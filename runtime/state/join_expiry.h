// JoinExpiry: forgets the rows that a join has no use for any more (abi::JoinCell::until). Every time the table has
// doubled, what is still needed moves to a new one and the rest is given back as a whole. So a row is copied about
// once, a probe never looks at what is old, and the memory is at most some times what the rows within the bounds take.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "runtime/state/entry_layout.h"
#include "runtime/state/group_table.h"

namespace sluice {

class JoinExpiry {
 public:
  // `table` has the range; its entries end with the chains of both sides. `text_keys`: where texts stand in an entry.
  // Rows may come up to `lag` behind the watermark.
  JoinExpiry(GroupTable& table, HashRange range, std::vector<uint32_t> text_keys, uint64_t* account, int64_t lag = 0);

  // Nobody may hold an address in the table.
  void advance(int64_t watermark) noexcept;

 private:
  static constexpr uint64_t kFirstSweep = uint64_t{1} << 20;

  void sweep(int64_t watermark) noexcept;
  void move_entry(const char* entry, int64_t watermark) noexcept;
  [[nodiscard]] abi::JoinCell* move_chain(const abi::JoinCell* first, int64_t watermark) noexcept;

  GroupTable* table_;
  HashRange range_;
  std::vector<uint32_t> text_keys_;
  uint64_t* account_;
  int64_t lag_;
  std::unique_ptr<GroupTable> next_;  // while sweeping
  uint64_t sweep_at_ = kFirstSweep;   // bytes
};

}  // namespace sluice
