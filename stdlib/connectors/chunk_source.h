// ChunkSource: reads files one after the other in pieces that hold whole records. Reading is serial, under a lock, and
// cheap; indexing a piece is done outside of it by the task that took the piece.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/io/connector.h"
#include "stdlib/connectors/byte_stream.h"
#include "stdlib/connectors/input_files.h"
#include "stdlib/connectors/record_format.h"

namespace sluice {

class ByteReader;

class ChunkSource final : public Source {
 public:
  // A piece has about `chunk_bytes`; only a record that is longer makes it longer.
  ChunkSource(std::vector<InputFile> files, std::unique_ptr<RecordFormat> format, uint64_t chunk_bytes,
              std::function<void(const std::string&)> on_warning = {});

  Result<bool> next(ChunkBuffer& chunk) override;
  [[nodiscard]] bool may_block() const override { return may_block_; }
  [[nodiscard]] uint64_t fingerprint() const override;
  void interrupt() override { interrupter_.interrupt(); }
  // The files as they were listed, and where in which of them the next piece begins. Files that came later are left
  // out; one that is not what it was is an error.
  Result<std::string> position() override;
  Status seek(std::string_view position) override;
  [[nodiscard]] uint64_t total_bytes() const override { return total_bytes_; }
  [[nodiscard]] uint64_t read_bytes() const override { return read_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Piece;  // the bytes of a chunk while they are gathered
  // Where the next chunk begins. An interrupted read does not move it.
  struct Place {
    uint64_t file = 0;    // index in files_
    uint64_t offset = 0;  // in the unpacked file; 0: in front of what stands in front of its records, too
    uint64_t line = 1;
    // Bytes behind the place that had been read already. They decide how long the next piece is, and workers that share
    // a source must cut alike, from wherever each of them goes on.
    uint64_t carried = 0;
  };

  Result<bool> take_piece(ChunkBuffer& chunk);
  Result<bool> open_next();
  Result<uint64_t> cut(Piece& piece);
  Result<bool> begin_file(Piece& piece);
  Status fill(Piece& piece, uint64_t wanted);
  void hand_over(Piece& piece, uint64_t end, ChunkBuffer& chunk);
  void close_file();
  Status check_files(ByteReader& bytes, const Place& place);
  Status go_to(const Place& place);
  Status learn_layout();
  void warn(const std::vector<std::string>& warnings);

  std::vector<InputFile> files_;  // as they were listed; seek() leaves out those that came later
  const std::unique_ptr<RecordFormat> format_;
  const uint64_t chunk_bytes_;
  const std::function<void(const std::string&)> on_warning_;  // may be empty
  bool may_block_ = false;
  uint64_t total_bytes_ = 0;
  std::atomic<uint64_t> read_bytes_ = 0;
  Interrupter interrupter_;

  // Guarded by mutex_.
  std::mutex mutex_;
  size_t next_file_ = 0;
  std::optional<Error> error_;          // that ended the reading
  std::unique_ptr<ByteStream> stream_;  // of files_[next_file_ - 1]
  // Shared by the chunks of the file, which tasks index after the next file was begun.
  std::shared_ptr<const FileLayout> layout_;
  bool has_begun_ = false;     // what stands in front of the file's records was read
  bool is_at_end_ = false;     // of the file
  std::vector<char> carried_;  // bytes behind the last complete record
  uint64_t offset_ = 0;        // of the next chunk in the file
  uint64_t line_ = 1;          // likewise
  uint64_t sequence_ = 0;
  Place place_;
  uint64_t finished_bytes_ = 0;  // of the files that are done
  std::set<std::string> warned_;
};

}  // namespace sluice
