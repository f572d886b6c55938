#include "runtime/data/only_rows.h"

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

constexpr size_t kFirstBytes = 1024;
constexpr uint64_t kClassBytes = 16;  // room comes in multiples of this

}  // namespace

OnlyRows::OnlyRows(uint32_t row_size, uint64_t* account)
    : scratch_(row_size, kFirstBytes, account), tops_(kFirstBytes, account) {}

void OnlyRows::commit(OnlyRow& top, abi::RowCompare compare) noexcept {
  const RowCell row = scratch_.latest();
  const RowCell kept = top.cell();
  if (top.is_empty() || compare(row.row, row.end, kept.row, kept.end) < 0) {
    const auto size = static_cast<uint64_t>(row.end - row.row);
    OnlyRow& place = size <= top.capacity ? top : with_room(top, size);
    place.size = static_cast<uint32_t>(size);
    std::memcpy(place.cell().row, row.row, size);
    if (&place != &top) *place.slot = marked(place);
  }
  scratch_.drop_latest();
}

void OnlyRows::add(void** slot, std::string_view row) noexcept {
  OnlyRow& place = with_room(fresh(slot), row.size());
  place.size = static_cast<uint32_t>(row.size());
  std::memcpy(place.cell().row, row.data(), row.size());
  *slot = marked(place);
}

OnlyRow& OnlyRows::with_room(OnlyRow& top, uint64_t size) noexcept {
  size = std::max<uint64_t>(size, top.capacity + top.capacity / 4);  // not many moves, whatever the rows are like
  const auto size_class = static_cast<size_t>((size + kClassBytes - 1) / kClassBytes);
  if (size_class >= unused_.size()) unused_.resize(size_class + 1);
  char* memory = unused_[size_class];
  if (memory == nullptr) {
    memory = tops_.allocate(sizeof(OnlyRow) + size_class * kClassBytes, alignof(OnlyRow));
  } else {
    std::memcpy(&unused_[size_class], memory, sizeof(char*));
  }
  auto* place = new (memory) OnlyRow{this, top.slot, 0, static_cast<uint32_t>(size_class * kClassBytes)};
  if (top.capacity != 0) {
    char*& first = unused_[top.capacity / kClassBytes];
    auto* left = reinterpret_cast<char*>(&top);
    std::memcpy(left, &first, sizeof first);
    first = left;
  }
  return *place;
}

}  // namespace sluice
