#include "runtime/net/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace sluice {
namespace {

// A block of two rows of 12 bytes and a heap of 5: neither ends where 8 divides.
Block small_block() {
  Block block = Block::make(4096, 12);
  std::memcpy(block.rows(), "abcdefghijklmnopqrstuvwx", 24);
  std::memcpy(block.end() - 5, "heap!", 5);
  block.header()->row_count = 2;
  block.header()->heap_bytes = 5;
  block.header()->sequence = 7;
  return block;
}

std::string wire_text(const Frame& frame) {
  std::string text;
  for (const auto& piece : frame.body()) text.append(piece.data(), piece.size());
  return text;
}

// As a connection puts it together from what it receives.
Frame received(const FrameHeader& header, const std::string& body) {
  Frame frame;
  frame.header = header;
  if (has_block(frame.kind())) {
    frame.block = Block::make(body.size(), 1);
    std::memcpy(static_cast<void*>(frame.block.header()), body.data(), body.size());
  } else {
    frame.text = body;
  }
  return frame;
}

TEST(Frame, ABlockIsSentWithoutItsFreeRoom) {
  Frame frame = make_block_frame(3, 4, small_block());
  frame.header.sequence = 1;
  seal_body(frame);
  seal_header(frame.header);
  EXPECT_TRUE(check_header(frame.header).has_value());
  const std::string body = wire_text(frame);
  EXPECT_EQ(body.size(), 96u);
  EXPECT_EQ(body.size(), frame.header.body_bytes);
  const Frame other = received(frame.header, body);
  ASSERT_TRUE(check_frame(other).has_value());
  EXPECT_EQ(other.block.header()->sequence, 7u);
  EXPECT_EQ(std::string(other.block.rows(), 24), "abcdefghijklmnopqrstuvwx");
  EXPECT_EQ(std::string(other.block.end() - 5, 5), "heap!");
}

TEST(Frame, AFullBlockHasRoomForWhatFillsItUp) {
  Block block = Block::make(sizeof(abi::BlockHeader) + 12 + 1, 12);
  std::memcpy(block.rows(), "abcdefghijkl", 12);
  std::memcpy(block.end() - 1, "!", 1);
  block.header()->row_count = 1;
  block.header()->heap_bytes = 1;
  Frame frame = make_block_frame(3, 4, std::move(block));
  frame.header.sequence = 1;
  seal_body(frame);
  seal_header(frame.header);
  const Frame other = received(frame.header, wire_text(frame));
  ASSERT_TRUE(check_frame(other).has_value());
  EXPECT_EQ(std::string(other.block.rows(), 12), "abcdefghijkl");
  EXPECT_EQ(*(other.block.end() - 1), '!');
}

TEST(Frame, EveryDamagedBitIsNoticed) {
  Frame frame = make_block_frame(3, 4, small_block());
  frame.header.sequence = 1;
  seal_body(frame);
  seal_header(frame.header);
  const std::string body = wire_text(frame);
  for (size_t bit = 0; bit < body.size() * 8; ++bit) {
    std::string damaged = body;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(check_frame(received(frame.header, damaged)).has_value()) << bit;
  }
  for (size_t bit = 0; bit < sizeof(FrameHeader) * 8; ++bit) {
    FrameHeader header = frame.header;
    auto* bytes = reinterpret_cast<char*>(&header);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const bool is_noticed =
        !check_header(header) || header.body_bytes != body.size() || !check_frame(received(header, body));
    EXPECT_TRUE(is_noticed) << bit;
  }
}

std::string refusal(FrameHeader header, uint32_t most_bytes = kMostBodyBytes) {
  seal_header(header);
  const auto status = check_header(header, most_bytes);
  return status ? "" : status.error().message;
}

TEST(Frame, HeadersOfStrangersAreRefused) {
  const FrameHeader good = make_frame(FrameKind::Hello, "x").header;
  EXPECT_EQ(refusal(good), "");
  FrameHeader header = good;
  header.magic = 0x20544547;  // "GET "
  EXPECT_EQ(refusal(header), "the peer does not speak the protocol of Sluice");
  header.magic = 0x02010316;  // a handshake of TLS 1.2
  EXPECT_NE(refusal(header).find("--tls-ca"), std::string::npos);
  header = good;
  header.protocol = 9;
  EXPECT_NE(refusal(header).find("version 9"), std::string::npos);
  header = good;
  header.kind = 4711;
  EXPECT_NE(refusal(header).find("4711"), std::string::npos);
  header = good;
  header.sequence = 1;
  EXPECT_NE(refusal(header), "");
  header = good;
  header.body_bytes = 1001;
  EXPECT_EQ(refusal(header, 1001), "");
  EXPECT_NE(refusal(header, 1000), "");
  header = make_channel_frame(FrameKind::Block, 1, 2).header;
  header.sequence = 1;
  header.body_bytes = sizeof(abi::BlockHeader) - 1;
  EXPECT_NE(refusal(header), "");
}

// A connection waits for as many bytes as the header says, so every bit of it counts before they are there.
TEST(Frame, ADamagedHeaderIsNoticedWithoutItsBody) {
  FrameHeader good = make_frame(FrameKind::Hello, "x").header;
  seal_header(good);
  for (size_t bit = 0; bit < sizeof(FrameHeader) * 8; ++bit) {
    FrameHeader header = good;
    auto* bytes = reinterpret_cast<char*>(&header);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(check_header(header).has_value()) << bit;
  }
}

TEST(Frame, KindsSayWhetherTheyAreNumberedAndHaveABlock) {
  for (const FrameKind kind : {FrameKind::Hello, FrameKind::Acknowledge, FrameKind::Control})
    EXPECT_FALSE(is_numbered(kind));
  for (const FrameKind kind : {FrameKind::Block, FrameKind::Part, FrameKind::Credit, FrameKind::Close, FrameKind::Fail,
                               FrameKind::ReachFailure, FrameKind::Cancel}) {
    EXPECT_TRUE(is_numbered(kind));
    EXPECT_EQ(has_block(kind), kind == FrameKind::Block);
  }
}

}  // namespace
}  // namespace sluice
