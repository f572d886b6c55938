#include "runtime/coordinator/api_access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

class ApiAccessTest : public testing::Test {
 protected:
  std::string write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static std::string problem(const std::string& file) {
    const auto access = ApiAccess::make("", file);
    return access ? "none" : access.error().message;
  }

  std::string path_ = std::filesystem::temp_directory_path() / ("sluice-tokens-" + std::to_string(::getpid()));
};

TEST_F(ApiAccessTest, WithoutTokensEverybodyMayDoEverything) {
  EXPECT_EQ(ApiAccess::make("", "")->role_of(""), Role::Admin);
}

TEST_F(ApiAccessTest, TokensHaveRoles) {
  const auto access = ApiAccess::make("cluster", write("# who looks\nviewer look\n\n  operator\twork  \nadmin rule\n"));
  ASSERT_TRUE(access.has_value()) << access.error().message;
  EXPECT_EQ(access->role_of("Bearer cluster"), Role::Admin);
  EXPECT_EQ(access->role_of("Bearer look"), Role::Viewer);
  EXPECT_EQ(access->role_of("Bearer work"), Role::Operator);
  EXPECT_EQ(access->role_of("Bearer rule"), Role::Admin);
  for (const char* wrong : {"", "look", "Bearer", "Bearer ", "Bearer loo", "Bearer lookk", "bearer look", "Basic look"})
    EXPECT_EQ(access->role_of(wrong), Role::None) << wrong;
}

TEST_F(ApiAccessTest, FilesThatOthersMayReadAreRefused) {
  EXPECT_TRUE(problem(write("viewer x\n", 0644)).contains("chmod 600 ")) << problem(path_);
  EXPECT_TRUE(problem(write("viewer x\n", 0620)).contains("chmod 600 "));
  EXPECT_EQ(problem(write("viewer x\n", 0400)), "none");
}

TEST_F(ApiAccessTest, WrongLinesAreNamedByNumberAndNotSaid) {
  for (const char* line : {"boss secret", "viewer", "viewer secret more", "none secret", "secret"}) {
    const std::string text = problem(write(std::string("viewer x\n") + line + "\n"));
    EXPECT_TRUE(text.starts_with("line 2 of ")) << text;
    EXPECT_FALSE(text.contains("secret")) << text;
  }
  EXPECT_TRUE(problem(write("# nothing\n")).starts_with("there is no token in "));
  EXPECT_TRUE(problem("/nowhere/tokens").starts_with("cannot open "));
}

TEST_F(ApiAccessTest, UnitsOfCertificatesHaveRoles) {
  EXPECT_EQ(ApiAccess::role_of_unit("sluice-viewer"), Role::Viewer);
  EXPECT_EQ(ApiAccess::role_of_unit("sluice-admin"), Role::Admin);
  for (const char* wrong : {"", "admin", "sluice-", "sluice-none", "sluice-Admin", "sluice-admin "})
    EXPECT_EQ(ApiAccess::role_of_unit(wrong), Role::None) << wrong;
  auto access = ApiAccess::make("", "");
  access->need_certificate();
  EXPECT_EQ(access->role_of(""), Role::None);
}

TEST_F(ApiAccessTest, NamesThatOnlyThisMachineHas) {
  for (const char* host : {"localhost", "LocalHost:7080", "127.0.0.1:1", "[::1]:7080", "[::1]", "127.0.0.1"})
    EXPECT_TRUE(ApiAccess::is_name_of_loopback(host, "127.0.0.1")) << host;
  for (const char* host : {"", ":7080", "evil.example:7080", "localhost.evil.example", "127.0.0.1.evil.example",
                           "localhost:7080.evil.example", "::1", "127.0.0.2"})
    EXPECT_FALSE(ApiAccess::is_name_of_loopback(host, "127.0.0.1")) << host;
  EXPECT_TRUE(ApiAccess::is_name_of_loopback("127.0.0.2:80", "127.0.0.2"));
  EXPECT_TRUE(ApiAccess::is_name_of_loopback("[::2]:80", "::2"));
  EXPECT_FALSE(ApiAccess::is_name_of_loopback("", ""));
}

}  // namespace
}  // namespace sluice
