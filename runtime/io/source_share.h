// SourceShare: one worker's share of a source that several workers read: of its pieces every n-th. All workers number
// the pieces alike, so that the order of the rows is the same as with one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/io/connector.h"

namespace sluice {

class SourceShare final : public Source {
 public:
  // Of `count` shares the one with this number.
  SourceShare(std::unique_ptr<Source> source, uint32_t share, uint32_t count)
      : source_(std::move(source)), share_(share), count_(count) {}

  Result<bool> next(ChunkBuffer& chunk) override {
    while (true) {
      SLUICE_ASSIGN(const bool is_there, source_->next(chunk));
      if (!is_there || chunk.sequence % count_ == share_) return is_there;
    }
  }
  uint64_t fingerprint() const override { return source_->fingerprint(); }
  bool may_block() const override { return source_->may_block(); }
  // Every share has read of its own to another place.
  Result<std::string> position() override {
    SLUICE_ASSIGN(const std::string inner, source_->position());
    return whose() + inner;
  }
  Status seek(std::string_view position) override {
    const std::string mine = whose();
    if (!position.starts_with(mine))
      return user_error("a source that several workers share can only be continued by as many of them");
    return source_->seek(position.substr(mine.size()));
  }
  void interrupt() override { source_->interrupt(); }
  uint64_t total_bytes() const override { return source_->total_bytes() / count_; }
  uint64_t read_bytes() const override { return source_->read_bytes() / count_; }

 private:
  [[nodiscard]] std::string whose() const {
    std::string bytes(reinterpret_cast<const char*>(&share_), sizeof share_);
    return bytes.append(reinterpret_cast<const char*>(&count_), sizeof count_);
  }

  std::unique_ptr<Source> source_;
  uint32_t share_;
  uint32_t count_;
};

}  // namespace sluice
