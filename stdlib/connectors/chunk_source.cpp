#include "stdlib/connectors/chunk_source.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "stdlib/connectors/newlines.h"

namespace sluice {
namespace {

constexpr uint64_t kMaxRecord = uint64_t{1} << 30;
// A buffer that a huge record made this many times larger than a chunk is given back.
constexpr uint64_t kKeptFactor = 4;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

struct ChunkSource::Piece {
  std::vector<char>& bytes;
  uint64_t begin = 0;  // behind what stands in front of a file's records
  uint64_t size = 0;

  [[nodiscard]] std::string_view text() const { return {bytes.data() + begin, size - begin}; }
  // Makes room for bytes up to `end`, for a line end that the file lacks, and for padding.
  void reserve(uint64_t end) {
    const uint64_t wanted = end + 1 + abi::kChunkPadding;
    if (bytes.size() < wanted) bytes.resize(wanted);
  }
};

ChunkSource::ChunkSource(std::vector<InputFile> files, std::unique_ptr<RecordFormat> format, uint64_t chunk_bytes,
                         std::function<void(const std::string&)> on_warning)
    : files_(std::move(files)),
      format_(std::move(format)),
      chunk_bytes_(std::max<uint64_t>(chunk_bytes, 1)),
      on_warning_(std::move(on_warning)) {
  bool all_known = true;
  for (const auto& file : files_) {
    may_block_ |= file.may_block;
    all_known &= !file.may_block && file.path != "-";
    total_bytes_ += file.size;
  }
  if (!all_known) total_bytes_ = 0;
}

uint64_t ChunkSource::fingerprint() const {
  std::string text;
  for (const auto& file : files_) text += fmt::format("{}\n{} {}\n", file.path, file.size, file.modified);
  return XXH3_64bits(text.data(), text.size());
}

Result<bool> ChunkSource::next(ChunkBuffer& chunk) {
  std::shared_ptr<const FileLayout> layout;
  {
    const std::lock_guard lock(mutex_);
    auto taken = take_piece(chunk);
    if (interrupter_.is_interrupted()) return false;
    if (!taken || !*taken) return taken;
    layout = layout_;
    if (is_at_end_ && carried_.empty()) close_file();
  }
  format_->index(chunk, *layout);
  return true;
}

// Fills the chunk with the next bytes that hold whole records; false when there are none left.
Result<bool> ChunkSource::take_piece(ChunkBuffer& chunk) {
  if (chunk.bytes.size() > kKeptFactor * chunk_bytes_ + abi::kChunkPadding + 1) {
    chunk.bytes.clear();
    chunk.bytes.shrink_to_fit();
  }
  for (;;) {
    if (!stream_) {
      SLUICE_ASSIGN(const bool is_open, open_next());
      if (!is_open) return false;
    }
    Piece piece{chunk.bytes};
    SLUICE_ASSIGN(const uint64_t end, cut(piece));
    if (interrupter_.is_interrupted()) return false;
    if (end > piece.begin) {
      hand_over(piece, end, chunk);
      return true;
    }
    close_file();
  }
}

Result<bool> ChunkSource::open_next() {
  if (next_file_ == files_.size()) return false;
  SLUICE_ASSIGN(stream_, open_stream(files_[next_file_], interrupter_));
  next_file_ += 1;
  has_begun_ = false;
  is_at_end_ = false;
  carried_.clear();
  offset_ = 0;
  line_ = 1;
  return true;
}

void ChunkSource::close_file() {
  if (stream_) finished_bytes_ += stream_->consumed();
  stream_.reset();
}

// Gathers bytes until they hold whole records, and returns where these end; at the file's end, where the bytes end.
Result<uint64_t> ChunkSource::cut(Piece& piece) {
  const std::string& name = files_[next_file_ - 1].name;
  piece.reserve(carried_.size() + chunk_bytes_);
  if (!carried_.empty()) std::memcpy(piece.bytes.data(), carried_.data(), carried_.size());
  piece.size = carried_.size();
  carried_.clear();
  for (uint64_t wanted = piece.size + chunk_bytes_;;) {
    SLUICE_TRY(fill(piece, wanted));
    if (interrupter_.is_interrupted()) return uint64_t{0};
    if (!has_begun_) {
      SLUICE_ASSIGN(has_begun_, begin_file(piece));
    }
    if (has_begun_) {
      const uint64_t behind = is_at_end_ ? piece.text().size() : format_->boundary(piece.text());
      if (behind != 0 || is_at_end_) return piece.begin + behind;
    }
    if (piece.size < wanted) continue;  // more comes when the other process writes it
    if (has_begun_ && !piece.text().empty() && format_->is_hopeless(piece.text(), *layout_)) return piece.size;
    if (piece.size >= kMaxRecord)
      return user_error(fmt::format("{}, line {}: a record longer than {} MiB begins here; is this the right format?",
                                    name, line_, kMaxRecord >> 20));
    wanted = 2 * piece.size;
  }
}

// Reads up to `wanted` bytes, fewer when the rest would have to be waited for.
Status ChunkSource::fill(Piece& piece, uint64_t wanted) {
  const uint64_t size_before = piece.size;
  piece.reserve(wanted);
  while (!is_at_end_ && piece.size < wanted) {
    if (piece.size > size_before && stream_->must_wait()) break;
    SLUICE_ASSIGN(const uint64_t count, stream_->read(piece.bytes.data() + piece.size, wanted - piece.size));
    piece.size += count;
    if (interrupter_.is_interrupted()) return {};
    if (count == 0) is_at_end_ = true;
  }
  read_bytes_.store(finished_bytes_ + stream_->consumed(), std::memory_order_relaxed);
  return {};
}

// Skips a byte order mark and what the format wants in front of the records. False when more bytes are needed.
Result<bool> ChunkSource::begin_file(Piece& piece) {
  std::string_view text(piece.bytes.data(), piece.size);
  uint64_t skipped = 0;
  if (text.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(text) && !is_at_end_) return false;
  if (text.starts_with(kByteOrderMark)) skipped = kByteOrderMark.size();
  FileLayout layout;
  text.remove_prefix(skipped);
  SLUICE_ASSIGN(const auto taken, format_->begin_file(files_[next_file_ - 1].name, text, is_at_end_, layout));
  if (!taken) return false;
  warn(layout.warnings);
  layout_ = std::make_shared<FileLayout>(std::move(layout));
  piece.begin = skipped + *taken;
  offset_ = piece.begin;
  line_ += count_byte(piece.bytes.data(), piece.begin, '\n');
  return true;
}

// A thousand files with one header are no reason to say it a thousand times.
void ChunkSource::warn(const std::vector<std::string>& warnings) {
  for (const auto& text : warnings)
    if (warned_.insert(text).second && on_warning_) on_warning_(files_[next_file_ - 1].name + text);
}

// The bytes up to `end` become the chunk, those behind it wait for the next one.
void ChunkSource::hand_over(Piece& piece, uint64_t end, ChunkBuffer& chunk) {
  carried_.assign(piece.bytes.begin() + static_cast<ptrdiff_t>(end),
                  piece.bytes.begin() + static_cast<ptrdiff_t>(piece.size));
  if (carried_.capacity() > kKeptFactor * chunk_bytes_ && carried_.size() < chunk_bytes_) carried_.shrink_to_fit();
  uint64_t size = end - piece.begin;
  char* data = piece.bytes.data() + piece.begin;
  chunk.file = files_[next_file_ - 1].name;
  chunk.offset = offset_;
  chunk.first_line = line_;
  chunk.sequence = sequence_++;
  chunk.clock.reset();
  chunk.error_code.clear();
  chunk.error_message.clear();
  chunk.error_position = 0;
  offset_ += size;
  line_ += count_byte(data, size, '\n');
  if (data[size - 1] != '\n') data[size++] = '\n';  // the line end that the file's last line may lack
  std::memset(data + size, 0, abi::kChunkPadding);
  chunk.view = abi::Chunk{};
  chunk.view.data = data;
  chunk.view.size = size;
}

}  // namespace sluice
