#include "runtime/net/remote_channel.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "lang/support/invariant.h"
#include "runtime/data/block_check.h"

namespace sluice {

namespace {
constexpr uint64_t kMostBlockBytes = uint64_t{5} << 30;  // positions in a block have 32 bits
}  // namespace

void RemoteEnd::post(Frame frame) {
  sent_frames_.fetch_add(1);
  link_.post(std::move(frame));
}

void RemoteEnd::post(FrameKind kind, uint64_t value) {
  Frame frame = make_channel_frame(kind, address_.deployment, address_.channel);
  frame.header.value = value;
  post(std::move(frame));
}

// ---- RemoteWriter ----

// A window of which less than half is in use always has room: the reader tells of less than that only later.
bool RemoteWriter::has_room(uint64_t bytes) const {
  const uint64_t under_way = sent_ - taken_.load();
  return under_way < window_ / 2 || under_way + bytes <= window_ || under_way == 0;
}

bool RemoteWriter::try_push(Block& block) {
  if (is_cancelled()) {
    block = Block();
    return true;
  }
  const uint64_t bytes = sent_bytes(*block.header());
  if (!has_room(bytes)) {
    // Say that we wait, then look again: room that came in between may not have seen the flag.
    waits_.store(true);
    if (!has_room(bytes)) return false;
    waits_.store(false);
  }
  sent_ += bytes;
  Frame frame = make_block_frame(address().deployment, address().channel, std::move(block));
  if (bytes > most_frame_bytes_)
    post_parts(frame, bytes);
  else
    post(std::move(frame));
  return true;
}

void RemoteWriter::post_parts(const Frame& whole, uint64_t bytes) {
  std::string text;
  for (std::span<const char> piece : whole.body())
    while (!piece.empty()) {
      const size_t taken = std::min<size_t>(piece.size(), most_frame_bytes_ - text.size());
      text.append(piece.data(), taken);
      piece = piece.subspan(taken);
      bytes -= taken;
      if (text.size() < most_frame_bytes_ && bytes != 0) continue;
      Frame part =
          make_channel_frame(FrameKind::Part, address().deployment, address().channel, std::exchange(text, {}));
      part.header.value = sent_bytes(*whole.block.header());
      post(std::move(part));
    }
}

void RemoteWriter::close() { post(FrameKind::Close); }

void RemoteWriter::fail() {
  if (!std::exchange(has_failed_, true)) post(FrameKind::Fail);
}

void RemoteWriter::receive(Frame frame) {
  take(frame);
  count_received();
}

void RemoteWriter::take(const Frame& frame) {
  switch (frame.kind()) {
    case FrameKind::Credit:
      taken_.store(frame.header.value);
      if (waits_.exchange(false)) producer_->wake();
      return;
    case FrameKind::Cancel:
      is_cancelled_.store(true);
      return producer_->wake();
    case FrameKind::ReachFailure:
      is_failure_reached_.store(true);
      return producer_->wake();
    case FrameKind::Hello:
    case FrameKind::Acknowledge:
    case FrameKind::Control:
    case FrameKind::Block:
    case FrameKind::Part:
    case FrameKind::Close:
    case FrameKind::Fail:
      return;  // not for a writer: a peer that says it is wrong, and is not listened to
  }
}

// ---- RemoteReader ----

bool RemoteReader::try_pop(Block& block) {
  {
    const std::lock_guard lock(mutex_);
    if (blocks_.empty()) return false;
    block = std::move(blocks_.front());
    blocks_.pop_front();
  }
  taken_ += block.header()->byte_size;
  if (taken_ - told_ >= window_ / 2) {
    told_ = taken_;
    post(FrameKind::Credit, taken_);
  }
  return true;
}

bool RemoteReader::is_ended() const {
  const std::lock_guard lock(mutex_);
  return is_closed_ && blocks_.empty();
}

bool RemoteReader::has_failed() const {
  const std::lock_guard lock(mutex_);
  return has_failed_ && blocks_.empty();
}

void RemoteReader::reach_failure() {
  if (!std::exchange(is_failure_told_, true)) post(FrameKind::ReachFailure);
}

void RemoteReader::cancel() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_cancelled_, true)) return;
    blocks_.clear();
  }
  post(FrameKind::Cancel);
}

// False: parts are not of one block.
bool RemoteReader::take_part(const Frame& frame) {
  if (!whole_) {
    if (frame.header.value < sizeof(abi::BlockHeader) || frame.header.value > kMostBlockBytes) return false;
    whole_ = Block::make(frame.header.value, 1);
    missing_bytes_ = frame.header.value;
  }
  if (frame.text.empty() || frame.text.size() > missing_bytes_) return false;
  std::memcpy(reinterpret_cast<char*>(whole_.header()) + (frame.header.value - missing_bytes_), frame.text.data(),
              frame.text.size());
  missing_bytes_ -= frame.text.size();
  return true;
}

void RemoteReader::receive(Frame frame) {
  take(std::move(frame));
  count_received();
}

void RemoteReader::take(Frame frame) {
  const auto refuse = [&] {
    on_bad_block_(external_error("a row block came that is not of the rows of its edge").error());
  };
  if (frame.kind() == FrameKind::Part) {
    if (!take_part(frame)) return refuse();
    if (missing_bytes_ != 0) return;
    frame.block = std::move(whole_);
  }
  if (frame.block) {  // without the mutex, which the consumer wants
    const char* bytes = reinterpret_cast<const char*>(frame.block.header());
    const uint64_t size = frame.kind() == FrameKind::Part ? frame.header.value : frame.header.body_bytes;
    if (!is_valid_block({bytes, size}, schema_)) return refuse();
  }
  {
    const std::lock_guard lock(mutex_);
    switch (frame.kind()) {
      case FrameKind::Block:
      case FrameKind::Part:
        if (is_cancelled_) return;
        blocks_.push_back(std::move(frame.block));
        break;
      case FrameKind::Close:
        is_closed_ = true;
        break;
      case FrameKind::Fail:
        has_failed_ = true;
        break;
      case FrameKind::Hello:
      case FrameKind::Acknowledge:
      case FrameKind::Control:
      case FrameKind::Credit:
      case FrameKind::ReachFailure:
      case FrameKind::Cancel:
        return;  // not for a reader
    }
  }
  consumer_->wake();
}

}  // namespace sluice
