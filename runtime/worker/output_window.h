// OutputWindow: how many bytes that the `print` sinks of a worker wrote may be on their way to its coordinator. A sink
// waits for room; what it took is given back when the frame with its rows is gone, whether it was sent or not.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>

namespace sluice {

class OutputWindow : public std::enable_shared_from_this<OutputWindow> {
 public:
  static constexpr uint64_t kMostBytes = 32 << 20;

  // Gives itself back.
  class Room {
   public:
    Room(std::shared_ptr<OutputWindow> window, uint64_t bytes) : window_(std::move(window)), bytes_(bytes) {}
    ~Room() { window_->give_back(bytes_); }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

   private:
    std::shared_ptr<OutputWindow> window_;
    uint64_t bytes_;
  };

  explicit OutputWindow(uint64_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  // Any thread. Waits until there is room; for more than there ever is, until nothing else is on its way. Nothing:
  // `stop` came first.
  [[nodiscard]] std::shared_ptr<const Room> take(uint64_t bytes, const std::stop_token& stop);
  [[nodiscard]] uint64_t taken();

 private:
  void give_back(uint64_t bytes);

  const uint64_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable_any has_room_;
  uint64_t taken_ = 0;
};

}  // namespace sluice
