#include "stdlib/connectors/nexmark_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <optional>

#include "runtime/checkpoint/bytes.h"
#include "stdlib/connectors/nexmark_model.h"

namespace sluice {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kBytesPerEvent = 16;

class NexmarkSource final : public Source {
 public:
  NexmarkSource(const NexmarkConfig& config, bool in_real_time, uint64_t chunk_events)
      : config_(config),
        model_(config),
        end_(config.events != 0 ? config.events : NexmarkModel::kMaxEvents),
        in_real_time_(in_real_time),
        chunk_events_(in_real_time ? std::clamp<uint64_t>(config.rate / 1000, 1, chunk_events) : chunk_events) {}

  Result<bool> next(ChunkBuffer& chunk) override {
    std::unique_lock lock(mutex_);
    const uint64_t begin = next_;
    if (begin == end_ || is_interrupted_) return false;
    const uint64_t end = begin + std::min(chunk_events_, end_ - begin);
    if (in_real_time_) wait_for_event(end - 1, lock);
    if (is_interrupted_) return false;
    next_ = end;
    fill(chunk, begin, end);
    return true;
  }

  [[nodiscard]] bool may_block() const override { return in_real_time_; }
  // Also in real time: the clock says when a chunk comes, not which events it has.
  [[nodiscard]] bool is_repeatable() const override { return true; }

  Result<std::string> position() override {
    const std::lock_guard lock(mutex_);
    std::string bytes;
    ByteWriter out(bytes);
    write_events(out);
    out.u64(next_);
    out.u64(sequence_);
    return bytes;
  }

  // In real time the next event comes at once, and those behind it at their distances.
  Status seek(std::string_view position) override {
    const std::lock_guard lock(mutex_);
    std::string events;
    ByteWriter out(events);
    write_events(out);
    if (!position.starts_with(events))
      return user_error("nexmark does not make the events any more that it made when the job began");
    ByteReader bytes(position.substr(events.size()));
    next_ = first_ = bytes.u64();
    sequence_ = bytes.u64();
    if (!bytes.is_done() || next_ > end_) return external_error("the position of nexmark is damaged");
    return {};
  }

  void interrupt() override {
    {
      const std::lock_guard lock(mutex_);
      is_interrupted_ = true;
    }
    changed_.notify_all();
  }

 private:
  // What decides which events there are and how they are cut.
  void write_events(ByteWriter& out) const {
    for (const uint64_t value :
         {end_, config_.rate, config_.seed, static_cast<uint64_t>(config_.start), config_.disorder, chunk_events_})
      out.u64(value);
  }

  void wait_for_event(uint64_t event, std::unique_lock<std::mutex>& lock) {
    if (!started_) started_ = Clock::now() - std::chrono::microseconds(first_ == 0 ? 0 : model_.elapsed(first_));
    const auto due = *started_ + std::chrono::microseconds(model_.elapsed(event));
    changed_.wait_until(lock, due, [&] { return is_interrupted_ || Clock::now() >= due; });
  }

  void fill(ChunkBuffer& chunk, uint64_t begin, uint64_t end) {
    if (chunk.bytes.size() < sizeof(NexmarkChunk)) chunk.bytes.resize(sizeof(NexmarkChunk));
    auto* range = new (chunk.bytes.data()) NexmarkChunk;
    range->model = &model_;
    range->begin = begin;
    range->end = end;
    chunk.view = abi::Chunk{};
    chunk.view.data = chunk.bytes.data();
    chunk.view.size = sizeof(NexmarkChunk);
    chunk.view.row_count = end - begin;
    chunk.file = "nexmark event";
    chunk.offset = begin;
    chunk.first_line = begin;
    chunk.sequence = sequence_++;
    chunk.clock = model_.arrival_of(begin);
    chunk.next_clock = model_.arrival_of(end);
    chunk.error_code.clear();
    chunk.error_message.clear();
    chunk.error_position = 0;
  }

  const NexmarkConfig config_;
  const NexmarkModel model_;
  const uint64_t end_;
  const bool in_real_time_;
  const uint64_t chunk_events_;  // in real time those of about a millisecond

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0;
  uint64_t first_ = 0;  // of this life of the job
  uint64_t sequence_ = 0;
  bool is_interrupted_ = false;
  std::optional<Clock::time_point> started_;
};

Status check_range(std::string_view name, int64_t value, uint64_t least, uint64_t most) {
  if (value >= 0 && static_cast<uint64_t>(value) >= least && static_cast<uint64_t>(value) <= most) return {};
  return user_error(
      fmt::format("the parameter `{}` of nexmark must be from {} to {}, not {}", name, least, most, value));
}

}  // namespace

Result<std::unique_ptr<Source>> open_nexmark_source(const ConnectorOptions& options, uint64_t chunk_bytes) {
  NexmarkConfig config;
  const int64_t disorder = options.number("disorder");
  constexpr uint64_t kMaxDisorder = uint64_t{1'000'000} * 3600 * 24;
  SLUICE_TRY(check_range("events", options.number("events"), 0, NexmarkModel::kMaxEvents));
  SLUICE_TRY(check_range("rate", options.number("rate"), 1, NexmarkModel::kMaxRate));
  if (disorder < 0 || static_cast<uint64_t>(disorder) > kMaxDisorder)
    return user_error("the parameter `disorder` of nexmark must be from 0s to 1d");
  const std::string pace = options.text("pace");
  if (pace != "fast" && pace != "real")
    return user_error(fmt::format("the parameter `pace` of nexmark must be fast or real, not {}", pace));
  config.events = static_cast<uint64_t>(options.number("events"));
  config.rate = static_cast<uint64_t>(options.number("rate"));
  config.seed = static_cast<uint64_t>(options.number("seed"));
  config.start = options.number("start");
  config.disorder = static_cast<uint64_t>(disorder);
  const uint64_t chunk_events = std::max<uint64_t>(1, chunk_bytes / kBytesPerEvent);
  return std::make_unique<NexmarkSource>(config, pace == "real", chunk_events);
}

}  // namespace sluice
