#include "runtime/io/sink_buffer.h"

#include <algorithm>
#include <cstdlib>

#include "lang/support/invariant.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {
constexpr size_t kFirstBytes = size_t{80} << 10;
constexpr size_t kKeptBytes = size_t{1} << 20;  // a buffer that one huge row made larger is given back
}  // namespace

SinkBuffer::SinkBuffer(Sink& sink, const std::atomic<bool>* is_cancelled)
    : sink_(&sink), limit_rows_(sink.limit()), is_cancelled_(is_cancelled) {}

SinkBuffer::~SinkBuffer() { std::free(data_); }

void SinkBuffer::grow(size_t size) noexcept {
  const size_t used = static_cast<size_t>(cursor_ - data_);
  const size_t capacity = std::max({used + size, 2 * static_cast<size_t>(limit_ - data_), kFirstBytes});
  auto* grown = static_cast<char*>(std::realloc(data_, capacity));
  SLUICE_INVARIANT(grown != nullptr, "out of memory while encoding a row");
  data_ = grown;
  cursor_ = grown + used;
  limit_ = grown + capacity;
}

bool SinkBuffer::write_out() noexcept {
  if (!status_ || (is_cancelled_ != nullptr && is_cancelled_->load(std::memory_order_relaxed))) return false;
  if (cursor_ == data_) return true;
  send();
  return status_.has_value();
}

Status SinkBuffer::write_rest() noexcept {
  cursor_ = data_ + row_begin_;
  if (status_ && row_begin_ != 0) send();
  return status_;
}

bool SinkBuffer::drop_row() noexcept {
  cursor_ = data_ + row_begin_;
  return is_cancelled_ == nullptr || !is_cancelled_->load(std::memory_order_relaxed);
}

void SinkBuffer::send() noexcept {
  status_ = sink_->write(std::string_view(data_, static_cast<size_t>(cursor_ - data_)));
  cursor_ = data_;
  row_begin_ = 0;
  if (static_cast<size_t>(limit_ - data_) > kKeptBytes) {
    std::free(data_);
    data_ = cursor_ = limit_ = nullptr;
  }
}

}  // namespace sluice

namespace sluice::abi {

extern "C" {

void rt_sink_bytes(Ptr context, I32 sink, Ptr data, I64 size) noexcept {
  sink_buffer(static_cast<TaskContext*>(context), sink)
      .append(std::string_view(static_cast<const char*>(data), static_cast<size_t>(size)));
}

I32 rt_sink_row(Ptr context, I32 sink) noexcept {
  auto* task = static_cast<TaskContext*>(context);
  if (sink_buffer(task, sink).end_row()) return static_cast<I32>(Code::Done);
  task->failed = 1;
  return static_cast<I32>(Code::Failed);
}

}  // extern "C"

}  // namespace sluice::abi
