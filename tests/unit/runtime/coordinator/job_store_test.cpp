#include "runtime/coordinator/job_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/coordinator/job_record.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

struct JobStoreTest : ::testing::Test {
  std::string folder = ::testing::TempDir() + "job_store_test";
  void SetUp() override { std::filesystem::remove_all(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
};

JobInfo some_info() {
  JobInfo info;
  info.job = 12;
  info.name = "a name of bytes \xff";
  info.submitted = std::chrono::system_clock::time_point(1'700'000'000'000'001us);
  info.restarts = 3;
  info.cannot_repeat = "rows of it were shown already";
  info.has_begun = true;
  info.is_stopped = true;
  info.identity = "00000000000000ff";
  info.attempts = 9;
  info.has_committed = true;
  info.begun_files = {"out/\xff.csv", "second.csv"};
  info.history = {{JobPhase::Created, info.submitted}, {JobPhase::Failed, info.submitted + 5s}};
  info.failures = {{info.submitted + 1s, "worker 1 was lost"}};
  info.error = external_error("worker 2 was lost", true).error();
  info.row_error = RowError{"R0102", "division by zero", {0, {3, 5}, {3, 9}}, "n = 0", std::nullopt};
  info.totals.rows_in = 77;
  return info;
}

Submission some_submission() {
  return {"a name of bytes \xff", "plan", 1000, {RestartStrategy::Kind::Fixed, 7, 20ms, 30ms}};
}

std::string output_of(const JobStore& store, uint64_t job) {
  std::string output;
  const auto take = [&](std::string_view rows) -> Status {
    output += rows;
    return {};
  };
  EXPECT_TRUE(store.load_output(job, take));
  return output;
}

TEST_F(JobStoreTest, WhatWasSavedIsThere) {
  {
    const auto store = JobStore::open(folder);
    ASSERT_TRUE(store) << store.error().to_string();
    EXPECT_TRUE(store->load()->empty());
    EXPECT_TRUE(store->save(record_of(some_info(), some_submission())));
    JobInfo later = some_info();
    later.job = 2;
    EXPECT_TRUE(store->save(record_of(later, some_submission())));
    EXPECT_TRUE(store->save_output(12, [](uint64_t from) -> Result<std::string> {
      return std::string("rows\n").substr(from, 2);  // in pieces
    }));
  }
  const auto store = JobStore::open(folder);
  ASSERT_TRUE(store);
  const auto records = store->load();
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].job(), 2U);
  const auto read = read_record((*records)[1]);
  ASSERT_TRUE(read) << read.error().to_string();
  const JobInfo expected = some_info();
  EXPECT_EQ(read->info.name, expected.name);
  EXPECT_EQ(read->info.phase, JobPhase::Failed);
  EXPECT_EQ(read->info.submitted, expected.submitted);
  EXPECT_EQ(read->info.restarts, 3U);
  EXPECT_EQ(read->info.cannot_repeat, "rows of it were shown already");
  EXPECT_TRUE(read->info.has_begun);
  EXPECT_TRUE(read->info.is_stopped);
  EXPECT_EQ(read->info.identity, "00000000000000ff");
  EXPECT_EQ(read->info.attempts, 9U);
  EXPECT_TRUE(read->info.has_committed);
  EXPECT_EQ(read->info.begun_files, expected.begun_files);
  ASSERT_EQ(read->info.history.size(), 2U);
  EXPECT_EQ(read->info.history[1].since, expected.history[1].since);
  EXPECT_EQ(read->info.failures.at(0).message, "worker 1 was lost");
  EXPECT_TRUE(read->info.error->retryable);
  EXPECT_EQ(read->info.row_error->span, expected.row_error->span);
  EXPECT_EQ(read->info.totals.rows_in, 77U);
  EXPECT_EQ(read->submission.plan, "plan");
  EXPECT_EQ(read->submission.block_bytes, 1000U);
  EXPECT_EQ(read->submission.restart, some_submission().restart);
  EXPECT_EQ(output_of(*store, 12), "rows\n");
  EXPECT_EQ(output_of(*store, 2), "");
  store->remove(12);
  EXPECT_EQ(output_of(*store, 12), "");
}

TEST_F(JobStoreTest, OneCoordinatorAtATime) {
  const auto first = JobStore::open(folder);
  ASSERT_TRUE(first);
  const auto second = JobStore::open(folder);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "another coordinator uses the state directory " + folder);
}

TEST_F(JobStoreTest, DamageIsFound) {
  const auto store = JobStore::open(folder);
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->save(record_of(some_info(), some_submission())));
  const std::string path = folder + "/12.job";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(30);
  file.put('\x7e');
  file.close();
  const auto records = store->load();
  ASSERT_FALSE(records);
  EXPECT_EQ(
      records.error().message,
      path +
          " cannot be used: its checksum is wrong. Move it away, and the .output beside it, to go on without this job");
}

TEST_F(JobStoreTest, WhatALaterVersionWroteIsNotGuessedAt) {
  wire::JobRecord record = record_of(some_info(), some_submission());
  record.mutable_history(1)->set_phase("dreaming");
  const auto read = read_record(record);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "the record of job 12 speaks of `dreaming`, which this version does not know");
  record = record_of(some_info(), some_submission());
  record.mutable_restart()->set_strategy("sometimes");
  EXPECT_FALSE(read_record(record));
}

}  // namespace
}  // namespace sluice
