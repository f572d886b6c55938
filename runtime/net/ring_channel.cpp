#include "runtime/net/ring_channel.h"

#include <utility>

namespace sluice {

bool RingChannel::try_push(Block& block) {
  if (is_cancelled()) {
    block = Block();
    return true;
  }
  if (!blocks_.try_push(block)) {
    // Say that we wait, then look again: a consumer that made room in between may not have seen the flag.
    producer_waits_.store(true);
    if (!blocks_.try_push(block)) return false;
    producer_waits_.store(false);
  }
  consumer_->wake();
  return true;
}

void RingChannel::close() {
  is_closed_.store(true);
  consumer_->wake();
}

void RingChannel::fail() {
  if (!has_failed_.exchange(true)) consumer_->wake();
}

void RingChannel::reach_failure() {
  if (!is_failure_reached_.exchange(true)) producer_->wake();
}

Block RingChannel::spare() {
  Block block;
  if (!spares_.try_pop(block)) return {};
  return block;
}

bool RingChannel::try_pop(Block& block) {
  if (!blocks_.try_pop(block)) return false;
  if (producer_waits_.load() && producer_waits_.exchange(false)) producer_->wake();
  return true;
}

void RingChannel::cancel() {
  is_cancelled_.store(true);
  producer_->wake();
}

void RingChannel::give_back(Block block) {
  if (!spares_.try_push(block)) block = Block();
}

}  // namespace sluice
