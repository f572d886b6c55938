#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::find_node;
using testing::notes_of;
using Lines = std::vector<std::string>;

const std::string kRow = "user: string, page: int, ms: int, mean: float";

// One `max` or `min` of an argument per user, as the catalog's functions expand.
std::string extremum(const std::string& of, const std::string& type = "int", const std::string& better = "gt") {
  const std::string x = "$x:" + type;
  const std::string best = "$best:" + type;
  return "  call best max\n    arg x = " + of + ":" + type + "\n    state best: " + type + "\n      init " + x +
         "\n      step if(or(" + better + "(" + x + ", " + best + "):bool, ne(" + best + ", " + best +
         "):bool):bool, " + x + ", " + best + "):" + type + "\n    finish " + best + "\n";
}

struct Wanted {
  std::string kind = "inner";
  std::string step;  // between the source and the aggregate
  std::string key = "  key user = user:string\n";
  std::string calls = extremum("ms");
  std::string group = "user: string, best: int";
  std::string keys =
      "  left_key user = user:string\n  right_key user = user:string\n"
      "  left_key ms = ms:int\n  right_key ms = best:int\n";
  std::string right = "  right g.best = best:int\n";
  std::string row = "user: string, page: int, g.best: int";
};

// Rows (1) joined with an aggregate (3) of them.
PassResult rewrite(const Wanted& wanted) {
  std::string row = wanted.row;
  for (size_t at = row.find("g.best"); at != std::string::npos; at = row.find("g.best", at + 8))
    row.replace(at, 6, "`g.best`");
  std::string text = "graph \"g\"\nnode 1 source \"from s\"\n  name s\n  connector csv\n  declared " + kRow +
                     "\n  schema " + kRow + "\n" + wanted.step + "node 3 aggregate (" +
                     (wanted.step.empty() ? "1" : "2") + ")\n  name a\n" + wanted.key + wanted.calls + "  schema " +
                     wanted.group + "\nnode 4 join (1, 3) \"join\"\n  name j\n  join " + wanted.kind + "\n" +
                     wanted.keys + wanted.right + "  schema " + row + "\n" + testing::sink("5", "4", row);
  for (const std::string name : {"right g.best"})
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 14))
      text.replace(at, name.size(), "right `g.best`");
  return testing::run(text, {"top_joins"});
}

TEST(TopJoins, RowsWithTheLargestValueAreATop) {
  const auto result = rewrite({});
  EXPECT_EQ(notes_of(result), Lines{"+ 4 4a: `top 1 with ties by ms desc per user` keeps what may be the answer; the "
                                    "join kept all rows"});
  EXPECT_EQ(testing::outline(result.graph), "1 source, 4a top, 4 project, 5 sink");
  const auto* top = find_node(result.graph, "4a")->as<TopNode>();
  EXPECT_EQ(top->limit, 1u);
  EXPECT_TRUE(top->with_ties);
  EXPECT_TRUE(top->order[0].descending);
  ASSERT_EQ(top->keys.size(), 1u);
  EXPECT_EQ(top->keys[0].expr.name, "user");
  EXPECT_EQ(find_node(result.graph, "4")->as<ProjectNode>()->columns[2].expr.name, "ms");
}

TEST(TopJoins, TheSmallestValueToo) {
  Wanted wanted;
  wanted.calls = extremum("ms", "int", "lt");
  const auto result = rewrite(wanted);
  ASSERT_NE(find_node(result.graph, "4a"), nullptr);
  EXPECT_FALSE(find_node(result.graph, "4a")->as<TopNode>()->order[0].descending);
}

