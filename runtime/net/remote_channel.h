// The ends of a channel between tasks of two processes. Blocks travel over the link between these; the reader grants
// room by bytes as it takes blocks, so that a slow reader stops its writer and nobody else.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "lang/types/type.h"
#include "runtime/net/channel.h"
#include "runtime/net/link.h"

namespace sluice {

// Of a channel, the same in both processes.
struct ChannelAddress {
  uint32_t deployment = 0;
  uint32_t channel = 0;
  auto operator<=>(const ChannelAddress&) const = default;
};

// Frames of channels that left a process and that came, since the beginning. A frame is counted before it leaves, and
// when all that it does here is done: while one is on its way somewhere, more are sent than received.
struct FrameCounts {
  uint64_t sent = 0;
  uint64_t received = 0;
  bool operator==(const FrameCounts&) const = default;
};

// Who gets the frames of a channel that arrive; from threads of the network, one at a time.
class FrameReceiver {
 public:
  virtual ~FrameReceiver() = default;
  virtual void receive(Frame frame) = 0;
};

// What both ends of a channel have: the way to the other one.
class RemoteEnd {
 public:
  // Any thread.
  [[nodiscard]] FrameCounts frames() const { return {sent_frames_.load(), received_frames_.load()}; }

 protected:
  RemoteEnd(Link& link, ChannelAddress address) : link_(link), address_(address) {}
  ~RemoteEnd() = default;
  void post(Frame frame);
  void post(FrameKind kind, uint64_t value = 0);
  void count_received() { received_frames_.fetch_add(1); }
  [[nodiscard]] const ChannelAddress& address() const { return address_; }

 private:
  Link& link_;
  ChannelAddress address_;
  std::atomic<uint64_t> sent_frames_{0};
  std::atomic<uint64_t> received_frames_{0};
};

class RemoteWriter final : public ChannelWriter, public FrameReceiver, public RemoteEnd {
 public:
  // At most `window` bytes of blocks, or one block, are on their way or wait to be taken. A block of more than
  // `most_frame_bytes`, which has a single row, goes in parts.
  RemoteWriter(Link& link, ChannelAddress address, uint64_t window, uint32_t most_frame_bytes = kMostBodyBytes)
      : RemoteEnd(link, address), window_(window), most_frame_bytes_(most_frame_bytes) {}
  // Whom to wake; to be called before frames arrive.
  void connect(Wakeable& producer) { producer_ = &producer; }

  bool try_push(Block& block) override;
  void close() override;
  void fail() override;
  bool is_failure_reached() const override { return is_failure_reached_.load(); }
  bool is_cancelled() const override { return is_cancelled_.load(); }
  Block spare() override { return {}; }  // a block stays here until the peer has it
  void receive(Frame frame) override;

 private:
  [[nodiscard]] bool has_room(uint64_t bytes) const;
  void post_parts(const Frame& whole, uint64_t bytes);
  void take(const Frame& frame);

  uint64_t window_;
  uint32_t most_frame_bytes_;
  Wakeable* producer_ = nullptr;
  uint64_t sent_ = 0;               // bytes in all; the producer's
  std::atomic<uint64_t> taken_{0};  // of these the consumer took so many
  bool has_failed_ = false;
  std::atomic<bool> is_cancelled_{false};
  std::atomic<bool> is_failure_reached_{false};
  std::atomic<bool> waits_{false};
};

class RemoteReader final : public ChannelReader, public FrameReceiver, public RemoteEnd {
 public:
  // `on_bad_block`: a block came that is not of `schema`.
  RemoteReader(Link& link, ChannelAddress address, uint64_t window, const Schema& schema,
               std::function<void(Error)> on_bad_block)
      : RemoteEnd(link, address), window_(window), schema_(schema), on_bad_block_(std::move(on_bad_block)) {}
  void connect(Wakeable& consumer) { consumer_ = &consumer; }

  bool try_pop(Block& block) override;
  bool is_ended() const override;
  bool has_failed() const override;
  void reach_failure() override;
  void cancel() override;
  void give_back(Block block) override { block = Block(); }
  void receive(Frame frame) override;

 private:
  void take(Frame frame);
  [[nodiscard]] bool take_part(const Frame& frame);

  uint64_t window_;
  const Schema& schema_;
  std::function<void(Error)> on_bad_block_;
  Wakeable* consumer_ = nullptr;
  uint64_t taken_ = 0;  // bytes in all
  uint64_t told_ = 0;   // of these the writer knows
  bool is_failure_told_ = false;
  Block whole_;                 // whose parts are coming; the network's
  uint64_t missing_bytes_ = 0;  // of it

  mutable std::mutex mutex_;
  std::deque<Block> blocks_;
  bool is_closed_ = false;
  bool has_failed_ = false;
  bool is_cancelled_ = false;
};

}  // namespace sluice
