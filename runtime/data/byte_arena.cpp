#include "runtime/data/byte_arena.h"

#include <algorithm>
#include <utility>

#include "runtime/abi/layout.h"
#include "runtime/data/big_memory.h"

namespace sluice {

ByteArena::ByteArena(ByteArena&& other) noexcept
    : cursor_(std::exchange(other.cursor_, nullptr)),
      limit_(std::exchange(other.limit_, nullptr)),
      next_bytes_(other.next_bytes_),
      current_(std::exchange(other.current_, 0)),
      held_bytes_(std::exchange(other.held_bytes_, 0)),
      account_(other.account_),
      chunks_(std::exchange(other.chunks_, {})) {}

ByteArena& ByteArena::operator=(ByteArena&& other) noexcept {
  if (this == &other) return *this;
  free_chunks();
  cursor_ = std::exchange(other.cursor_, nullptr);
  limit_ = std::exchange(other.limit_, nullptr);
  next_bytes_ = other.next_bytes_;
  current_ = std::exchange(other.current_, 0);
  held_bytes_ = std::exchange(other.held_bytes_, 0);
  account_ = other.account_;
  chunks_ = std::exchange(other.chunks_, {});
  return *this;
}

void ByteArena::use(size_t chunk) noexcept {
  current_ = chunk;
  cursor_ = chunks_[chunk].memory;
  limit_ = cursor_ + chunks_[chunk].size - abi::kStringSlack;
}

char* ByteArena::allocate_slow(size_t size) noexcept {
  while (current_ + 1 < chunks_.size()) {  // after reset()
    use(current_ + 1);
    if (size + abi::kStringSlack <= chunks_[current_].size) return std::exchange(cursor_, cursor_ + size);
  }
  const size_t bytes = std::max(next_bytes_, size + abi::kStringSlack);
  next_bytes_ = std::min(kHugePageBytes, next_bytes_ * 2);
  chunks_.push_back({allocate_zeroed(bytes), bytes});
  held_bytes_ += bytes;
  *account_ += bytes;
  use(chunks_.size() - 1);
  return std::exchange(cursor_, cursor_ + size);
}

void ByteArena::reset() noexcept {
  if (!chunks_.empty()) use(0);
}

void ByteArena::free_chunks() noexcept {
  for (const auto& chunk : chunks_) free_zeroed(chunk.memory, chunk.size);
  chunks_.clear();
  *account_ -= held_bytes_;
  held_bytes_ = 0;
  cursor_ = limit_ = nullptr;
}

}  // namespace sluice
