#include "stdlib/connectors/replaced_input.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

using testing::TemporaryDirectory;

bool replaces(const std::string& source, const std::string& sink) {
  FlowGraph graph;
  Node reads;
  reads.payload = SourceNode{"csv", {{"path", source}}, {}, std::nullopt};
  graph.nodes.add(std::move(reads));
  Node writes;
  writes.payload = SinkNode{"csv", {{"path", sink}}};
  graph.nodes.add(std::move(writes));
  return replaces_input(graph);
}

TEST(ReplacedInput, AFileUnderAnyName) {
  const TemporaryDirectory directory;
  const auto file = directory.write("in/a.csv", "n\n1\n");
  std::filesystem::create_symlink(file, directory.path("link.csv"));
  EXPECT_TRUE(replaces(file, file));
  EXPECT_TRUE(replaces(file, directory.path("in/../in/a.csv")));
  EXPECT_TRUE(replaces(file, directory.path("link.csv")));
  EXPECT_TRUE(replaces(directory.path("link.csv"), file));
  EXPECT_FALSE(replaces(file, directory.path("in/b.csv")));
  EXPECT_FALSE(replaces(file, directory.path("in/")));
  EXPECT_FALSE(replaces(directory.path("none.csv"), directory.path("other.csv")));
  EXPECT_FALSE(replaces("-", "-"));
  EXPECT_FALSE(replaces_input({}));
}

TEST(ReplacedInput, AFileThatWouldBeRead) {
  const TemporaryDirectory directory;
  directory.write("in/a.csv", "n\n1\n");
  directory.write("in/deep/b.csv", "n\n1\n");
  directory.write("out/.keep", "");
  std::filesystem::create_symlink(directory.path("in"), directory.path("also"));
  for (const char* source : {"in", "in/", "in/*.csv", "also/*.csv", "**/*.csv", "in/**/*.csv", "i*/*"}) {
    EXPECT_TRUE(replaces(directory.path(source), directory.path("in/new.csv"))) << source;
    EXPECT_TRUE(replaces(directory.path(source), directory.path("in/"))) << source;
  }
  EXPECT_TRUE(replaces(directory.path("in/**/*.csv"), directory.path("in/deep/new.csv")));
  for (const char* source : {"in", "in/*.csv", "also/*.csv", "in/**/*.csv"}) {
    EXPECT_FALSE(replaces(directory.path(source), directory.path("out/new.csv"))) << source;
    EXPECT_FALSE(replaces(directory.path(source), directory.path("out/"))) << source;
  }
  EXPECT_FALSE(replaces(directory.path("in/*.csv"), directory.path("in/new.txt")));
}

// A directory that has no file yet is known by its name alone, and names can be written in many ways.
TEST(ReplacedInput, AnEmptyDirectoryUnderAnyName) {
  const TemporaryDirectory directory;
  directory.write("in/full/a.csv", "n\n1\n");
  std::filesystem::create_directories(directory.path("in/empty"));
  std::filesystem::create_directories(directory.path("elsewhere/deep"));
  std::filesystem::create_symlink(directory.path("in"), directory.path("also"));
  std::filesystem::create_symlink(directory.path("elsewhere"), directory.path("in/link"));
  for (const char* source : {"in/*/*.csv", "./in/*/*.csv", "also/*/*.csv", "in/full/../*/*.csv", "in/*/../empty/*.csv",
                             "in/**/*.csv", "./in/**", "in/e*/./*.csv", "**/empty/new.csv"}) {
    for (const char* sink :
         {"in/empty/new.csv", "./in/empty/new.csv", "also/empty/new.csv", "in//empty/../empty/new.csv"})
      EXPECT_TRUE(replaces(directory.path(source), directory.path(sink))) << source << " " << sink;
    EXPECT_FALSE(replaces(directory.path(source), directory.path("other.csv"))) << source;
    EXPECT_FALSE(replaces(directory.path(source), directory.path("elsewhere/deep/new.csv"))) << source;
  }
  EXPECT_TRUE(replaces(directory.path("in/*/*.csv"), directory.path("elsewhere/new.csv"))) << "behind a link";
  EXPECT_FALSE(replaces(directory.path("in/*/*.csv"), directory.path("in/empty/new.txt")));
  EXPECT_TRUE(replaces(directory.path("in/*/*.csv"), directory.path("in/none/../later/new.csv"))) << "not there yet";
}

}  // namespace
}  // namespace sluice
