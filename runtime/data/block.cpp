#include "runtime/data/block.h"

#include <cstring>
#include <limits>

#include "lang/support/invariant.h"

namespace sluice {

namespace {
abi::BlockHeader* allocate(uint64_t bytes) {
  auto* memory = static_cast<abi::BlockHeader*>(std::malloc(bytes + abi::kStringSlack));
  SLUICE_INVARIANT(memory != nullptr, "out of memory for a row block");
  return memory;
}
}  // namespace

Block Block::make(uint64_t bytes, uint32_t row_size) {
  SLUICE_INVARIANT(bytes >= sizeof(abi::BlockHeader), "a block without room for its header");
  Block block;
  block.header_.reset(allocate(bytes));
  block.header_->byte_size = bytes;
  block.reset(row_size);
  return block;
}

Block Block::copy_of(const abi::BlockHeader& header) {
  Block block;
  block.header_.reset(allocate(header.byte_size));
  std::memcpy(static_cast<void*>(block.header_.get()), &header, header.byte_size);
  return block;
}

void Block::reset(uint32_t row_size) {
  *header_ = abi::BlockHeader{.magic = abi::kBlockMagic,
                              .row_size = row_size,
                              .row_count = 0,
                              .flags = 0,
                              .byte_size = header_->byte_size,
                              .sequence = 0,
                              .min_time = std::numeric_limits<int64_t>::max(),
                              .max_time = std::numeric_limits<int64_t>::min(),
                              .watermark = std::numeric_limits<int64_t>::min(),
                              .heap_bytes = 0};
}

}  // namespace sluice
