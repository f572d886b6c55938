#include "runtime/net/link.h"

#include <random>
#include <utility>

namespace sluice {

namespace {
uint64_t random_id() {
  std::random_device random;
  return uint64_t{random()} << 32 | random() | 1;  // 0 means none
}
}  // namespace

Link::Link(std::function<void(Frame)> on_frame) : on_frame_(std::move(on_frame)), state_(random_id()) {}

Link::~Link() { end(); }

void Link::post(Frame frame) {
  seal_body(frame);  // without the mutex: blocks are large, and many tasks post
  const std::lock_guard lock(mutex_);
  if (is_ended_) return;
  auto numbered = state_.number(std::move(frame));
  if (connection_ && !lost_since_) connection_->send(std::move(numbered));
}

void Link::introduce(wire::Hello& hello) {
  const std::lock_guard lock(mutex_);
  hello.set_link(state_.id());
  hello.set_joined_with(state_.joined_with());
  hello.set_last_received(state_.last_received());
}

LinkState::Meeting Link::meet(const wire::Hello& hello) {
  const std::lock_guard lock(mutex_);
  return state_.meet(hello.link(), hello.joined_with());
}

Status Link::attach(std::unique_ptr<Connection> connection, uint64_t peer_has,
                    std::function<void(const Error&)> on_lost) {
  std::unique_ptr<Connection> before;
  {
    const std::lock_guard lock(mutex_);
    if (is_ended_) return external_error("the link has ended");
    before = std::move(connection_);
    lost_since_ = Clock::now();
  }
  before.reset();  // without the mutex, which its last callback may want
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto missing, state_.resume(peer_has));
  connection_ = std::move(connection);
  lost_since_.reset();
  for (const auto& frame : missing) connection_->send(frame);
  connection_->start(
      [this](Frame frame) {
        receive(std::move(frame));
        return true;
      },
      [this, on_lost = std::move(on_lost)](const Error& error) { lose(error, on_lost); });
  return {};
}

// With the mutex.
void Link::acknowledge() {
  Frame frame = make_frame(FrameKind::Acknowledge);
  frame.header.acknowledged = state_.last_received();
  seal_header(frame.header);
  state_.acknowledged();
  connection_->send(std::make_shared<const Frame>(std::move(frame)));
}

void Link::keep_alive() {
  const std::lock_guard lock(mutex_);
  if (connection_ && !lost_since_) acknowledge();
}

// Behind what makes the link fail the next connection begins anew: with the frames that did not arrive.
void Link::receive(Frame frame) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ended_ || !connection_) return;  // a connection on its way out: what it brings will be sent again
    const auto arrival = state_.arrive(frame.header);
    if (!arrival) return connection_->close();
    if (state_.owes_acknowledgement()) acknowledge();
    if (*arrival == LinkState::Arrival::Drop || frame.header.sequence == 0) return;
  }
  on_frame_(std::move(frame));
}

void Link::lose(const Error& error, const std::function<void(const Error&)>& on_lost) {
  {
    const std::lock_guard lock(mutex_);
    if (!lost_since_) lost_since_ = Clock::now();
    if (is_ended_) return;
  }
  on_lost(error);
}

std::optional<Link::Clock::time_point> Link::lost_since() {
  const std::lock_guard lock(mutex_);
  return lost_since_;
}

void Link::end() {
  std::unique_ptr<Connection> last;
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
    last = std::move(connection_);
    state_ = LinkState(0);  // lets go of what was never acknowledged
  }
}

void Link::interrupt() {
  const std::lock_guard lock(mutex_);
  if (connection_) connection_->close();
}

}  // namespace sluice
