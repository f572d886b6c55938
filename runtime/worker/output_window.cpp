#include "runtime/worker/output_window.h"

namespace sluice {

std::shared_ptr<const OutputWindow::Room> OutputWindow::take(uint64_t bytes, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!has_room_.wait(lock, stop, [&] { return taken_ == 0 || taken_ + bytes <= most_bytes_; })) return nullptr;
  taken_ += bytes;
  return std::make_shared<Room>(shared_from_this(), bytes);
}

uint64_t OutputWindow::taken() {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void OutputWindow::give_back(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  taken_ -= bytes;
  has_room_.notify_all();
}

}  // namespace sluice
