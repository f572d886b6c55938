#include "stdlib/connectors/held_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

#include "runtime/checkpoint/bytes.h"

namespace sluice {
namespace {

class HeldSink final : public Sink {
 public:
  HeldSink(std::unique_ptr<Sink> sink, std::string note) : sink_(std::move(sink)), note_(std::move(note)) {}

  Status write(std::string_view bytes) override {
    gathered_ += bytes;
    return {};
  }

  // Rows of a checkpoint that came to nothing are part of the next one.
  Result<std::string> prepare() override {
    if (batch_ == 0) SLUICE_TRY(note(0));
    batch_ += 1;
    prepared_ += std::exchange(gathered_, {});
    std::string position;
    ByteWriter out(position);
    out.u64(batch_);
    out.text(prepared_);
    return position;
  }

  Status confirm() override {
    SLUICE_TRY(show(std::exchange(prepared_, {})));
    return note(batch_);
  }

  Status resume(std::string_view position) override {
    ByteReader bytes(position);
    batch_ = bytes.u64();
    const std::string_view rows = bytes.text();
    if (!bytes.is_done()) return external_error("the rows that wait to be shown are damaged");
    SLUICE_ASSIGN(const uint64_t shown, noted());
    if (shown < batch_) SLUICE_TRY(show(rows));
    // Also when later ones were shown: from here on they are other ones.
    return note(batch_);
  }

  Status commit() override {
    SLUICE_TRY(show(std::exchange(prepared_, {})));
    SLUICE_TRY(show(std::exchange(gathered_, {})));
    if (batch_ != 0) SLUICE_TRY(note(batch_));
    return sink_->commit();
  }
  void abort() noexcept override { sink_->abort(); }
  void suspend() noexcept override { sink_->abort(); }
  [[nodiscard]] bool is_final() const override { return sink_->is_final(); }
  [[nodiscard]] RowLimit* limit() override { return sink_->limit(); }

 private:
  Status show(std::string_view rows) {
    if (rows.empty()) return {};
    SLUICE_TRY(sink_->write(rows));
    return sink_->flush();
  }

  // Not synced: what a machine's crash takes away of it shows rows twice.
  [[nodiscard]] Status note(uint64_t batch) const {
    const int file = ::open(note_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return system_error("cannot write " + note_, errno);
    const ssize_t written = ::pwrite(file, &batch, sizeof batch, 0);
    const int error = written < 0 ? errno : ENOSPC;
    ::close(file);
    if (written != sizeof batch) return system_error("cannot write " + note_, error);
    return {};
  }

  // 0: nothing.
  [[nodiscard]] Result<uint64_t> noted() const {
    const int file = ::open(note_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return uint64_t{0};
    if (file < 0) return system_error("cannot read " + note_, errno);
    uint64_t batch = 0;
    const bool is_there = ::pread(file, &batch, sizeof batch, 0) == sizeof batch;
    ::close(file);
    return is_there ? batch : 0;
  }

  const std::unique_ptr<Sink> sink_;
  const std::string note_;
  std::string gathered_;  // since the last prepare()
  std::string prepared_;
  uint64_t batch_ = 0;  // of prepared_, 1 is the first
};

}  // namespace

std::unique_ptr<Sink> make_held_sink(std::unique_ptr<Sink> sink, std::string note) {
  return std::make_unique<HeldSink>(std::move(sink), std::move(note));
}

}  // namespace sluice
