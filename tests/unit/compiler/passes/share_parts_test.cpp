#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::notes_of;
using Lines = std::vector<std::string>;

std::string source(const std::string& label, const std::string& path = "a.csv") {
  return "node " + label + " source \"from s\"\n  name s" + label + "\n  connector csv\n  option path = \"" + path +
         "\"\n  declared user: string, ms: int\n  schema user: string, ms: int\n";
}
std::string where(const std::string& label, const std::string& input) {
  return "node " + label + " filter (" + input + ")\n  name f" + label +
         "\n  condition gt(ms:int, 5:int):bool\n  schema user: string, ms: int\n";
}
std::string distinct(const std::string& label, const std::string& input, const std::string& hint = "") {
  return "node " + label + " aggregate (" + input + ") \"distinct\"\n  name d" + label +
         "\n  key user = user:string\n  schema user: string\n" + hint;
}
std::string sink(const std::string& label, const std::string& input) {
  return testing::sink(label, input, "user: string");
}
PassResult share(const std::string& nodes) { return testing::run("graph \"g\"\n" + nodes, {"share_parts"}); }

const std::string kDone = ": they do the same with the same rows: it is done once";

TEST(ShareParts, WhatStandsTwiceRunsOnce) {
  const auto result = share(source("1") + where("2", "1") + distinct("3", "2") + where("4", "1") + distinct("5", "4") +
                            sink("6", "3") + sink("7", "5"));
  EXPECT_EQ(notes_of(result), Lines{"+ 3 5" + kDone});
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 filter, 3 aggregate, 6 sink, 7 sink");
}

TEST(ShareParts, FilesAreReadOnce) {
  const auto result = share(source("1") + distinct("2", "1") + source("3") + where("4", "3") + distinct("5", "4") +
                            sink("6", "2") + sink("7", "5"));
  EXPECT_EQ(notes_of(result), Lines{"+ 1 3" + kDone});
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 aggregate, 4 filter, 5 aggregate, 6 sink, 7 sink");
}

TEST(ShareParts, OtherFilesAreOtherRows) {
  const auto result = share(source("1") + distinct("2", "1") + source("3", "b.csv") + distinct("5", "3") +
                            sink("6", "2") + sink("7", "5"));
  EXPECT_TRUE(result.notes.empty());
  EXPECT_EQ(result.graph.nodes.size(), 6u);
}

// They have one reader each, with which they may move and vanish.
TEST(ShareParts, StepsThatOnlyPassRowsOnStay) {
  const auto result = share(source("1") + where("2", "1") + where("3", "1") + distinct("4", "2") +
                            testing::sink("5", "3", "user: string, ms: int") + sink("6", "4"));
  EXPECT_TRUE(result.notes.empty());
  EXPECT_EQ(result.graph.nodes.size(), 6u);
}

TEST(ShareParts, HintsCount) {
  const auto result = share(source("1") + distinct("2", "1") + distinct("3", "1", "  hint combine off\n") +
                            sink("4", "2") + sink("5", "3"));
  EXPECT_EQ(notes_of(result), Lines{"- 3: it does what #2 does, but their hints differ"});
}

TEST(ShareParts, RowsKeepTheirOrderInAUnion) {
  const std::string both = source("1") + distinct("2", "1") + distinct("3", "1");
  const auto result = share(both + "node 4 union (2, 3)\n  name u\n  schema user: string\n" + sink("5", "4"));
  EXPECT_EQ(notes_of(result),
            Lines{"- 2 3: they do the same, but their rows meet in #4, in an order that would change"});
  // What holds rows back puts them in an order of its own.
  const auto sorted = share(both + "node 4 sort (3)\n  name o\n  order user:string asc\n  schema user: string\n" +
                            "node 5 union (2, 4)\n  name u\n  schema user: string\n" + sink("6", "5"));
  EXPECT_EQ(notes_of(sorted), Lines{"+ 2 3" + kDone});
}

TEST(ShareParts, NowIsAskedForEachTime) {
  const auto stamped = [](const std::string& label) {
    return "node " + label + " project (1)\n  name p" + label +
           "\n  column user = user:string\n  column seen = call now flow_now():timestamp\n"
           "  schema user: string, seen: timestamp\n";
  };
  const auto result = share(source("1") + stamped("2") + distinct("3", "2") + stamped("4") + distinct("5", "4") +
                            sink("6", "3") + sink("7", "5"));
  EXPECT_EQ(notes_of(result), Lines{"- 4: it does what #2 does, but each asks for its own `now()`"});
}

TEST(ShareParts, TheTableOfALookupIsItsOwn) {
  const auto result =
      testing::run("graph \"g\"\n" + source("1") + source("2") +
                       "node 3 join (1, 2) \"join t\"\n  name j\n  join semi\n  left_key user = user:string\n"
                       "  right_key user = user:string\n  schema user: string\n" +
                       sink("4", "3"),
                   {"lookup_joins", "share_parts"});
  EXPECT_EQ(notes_of(result), Lines{"+ 3: the other side is read first: rows of this one are answered as they come"});
  EXPECT_EQ(result.graph.nodes.size(), 4u);
}

}  // namespace
}  // namespace sluice
