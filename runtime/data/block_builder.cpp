#include "runtime/data/block_builder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lang/support/invariant.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

BlockBuilder::BlockBuilder(BlockReceiver& receiver, uint32_t row_bytes, uint64_t block_bytes)
    : RowWriter{nullptr, nullptr, nullptr, row_bytes}, receiver_(&receiver), block_bytes_(block_bytes) {}

void BlockBuilder::make_room(uint64_t heap_bytes) {
  const uint64_t needed = row_size + heap_bytes;
  if (block_ && static_cast<uint64_t>(heap - row) >= needed) return;
  flush();
  begin_block(needed);
}

void BlockBuilder::begin_block(uint64_t needed) {
  SLUICE_INVARIANT(needed < std::numeric_limits<uint32_t>::max(), "a row of more than 4 GiB");
  const uint64_t bytes = std::max(block_bytes_, sizeof(abi::BlockHeader) + needed);
  if (!block_) block_ = receiver_->spare();
  if (!block_ || block_.header()->byte_size < bytes) {
    block_ = Block::make(bytes, row_bytes());
  } else {
    block_.reset(row_bytes());
  }
  first_row_ = row = block_.rows();
  heap = end = block_.end();
}

void BlockBuilder::flush() {
  if (!has_rows()) return;
  block_.header()->row_count = static_cast<uint32_t>(static_cast<uint64_t>(row - first_row_) / row_size);
  block_.header()->heap_bytes = static_cast<uint64_t>(end - heap);
  first_row_ = row = heap = end = nullptr;
  receiver_->take(std::exchange(block_, Block()));
}

}  // namespace sluice

extern "C" void sluice::abi::rt_writer_reserve(Ptr, Ptr writer, I64 heap) noexcept {
  static_cast<BlockBuilder*>(static_cast<RowWriter*>(writer))->make_room(static_cast<uint64_t>(heap));
}
