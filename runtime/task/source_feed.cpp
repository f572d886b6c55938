#include "runtime/task/source_feed.h"

#include <pthread.h>

#include <utility>

namespace sluice {

namespace {
constexpr size_t kReadAhead = 2;        // pieces that wait for a task
constexpr uint32_t kSequenceBits = 48;  // of one source; its position stands above them
}  // namespace

SourceFeed::SourceFeed(std::unique_ptr<Source> source, NodeId node, uint32_t position)
    : source_(std::move(source)),
      node_(node),
      first_sequence_(uint64_t{position} << kSequenceBits),
      has_thread_(source_->may_block()),
      next_sequence_(first_sequence_) {}

Result<SourceFeed::Taken> SourceFeed::take(std::unique_ptr<ChunkBuffer>& chunk, uint64_t seen_cut) {
  if (!has_thread_ && is_interrupted_.load()) return Taken{Taken::Kind::End, 0};
  {
    const std::lock_guard gate(gate_);
  }
  const std::shared_lock lock(taking_);
  if (cut_.load() != seen_cut) return Taken{Taken::Kind::Barrier, 0};
  if (has_thread_) return take_read(chunk);
  if (!chunk) chunk = std::make_unique<ChunkBuffer>();
  SLUICE_ASSIGN(const bool is_there, source_->next(*chunk));
  if (!is_there) return Taken{Taken::Kind::End, 0};
  return Taken{Taken::Kind::Chunk, sequence_of(*chunk)};
}

SourceFeed::Hold SourceFeed::hold() {
  std::unique_lock gate(gate_);
  return {std::move(gate), std::unique_lock(taking_)};
}

// With a thread the source itself stands behind pieces that nobody has taken yet.
Result<std::string> SourceFeed::cut(uint64_t checkpoint) {
  if (has_thread_ && taken_up_to_) {
    cut_.store(checkpoint);
    return *taken_up_to_;
  }
  SLUICE_ASSIGN(std::string position, source_->position());
  if (has_thread_) taken_up_to_ = position;
  cut_.store(checkpoint);
  return position;
}

Status SourceFeed::seek(std::string_view position) {
  SLUICE_TRY(source_->seek(position));
  if (has_thread_) taken_up_to_ = position;
  return {};
}

Result<SourceFeed::Taken> SourceFeed::take_read(std::unique_ptr<ChunkBuffer>& chunk) {
  const std::lock_guard lock(mutex_);
  if (!read_.empty()) {
    if (chunk) used_.push_back(std::move(chunk));
    chunk = std::move(read_.front().chunk);
    if (taken_up_to_) taken_up_to_ = std::move(read_.front().end);
    read_.pop_front();
    has_room_.notify_one();
    next_sequence_ = sequence_of(*chunk) + 1;
    return Taken{Taken::Kind::Chunk, sequence_of(*chunk)};
  }
  if (error_) return std::unexpected(*error_);
  if (has_ended_ || is_stopped_) return Taken{Taken::Kind::End, 0};
  if (!thread_.joinable()) thread_ = std::thread([this] { read_ahead(); });
  return Taken{Taken::Kind::Wait, next_sequence_};
}

void SourceFeed::read_ahead() {
  ::pthread_setname_np(::pthread_self(), "sluice-source");
  while (true) {
    std::unique_ptr<ChunkBuffer> chunk;
    bool keeps_position = false;
    {
      std::unique_lock lock(mutex_);
      has_room_.wait(lock, [this] { return is_stopped_ || read_.size() < kReadAhead; });
      if (is_stopped_) break;
      keeps_position = taken_up_to_.has_value();
      if (!used_.empty()) {
        chunk = std::move(used_.back());
        used_.pop_back();
      }
    }
    if (!chunk) chunk = std::make_unique<ChunkBuffer>();
    Read read{std::move(chunk), {}};
    auto outcome = source_->next(*read.chunk);
    if (keeps_position && outcome && *outcome) {
      auto end = source_->position();
      if (end)
        read.end = std::move(*end);
      else
        outcome = std::unexpected(std::move(end).error());
    }
    const bool is_last = !outcome || !*outcome;
    deliver(std::move(read), std::move(outcome));
    if (is_last) break;
  }
  wake_readers();
}

void SourceFeed::deliver(Read read, Result<bool> outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (!outcome) {
      error_ = std::move(outcome).error();
    } else if (*outcome) {
      read_.push_back(std::move(read));
    } else {
      has_ended_ = true;
    }
  }
  wake_readers();
}

void SourceFeed::wake_readers() {
  for (auto* reader : readers_) reader->wake();
}

void SourceFeed::interrupt() {
  is_interrupted_.store(true);
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) return;
    is_stopped_ = true;
  }
  has_room_.notify_all();
  source_->interrupt();
}

void SourceFeed::stop() {
  interrupt();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sluice
