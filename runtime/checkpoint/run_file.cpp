#include "runtime/checkpoint/run_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace sluice {
namespace {

constexpr size_t kBlockBytes = size_t{32} << 10;
constexpr size_t kReadAhead = size_t{1} << 20;
constexpr size_t kPieceBytes = size_t{1} << 20;
// In front of a record's own key: its state and its hash, most significant byte first, so that bytes sort like them.
constexpr size_t kPrefixBytes = sizeof(uint16_t) + sizeof(uint64_t);
constexpr uint32_t kMostStates = 0xfffe;
// Behind all records: an SST file must not be empty, and a run that lacks it is not whole.
constexpr std::string_view kEnd = "\xff\xff";

rocksdb::Options sst_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = kBlockBytes;
  table.checksum = rocksdb::kXXH3;
  table.no_block_cache = true;
  rocksdb::Options options;
  options.compression = rocksdb::kLZ4Compression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::unexpected<Error> failed(std::string_view what, const std::string& path, const rocksdb::Status& status) {
  return external_error(fmt::format("cannot {} {}: {}", what, path, status.ToString()));
}

void write_prefix(std::string& key, uint32_t state, uint64_t hash) {
  const uint16_t state_bytes = std::byteswap(static_cast<uint16_t>(state));
  const uint64_t hash_bytes = std::byteswap(hash);
  key.assign(reinterpret_cast<const char*>(&state_bytes), sizeof state_bytes);
  key.append(reinterpret_cast<const char*>(&hash_bytes), sizeof hash_bytes);
}

SnapshotRecord record_of(std::string_view key, std::string_view value) {
  uint16_t state = 0;
  uint64_t hash = 0;
  std::memcpy(&state, key.data(), sizeof state);
  std::memcpy(&hash, key.data() + sizeof state, sizeof hash);
  return {std::byteswap(state), std::byteswap(hash), key.substr(kPrefixBytes), value};
}

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

struct RunWriter::Parts {
  explicit Parts(std::string file) : path(std::move(file)), writer(rocksdb::EnvOptions(), options, nullptr, false) {}

  const std::string path;
  const rocksdb::Options options = sst_options();
  rocksdb::SstFileWriter writer;
  // The records of one hash, until the next comes.
  uint32_t state = 0;
  uint64_t hash = 0;
  std::vector<std::pair<std::string, std::string>> gathered;
  std::string key;
};

RunWriter::RunWriter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunWriter::~RunWriter() = default;

Result<std::unique_ptr<RunWriter>> RunWriter::create(const std::string& path) {
  auto parts = std::make_unique<Parts>(path);
  if (const auto status = parts->writer.Open(path); !status.ok()) return failed("write", path, status);
  return std::unique_ptr<RunWriter>(new RunWriter(std::move(parts)));
}

Status RunWriter::put(const SnapshotRecord& record) {
  Parts& parts = *parts_;
  if (record.state >= kMostStates) return internal_error("a task has too many states for a run");
  const auto place = std::pair(record.state, record.hash);
  const auto last = std::pair(parts.state, parts.hash);
  if (place != last || parts.gathered.empty()) {
    if (place < last) return internal_error(fmt::format("the records of {} come out of order", parts.path));
    SLUICE_TRY(write_gathered());
    parts.state = record.state;
    parts.hash = record.hash;
  }
  parts.gathered.emplace_back(record.key, record.value);
  return {};
}

Status RunWriter::write_gathered() {
  Parts& parts = *parts_;
  if (parts.gathered.size() > 1) std::ranges::sort(parts.gathered);
  for (size_t i = 0; i < parts.gathered.size(); ++i) {
    const auto& [key, value] = parts.gathered[i];
    if (i != 0 && key == parts.gathered[i - 1].first)
      return internal_error(fmt::format("two records of {} have the same key", parts.path));
    write_prefix(parts.key, parts.state, parts.hash);
    parts.key += key;
    if (const auto status = parts.writer.Put(parts.key, value); !status.ok())
      return failed("write", parts.path, status);
  }
  parts.gathered.clear();
  return {};
}

Result<RunInfo> RunWriter::finish() {
  SLUICE_TRY(write_gathered());
  Parts& parts = *parts_;
  auto status = parts.writer.Put(rocksdb::Slice(kEnd.data(), kEnd.size()), rocksdb::Slice());
  if (status.ok()) status = parts.writer.Finish();  // syncs
  if (!status.ok()) return failed("write", parts.path, status);
  return examine_run(parts.path);
}

struct RunReader::Parts {
  Parts(std::string file, HashSpan hashes) : path(std::move(file)), range(hashes), reader(options) {}

  const std::string path;
  const HashSpan range;
  const rocksdb::Options options = sst_options();
  rocksdb::SstFileReader reader;
  std::unique_ptr<rocksdb::Iterator> records;  // must go before the reader
  bool has_begun = false;
  std::string key;

  void seek(uint32_t state, uint64_t hash) {
    write_prefix(key, state, hash);
    records->Seek(key);
  }
};

RunReader::RunReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunReader::~RunReader() = default;

Result<std::unique_ptr<RunReader>> RunReader::open(const std::string& path, HashSpan range) {
  auto parts = std::make_unique<Parts>(path, range);
  if (const auto status = parts->reader.Open(path); !status.ok()) return failed("read", path, status);
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.readahead_size = kReadAhead;
  parts->records.reset(parts->reader.NewIterator(options));
  parts->seek(0, range.first);
  return std::unique_ptr<RunReader>(new RunReader(std::move(parts)));
}

Result<bool> RunReader::next(SnapshotRecord& record) {
  Parts& parts = *parts_;
  if (std::exchange(parts.has_begun, true)) parts.records->Next();
  for (; parts.records->Valid();) {
    const std::string_view key = view(parts.records->key());
    if (key == kEnd) {
      parts.has_begun = false;  // stays here
      return false;
    }
    if (key.size() < kPrefixBytes) break;
    record = record_of(key, view(parts.records->value()));
    if (record.hash >= parts.range.first && record.hash <= parts.range.last) return true;
    if (record.hash < parts.range.first)
      parts.seek(record.state, parts.range.first);
    else
      parts.seek(record.state + 1, parts.range.first);
  }
  if (const auto status = parts.records->status(); !status.ok()) return failed("read", parts.path, status);
  return external_error(parts.path + " is damaged: its end is missing");
}

Result<RunInfo> examine_run(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return system_error("cannot open " + path, errno);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> sum(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(sum.get());
  std::vector<char> piece(kPieceBytes);
  RunInfo info;
  int error = 0;
  for (ssize_t count = 1; count != 0;) {
    count = ::read(file, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      error = errno;
      break;
    }
    XXH3_64bits_update(sum.get(), piece.data(), static_cast<size_t>(count));
    info.bytes += static_cast<uint64_t>(count);
  }
  ::close(file);
  if (error != 0) return system_error("cannot read " + path, error);
  info.checksum = XXH3_64bits_digest(sum.get());
  return info;
}

}  // namespace sluice
