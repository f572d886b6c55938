// Frame: what one process says to another over a connection: a header of fixed size and a body. A frame with a row
// block carries the bytes of the block as they are in memory, without the room between its rows and its heap.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lang/support/result.h"
#include "runtime/data/block.h"

namespace sluice {

enum class FrameKind : uint16_t {
#define FRAME(kind, is_numbered, has_block) kind,
#include "runtime/net/frames.def"
};

// Little-endian, as it stands in memory.
struct FrameHeader {
  uint32_t magic = 0;
  uint16_t protocol = 0;
  uint16_t kind = 0;
  uint64_t sequence = 0;      // of numbered frames, from 1 on; 0: not numbered
  uint64_t acknowledged = 0;  // the sender has got every numbered frame up to this one
  uint32_t deployment = 0;    // of frames of a channel
  uint32_t channel = 0;
  uint64_t value = 0;  // Credit: bytes of blocks that the consumer has taken, in all; Part: bytes of the whole block
  uint32_t body_bytes = 0;
  uint32_t reserved = 0;
  uint64_t body_checksum = 0;
  uint64_t checksum = 0;  // of the header in front of it: what it says of the body is believed before the body is there
};
static_assert(sizeof(FrameHeader) == 64);
inline constexpr uint32_t kFrameMagic = 0x6d72'4653;  // "SFrm"
inline constexpr uint16_t kProtocol = 2;

struct Frame {
  FrameHeader header;
  std::string text;  // the body; of a frame with a block: the block's header as it is sent
  Block block;

  [[nodiscard]] FrameKind kind() const { return static_cast<FrameKind>(header.kind); }
  // The body in pieces; valid while the frame lives and does not move.
  [[nodiscard]] std::array<std::span<const char>, 3> body() const;
};
[[nodiscard]] bool is_numbered(FrameKind kind);
[[nodiscard]] bool has_block(FrameKind kind);

[[nodiscard]] Frame make_frame(FrameKind kind, std::string text = {});
[[nodiscard]] Frame make_channel_frame(FrameKind kind, uint32_t deployment, uint32_t channel, std::string text = {});
// Takes the block, whose free room is not sent.
[[nodiscard]] Frame make_block_frame(uint32_t deployment, uint32_t channel, Block block);
// Bytes of the body of a frame with this block.
[[nodiscard]] uint64_t sent_bytes(const abi::BlockHeader& header);

// Before a frame is sent: first when its body does not change any more, which takes time, then when nothing does.
void seal_body(Frame& frame);
void seal_header(FrameHeader& header);
// A frame of a text, ready to be sent.
[[nodiscard]] std::shared_ptr<const Frame> sealed_frame(FrameKind kind, std::string text = {});

// The most bytes that a body may have, so that a peer cannot make us allocate what it likes.
inline constexpr uint32_t kMostBodyBytes = 128 << 20;

// What can be told from the header alone: is it what was sent, one of ours, of a kind that there is, not too large?
[[nodiscard]] Status check_header(const FrameHeader& header, uint32_t most_bytes = kMostBodyBytes);
// Is the body what was sent, and its block well-formed as far as can be said without a schema?
[[nodiscard]] Status check_frame(const Frame& frame);

}  // namespace sluice
