#include "runtime/coordinator/output_spool.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace sluice {
namespace {

std::string folder() { return std::filesystem::temp_directory_path(); }

TEST(OutputSpool, GivesBackWhatItGotFromAnywhere) {
  OutputSpool spool(folder());
  std::string all;
  for (int i = 0; all.size() < 3 * OutputSpool::kMostInMemory; ++i) {
    const std::string rows = "row " + std::to_string(i) + "\n";
    all += rows;
    ASSERT_TRUE(spool.append(rows).has_value());
    if (i % 1000 == 0) EXPECT_EQ(spool.read(all.size() / 2, 100).value(), all.substr(all.size() / 2, 100));
  }
  EXPECT_EQ(spool.size(), all.size());
  EXPECT_EQ(spool.read(0, all.size()).value(), all);
  EXPECT_EQ(spool.read(all.size() - 5, 100).value(), all.substr(all.size() - 5));
  EXPECT_EQ(spool.read(all.size() + 5, 100).value(), "");
  OutputSpool moved = std::move(spool);
  EXPECT_EQ(moved.read(0, 3).value(), "row");
}

TEST(OutputSpool, BeginsAnew) {
  OutputSpool spool(folder());
  for (const size_t size : {size_t{10}, size_t{OutputSpool::kMostInMemory + 1}}) {
    ASSERT_TRUE(spool.append(std::string(size, 'a')).has_value());
    spool.clear();
    EXPECT_EQ(spool.size(), 0u);
    ASSERT_TRUE(spool.append("b").has_value());
    EXPECT_EQ(spool.read(0, 9).value(), "b");
    spool.clear();
  }
}

TEST(OutputSpool, MoreThanThereIsRoomForIsAnError) {
  OutputSpool spool(folder(), 20);
  ASSERT_TRUE(spool.append("0123456789").has_value());
  const auto status = spool.append("0123456789a");
  ASSERT_FALSE(status.has_value());
  EXPECT_TRUE(status.error().message.contains("printed more than 20 B")) << status.error().message;
  EXPECT_EQ(spool.read(0, 99).value(), "0123456789");
}

TEST(OutputSpool, ADirectoryThatIsNotThereIsAnErrorWithItsName) {
  OutputSpool spool("/nowhere");
  const auto status = spool.append(std::string(OutputSpool::kMostInMemory + 1, 'a'));
  ASSERT_FALSE(status.has_value());
  EXPECT_TRUE(status.error().message.contains("/nowhere")) << status.error().message;
}

}  // namespace
}  // namespace sluice
