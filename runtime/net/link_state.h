// LinkState: what makes numbered frames between two processes arrive exactly once and in order, although connections
// may be lost: frames are kept until the peer has acknowledged them, and sent again over the next connection. Pure: the
// link around it does the talking.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "lang/support/result.h"
#include "runtime/net/frame.h"

namespace sluice {

class LinkState {
 public:
  // `id`: tells this end of a link from all others, also from those that were between the same processes before it.
  explicit LinkState(uint64_t id) : id_(id) {}

  // A peer is at the other end of a new connection: its end of the link, and the end that it has talked to so far (0:
  // none). Join: they belong together, now or already before. TheyAreOld: the peer talks to an end that is no more, and
  // has to begin anew. WeAreOld: this end talked to one that is no more, and what was under way is lost.
  enum class Meeting : uint8_t { Join, TheyAreOld, WeAreOld };
  [[nodiscard]] Meeting meet(uint64_t peer, uint64_t peer_joined_with);
  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] uint64_t joined_with() const { return joined_with_; }

  // Numbers a frame whose body is sealed, seals it, and keeps it. Shared with the connection that sends it.
  [[nodiscard]] std::shared_ptr<const Frame> number(Frame frame);

  // A frame has come. Take: it is the next one (or not numbered). Drop: it came before. An error: frames are missing
  // between it and the last one, or it acknowledges what was never sent.
  enum class Arrival : uint8_t { Take, Drop };
  [[nodiscard]] Result<Arrival> arrive(const FrameHeader& header);

  // The peer has every frame up to this one: they are forgotten.
  Status acknowledge(uint64_t sequence);
  // Is it time to say what has come? Reset by acknowledged().
  [[nodiscard]] bool owes_acknowledgement() const;
  void acknowledged() { unacknowledged_bytes_ = 0; }

  // Over a new connection the peer said that it has every frame up to `sequence`: the others, in order.
  [[nodiscard]] Result<std::vector<std::shared_ptr<const Frame>>> resume(uint64_t sequence);

  [[nodiscard]] uint64_t last_received() const { return last_received_; }
  [[nodiscard]] uint64_t kept_bytes() const { return kept_bytes_; }

 private:
  uint64_t id_;
  uint64_t joined_with_ = 0;
  uint64_t next_sequence_ = 1;
  uint64_t last_received_ = 0;
  uint64_t unacknowledged_bytes_ = 0;  // received since we last said so
  uint64_t kept_bytes_ = 0;
  std::deque<std::shared_ptr<const Frame>> kept_;  // sent or to be sent, not acknowledged
};

}  // namespace sluice
