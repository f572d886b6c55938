// RingChannel: the channel between two tasks of one process.
#pragma once

#include <atomic>

#include "runtime/net/channel.h"
#include "runtime/net/spsc_ring.h"

namespace sluice {

class RingChannel final : public ChannelWriter, public ChannelReader {
 public:
  explicit RingChannel(size_t capacity) : blocks_(capacity), spares_(capacity) {}
  // Whom to wake; to be called before either side uses the channel.
  void connect(Wakeable& producer, Wakeable& consumer) {
    producer_ = &producer;
    consumer_ = &consumer;
  }

  bool try_push(Block& block) override;
  void close() override;
  void fail() override;
  bool is_failure_reached() const override { return is_failure_reached_.load(); }
  bool has_failed() const override { return has_failed_.load() && blocks_.is_empty(); }
  void reach_failure() override;
  bool is_cancelled() const override { return is_cancelled_.load(); }
  Block spare() override;
  bool try_pop(Block& block) override;
  bool is_ended() const override { return is_closed_.load() && blocks_.is_empty(); }
  void cancel() override;
  void give_back(Block block) override;

 private:
  SpscRing<Block> blocks_;
  SpscRing<Block> spares_;  // used blocks on their way back
  std::atomic<bool> is_closed_{false};
  std::atomic<bool> is_cancelled_{false};
  std::atomic<bool> has_failed_{false};
  std::atomic<bool> is_failure_reached_{false};
  std::atomic<bool> producer_waits_{false};
  Wakeable* producer_ = nullptr;
  Wakeable* consumer_ = nullptr;
};

}  // namespace sluice
