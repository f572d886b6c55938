#include "stdlib/connectors/chunk_source.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "runtime/checkpoint/bytes.h"
#include "stdlib/connectors/newlines.h"

namespace sluice {
namespace {

constexpr uint64_t kMaxRecord = uint64_t{1} << 30;
// A buffer that a huge record made this many times larger than a chunk is given back.
constexpr uint64_t kKeptFactor = 4;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr uint32_t kPositionFormat = 1;

// Nobody can read again what a pipe gave.
Status check_can_be_continued(const std::vector<InputFile>& files) {
  for (const auto& file : files)
    if (file.may_block || file.path == "-")
      return user_error(
          fmt::format("{} cannot be read again from its middle, so a job that keeps checkpoints cannot read it; write "
                      "what it gives to a file and read that",
                      file.name));
  return {};
}

bool is_same(const InputFile& a, const InputFile& b) {
  return a.size == b.size && a.modified == b.modified && a.inode == b.inode;
}

// What happened to a file, in words.
std::string difference(const InputFile& was, const InputFile& is) {
  if (is.size != was.size) return fmt::format("it had {} bytes and has {}", was.size, is.size);
  return is.inode != was.inode ? "another file has its name" : "it was written to";
}

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
    // Whoever comes behind an error meets the same: the first in the order of the input is the one to tell.
    if (error_) return std::unexpected(*error_);
    auto taken = take_piece(chunk);
    if (!taken) error_ = taken.error();
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
  place_ = Place{.file = next_file_};
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
  place_ = Place{next_file_ - 1, offset_, line_, carried_.size()};
  if (data[size - 1] != '\n') data[size++] = '\n';  // the line end that the file's last line may lack
  std::memset(data + size, 0, abi::kChunkPadding);
  chunk.view = abi::Chunk{};
  chunk.view.data = data;
  chunk.view.size = size;
}

Result<std::string> ChunkSource::position() {
  SLUICE_TRY(check_can_be_continued(files_));
  const std::lock_guard lock(mutex_);
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(kPositionFormat);
  out.u64(chunk_bytes_);
  out.u64(sequence_);
  out.u64(place_.file);
  out.u64(place_.offset);
  out.u64(place_.line);
  out.u64(place_.carried);
  out.u64(files_.size());
  for (const auto& file : files_) {
    out.text(file.path);
    out.u64(file.size);
    out.i64(file.modified);
    out.u64(file.inode);
  }
  return bytes;
}

Status ChunkSource::seek(std::string_view position) {
  SLUICE_TRY(check_can_be_continued(files_));
  const std::lock_guard lock(mutex_);
  ByteReader bytes(position);
  const uint32_t format = bytes.u32();
  if (bytes.is_well() && format != kPositionFormat)
    return external_error("the position of the source was written by another version of Sluice");
  const uint64_t chunk_bytes = bytes.u64();
  sequence_ = bytes.u64();
  const Place place{bytes.u64(), bytes.u64(), bytes.u64(), bytes.u64()};
  SLUICE_TRY(check_files(bytes, place));
  if (chunk_bytes != chunk_bytes_)
    return user_error(fmt::format("the job was begun with pieces of {} bytes and cannot go on with pieces of {}",
                                  chunk_bytes, chunk_bytes_));
  return go_to(place);
}

// What the job has to read is what it had listed when it began.
Status ChunkSource::check_files(ByteReader& bytes, const Place& place) {
  std::map<std::string, InputFile> found;
  for (const auto& file : files_) found.emplace(file.path, file);
  std::vector<InputFile> listed;
  for (uint64_t left = bytes.u64(); left != 0 && bytes.is_well(); --left) {
    const std::string path(bytes.text());
    InputFile was{.path = path, .name = path};
    was.size = bytes.u64();
    was.modified = bytes.i64();
    was.inode = bytes.u64();
    const auto entry = found.find(path);
    if (!bytes.is_well()) break;
    // A file that was read to its end is not needed any more.
    if (entry == found.end() && listed.size() >= place.file)
      return external_error(fmt::format("{} is gone, and the job has not read all of it; put it back", path));
    if (entry != found.end() && !is_same(was, entry->second))
      return external_error(fmt::format(
          "{} is not what it was when the job began ({}); put back what it was, or begin anew with another --state-dir",
          path, difference(was, entry->second)));
    if (entry != found.end()) found.erase(entry);
    listed.push_back(std::move(was));
  }
  if (!bytes.is_done() || place.file > listed.size()) return external_error("the position of the source is damaged");
  for (const auto& [path, file] : found)
    if (on_warning_) on_warning_(path + ": came after the job had begun and is not read");
  files_ = std::move(listed);
  total_bytes_ = 0;
  for (const auto& file : files_) total_bytes_ += file.size;
  return {};
}

Status ChunkSource::go_to(const Place& place) {
  place_ = place;
  next_file_ = place.file;
  for (size_t i = 0; i < next_file_; ++i) finished_bytes_ += files_[i].size;
  read_bytes_.store(finished_bytes_, std::memory_order_relaxed);
  if (place.offset == 0) return {};
  SLUICE_TRY(learn_layout());
  // Once more from the begin, to stop exactly where the job had stopped reading.
  next_file_ = place.file;
  SLUICE_ASSIGN(has_begun_, open_next());
  SLUICE_TRY(stream_->skip(place.offset));
  carried_.resize(place.carried);
  for (uint64_t size = 0; size < carried_.size();) {
    SLUICE_ASSIGN(const uint64_t count, stream_->read(carried_.data() + size, carried_.size() - size));
    if (interrupter_.is_interrupted()) return {};
    if (count == 0) return external_error(files_[place.file].name + " ends before the place where the job had read to");
    size += count;
  }
  offset_ = place.offset;
  line_ = place.line;
  return {};
}

// Reads what stands in front of the records of the next file.
Status ChunkSource::learn_layout() {
  SLUICE_ASSIGN(const bool is_open, open_next());
  if (!is_open) return external_error("the position of the source is damaged");
  std::vector<char> buffer;
  Piece piece{buffer};
  for (uint64_t wanted = chunk_bytes_; !has_begun_ && !interrupter_.is_interrupted(); wanted *= 2) {
    SLUICE_TRY(fill(piece, wanted));
    SLUICE_ASSIGN(has_begun_, begin_file(piece));
  }
  return {};
}

}  // namespace sluice
