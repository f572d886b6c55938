#include "lang/graph/verify_tasks.h"

#include <gtest/gtest.h>

#include "lang/graph/graph_text.h"

namespace sluice {
namespace {

FlowGraph graph_of(const std::string& rest) {
  auto graph = read_graph(
      "graph \"g\"\nnode 1 source\n  connector csv\n  declared a: int, b: int\n"
      "  schema a: int, b: int\n  parallelism 2\n  stage 0\n" +
      rest);
  EXPECT_TRUE(graph.has_value()) << graph.error().message;
  return graph ? std::move(*graph) : FlowGraph();
}

std::string problem_of(const std::string& rest) {
  const auto status = verify(graph_of(rest));
  return status ? "" : status.error().to_string();
}

const std::string kRow = "  schema a: int, b: int\n";

std::string node(const std::string& head, const std::string& parts, int tasks) {
  return "node " + head + "\n" + parts + kRow + "  parallelism " + std::to_string(tasks) + "\n";
}
const std::string kHash = node("E1 exchange (1)", "  kind hash\n  keys a\n", 2);
const std::string kGather = node("E1 exchange (1)", "  kind gather\n", 2);

TEST(VerifyTasks, NumberOfTasks) {
  EXPECT_EQ(problem_of(node("2 union (1)", "", 4097)), "more than 4096 tasks (at node 2 (union))");
  EXPECT_EQ(problem_of(kGather + node("2 union (E1)", "", 1)), "");
  EXPECT_EQ(problem_of(kGather + node("2 union (E1)", "", 2)),
            "it gathers rows for the 2 tasks of node 2 (at node E1 (exchange))");
  EXPECT_EQ(problem_of(kHash + node("2 union (E1)", "", 3) + node("3 union (2)", "", 2)),
            "it runs in 2 tasks, but with node 2, which runs in 3 (at node 3 (union))");
}

TEST(VerifyTasks, Exchanges) {
  EXPECT_EQ(problem_of(node("E1 exchange (1)", "  kind forward\n", 2)),
            "no exchange only forwards rows (at node E1 (exchange))");
  EXPECT_EQ(problem_of(node("E1 exchange (1)", "  kind broadcast\n", 2)),
            "tables that rows are looked up in are broadcast, and nothing else is (at node E1 (exchange))");
  EXPECT_EQ(problem_of(kHash + node("E2 exchange (E1)", "  kind gather\n", 2)),
            "an exchange behind an exchange (at node E2 (exchange))");
  EXPECT_EQ(problem_of(kHash + node("2 union (1, E1)", "", 2)),
            "its rows come back to it through an exchange (at node 1 (source))");
}

TEST(VerifyTasks, HintsOfNodesThatHaveThem) {
  EXPECT_EQ(problem_of(node("2 union (1)", "  hint cut\n", 2)), "");
  EXPECT_EQ(problem_of(node("2 union (1)", "  hint broadcast\n", 2)),
            "only the other side of a join can be broadcast (at node 2 (union))");
  EXPECT_EQ(problem_of(node("2 union (1)", "  hint combine off\n", 2)),
            "only rows of an aggregate or a top can be combined (at node 2 (union))");
  EXPECT_EQ(problem_of(node("E1 exchange (1)", "  kind hash\n  keys a\n  hint cut\n", 2) + node("2 union (E1)", "", 2)),
            "a cut behind an exchange (at node E1 (exchange))");
}

TEST(VerifyTasks, WhatNeedsItsRowsInOnePlace) {
  const std::string sort = "  order a:int asc\n";
  EXPECT_EQ(problem_of(kGather + node("2 sort (E1)", sort, 1)), "");
  EXPECT_EQ(problem_of(kHash + node("2 sort (E1)", sort, 2)),
            "it runs in 2 tasks, but needs all rows in one place (at node 2 (sort))");
  EXPECT_EQ(problem_of(kHash + node("2 sink (E1)", "  connector csv\n", 2)),
            "it runs in 2 tasks, but needs all rows in one place (at node 2 (sink))");
  EXPECT_EQ(problem_of(kHash + node("2 sink (E1)", "  connector blackhole\n", 2)), "");
  const std::string keys = "  key a = a:int\n  key b = b:int\n";
  EXPECT_EQ(problem_of(kHash + node("2 aggregate (E1)", keys, 2)), "");
  EXPECT_EQ(problem_of(kHash + node("2 project (E1)", "  column a = b:int\n  column b = a:int\n", 2) +
                       node("3 aggregate (2)", keys, 2)),
            "");
  EXPECT_EQ(problem_of(kHash + node("2 project (E1)", "  column a = b:int\n  column b = b:int\n", 2) +
                       node("3 aggregate (2)", keys, 2)),
            "it runs in 2 tasks, but its rows are not distributed by its keys (at node 3 (aggregate))");
}

TEST(VerifyTasks, BothSidesOfAJoin) {
  const std::string left = kHash;
  const auto join = [](const std::string& right_key) {
    return node("2 join (E1, E2)", "  join inner\n  left_key a = a:int\n  right_key a = " + right_key + ":int\n", 2);
  };
  const std::string right = node("E2 exchange (1)", "  kind hash\n  keys b\n", 2);
  EXPECT_EQ(problem_of(left + right + join("b")), "");
  EXPECT_EQ(problem_of(left + right + join("a")),
            "it runs in 2 tasks, but its rows are not distributed by its keys (at node 2 (join))");
}

TEST(VerifyTasks, TablesOfLookups) {
  const std::string table = node("2 source", "  connector csv\n  declared a: int, b: int\n", 2);
  const std::string exchange = node("E1 exchange (2)", "  kind broadcast\n", 2);
  const auto join = [](const std::string& right, int tasks) {
    return node("3 join (1, " + right + ")", "  join left\n  lookup\n  left_key a = a:int\n  right_key a = a:int\n",
                tasks);
  };
  EXPECT_EQ(problem_of(table + exchange + join("E1", 2)), "");
  EXPECT_EQ(problem_of(table + node("E1 exchange (2)", "  kind gather\n", 2) + join("E1", 1)),
            "tables that rows are looked up in are broadcast, and nothing else is (at node E1 (exchange))");
  EXPECT_EQ(problem_of(table + join("2", 2) + node("E1 exchange (3)", "  kind gather\n", 2)),
            "it runs in 2 tasks, but has not the whole table (at node 3 (join))");
  EXPECT_EQ(problem_of(table + exchange + join("E1", 2) + node("4 union (2)", "", 2)),
            "it looks rows up in a table that node 4 reads, too (at node 3 (join))");
  EXPECT_EQ(problem_of(table + node("2a sort (2)", "  order a:int asc\n", 2) + join("2a", 2)),
            "it looks rows up in a table of which node 2a holds rows back (at node 3 (join))");
  EXPECT_EQ(problem_of(join("1", 2)), "it looks rows up in a table that they are part of (at node 3 (join))");
  const std::string bounded = "  join full\n  lookup\n  left_key a = a:int\n  right_key a = a:int\n";
  EXPECT_EQ(problem_of(table + node("3 join (1, 2)", bounded, 2)), "a join that cannot be a lookup (at node 3 (join))");
}

std::string problem_of_stages(const std::string& rest) {
  const FlowGraph graph = graph_of(rest);
  const auto violation = find_stage_violation(graph);
  return violation ? to_error(graph, *violation).to_string() : "";
}

std::string placed(const std::string& head, const std::string& parts, int tasks, int stage) {
  return node(head, parts, tasks) + "  stage " + std::to_string(stage) + "\n";
}

TEST(VerifyStages, Numbers) {
  EXPECT_EQ(problem_of_stages(placed("2 union (1)", "", 2, 0)), "");
  EXPECT_EQ(problem_of_stages(kHash + placed("2 union (E1)", "", 3, 1)), "");
  EXPECT_EQ(problem_of_stages(node("2 union (1)", "", 2)), "it has no stage (at node 2 (union))");
  EXPECT_EQ(problem_of_stages("node 2 union (1)\n" + kRow + "  stage 0\n"), "it has no tasks (at node 2 (union))");
  EXPECT_EQ(problem_of_stages(placed("2 union (1)", "", 2, 1)),
            "it is in another stage than node 1, without an exchange (at node 2 (union))");
  EXPECT_EQ(problem_of_stages(placed("2 union (1)", "", 3, 0)),
            "it has another number of tasks than node 1 (at node 2 (union))");
  EXPECT_EQ(problem_of_stages(kHash + placed("2 union (E1)", "", 3, 0)),
            "its stage does not come behind that of node 1 (at node 2 (union))");
  EXPECT_EQ(problem_of_stages(kHash + placed("2 union (E1)", "", 3, 2)), "stages are numbered from 0 on");
  EXPECT_EQ(problem_of_stages(placed("2 source", "  connector csv\n", 3, 0)),
            "it has another number of tasks than node 1 of its stage (at node 2 (source))");
  EXPECT_EQ(problem_of_stages("node 2 changes (1)\n  column c\n  schema a: int, b: int, c: int\n  stage 0\n"),
            "`changes` cannot run: its steps are not rewritten (at node 2 (changes))");
}

}  // namespace
}  // namespace sluice
