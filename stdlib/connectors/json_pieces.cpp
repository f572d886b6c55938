#include "stdlib/connectors/json_pieces.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "stdlib/connectors/record_format.h"

namespace sluice {
namespace {

class JsonPiecesSource final : public Source {
 public:
  JsonPiecesSource(std::string name, std::vector<JsonPiece> pieces)
      : name_(std::move(name)), pieces_(std::move(pieces)) {}

  Result<bool> next(ChunkBuffer& chunk) override {
    uint64_t first_line = 0;
    size_t index = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ == pieces_.size()) return false;
      index = next_++;
      first_line = line_;
      line_ += static_cast<uint64_t>(std::ranges::count(pieces_[index].lines, '\n'));
    }
    const JsonPiece& piece = pieces_[index];
    const size_t size = piece.lines.size();
    chunk.bytes.assign(size + abi::kChunkPadding, '\0');
    std::memcpy(chunk.bytes.data(), piece.lines.data(), size);
    chunk.file = name_;
    chunk.first_line = first_line;
    chunk.sequence = index;
    chunk.watermark = piece.watermark;
    chunk.error_code.clear();
    chunk.view = abi::Chunk{};
    chunk.view.data = chunk.bytes.data();
    chunk.view.size = size;
    format_->index(chunk, FileLayout{});
    return true;
  }

 private:
  const std::string name_;
  const std::vector<JsonPiece> pieces_;
  const std::unique_ptr<RecordFormat> format_ = make_json_format();
  std::mutex mutex_;
  size_t next_ = 0;
  uint64_t line_ = 1;
};

}  // namespace

std::unique_ptr<Source> make_json_pieces_source(std::string name, std::vector<JsonPiece> pieces) {
  return std::make_unique<JsonPiecesSource>(std::move(name), std::move(pieces));
}

}  // namespace sluice
