#include "runtime/state/join_expiry.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lang/support/saturating.h"

namespace sluice {

namespace {

constexpr uint32_t kChains = 2 * sizeof(abi::JoinCell*);  // at the end of an entry
constexpr uint64_t kPrefetchDistance = 16;                // slots

struct Chains {
  abi::JoinCell* left;
  abi::JoinCell* right;
};
static_assert(sizeof(Chains) == kChains);

bool is_needed(const abi::JoinCell* first, int64_t watermark) {
  for (; first != nullptr; first = first->next)
    if (first->until >= watermark) return true;
  return false;
}

}  // namespace

JoinExpiry::JoinExpiry(GroupTable& table, HashRange range, std::vector<uint32_t> text_keys, uint64_t* account,
                       int64_t lag)
    : table_(&table), range_(range), text_keys_(std::move(text_keys)), account_(account), lag_(lag) {}

void JoinExpiry::advance(int64_t watermark) noexcept {
  if (table_->entry_bytes() >= sweep_at_) sweep(saturating_add(watermark, -lag_));
}

void JoinExpiry::sweep(int64_t watermark) noexcept {
  next_ = std::make_unique<GroupTable>(table_->entry_size(), range_, account_);
  for (uint64_t i = 0; i < table_->slot_count; ++i) {
    const uint64_t ahead = i + kPrefetchDistance;
    if (ahead < table_->slot_count && table_->slots[ahead] != 0)
      __builtin_prefetch(GroupTable::entry_of(table_->slots[ahead]));
    if (table_->slots[i] != 0) move_entry(GroupTable::entry_of(table_->slots[i]), watermark);
  }
  table_->swap(*next_);
  next_.reset();
  sweep_at_ = std::max(kFirstSweep, table_->entry_bytes() * 2);
}

void JoinExpiry::move_entry(const char* entry, int64_t watermark) noexcept {
  const uint32_t size = table_->entry_size();
  Chains chains;
  std::memcpy(&chains, entry + size - kChains, kChains);
  if (!is_needed(chains.left, watermark) && !is_needed(chains.right, watermark)) return;
  uint64_t hash;
  std::memcpy(&hash, entry, sizeof hash);
  char* moved = next_->insert(hash);
  std::memcpy(moved, entry, size - kChains);
  for (const uint32_t offset : text_keys_) {
    uint64_t bytes;
    std::memcpy(&bytes, entry + offset, sizeof bytes);
    if (bytes <= kShortTextBytes) continue;
    const char* text;
    std::memcpy(&text, entry + offset + 16, sizeof text);
    text = next_->copy({text, bytes});
    std::memcpy(moved + offset + 16, &text, sizeof text);
  }
  chains = {move_chain(chains.left, watermark), move_chain(chains.right, watermark)};
  std::memcpy(moved + size - kChains, &chains, kChains);
}

// The rows that are still needed, in their order.
abi::JoinCell* JoinExpiry::move_chain(const abi::JoinCell* first, int64_t watermark) noexcept {
  abi::JoinCell* moved = nullptr;
  abi::JoinCell** end = &moved;
  for (; first != nullptr; first = first->next) {
    if (first->until < watermark) continue;
    const uint64_t bytes = sizeof(abi::JoinCell) + first->size;
    *end = reinterpret_cast<abi::JoinCell*>(next_->room(bytes));
    std::memcpy(*end, first, bytes);
    end = &(*end)->next;
  }
  *end = nullptr;
  return moved;
}

}  // namespace sluice
