#include "runtime/state/session_tops.h"

#include "runtime/abi/runtime_functions.h"

namespace sluice {

TopState& SessionTops::of(TopState** slot) noexcept {
  if (*slot == nullptr && free_.empty()) {
    *slot = &tops_.emplace_back(row_size_, account_);
  } else if (*slot == nullptr) {
    *slot = free_.back();
    free_.pop_back();
  }
  return **slot;
}

void SessionTops::release(TopState** slot) noexcept {
  if (*slot == nullptr) return;
  **slot = TopState(row_size_, account_);
  free_.push_back(*slot);
  *slot = nullptr;
}

}  // namespace sluice

namespace sluice::abi {

namespace {
SessionTops& tops_of(Ptr tops) { return *static_cast<SessionTops*>(tops); }
TopState** slot_of(Ptr slot) { return static_cast<TopState**>(slot); }
}  // namespace

extern "C" {

Ptr rt_session_top(Ptr tops, Ptr slot) noexcept { return &tops_of(tops).of(slot_of(slot)); }

void rt_session_top_absorb(Ptr tops, Ptr slot, Ptr from, Ptr compare, Ptr compare_ties, I64 limit) noexcept {
  if (*slot_of(from) == nullptr) return;
  tops_of(tops)
      .of(slot_of(slot))
      .absorb(**slot_of(from), reinterpret_cast<RowCompare>(compare), reinterpret_cast<RowCompare>(compare_ties),
              static_cast<uint64_t>(limit));
  tops_of(tops).release(slot_of(from));
}

void rt_session_top_release(Ptr tops, Ptr slot) noexcept { tops_of(tops).release(slot_of(slot)); }

}  // extern "C"

}  // namespace sluice::abi
