// StringList: builds the [string] result of a kernel in the scratch arena.
#pragma once

#include <algorithm>
#include <cstring>

#include "runtime/abi/kernel_abi.h"

namespace sluice::abi {

class StringList {
 public:
  StringList(TaskContext* context, uint64_t expected) : context_(context) { grow(std::max<uint64_t>(expected, 4)); }

  // Makes room for `count` more, so that as many add_unchecked follow safely.
  void reserve(uint64_t count) {
    if (capacity_ - size_ < count) grow(std::max(2 * capacity_, size_ + count));
  }
  void add_unchecked(const char* data, uint64_t size) { items_[size_++] = {data, size}; }
  void add(const char* data, uint64_t size) {
    reserve(1);
    add_unchecked(data, size);
  }
  [[nodiscard]] ListRef list() const { return {items_, size_}; }

 private:
  void grow(uint64_t capacity) {
    auto* grown = reinterpret_cast<StringRef*>(scratch_alloc(context_, capacity * sizeof(StringRef)));
    if (size_ != 0) std::memcpy(grown, items_, size_ * sizeof(StringRef));
    items_ = grown;
    capacity_ = capacity;
  }

  TaskContext* context_;
  StringRef* items_ = nullptr;
  uint64_t size_ = 0;
  uint64_t capacity_ = 0;
};

}  // namespace sluice::abi
