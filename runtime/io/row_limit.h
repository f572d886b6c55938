// RowLimit: how many more rows the sinks of a job may take together. Whoever takes the last one says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace sluice {

class RowLimit {
 public:
  // `on_reached` is called once, by the thread that takes the last row.
  RowLimit(uint64_t rows, std::function<void()> on_reached) : left_(rows), on_reached_(std::move(on_reached)) {}
  RowLimit(const RowLimit&) = delete;
  RowLimit& operator=(const RowLimit&) = delete;

  // A row is complete: may it stay? Any thread.
  [[nodiscard]] bool take() noexcept {
    uint64_t left = left_.load(std::memory_order_relaxed);
    while (left != 0 && !left_.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 1) on_reached_();
    return left != 0;
  }

 private:
  std::atomic<uint64_t> left_;
  std::function<void()> on_reached_;
};

}  // namespace sluice
