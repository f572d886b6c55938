// BlockBuilder: what generated code sees as an abi::RowWriter: rows are written into a block, and a full block goes to
// the receiver.
#pragma once

#include "runtime/abi/layout.h"
#include "runtime/data/block.h"

namespace sluice {

class BlockReceiver {
 public:
  virtual ~BlockReceiver() = default;
  virtual void take(Block block) = 0;
  // A used block of the receiver's usual size, or none.
  virtual Block spare() { return {}; }
};

class BlockBuilder : public abi::RowWriter {
 public:
  // A block has `block_bytes` bytes, or as many as its first row needs when that is more.
  BlockBuilder(BlockReceiver& receiver, uint32_t row_size, uint64_t block_bytes);
  BlockBuilder(const BlockBuilder&) = delete;
  BlockBuilder& operator=(const BlockBuilder&) = delete;

  // Room for a row with `heap_bytes` bytes of strings; hands the block on first when they do not fit any more.
  void make_room(uint64_t heap_bytes);
  // Hands on what there is, if anything.
  void flush();
  [[nodiscard]] bool has_rows() const { return row != first_row_; }
  [[nodiscard]] uint32_t row_bytes() const { return static_cast<uint32_t>(row_size); }

 private:
  void begin_block(uint64_t needed);

  BlockReceiver* receiver_;
  uint64_t block_bytes_;
  Block block_;
  char* first_row_ = nullptr;
};

}  // namespace sluice
