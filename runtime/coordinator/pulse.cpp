#include "runtime/coordinator/pulse.h"

#include <chrono>

#include "runtime/control/wire_codec.h"

namespace sluice {

namespace {
constexpr std::chrono::milliseconds kBeat(250);
constexpr std::chrono::seconds kMostPatience(30);
}  // namespace

void Pulse::start() {
  loop_.start();
  loop_.post([this] { beat(); });
}

void Pulse::add(uint32_t worker, Connection& connection) {
  const std::lock_guard lock(mutex_);
  connections_[worker] = &connection;
}

void Pulse::remove(uint32_t worker) {
  const std::lock_guard lock(mutex_);
  connections_.erase(worker);
}

void Pulse::note_work() { last_work_.store(EventLoop::Clock::now()); }

void Pulse::beat() {
  if (EventLoop::Clock::now() - last_work_.load() < kMostPatience) {
    wire::Command message;
    message.mutable_heartbeat();
    const auto frame = wire::control_frame(message);
    const std::lock_guard lock(mutex_);
    for (const auto& [worker, connection] : connections_) connection->send(frame);
  }
  loop_.post_at(EventLoop::Clock::now() + kBeat, [this] { beat(); });
}

}  // namespace sluice
