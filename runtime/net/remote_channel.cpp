#include "runtime/net/remote_channel.h"

#include <utility>

#include "lang/support/invariant.h"
#include "runtime/data/block_check.h"

namespace sluice {

// ---- RemoteWriter ----

// A window of which less than a quarter is in use always has room: the reader tells of less than that only later.
bool RemoteWriter::has_room(uint64_t bytes) const {
  const uint64_t under_way = sent_ - taken_.load();
  return under_way < window_ / 4 || under_way + bytes <= window_ || under_way == 0;
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
  link_.post(make_block_frame(address_.deployment, address_.channel, std::move(block)));
  return true;
}

void RemoteWriter::close() { post(FrameKind::Close); }

void RemoteWriter::fail() {
  if (!std::exchange(has_failed_, true)) post(FrameKind::Fail);
}

void RemoteWriter::receive(Frame frame) {
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
    case FrameKind::Close:
    case FrameKind::Fail:
      return;  // not for a writer: a peer that says it is wrong, and is not listened to
  }
}

// ---- RemoteReader ----

void RemoteReader::post(FrameKind kind, uint64_t value) {
  Frame frame = make_channel_frame(kind, address_.deployment, address_.channel);
  frame.header.value = value;
  link_.post(std::move(frame));
}

bool RemoteReader::try_pop(Block& block) {
  bool is_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (blocks_.empty()) return false;
    block = std::move(blocks_.front());
    blocks_.pop_front();
    is_empty = blocks_.empty();
  }
  taken_ += block.header()->byte_size;
  const uint64_t untold = taken_ - told_;
  if (untold >= window_ / 4 || (is_empty && untold >= window_ / 8)) {
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

void RemoteReader::receive(Frame frame) {
  if (frame.kind() == FrameKind::Block) {  // without the mutex, which the consumer wants
    const char* bytes = reinterpret_cast<const char*>(frame.block.header());
    if (!is_valid_block({bytes, frame.header.body_bytes}, schema_))
      return on_bad_block_(external_error("a row block came that is not of the rows of its edge").error());
  }
  {
    const std::lock_guard lock(mutex_);
    switch (frame.kind()) {
      case FrameKind::Block:
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
