// What a coordinator makes of records that another version of Sluice left in its state directory.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "runtime/coordinator/coordinator.h"
#include "runtime/coordinator/job_record.h"
#include "runtime/coordinator/job_store.h"

namespace sluice {
namespace {

struct OldRecords : ::testing::Test {
  std::string folder = ::testing::TempDir() + "old_records_test";
  void SetUp() override { std::filesystem::remove_all(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // Of a plan that this version does not understand.
  void keep(uint64_t job, JobPhase phase) const {
    const auto store = JobStore::open(folder);
    ASSERT_TRUE(store) << store.error().to_string();
    JobInfo info;
    info.job = job;
    info.identity = std::to_string(job);
    info.history = {{JobPhase::Created, {}}, {phase, {}}};
    ASSERT_TRUE(store->save(record_of(info, {"old", "a plan of the days of old", 1000, {}})));
  }
  [[nodiscard]] Result<std::unique_ptr<Coordinator>> start() const {
    return Coordinator::make({"tcp://127.0.0.1:0", {}, folder, [](const std::string&) {}});
  }
};

TEST_F(OldRecords, AJobThatHasEndedNeedsNoPlan) {
  keep(7, JobPhase::Finished);
  const auto coordinator = start();
  ASSERT_TRUE(coordinator) << coordinator.error().to_string();
  const auto info = (*coordinator)->job(7);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->phase, JobPhase::Finished);
  EXPECT_EQ((*coordinator)->plan(7), "a plan of the days of old");
  const auto again = (*coordinator)->restart(7);
  ASSERT_TRUE(again && !*again);
  EXPECT_TRUE(again->error().message.starts_with("job 7 cannot be submitted once more")) << again->error().message;
  EXPECT_EQ((*coordinator)->jobs().size(), 1U);
}

TEST_F(OldRecords, AnErrorSaysWhichRecordIsInTheWay) {
  keep(8, JobPhase::Running);
  const auto coordinator = start();
  ASSERT_FALSE(coordinator);
  EXPECT_TRUE(coordinator.error().message.starts_with(folder + "/8.job cannot be used: "))
      << coordinator.error().message;
  EXPECT_NE(coordinator.error().message.find("Move it away"), std::string::npos) << coordinator.error().message;
}

}  // namespace
}  // namespace sluice
