#include "runtime/io/durable_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace sluice {
namespace {

struct DurableFile : ::testing::Test {
  std::string folder = ::testing::TempDir() + "durable_file_test";
  std::string path = folder + "/file";
  void SetUp() override {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
};

TEST_F(DurableFile, IsReplacedAsAWhole) {
  EXPECT_TRUE(write_durably(path, "one"));
  EXPECT_TRUE(write_durably(path, std::string("two\0three", 9)));
  EXPECT_EQ(*read_whole_file(path, 100), std::string("two\0three", 9));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "nothing is left over";
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U) << "plans are nobody else's";
}

TEST_F(DurableFile, WhatCannotBeWrittenLeavesTheOldContents) {
  EXPECT_TRUE(write_durably(path, "old"));
  std::filesystem::create_directories(path + ".tmp");  // in the way
  const auto status = write_durably(path, "new");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().error_number, EISDIR);
  EXPECT_EQ(*read_whole_file(path, 100), "old");
  EXPECT_FALSE(write_durably(folder + "/none/file", "x"));
}

TEST_F(DurableFile, Reading) {
  EXPECT_FALSE(read_whole_file(path, 100));
  EXPECT_TRUE(write_durably(path, std::string(200'000, 'x')));
  EXPECT_EQ(read_whole_file(path, 200'000)->size(), 200'000U);
  EXPECT_FALSE(read_whole_file(path, 199'999));
}

TEST(Checksum, FindsDamage) {
  const std::string checked = with_checksum("contents");
  EXPECT_EQ(*without_checksum(checked), "contents");
  EXPECT_EQ(*without_checksum(with_checksum("")), "");
  for (size_t i = 0; i < checked.size(); ++i) {
    std::string damaged = checked;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(without_checksum(damaged)) << i;
    EXPECT_FALSE(without_checksum(checked.substr(0, i))) << i;
  }
}

}  // namespace
}  // namespace sluice
