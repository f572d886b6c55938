#include "stdlib/connectors/input_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

class InputFiles : public ::testing::Test {
 protected:
  InputFiles() {
    for (const char* name :
         {"b.txt", "a.txt", "c.csv", ".hidden.txt", "sub/d.txt", "sub/deep/e.txt", "sub/.x/f.txt", "odd[1].txt"})
      directory_.write(name, "x\n");
  }
  // Names without the directory, joined by blanks, or the error.
  std::string find(const std::string& pattern) {
    const std::string root = directory_.path("");
    const auto files = find_input_files(root + pattern);
    if (!files) {
      std::string message = files.error().message;
      EXPECT_EQ(files.error().domain, ErrorDomain::User);
      for (size_t at = message.find(root); at != message.npos; at = message.find(root))
        message.replace(at, root.size(), "/");
      return message;
    }
    std::string names;
    for (const auto& file : *files) names += (names.empty() ? "" : " ") + file.path.substr(root.size());
    return names;
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(InputFiles, FilesPatternsAndDirectories) {
  EXPECT_EQ(find("a.txt"), "a.txt");
  EXPECT_EQ(find("*.txt"), "a.txt b.txt odd[1].txt");
  EXPECT_EQ(find("?.*"), "a.txt b.txt c.csv");
  EXPECT_EQ(find("[bc].*"), "b.txt c.csv");
  EXPECT_EQ(find("*/d.txt"), "sub/d.txt");
  EXPECT_EQ(find("**/*.txt"), "a.txt b.txt odd[1].txt sub/d.txt sub/deep/e.txt");
  EXPECT_EQ(find("sub/**"), "sub/d.txt sub/deep/e.txt");
  EXPECT_EQ(find("sub/**/e.txt"), "sub/deep/e.txt");
  EXPECT_EQ(find(".*.txt"), ".hidden.txt");
  EXPECT_EQ(find("odd[1].txt"), "odd[1].txt");  // a file of this very name
  EXPECT_EQ(find("sub"), "sub/d.txt");
  EXPECT_EQ(find("sub/"), "sub/d.txt");
}

TEST_F(InputFiles, WhatIsNotThere) {
  EXPECT_EQ(find("none.txt"), "cannot read /none.txt: there is no such file");
  EXPECT_EQ(find("a.txt/b"), "cannot read /a.txt/b: there is no such file");
  EXPECT_EQ(find("*.json"), "no file matches /*.json");
  EXPECT_EQ(find("none/*.txt"), "no file matches /none/*.txt");
  directory_.write("empty/deep/x", "");
  EXPECT_EQ(find("empty"), "the directory /empty has no files to read");
  EXPECT_FALSE(find_input_files("").has_value());
  const auto relative = find_input_files("no-such-file-here");
  EXPECT_NE(relative.error().message.find("(looked for in /"), std::string::npos);
}

TEST_F(InputFiles, WithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_EQ(::chmod(directory_.path("a.txt").c_str(), 0), 0);
  EXPECT_EQ(find("a.txt"), "cannot read /a.txt: Permission denied");
}

TEST_F(InputFiles, StandardInput) {
  const auto files = find_input_files("-");
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ(files->front().name, "standard input");
}

}  // namespace
}  // namespace sluice
