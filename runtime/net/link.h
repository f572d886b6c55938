// Link: the way between this process and one other. Numbered frames arrive exactly once and in order, also when the
// connection is lost and another one takes its place. A link that stays without one for too long is ended on both
// sides, and another link takes its place.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "lang/support/result.h"
#include "runtime/net/connection.h"
#include "runtime/net/link_state.h"
#include "runtime/net/wire.pb.h"

namespace sluice {

class Link {
 public:
  using Clock = std::chrono::steady_clock;

  // Frames go to `on_frame` one at a time, from threads of the network.
  explicit Link(std::function<void(Frame)> on_frame);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Numbers the frame and sends it, now or over the next connection; a link that has ended drops it. Any thread.
  void post(Frame frame);

  // Which end this is, whom it has talked to, and up to which frame what it sent has come: to be said when a connection
  // is made.
  void introduce(wire::Hello& hello);
  // What the peer said of itself in that way.
  [[nodiscard]] LinkState::Meeting meet(const wire::Hello& hello);
  // Takes a connection whose peer has got every frame up to `peer_has`; the one before, if any, is gone. `on_lost` is
  // called when it is lost, from a thread of the network.
  Status attach(std::unique_ptr<Connection> connection, uint64_t peer_has, std::function<void(const Error&)> on_lost);

  // Says something, so that the peer knows that we are there.
  void keep_alive();

  // Since when there has been no connection; nothing while there is one.
  [[nodiscard]] std::optional<Clock::time_point> lost_since();
  // Nothing will be sent or received any more.
  void end();
  // The connection as it is now breaks: for tests.
  void interrupt();

 private:
  void acknowledge();
  void receive(Frame frame);
  void lose(const Error& error, const std::function<void(const Error&)>& on_lost);

  std::function<void(Frame)> on_frame_;
  std::mutex mutex_;
  LinkState state_;
  std::unique_ptr<Connection> connection_;  // a lost one stays until the next takes its place
  std::optional<Clock::time_point> lost_since_ = Clock::now();
  bool is_ended_ = false;
};

}  // namespace sluice
