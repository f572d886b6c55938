#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::filter;
using testing::find_node;
using testing::hits;
using testing::kHitsRow;
using testing::sink;

using Lines = std::vector<std::string>;

PassResult prune(const std::string& rest) { return testing::run(hits(rest), {"prune_columns"}); }

std::string decoded(const PassResult& result, const char* label = "1") {
  std::string text;
  for (const auto& name : find_node(result.graph, label)->schema.names()) text += (text.empty() ? "" : " ") + name;
  return text;
}

const std::string kSelect =
    "node 2 project (1)\n  name p\n  column u = url:string\n  column b = bytes:int\n  schema u: string, b: int\n";

TEST(PruneColumns, DecodesWhatIsRead) {
  const auto result = prune(kSelect + sink("3", "2", "u: string, b: int"));
  EXPECT_EQ(decoded(result), "url bytes");
  EXPECT_EQ(find_node(result.graph, "1")->as<SourceNode>()->declared.fields.size(), 5u);
  EXPECT_EQ(testing::notes_of(result), (Lines{"+ 1: 2 of 5 fields decoded: `url`, `bytes`"}));
}

TEST(PruneColumns, FieldsOnlyTheFilterReadsAreCountedButNotPassedOn) {
  auto text = hits(kSelect + sink("3", "2", "u: string, b: int"));
  text.insert(text.find("  schema"), "  filter lt(status:int, 400:int):bool\n");
  const auto result = testing::run(text, {"prune_columns"});
  EXPECT_EQ(decoded(result), "url bytes");
  EXPECT_EQ(testing::notes_of(result), (Lines{"+ 1: 3 of 5 fields decoded: `url`, `status`, `bytes`"}));
}

TEST(PruneColumns, ASinkReadsEverything) {
  const auto result = prune(filter("2", "1", "lt(status:int, 400:int):bool") + sink("3", "2", kHitsRow));
  EXPECT_EQ(decoded(result), "url status bytes ms note");
  EXPECT_EQ(testing::notes_of(result), (Lines{"- 1: all 5 fields are used"}));
}

TEST(PruneColumns, WhatMayFailIsComputedAlthoughNobodyReadsIt) {
  const auto result = prune(
      "node 2 project (1)\n  name p\n  column u = url:string\n  column b = mul(bytes:int, 2:int):int\n"
      "  column m = mul(ms:float, 2.0:float):float\n  schema u: string, b: int, m: float\n"
      "node 3 project (2)\n  name q\n  column u = u:string\n  schema u: string\n" +
      sink("4", "3", "u: string"));
  EXPECT_EQ(decoded(result), "url bytes");
  EXPECT_EQ(decoded(result, "2"), "u b");
  EXPECT_EQ(testing::notes_of(result)[1], "+ 2: `m` not computed: nobody reads it");
  EXPECT_EQ(testing::notes_of(result)[2], "- 2: `b` is read by nobody, but computing it may fail");
}

// Ties are broken from left to right: a column behind the last one that is read decides nothing that anyone sees.
TEST(PruneColumns, TopAndSortBreakTiesByWhatStandsInFrontOfAReadColumn) {
  for (const char* step : {"top (1)\n  name t\n  limit 3\n  order bytes:int asc\n  schema ",
                           "sort (1)\n  name t\n  order bytes:int asc\n  schema "}) {
    const auto read = [&](const std::string& column, const std::string& type) {
      return decoded(prune("node 2 " + (step + std::string(kHitsRow)) +
                           "\nnode 3 project (2)\n  name p\n  column c = " + column + ":" + type +
                           "\n  schema c: " + type + "\n" + sink("4", "3", "c: " + type)));
    };
    EXPECT_EQ(read("url", "string"), "url bytes");
    EXPECT_EQ(read("status", "int"), "url status bytes");
    EXPECT_EQ(read("ms", "float"), "url status bytes ms note") << "0.0 and -0.0 are told apart last";
    EXPECT_EQ(read("note", "string?"), "url status bytes ms note");
  }
}

