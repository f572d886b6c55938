#include "runtime/checkpoint/run_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

using testing::TemporaryDirectory;
using Records = std::vector<std::tuple<uint32_t, uint64_t, std::string, std::string>>;

Records many_records(size_t count) {
  std::mt19937_64 random(7);
  Records records;
  for (size_t i = 0; i < count; ++i)
    records.emplace_back(i % 3, random() >> (i % 2 == 0 ? 0 : 60), "key " + std::to_string(i),
                         std::string(random() % 40, 'v'));
  std::ranges::sort(records);
  return records;
}

Result<RunInfo> write(const std::string& path, const Records& records) {
  SLUICE_ASSIGN(const auto writer, RunWriter::create(path));
  for (const auto& [state, hash, key, value] : records) SLUICE_TRY(writer->put({state, hash, key, value}));
  return writer->finish();
}

// An error's text as the last record.
Records read(const std::string& path, HashSpan range = {}) {
  Records records;
  auto reader = RunReader::open(path, range);
  if (!reader) return {{0, 0, "error", reader.error().message}};
  SnapshotRecord record;
  for (;;) {
    const auto more = (*reader)->next(record);
    if (!more) records.emplace_back(0, 0, "error", more.error().message);
    if (!more) return records;
    if (!*more) break;
    records.emplace_back(record.state, record.hash, record.key, record.value);
  }
  EXPECT_FALSE(*(*reader)->next(record));
  return records;
}

TEST(RunFile, GivesBackWhatWasWritten) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.sst");
  const Records records = many_records(20'000);
  const auto info = write(path, records);
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->bytes, std::filesystem::file_size(path));
  EXPECT_EQ(read(path), records);
  EXPECT_EQ(*examine_run(path), *info);
}

TEST(RunFile, AnEmptyOneAndOneWithEmptyTexts) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write(directory.path("a.sst"), {}).has_value());
  EXPECT_EQ(read(directory.path("a.sst")), Records());
  const Records records = {{0, 0, "", ""}, {0, ~uint64_t{0}, "", "x"}, {65533, ~uint64_t{0}, "\xff\xff", ""}};
  ASSERT_TRUE(write(directory.path("b.sst"), records).has_value());
  EXPECT_EQ(read(directory.path("b.sst")), records);
  EXPECT_EQ(read(directory.path("b.sst"), {5, ~uint64_t{0}}), Records(records.begin() + 1, records.end()));
}

TEST(RunFile, ARangeOfHashesOfEveryState) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.sst");
  const Records records = many_records(5'000);
  ASSERT_TRUE(write(path, records).has_value());
  constexpr uint64_t kThird = ~uint64_t{0} / 3;
  size_t total = 0;
  for (const HashSpan range : {HashSpan{0, kThird}, {kThird + 1, 2 * kThird}, {2 * kThird + 1, ~uint64_t{0}}}) {
    Records expected;
    for (const auto& record : records)
      if (std::get<1>(record) >= range.first && std::get<1>(record) <= range.last) expected.push_back(record);
    total += expected.size();
    EXPECT_EQ(read(path, range), expected);
  }
  EXPECT_EQ(total, records.size());
  EXPECT_EQ(read(path, {16, 17}), Records());
}

TEST(RunFile, RecordsOfOneHashAreSortedAndDiffer) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.sst");
  ASSERT_TRUE(write(path, {{1, 5, "b", "2"}, {1, 5, "a", "1"}, {1, 5, "", "0"}}).has_value());
  EXPECT_EQ(read(path), (Records{{1, 5, "", "0"}, {1, 5, "a", "1"}, {1, 5, "b", "2"}}));
  EXPECT_FALSE(write(path, {{1, 5, "a", "1"}, {1, 5, "a", "2"}}).has_value());
  EXPECT_FALSE(write(path, {{1, 5, "a", "1"}, {1, 4, "a", "2"}}).has_value());
  EXPECT_FALSE(write(path, {{1, 5, "a", "1"}, {0, 6, "a", "2"}}).has_value());
}

TEST(RunFile, DamageIsNeverReadAsRecords) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.sst");
  const Records records = many_records(300);
  const auto info = write(path, records);
  const std::string bytes = directory.read("a.sst");
  for (size_t at = 0; at < bytes.size(); at += 97) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    directory.write("b.sst", flipped);
    EXPECT_NE(examine_run(directory.path("b.sst")), *info) << at;
    const Records found = read(directory.path("b.sst"));
    EXPECT_TRUE(found == records || std::get<2>(found.back()) == "error") << at;
  }
  for (size_t size = 0; size < bytes.size(); size += 501) {
    directory.write("b.sst", std::string_view(bytes).substr(0, size));
    const Records found = read(directory.path("b.sst"));
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(std::get<2>(found.back()), "error") << size;
  }
  EXPECT_NE(std::get<3>(read(directory.path("none.sst")).front()).find(directory.path("none.sst")), std::string::npos);
  EXPECT_FALSE(examine_run(directory.path("none.sst")).has_value());
}

// No file of this process gets larger than this while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &saved_);
    const rlimit small{bytes, saved_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &saved_);
    ::signal(SIGXFSZ, handler_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit saved_{};
  sighandler_t handler_;
};

TEST(RunFile, AFullDiskIsAnErrorThatNamesTheFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("a.sst");
  const Records records = many_records(20'000);
  for (const rlim_t bytes : {rlim_t{1}, rlim_t{100'000}}) {
    const SmallFiles small(bytes);
    const auto info = write(path, records);
    ASSERT_FALSE(info.has_value());
    EXPECT_NE(info.error().message.find(path), std::string::npos) << info.error().message;
  }
  EXPECT_FALSE(write(directory.path("no/a.sst"), records).has_value());
}

}  // namespace
}  // namespace sluice
