#include "lang/graph/graph_text.h"

#include <gtest/gtest.h>

#include "lang/graph/text_parts.h"
#include "random_graph.h"

namespace sluice {
namespace {

constexpr std::string_view kGraph = R"text(graph "top pages"
file 0 "hits.flow"
node 1 source "from csv(\"hits.csv\")" @0:1:6-1:21
  name hits
  connector csv
  option path = "hits.csv"
  option header = true
  declared url: string, status: int, ms: float?, tags: [string]
  filter lt(status:int@0:2:10-2:16, 400:int@0:2:19-2:22):bool@0:2:10-2:22
  schema url: string, status: int, ms: float?
node 2 aggregate (1) "aggregate hits = count(), avg(ms) per url" @0:3:4-3:40
  name hits.aggregate
  key url = url:string
  call hits count @0:3:14-3:28
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
    finish $n:int
  call avg avg distinct
    arg x = require(ms:float?):float
    where not(is_null(ms:float?):bool):bool
    state total: float
      init 0.0:float
      step add($total:float, $x:float):float
    finish let $t(call abs rt_abs($total:float):float, if(true:bool, $t:float, nan:float):float):float
  schema url: string, hits: int, avg: float
  table url
  parallelism 4
  stage 0
node 3a exchange (2)
  kind hash
  keys url
  schema url: string, hits: int, avg: float
node `3 b` top (3a)
  limit 10 with_ties
  rank position
  key url = url:string
  order hits:int desc
  order field x(record(avg:float, list("a\n\"b\"":string):[string]):{x: float, `y z`: [string]}):float asc
  schema url: string, hits: int, avg: float, position: int
node 4 sink (`3 b`)
  connector print
  schema url: string, hits: int, avg: float, position: int
)text";

TEST(GraphText, ReadsBackWhatItWrites) {
  const auto graph = read_graph(kGraph);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_EQ(write_graph(*graph), kGraph);
  EXPECT_EQ(graph->nodes.size(), 5u);
  const auto& span = graph->nodes[NodeId(0)].span;
  EXPECT_EQ(span, (Span{0, {1, 6}, {1, 21}}));
}

std::string error_of(std::string_view text) {
  const auto graph = read_graph(text);
  return graph ? "no error" : graph.error().message;
}

TEST(GraphText, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of(""), "line 0: expected `graph \"name\"` at the end of the line");
  EXPECT_EQ(error_of("graph \"g\"\nnode 1 filtre"), "line 2: there is no node kind `filtre` at the end of the line");
  EXPECT_EQ(error_of("graph \"g\"\nnode 1 limit (7)"), "line 2: there is no node 7 above at `)`");
  EXPECT_EQ(error_of("graph \"g\"\nnode 1 filter\n  condition lt(x:int):bool\n"),
            "line 3: `lt` takes 2 arguments, not 1 at `:bool`");
  EXPECT_EQ(error_of("graph \"g\"\nnode 1 filter\n  condition true:bool\n"),
            "line 3: node 1 above has no `schema` at the end of the line");
  EXPECT_EQ(error_of("graph \"g\"\nnode 1 union\n  schema x: integer"),
            "line 3: `integer` is no type at the end of the line");
  EXPECT_EQ(error_of("graph \"g\"\nnode 1 union\n  order x:int asc"),
            "line 3: `order` does not belong here at `x:int asc`");
}

TEST(GraphText, RandomGraphsReadBackEqual) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    const FlowGraph graph = testing::RandomGraph(seed).make();
    const std::string text = write_graph(graph);
    const auto read = read_graph(text);
    ASSERT_TRUE(read.has_value()) << "seed " << seed << ": " << read.error().message << "\n" << text;
    ASSERT_EQ(*read, graph) << "seed " << seed << "\n" << text;
    ASSERT_EQ(write_graph(*read), text) << "seed " << seed;  // spans and texts too, which equality leaves out
  }
}

// Random damage: what still reads must write and read again; nothing may crash.
TEST(GraphText, DamagedTextIsRefusedOrReadsBack) {
  size_t refused = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    testing::RandomGraph random(seed);
    std::string text = write_graph(random.make());
    for (size_t i = 1 + random.below(3); i > 0; --i) {
      const size_t at = random.below(text.size());
      if (random.coin())
        text.erase(at, 1 + random.below(4));
      else
        text.insert(at, random.text());
      if (text.empty()) text = "x";
    }
    const auto read = read_graph(text);
    if (!read) {
      ++refused;
      EXPECT_TRUE(read.error().message.starts_with("line ")) << read.error().message;
      continue;
    }
    const auto again = read_graph(write_graph(*read));
    ASSERT_TRUE(again.has_value()) << "seed " << seed << ": " << again.error().message;
    ASSERT_EQ(*again, *read) << "seed " << seed;
  }
  EXPECT_GT(refused, 1000u);
}

TEST(GraphText, DeepExpressionsReadBackAndTooDeepOnesAreRefused) {
  std::string nested = "x:int";
  for (int i = 0; i < 2500; ++i) nested = "neg(" + nested + "):int";
  TextCursor first(nested, 1);
  const Expr deep = read_expr(first);
  EXPECT_TRUE(first.ok());
  const std::string text = write_expr(deep, true);
  TextCursor cursor(text, 1);
  EXPECT_EQ(read_expr(cursor), deep);
  EXPECT_TRUE(cursor.ok());

  std::string too_deep;
  for (int i = 0; i < 200'000; ++i) too_deep += "neg(";
  TextCursor other(too_deep, 1);
  (void)read_expr(other);
  EXPECT_NE(other.error().error().message.find("nested too deeply"), std::string::npos);
  std::string deep_type = "x:";
  for (int i = 0; i < 200'000; ++i) deep_type += "[";
  TextCursor third(deep_type, 1);
  (void)read_expr(third);
  EXPECT_NE(third.error().error().message.find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace sluice