TEST(PruneColumns, ExpandPassesOnWhatIsRead) {
  const std::string row = "url: string, status: int, bytes: int, ms: float, note: string?, word: string";
  const auto result = prune(
      "node 2 expand (1)\n  name e\n  element word\n  list call words rt_words(url:string):[string]\n  schema " + row +
      "\nnode 3 project (2)\n  name p\n  column w = word:string\n  column s = status:int\n  schema w: string, s: "
      "int\n" +
      sink("4", "3", "w: string, s: int"));
  EXPECT_EQ(decoded(result), "url status");
  EXPECT_EQ(decoded(result, "2"), "status word");
}

TEST(PruneColumns, AggregatesThatNobodyReadsGoUnlessTheyMayFail) {
  const std::string state = "    state n: int\n      init 0:int\n      step add($n:int, ";
  const auto result = prune("node 2 aggregate (1)\n  name a\n  key url = url:string\n  call n count\n" + state +
                            "1:int):int\n    finish $n:int\n  call total sum\n    arg x = bytes:int\n" + state +
                            "$x:int):int\n    finish $n:int\n  call other count\n" + state +
                            "1:int):int\n    finish $n:int\n  schema url: string, n: int, total: int, other: int\n"
                            "node 3 project (2)\n  name p\n  column u = url:string\n  column n = n:int\n"
                            "  schema u: string, n: int\n" +
                            sink("4", "3", "u: string, n: int"));
  EXPECT_EQ(decoded(result), "url bytes");
  EXPECT_EQ(decoded(result, "2"), "url n total");
  EXPECT_EQ(testing::notes_of(result)[1], "+ 2: `other` not computed: nobody reads it");
}

TEST(PruneColumns, BranchesOfAUnionStayAlike) {
  const std::string filtered = filter("2", "1", "lt(status:int, 400:int):bool");
  const std::string row(kHitsRow);
  const auto result = prune("node 1b source\n  name more\n  connector csv\n  declared " + row + "\n  schema " + row +
                            "\n" + filtered + "node 3 union (2, 1b)\n  name u\n  schema " + row +
                            "\nnode 4 project (3)\n  name p\n  column u = url:string\n  schema u: string\n" +
                            sink("5", "4", "u: string"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 1b source, 2 filter, 3a project, 3 union, 4 project, 5 sink");
  EXPECT_EQ(decoded(result), "url status");
  EXPECT_EQ(decoded(result, "1b"), "url");
  EXPECT_EQ(decoded(result, "3"), "url");
}

TEST(PruneColumns, OnlyColumnsInUseCrossAnExchange) {
  const auto result = testing::run(
      hits(filter("2", "1", "lt(status:int, 400:int):bool") +
           "node 3 aggregate (2)\n  name a\n  key url = url:string\n  call n count distinct\n    arg x = bytes:int\n"
           "    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n    finish $n:int\n"
           "  schema url: string, n: int\n" +
           sink("4", "3", "url: string, n: int")),
      {"place_exchanges", "two_phase_aggregate", "prune_columns", "fuse"});
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 2 filter, E1a project, E1 exchange, 3 aggregate, E2 exchange, 4 sink");
  EXPECT_EQ(decoded(result, "E1"), "url bytes");
  EXPECT_EQ(find_node(result.graph, "E1a")->parallelism, 4u);
}

TEST(PruneColumns, RowsWithoutColumnsCrossWithOne) {
  const std::string row(kHitsRow);
  const auto result =
      testing::run(hits("node 2 limit (1)\n  name l\n  take 10\n  schema " + row +
                        "\nnode 3 aggregate (2)\n  name a\n  call n count\n    state n: int\n      init 0:int\n"
                        "      step add($n:int, 1:int):int\n    finish $n:int\n  schema n: int\n" +
                        sink("4", "3", "n: int")),
                   {"place_exchanges", "prune_columns", "fuse"});
  EXPECT_EQ(decoded(result), "status");
  EXPECT_EQ(decoded(result, "E1"), "status");
}

}  // namespace
}  // namespace sluice
