// How tops are saved and loaded: the rows that are kept, and as much of how they were chosen as the next row needs.
#include <algorithm>
#include <cstring>

#include "runtime/checkpoint/bytes.h"
#include "runtime/data/top_state.h"

namespace sluice {

namespace {

enum Flags : uint8_t { kHasWorst = 1, kHasTies = 2 };

std::string_view view_of(const RowCell& cell) { return {cell.row, static_cast<size_t>(cell.end - cell.row)}; }

}  // namespace

// What stands in front of the rows.
struct TopState::Saved {
  uint64_t limit;
  uint8_t flags;
  uint64_t count;

  void write(ByteWriter& out) const {
    out.u64(limit);
    out.u8(flags);
    out.u64(count);
  }
  // A top of `limit` rows keeps more only when they are equal to the last, and knows the last when it has so many.
  [[nodiscard]] bool read(ByteReader& in) {
    limit = in.u64();
    flags = in.u8();
    count = in.u64();
    const bool is_full = count != 0 && count >= limit;
    const bool has_worst = (flags & kHasWorst) != 0;
    const bool may_be_more = (flags & kHasTies) != 0;
    return in.is_well() && flags <= (kHasWorst | kHasTies) && has_worst == is_full && count <= in.left() &&
           (limit != 0 || count == 0) && (count <= limit || may_be_more);
  }
};

void TopState::save(ByteWriter& out) noexcept {
  // Without what falls behind the last: rows that are equal to it can only be told with a function that is generated.
  if (!is_settled_ && compare_ != nullptr) compact(compare_);
  const auto flags = static_cast<uint8_t>((has_worst_ ? kHasWorst : 0) | (has_ties_ ? kHasTies : 0));
  Saved{limit_, flags, best_.size()}.write(out);
  for (const RowCell& cell : best_) out.text(view_of(cell));
}

bool TopState::load(ByteReader& in, const RowCheck& rows) {
  Saved saved{};
  if (!saved.read(in)) return false;
  limit_ = saved.limit;
  has_worst_ = (saved.flags & kHasWorst) != 0;
  has_ties_ = (saved.flags & kHasTies) != 0;
  is_settled_ = true;
  for (uint64_t i = 0; i < saved.count; ++i) {
    const std::string_view row = in.text();
    if (!in.is_well() || !rows.is_valid(row)) return false;
    const abi::RowWriter* writer = reserve(row.size() - rows_.row_size());
    std::memcpy(writer->row, row.data(), row.size());
    best_.push_back(rows_.latest());
  }
  if (limit_ != 0) compact_at_ = first_compaction(std::max<uint64_t>(limit_, best_.size()));
  return true;
}

void TopState::save_key(void* top, ByteWriter& out) noexcept {
  OnlyRow* only = only_row(top);
  if (only == nullptr) return static_cast<TopState*>(top)->save(out);
  Saved{1, kHasWorst, 1}.write(out);
  out.text(view_of(only->cell()));
}

bool TopState::load_key(void** slot, ByteReader& in, const RowCheck& rows) {
  ByteReader ahead = in;
  Saved saved{};
  if (!saved.read(ahead)) return false;
  if (saved.limit != 1 || saved.count != 1 || (saved.flags & kHasTies) != 0)
    return static_cast<TopState*>(of_key(slot, rows_.row_size()))->load(in, rows);
  in = ahead;
  const std::string_view row = in.text();
  if (!in.is_well() || !rows.is_valid(row)) return false;
  if (only_rows_ == nullptr) only_rows_ = std::make_unique<OnlyRows>(rows_.row_size(), account_);
  only_rows_->add(slot, row);
  return true;
}

}  // namespace sluice
