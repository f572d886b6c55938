// SinkBuffer: where a task encodes the rows of one sink. Encoders (stdlib) append the text of values; a complete row
// may send what has gathered to the sink, so the sink sees whole rows in large pieces and memory stays bounded.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/abi/layout.h"
#include "runtime/io/connector.h"

namespace sluice {

class SinkBuffer {
 public:
  // A buffer fuller than this is handed to the sink when a row is complete.
  static constexpr size_t kWriteBytes = size_t{64} << 10;

  // Nothing more is written once `*is_cancelled` is true: the job is ending, and a long output must not hold it up.
  explicit SinkBuffer(Sink& sink, const std::atomic<bool>* is_cancelled = nullptr);
  ~SinkBuffer();
  SinkBuffer(const SinkBuffer&) = delete;
  SinkBuffer& operator=(const SinkBuffer&) = delete;

  // At least `size` writable bytes; call advance() with the number really written.
  [[nodiscard]] char* reserve(size_t size) noexcept {
    if (static_cast<size_t>(limit_ - cursor_) < size) grow(size);
    return cursor_;
  }
  void advance(size_t size) noexcept { cursor_ += size; }
  void append(std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    cursor_ += bytes.size();
  }
  // Takes back what stands behind the first `size` bytes; only within a row.
  [[nodiscard]] std::string take_behind(size_t size) {
    std::string text(data_ + size, cursor_);
    cursor_ = data_ + size;
    return text;
  }
  [[nodiscard]] size_t size() const { return static_cast<size_t>(cursor_ - data_); }
  void append(char byte) noexcept {
    *reserve(1) = byte;
    ++cursor_;
  }

  // The row is complete. False when the sink failed, status() then says why, or when the job was cancelled. A row
  // behind the sink's limit is dropped.
  [[nodiscard]] bool end_row() noexcept {
    if (limit_rows_ != nullptr && !limit_rows_->take()) return drop_row();
    ++rows_;
    row_begin_ = static_cast<size_t>(cursor_ - data_);
    return row_begin_ < kWriteBytes || write_out();
  }
  // Sends what has gathered to the sink.
  [[nodiscard]] bool write_out() noexcept;
  // The job ends well: sends the complete rows to the sink, also when it was cancelled because nobody wants more.
  Status write_rest() noexcept;
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] Sink& sink() { return *sink_; }
  [[nodiscard]] uint64_t rows() const { return rows_; }

 private:
  void grow(size_t size) noexcept;
  [[nodiscard]] bool drop_row() noexcept;
  void send() noexcept;

  char* data_ = nullptr;
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  uint64_t rows_ = 0;
  size_t row_begin_ = 0;  // position of the row that is being encoded
  Sink* sink_;
  RowLimit* limit_rows_;  // null: none
  const std::atomic<bool>* is_cancelled_;
  Status status_;
};

// The buffer of a sink of the running task, as encoders get it.
[[nodiscard]] inline SinkBuffer& sink_buffer(abi::TaskContext* context, uint32_t sink) { return *context->sinks[sink]; }

}  // namespace sluice