TEST(TopJoins, AtLeastTheLargestIsTheLargest) {
  Wanted wanted;
  wanted.keys = "  left_key user = user:string\n  right_key user = user:string\n";
  wanted.right += "  condition and(ge(ms:int, `g.best`:int):bool, gt(page:int, 2:int):bool):bool\n";
  const auto result = rewrite(wanted);
  EXPECT_EQ(testing::outline(result.graph), "1 source, 4a top, 4b filter, 4 project, 5 sink");
  wanted.right = "  right g.best = best:int\n  condition le(ms:int, `g.best`:int):bool\n";
  EXPECT_TRUE(rewrite(wanted).notes.empty());  // all rows are
}

TEST(TopJoins, SemiJoins) {
  Wanted wanted;
  wanted.kind = "semi";
  wanted.row = "user: string, page: int";
  EXPECT_NE(find_node(rewrite(wanted).graph, "4a"), nullptr);
}

Lines refused(const std::string& text) { return {"- 4: " + text}; }

TEST(TopJoins, NotOfOtherRows) {
  Wanted wanted;
  wanted.step = "node 2 filter (1)\n  name f\n  condition gt(page:int, 5:int):bool\n  schema " + kRow + "\n";
  EXPECT_EQ(notes_of(rewrite(wanted)), refused("`max(ms)` is not of the rows that are joined with it"));
}

TEST(TopJoins, NotWhenOtherGroupsAreCompared) {
  Wanted wanted;
  wanted.keys = "  left_key ms = ms:int\n  right_key ms = best:int\n";
  EXPECT_EQ(notes_of(rewrite(wanted)), refused("rows of all groups of `user` are compared"));
  wanted = {};
  wanted.key = "  key page = page:int\n";
  wanted.group = "page: int, best: int";
  wanted.keys =
      "  left_key page = page:int\n  right_key page = page:int\n  left_key page2 = page:int\n"
      "  right_key page2 = best:int\n  left_key ms = ms:int\n  right_key ms = best:int\n";
  EXPECT_EQ(notes_of(rewrite(wanted)), refused("it also compares `page`, which is not what the groups are made by"));
}

TEST(TopJoins, NotForFloats) {
  Wanted wanted;
  wanted.calls = extremum("mean", "float");
  wanted.group = "user: string, best: float";
  wanted.keys =
      "  left_key user = user:string\n  right_key user = user:string\n"
      "  left_key mean = mean:float\n  right_key mean = best:float\n";
  wanted.right = "  right g.best = best:float\n";
  wanted.row = "user: string, page: int, g.best: float";
  EXPECT_EQ(notes_of(rewrite(wanted)), refused("floats may be NaN, which equals nothing"));
}

const std::string kCount =
    "  call n count\n    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n"
    "    finish $n:int\n";

TEST(TopJoins, NotWhenMoreOfTheGroupIsWanted) {
  Wanted wanted;
  wanted.calls += kCount;
  wanted.group += ", n: int";
  EXPECT_NE(find_node(rewrite(wanted).graph, "4a"), nullptr);
  wanted.right += "  right other = n:int\n";
  wanted.row += ", other: int";
  EXPECT_EQ(notes_of(rewrite(wanted)), refused("`n` of the other side is wanted, too"));
}

TEST(TopJoins, NotWhenTheGroupMayFail) {
  Wanted wanted;
  wanted.calls +=
      "  call t sum\n    arg x = ms:int\n    state t: int\n      init 0:int\n"
      "      step add($t:int, $x:int):int\n    finish $t:int\n";
  wanted.group += ", t: int";
  EXPECT_EQ(notes_of(rewrite(wanted)), refused("`t` may fail, and has to for the same rows"));
}

TEST(TopJoins, OtherAggregatesAreNoExtrema) {
  Wanted wanted;
  wanted.calls = kCount;
  wanted.group = "user: string, n: int";
  wanted.keys =
      "  left_key user = user:string\n  right_key user = user:string\n"
      "  left_key ms = ms:int\n  right_key ms = n:int\n";
  wanted.right = "  right g.best = n:int\n";
  EXPECT_TRUE(rewrite(wanted).notes.empty());
}

}  // namespace
}  // namespace sluice
