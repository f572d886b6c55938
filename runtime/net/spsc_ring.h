// SpscRing: a bounded queue between one producing and one consuming thread at a time. Neither side ever waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice {

inline constexpr size_t kCacheLine = 64;

template <class T>
class SpscRing {
 public:
  explicit SpscRing(size_t capacity) : slots_(capacity) {}

  // Producer. False when full: `value` stays as it was.
  [[nodiscard]] bool try_push(T& value) {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load() == slots_.size()) return false;
    slots_[tail % slots_.size()] = std::move(value);
    tail_.store(tail + 1);
    return true;
  }
  // Consumer. False when empty.
  [[nodiscard]] bool try_pop(T& value) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load()) return false;
    value = std::move(slots_[head % slots_.size()]);
    head_.store(head + 1);
    return true;
  }
  [[nodiscard]] bool is_empty() const { return head_.load() == tail_.load(); }

 private:
  // Sequentially consistent, because both sides pair them with the other's "I wait" flag. Once per block, it is cheap.
  alignas(kCacheLine) std::atomic<uint64_t> head_{0};
  alignas(kCacheLine) std::atomic<uint64_t> tail_{0};
  alignas(kCacheLine) std::vector<T> slots_;
};

}  // namespace sluice
