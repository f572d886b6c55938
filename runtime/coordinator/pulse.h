// Pulse: signs of life of the coordinator for its workers, from a thread of its own: a disk that makes the coordinator
// wait must not make it look dead. One that waits for half a minute does.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "runtime/net/connection.h"
#include "runtime/net/event_loop.h"

namespace sluice {

class Pulse {
 public:
  void start();
  // Behind it nothing is said any more.
  void stop() { loop_.stop(); }
  // The connection must live until it is removed.
  void add(uint32_t worker, Connection& connection);
  void remove(uint32_t worker);
  // The coordinator does something: to be called again and again.
  void note_work();

 private:
  void beat();

  std::atomic<EventLoop::Clock::time_point> last_work_ = EventLoop::Clock::now();
  std::mutex mutex_;
  std::map<uint32_t, Connection*> connections_;
  EventLoop loop_;
};

}  // namespace sluice
