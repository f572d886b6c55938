// Scratch: the memory behind TaskContext::scratch, for values of the current row. Generated code goes back to
// scratch_begin with every row, so a chunk that turned out too small is replaced by a larger one for all rows to come.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/abi/layout.h"

namespace sluice {

class Scratch {
 public:
  // The context's scratch fields are kept up to date from now on.
  explicit Scratch(abi::TaskContext& context);

  // `size` bytes, 8-byte aligned, valid until the row is done: what abi::scratch_alloc gives when they do not fit into
  // the chunk.
  [[nodiscard]] char* grow(size_t size) noexcept;
  // The unit is done: gives back what only a huge row needed.
  void end_unit() noexcept;

 private:
  void use_chunk(size_t size) noexcept;

  abi::TaskContext* context_;
  std::unique_ptr<char[]> chunk_;
  size_t chunk_size_ = 0;
  std::vector<std::unique_ptr<char[]>> outgrown_;  // the current row may still point into these
};

}  // namespace sluice
