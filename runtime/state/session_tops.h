// SessionTops: the tops of the open sessions of a keyed top. A session's state is the address of its top.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "runtime/data/top_state.h"

namespace sluice {

class SessionTops {
 public:
  // Of rows of `row_size` bytes. Memory is added to *account.
  SessionTops(uint32_t row_size, uint64_t* account) : row_size_(row_size), account_(account) {}

  // The top of a session whose state is *slot, null at first.
  [[nodiscard]] TopState& of(TopState** slot) noexcept;
  // Gives its memory back.
  void release(TopState** slot) noexcept;

 private:
  uint32_t row_size_;
  uint64_t* account_;
  std::deque<TopState> tops_;  // which stay where they are
  std::vector<TopState*> free_;
};

}  // namespace sluice
