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

const std::string kSmall = "lt(status:int, 400:int):bool";
const std::string kFailing = "lt(idiv(bytes:int, status:int):int, 10:int):bool";

PassResult push(const std::string& rest) { return testing::run(hits(rest), {"push_filters"}); }

std::string source_filter(const PassResult& result) {
  const auto& filter = find_node(result.graph, "1")->as<SourceNode>()->filter;
  return filter ? flow_text(*filter) : "";
}

TEST(PushFilters, IntoTheDecoder) {
  const auto result = push(filter("2", "1", kSmall) + sink("3", "2", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 3 sink");
  EXPECT_EQ(source_filter(result), "status < 400");
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"+ 2 1: `status < 400`: failing rows are dropped before their other fields are decoded"}));
}

TEST(PushFilters, FiltersKeepTheirOrderInTheDecoder) {
  const auto result = push(filter("2", "1", "gt(status:int, 0:int):bool") +
                           filter("3", "2", "and(" + kSmall + ", " + kFailing + "):bool") + sink("4", "3", kHitsRow));
  EXPECT_EQ(source_filter(result), "status > 0 and status < 400 and bytes // status < 10");
}

const std::string kProject =
    "node 2 project (1) \"select code = status, double = ms * 2.0, upper = upper(url)\"\n  name hits.select\n"
    "  column code = status:int\n  column double = mul(ms:float, 2.0:float):float\n"
    "  column upper = call upper rt_upper(url:string):string\n  schema code: int, double: float, upper: string\n";
const std::string kProjectRow = "code: int, double: float, upper: string";

TEST(PushFilters, ThroughColumnsThatPassOrAreCheap) {
  const auto result =
      push(kProject + filter("3", "2", "lt(code:int, 400:int):bool", kProjectRow) +
           filter("4", "3", "gt(double:float, 1.0:float):bool", kProjectRow) + sink("5", "4", kProjectRow));
  EXPECT_EQ(source_filter(result), "status < 400 and ms * 2.0 > 1.0");
}

TEST(PushFilters, NotWhereWorkWouldBeDoneTwice) {
  const auto result = push(kProject + filter("3", "2", "eq(upper:string, \"/\":string):bool", kProjectRow) +
                           sink("4", "3", kProjectRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 project, 3 filter, 4 sink");
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"- 3: `upper == \"/\"` stays: it would compute again what `select code = status, double = ms * 2.0, "
                   "upper = upper(url)` computes"}));
}

TEST(PushFilters, ConjunctionsSplit) {
  const auto result =
      push(kProject +
           filter("3", "2", "and(eq(upper:string, \"/\":string):bool, lt(code:int, 400:int):bool):bool", kProjectRow) +
           sink("4", "3", kProjectRow));
  EXPECT_EQ(source_filter(result), "status < 400");
  EXPECT_EQ(flow_text(find_node(result.graph, "3")->as<FilterNode>()->condition), "upper == \"/\"");
}

TEST(PushFilters, NothingMovesPastWhatMayFail) {
  const std::string row = "share: int";
  const auto result = push("node 2 project (1)\n  name p\n  column share = idiv(bytes:int, status:int):int\n  schema " +
                           row + "\n" + filter("3", "2", "lt(share:int, 4:int):bool", row) + sink("4", "3", row));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 project, 3 filter, 4 sink");
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"- 3: `share < 4` stays: `bytes // status` in between may fail, and a row that makes it fail must "
                   "not vanish"}));
}

TEST(PushFilters, AGuardStaysInFrontOfWhatItGuards) {
  // `upper` cannot move below the project; what may fail must not overtake it, nor may anything overtake that.
  const auto result = push(kProject + filter("3", "2", "eq(upper:string, \"/\":string):bool", kProjectRow) +
                           filter("4", "3", "lt(idiv(1:int, code:int):int, 3:int):bool", kProjectRow) +
                           filter("5", "4", "lt(code:int, 400:int):bool", kProjectRow) + sink("6", "5", kProjectRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 project, 3 filter, 4 filter, 5 filter, 6 sink");
  EXPECT_EQ(testing::notes_of(result)[1],
            "- 4: `1 // code < 3` stays: it may fail, and `upper == \"/\"` may be there to prevent that");
}

const std::string kCountRow = "url: string, n: int";
const std::string kCount =
    "node 2 aggregate (1) \"aggregate n = count() per url\"\n  name hits.aggregate\n  key url = url:string\n"
    "  call n count\n    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n    finish $n:int\n"
    "  schema url: string, n: int\n";

TEST(PushFilters, ThroughAnAggregateOnItsKeysOnly) {
  const auto result =
      push(kCount + filter("3", "2", "and(eq(url:string, \"/\":string):bool, gt(n:int, 5:int):bool):bool", kCountRow) +
           sink("4", "3", kCountRow));
  EXPECT_EQ(source_filter(result), "url == \"/\"");
  EXPECT_EQ(flow_text(find_node(result.graph, "3")->as<FilterNode>()->condition), "n > 5");
  EXPECT_EQ(testing::notes_of(result)[1],
            "- 3: `n > 5` stays: it looks at more than the keys of `aggregate n = count() per url`");
}

TEST(PushFilters, NotPastATopOrAStepWithOtherReaders) {
  const std::string top = "node 2 top (1) \"top 3 by bytes\"\n  name t\n  limit 3\n  order bytes:int asc\n  schema " +
                          std::string(kHitsRow) + "\n";
  auto result = push(top + filter("3", "2", kSmall) + sink("4", "3", kHitsRow));
  EXPECT_EQ(testing::notes_of(result), (Lines{"- 3: `status < 400` stays: `top 3 by bytes` would see other rows"}));
  result = push(filter("2", "1", kSmall) + sink("3", "2", kHitsRow) + sink("4", "1", kHitsRow));
  EXPECT_EQ(testing::notes_of(result), (Lines{"- 2: `status < 400` stays: `from hits` has other readers"}));
}

TEST(PushFilters, IntoEveryBranchOfAUnion) {
  const auto result = push("node 1b source\n  name more\n  connector csv\n  declared " + std::string(kHitsRow) +
                           "\n  schema " + std::string(kHitsRow) + "\nnode 2 union (1, 1b)\n  name u\n  schema " +
                           std::string(kHitsRow) + "\n" + filter("3", "2", kSmall) + sink("4", "3", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 1b source, 2 union, 4 sink");
  EXPECT_EQ(source_filter(result), "status < 400");
  EXPECT_TRUE(find_node(result.graph, "1b")->as<SourceNode>()->filter.has_value());
}

TEST(PushFilters, InFrontOfAnExpandThatItDoesNotRead) {
  const std::string row = "url: string, word: string";
  const std::string upper =
      "node 2 project (1)\n  name p\n  column url = call upper rt_upper(url:string):string\n  schema url: string\n";
  const std::string expand =
      "node 3 expand (2) \"expand word in words(url)\"\n  name e\n  element word\n  list call words "
      "rt_words(url:string):[string]\n  schema " +
      row + "\n";
  const auto result =
      push(upper + expand +
           filter("4", "3", "and(eq(url:string, \"/\":string):bool, eq(word:string, \"a\":string):bool):bool", row) +
           sink("5", "4", row));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 project, 4a filter, 3 expand, 4 filter, 5 sink");
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"+ 4 4a: `url == \"/\"` moves in front of `expand word in words(url)`",
                   "- 4: `word == \"a\"` stays: it reads `word`, which `expand word in words(url)` makes"}));
}

}  // namespace
}  // namespace sluice
