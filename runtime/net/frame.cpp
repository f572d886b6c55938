#include "runtime/net/frame.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "runtime/data/block_check.h"

namespace sluice {

namespace {

constexpr uint16_t kKinds = 0
#define FRAME(kind, is_numbered, has_block) +1
#include "runtime/net/frames.def"
    ;

constexpr uint32_t kTlsRecord = 0x0316;  // how the first one of a caller with TLS begins

// Positions in the heap count from the block's end, and values in it are aligned as seen from there.
constexpr uint64_t kBlockAlignment = 8;

uint64_t checksum_of(const FrameHeader& header) { return XXH3_64bits(&header, offsetof(FrameHeader, checksum)); }

uint64_t checksum_of_body(const Frame& frame) {
  uint64_t checksum = 0;
  for (const auto& piece : frame.body())
    if (!piece.empty()) checksum = XXH3_64bits_withSeed(piece.data(), piece.size(), checksum);
  return checksum;
}

}  // namespace

bool is_numbered(FrameKind kind) {
  switch (kind) {
#define FRAME(kind, is_numbered, has_block) \
  case FrameKind::kind:                     \
    return is_numbered;
#include "runtime/net/frames.def"
  }
  return false;
}

bool has_block(FrameKind kind) {
  switch (kind) {
#define FRAME(kind, is_numbered, has_block) \
  case FrameKind::kind:                     \
    return has_block;
#include "runtime/net/frames.def"
  }
  return false;
}

uint64_t sent_bytes(const abi::BlockHeader& header) {
  const uint64_t bytes = sizeof header + used_bytes(header);
  return (bytes + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment;
}

std::array<std::span<const char>, 3> Frame::body() const {
  if (!block) return {std::span<const char>(text), {}, {}};
  const abi::BlockHeader& whole = *block.header();
  // A block that was received stands there as it was sent, header and all.
  const std::span<const char> first =
      text.empty() ? std::span(reinterpret_cast<const char*>(&whole), sizeof whole) : std::span<const char>(text);
  // The heap, and in front of it whatever fills up the last few bytes.
  const uint64_t row_bytes = uint64_t{whole.row_count} * whole.row_size;
  const uint64_t rest = sent_bytes(whole) - sizeof whole - row_bytes;
  return {first, {block.rows(), row_bytes}, {block.end() - rest, rest}};
}

Frame make_frame(FrameKind kind, std::string text) {
  Frame frame;
  frame.header.magic = kFrameMagic;
  frame.header.protocol = kProtocol;
  frame.header.kind = static_cast<uint16_t>(kind);
  frame.header.body_bytes = static_cast<uint32_t>(text.size());
  frame.text = std::move(text);
  return frame;
}

Frame make_channel_frame(FrameKind kind, uint32_t deployment, uint32_t channel, std::string text) {
  Frame frame = make_frame(kind, std::move(text));
  frame.header.deployment = deployment;
  frame.header.channel = channel;
  return frame;
}

Frame make_block_frame(uint32_t deployment, uint32_t channel, Block block) {
  Frame frame = make_channel_frame(FrameKind::Block, deployment, channel);
  const uint64_t bytes = sent_bytes(*block.header());
  if (bytes > block.header()->byte_size) {  // no room for what fills it up: a copy has it
    Block wider = Block::make(bytes, block.header()->row_size);
    const uint64_t row_bytes = uint64_t{block.header()->row_count} * block.header()->row_size;
    const uint64_t heap_bytes = block.header()->heap_bytes;
    *wider.header() = *block.header();
    wider.header()->byte_size = bytes;
    std::memcpy(wider.rows(), block.rows(), row_bytes);
    std::memcpy(wider.end() - heap_bytes, block.end() - heap_bytes, heap_bytes);
    block = std::move(wider);
  }
  const uint64_t fill = bytes - sizeof(abi::BlockHeader) - used_bytes(*block.header());
  std::memset(block.end() - block.header()->heap_bytes - fill, 0, fill);  // not whatever memory held before
  abi::BlockHeader sent = *block.header();
  sent.byte_size = bytes;
  frame.text.assign(reinterpret_cast<const char*>(&sent), sizeof sent);
  frame.header.body_bytes = static_cast<uint32_t>(bytes);
  frame.block = std::move(block);
  return frame;
}

void seal_body(Frame& frame) { frame.header.body_checksum = checksum_of_body(frame); }
void seal_header(FrameHeader& header) { header.checksum = checksum_of(header); }

std::shared_ptr<const Frame> sealed_frame(FrameKind kind, std::string text) {
  auto frame = std::make_shared<Frame>(make_frame(kind, std::move(text)));
  seal_body(*frame);
  seal_header(frame->header);
  return frame;
}

Status check_header(const FrameHeader& header, uint32_t most_bytes) {
  if ((header.magic & 0xffff) == kTlsRecord)
    return external_error(
        "the peer uses TLS, and this process does not: start it with --tls-ca, --tls-cert and --tls-key");
  if (header.magic != kFrameMagic) return external_error("the peer does not speak the protocol of Sluice");
  if (header.protocol != kProtocol)
    return external_error(
        fmt::format("the peer speaks version {} of the protocol, this process version {}: run the "
                    "same version of Sluice everywhere",
                    header.protocol, kProtocol));
  if (header.checksum != checksum_of(header)) return external_error("a damaged frame: its header is not what was sent");
  if (header.kind >= kKinds) return external_error(fmt::format("a frame of the unknown kind {}", header.kind));
  const auto kind = static_cast<FrameKind>(header.kind);
  if (is_numbered(kind) != (header.sequence != 0)) return external_error("a frame is not numbered as its kind is");
  if (header.body_bytes > most_bytes)
    return external_error(fmt::format("a frame of {} bytes, more than the {} allowed", header.body_bytes, most_bytes));
  if (has_block(kind) && header.body_bytes < sizeof(abi::BlockHeader))
    return external_error("a frame too short for a row block");
  return {};
}

Status check_frame(const Frame& frame) {
  // A block is looked at before its header is trusted with the size of the body.
  if (frame.block) {
    const auto* bytes = reinterpret_cast<const char*>(frame.block.header());
    if (!is_valid_block({bytes, frame.header.body_bytes}) ||
        sent_bytes(*frame.block.header()) != frame.header.body_bytes)
      return external_error("a damaged row block");
  }
  if (checksum_of_body(frame) != frame.header.body_checksum)
    return external_error("a damaged frame: its body is not what was sent");
  return {};
}

}  // namespace sluice
