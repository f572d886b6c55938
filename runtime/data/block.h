// Block: owns a row block (abi::BlockHeader, rows, heap). Blocks are handed over by move; nobody shares one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>

#include "runtime/abi/layout.h"

namespace sluice {

// Sequences of blocks that a finish phase made: behind those of every input piece, in the order of the tasks.
inline constexpr uint64_t kFinishSequence = uint64_t{1} << 63;

// Event time has not begun, and is over.
inline constexpr int64_t kNoWatermark = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();

// What a block's rows and strings take, without the room that is left.
[[nodiscard]] inline uint64_t used_bytes(const abi::BlockHeader& header) {
  return uint64_t{header.row_count} * header.row_size + header.heap_bytes;
}

// Sequences of blocks with the rows of windows that end at `end`: behind those of input pieces, in the order of the
// ends as far as these lie within 500 years of 1970, before those of finish phases.
[[nodiscard]] constexpr uint64_t window_sequence(int64_t end) {
  constexpr int64_t kSpan = int64_t{1} << 54;
  const int64_t within = end < -kSpan ? -kSpan : end >= kSpan ? kSpan - 1 : end;
  return (uint64_t{1} << 62) + (static_cast<uint64_t>(within + kSpan) << 1);
}

// BlockHeader::flags: the producer sends no more rows of this block's sequence or a lower one. A block without rows
// only says that.
inline constexpr uint32_t kEndsSequence = 1;
// BlockHeader::flags: a barrier. What the producer sent in front of it belongs to the checkpoint whose number is in
// min_time, what comes behind it does not. It has no rows.
inline constexpr uint32_t kBarrier = 2;

class Block {
 public:
  Block() = default;
  // An empty block of `bytes` bytes in all for rows of `row_size` bytes.
  [[nodiscard]] static Block make(uint64_t bytes, uint32_t row_size);
  // A copy of a whole block that was found valid (see block_check.h).
  [[nodiscard]] static Block copy_of(const abi::BlockHeader& header);

  [[nodiscard]] explicit operator bool() const { return header_ != nullptr; }
  [[nodiscard]] abi::BlockHeader* header() { return header_.get(); }
  [[nodiscard]] const abi::BlockHeader* header() const { return header_.get(); }
  [[nodiscard]] char* rows() { return reinterpret_cast<char*>(header_.get() + 1); }
  [[nodiscard]] const char* rows() const { return reinterpret_cast<const char*>(header_.get() + 1); }
  [[nodiscard]] char* end() { return reinterpret_cast<char*>(header_.get()) + header_->byte_size; }
  [[nodiscard]] const char* end() const { return reinterpret_cast<const char*>(header_.get()) + header_->byte_size; }
  // Makes the block empty again, as make() returned it.
  void reset(uint32_t row_size);

 private:
  struct Free {
    void operator()(abi::BlockHeader* header) const noexcept { std::free(header); }
  };
  std::unique_ptr<abi::BlockHeader, Free> header_;
};

}  // namespace sluice
