#include "runtime/task/scratch.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sluice {

namespace {
constexpr size_t kFirstBytes = size_t{16} << 10;
constexpr size_t kKeptBytes = size_t{1} << 20;
}  // namespace

Scratch::Scratch(abi::TaskContext& context) : context_(&context) { use_chunk(kFirstBytes); }

void Scratch::use_chunk(size_t size) noexcept {
  chunk_.reset(new char[size]);
  chunk_size_ = size;
  context_->scratch = context_->scratch_begin = chunk_.get();
  context_->scratch_end = chunk_.get() + size;
}

char* Scratch::allocate(size_t size) noexcept {
  auto begin = (reinterpret_cast<uintptr_t>(context_->scratch) + 7) & ~uintptr_t{7};
  if (begin + size > reinterpret_cast<uintptr_t>(context_->scratch_end)) {
    outgrown_.push_back(std::move(chunk_));
    use_chunk(std::max(2 * chunk_size_, size + 8));
    begin = reinterpret_cast<uintptr_t>(context_->scratch);  // new[] aligns to 16
  }
  context_->scratch = reinterpret_cast<char*>(begin + size);
  return reinterpret_cast<char*>(begin);
}

void Scratch::end_unit() noexcept {
  outgrown_.clear();
  if (chunk_size_ > kKeptBytes) {
    use_chunk(kFirstBytes);
  } else {
    context_->scratch = context_->scratch_begin;
  }
}

}  // namespace sluice
