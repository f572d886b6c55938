#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::find_node;

const std::string kRow = "user: string, ms: int, `@time`: timestamp, `@mark`: timestamp";

// A timed source, its windows, and a count per user and window. `merge`: the line of the call that says how to.
std::string counted(const std::string& window, const std::string& merge, const std::string& distinct = {}) {
  return "graph \"g\"\nnode 1 source \"from s\"\n  name s\n  connector csv\n  declared user: string, ms: int, ts: "
         "timestamp\n"
         "  schema user: string, ms: int, ts: timestamp\n"
         "node 2 time (1) \"time ts\"\n  name t\n  time ts:timestamp\n  delay 0\n"
         "  schema user: string, ms: int, ts: timestamp, `@time`: timestamp, `@mark`: timestamp\n"
         "node 3 window (2)\n  name w\n  window " +
         window +
         "\n  column window\n"
         "  schema user: string, ms: int, ts: timestamp, window: window, `@time`: timestamp, `@mark`: timestamp\n"
         "node 4 aggregate (3) \"count\"\n  name a\n  key user = user:string\n  key window = window:window\n  call n "
         "count" +
         distinct + "\n    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n" + merge +
         "    finish $n:int\n  schema user: string, window: window, n: int\n" +
         testing::sink("5", "4", "user: string, window: window, n: int");
}
const std::string kMerge = "      merge add($n:int, $o.n:int):int\n";

PassResult share(const std::string& graph) { return testing::run(graph, {"share_panes"}); }
std::vector<std::string> notes(const std::string& graph) { return testing::notes_of(share(graph)); }

using Lines = std::vector<std::string>;

TEST(SharePanes, RowsGoIntoOnePaneInsteadOfFiveWindows) {
  const auto result = share(counted("hop 10000000 2000000 0", kMerge));
  EXPECT_EQ(testing::notes_of(result), Lines{"+ 4a 4b: a row updates one 2s pane instead of 5 windows"});
  const auto* panes = find_node(result.graph, "3")->as<WindowNode>();
  EXPECT_EQ(panes->pane, 2'000'000);
  EXPECT_EQ(panes->kind, WindowKind::Hop);  // it says which rows are late
  EXPECT_EQ(panes->size, 10'000'000);
  EXPECT_EQ(find_node(result.graph, "4a")->as<AggregateNode>()->phase, AggregatePhase::Partial);
  EXPECT_EQ(find_node(result.graph, "4b")->as<AggregateNode>()->phase, AggregatePhase::Final);
  EXPECT_EQ(find_node(result.graph, "4b")->schema, find_node(result.graph, "5")->schema);
  const WindowShape shape{WindowKind::Hop, 10'000'000, 2'000'000, 0, {}};
  EXPECT_EQ(find_node(result.graph, "4b")->as<AggregateNode>()->windows, shape);
}

TEST(SharePanes, LateRowsAreWaitedForAndCountedOnce) {
  const auto result = share(counted("hop 10000000 2000000 0\n  late 5000000", kMerge));
  const auto* panes = find_node(result.graph, "3")->as<WindowNode>();
  EXPECT_EQ(panes->late, 5'000'000);
  EXPECT_TRUE(panes->counts_late);
  for (const NodeId id : result.graph.ids())
    if (result.graph.nodes[id].kind() == NodeKind::Aggregate) EXPECT_EQ(window_lag(result.graph, id), 5'000'000);
}

TEST(SharePanes, PanesFitSizeAndStep) {
  EXPECT_EQ(notes(counted("hop 10000000 4000000 0", kMerge)),
            Lines{"+ 4a 4b: a row updates one 2s pane instead of every window"});
  EXPECT_EQ(notes(counted("cumulate 3600000000 600000000 0", kMerge)),
            Lines{"+ 4a 4b: a row updates one 10min pane instead of every window"});
}

TEST(SharePanes, NotForWindowsThatDoNotOverlap) {
  EXPECT_EQ(notes(counted("tumble 10000000 10000000 0", kMerge)), Lines{});
  EXPECT_EQ(notes(counted("hop 10000000 10000000 0", kMerge)), Lines{"- 3: its windows do not overlap"});
}

TEST(SharePanes, NotWithoutAMerge) {
  EXPECT_EQ(notes(counted("hop 10000000 2000000 0", "")), Lines{"- 3: `n` has no `merge`: add one to `agg count`"});
  EXPECT_EQ(notes(counted("hop 10000000 2000000 0", kMerge, " distinct\n    arg x = ms:int")),
            Lines{"- 3: `n` counts distinct values, which panes have in common"});
}

}  // namespace
}  // namespace sluice
