#include "runtime/net/link_state.h"

#include <fmt/format.h>

#include <utility>

namespace sluice {

namespace {
constexpr uint64_t kAcknowledgeEvery = 1 << 20;  // bytes; frames without a body count as well
uint64_t weight(const FrameHeader& header) { return sizeof header + header.body_bytes; }
}  // namespace

LinkState::Meeting LinkState::meet(uint64_t peer, uint64_t peer_joined_with) {
  if (peer_joined_with != 0 && peer_joined_with != id_) return Meeting::TheyAreOld;
  if (joined_with_ != 0 && joined_with_ != peer) return Meeting::WeAreOld;
  joined_with_ = peer;
  return Meeting::Join;
}

std::shared_ptr<const Frame> LinkState::number(Frame frame) {
  frame.header.sequence = next_sequence_++;
  frame.header.acknowledged = last_received_;
  unacknowledged_bytes_ = 0;
  seal_header(frame.header);
  kept_bytes_ += weight(frame.header);
  kept_.push_back(std::make_shared<const Frame>(std::move(frame)));
  return kept_.back();
}

Result<LinkState::Arrival> LinkState::arrive(const FrameHeader& header) {
  SLUICE_TRY(acknowledge(header.acknowledged));
  if (header.sequence == 0) return Arrival::Take;
  if (header.sequence <= last_received_) return Arrival::Drop;
  if (header.sequence != last_received_ + 1)
    return external_error(fmt::format("frames {} to {} were lost", last_received_ + 1, header.sequence - 1), true);
  last_received_ = header.sequence;
  unacknowledged_bytes_ += weight(header);
  return Arrival::Take;
}

Status LinkState::acknowledge(uint64_t sequence) {
  if (sequence >= next_sequence_)
    return external_error(fmt::format("frame {} was acknowledged, which was never sent", sequence));
  while (!kept_.empty() && kept_.front()->header.sequence <= sequence) {
    kept_bytes_ -= weight(kept_.front()->header);
    kept_.pop_front();
  }
  return {};
}

bool LinkState::owes_acknowledgement() const { return unacknowledged_bytes_ >= kAcknowledgeEvery; }

Result<std::vector<std::shared_ptr<const Frame>>> LinkState::resume(uint64_t sequence) {
  SLUICE_TRY(acknowledge(sequence));
  if (!kept_.empty() && kept_.front()->header.sequence != sequence + 1)
    return external_error(
        fmt::format("the peer asks for frame {}, which is gone: it is not the process that it was", sequence + 1));
  return std::vector(kept_.begin(), kept_.end());
}

}  // namespace sluice
