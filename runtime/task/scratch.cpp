#include "runtime/task/scratch.h"

#include <algorithm>
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
  context_->scratch_end = chunk_.get() + size - abi::kStringSlack;
}

char* Scratch::grow(size_t size) noexcept {
  outgrown_.push_back(std::move(chunk_));
  use_chunk(std::max(2 * chunk_size_, size + abi::kStringSlack));
  return std::exchange(context_->scratch, context_->scratch + size);  // new[] aligns to 16
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
