#include "compiler/explain/explain.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "../passes/pass_testing.h"
#include "compiler/lower/lower.h"

namespace sluice {
namespace {

struct Explained {
  FlowGraph logical = testing::graph_of(testing::kWordCount);
  PassResult passes;
  JobPlan plan;

  explicit Explained(uint32_t parallelism) {
    logical.files = {"wordcount.flow"};
    uint32_t line = 0;
    for (auto& node : logical.nodes) node.span = Span{0, {++line, 4}, {line, 9}};
    PassOptions options;
    options.parallelism = parallelism;
    passes = run_passes(logical, options);
    plan = lower(passes.graph);
  }
  [[nodiscard]] ExplainInput input(ExplainLevels levels = {}) const { return {logical, passes.notes, plan, levels}; }
};

TEST(ExplainText, AllLevels) {
  EXPECT_EQ(explain_text(Explained(4).input()), R"(wordcount.flow  1 job, 5 operators, 9 tasks
logical      what you wrote, typed
 #  operator                           kind    key     final when      at  row
 1  from lines("books/*.txt")          stream  -       at once         :1  {line: string}
 2  expand word in words(lower(line))  stream  -       at once         :2  {line: string, word: string}
 3  aggregate count() per word         table   word    its input ends  :3  {word: string, count: int}
 4  top 20 by count desc               table   -       its input ends  :4  {word: string, count: int}
 5  to print()                         sink    append  the job ends    :5  {word: string, count: int}
rewrites     fired
  R10 place exchanges      E1+#3      rows go to 4 tasks by the hash of `word`
  R10 place exchanges      E2+#4      all rows go to one task
  R18 two-phase aggregate  #3a+#3b    one row per group and task crosses the exchange
  R24 two-phase top        #4a+#4b    top 20 per task, then top 20 of what they kept
  R03 prune columns        #2         `line` ends here: nobody reads it further on
  R02 fuse                 #1+#2+#3a  S0: one loop, rows stay in registers
  R02 fuse                 #3b+#4a    S1: one loop, rows stay in registers
  R02 fuse                 #4b+#5     S2: one loop, rows stay in registers
             did not fire
  R03 prune columns  #1  its only field is used
physical     3 stages, 2 exchanges
  S0 ×4  #1 lines("books/*.txt")
         #2 expand word in words(lower(line))
         #3a aggregate count() per word (each task)
         state #3a `lines.aggregate.partial`: hash table {word: string} → {count.n: int}
    │ E1 hash(word), 128 key groups → S1  {word: string, count.n: int}
  S1 ×4  #3b aggregate count() per word (merged)
         #4a top 20 by count desc (each task)
         state #3b `lines.aggregate`: hash table {word: string} → {count.n: int}
         state #4a `lines.top.local`: the first 20 rows {order.0: int, word: string, count: int}
    │ E2 all to one task, in order → S2  {word: string, count: int}
  S2 ×1  #4b top 20 by count desc
         #5 to print()
         state #4b `lines.top`: the first 20 rows {order.0: int, word: string, count: int}
)");
}

TEST(ExplainText, OnlyTheLevelsAskedFor) {
  const std::string text = explain_text(Explained(1).input({.logical = false, .rewrites = true, .physical = false}));
  EXPECT_EQ(text, R"(wordcount.flow  1 job, 5 operators, 1 task
rewrites     fired
  R03 prune columns  #2              `line` ends here: nobody reads it further on
  R02 fuse           #1+#2+#3+#4+#5  S0: one loop, rows stay in registers
             did not fire
  R10 place exchanges      -   every step runs where its input is: nothing has to move
  R18 two-phase aggregate  #3  its rows cross no exchange
  R24 two-phase top        #4  its rows cross no exchange
  R03 prune columns        #1  its only field is used
)");
}

TEST(ExplainJson, OneVersionedObjectPerLine) {
  const Explained explained(4);
  std::istringstream lines(explain_json(explained.input()));
  std::set<std::string> types;
  std::set<std::string> ids;
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    EXPECT_EQ(object["v"], 1);
    types.insert(object["type"]);
    if (object["type"] != "operator" || object["level"] != "physical") continue;
    ids.insert(object["id"]);
    if (object["id"] == "#3a") {
      EXPECT_EQ(object["stage"], "S0");
      EXPECT_EQ(object["op"], "aggregate");
      EXPECT_EQ(object["rewrites"], (nlohmann::json{"R18", "R02"}));
      EXPECT_EQ(object["span"]["file"], "wordcount.flow");
      EXPECT_EQ(object["span"]["line"], 3);
    }
  }
  EXPECT_EQ(types, (std::set<std::string>{"job", "operator", "rewrite", "stage", "edge"}));
  EXPECT_EQ(ids, (std::set<std::string>{"#1", "#2", "#3a", "#3b", "#4a", "#4b", "#5"}));
}

TEST(ExplainDot, StagesAreBoxesAndExchangesBoldEdges) {
  const std::string text = explain_dot(Explained(4).input());
  EXPECT_TRUE(text.starts_with("digraph \"wordcount\" {\n"));
  EXPECT_NE(text.find("subgraph \"cluster_S1\""), std::string::npos);
  EXPECT_NE(text.find("\"3a\" -> \"3b\" [style=bold, label=\"E1 hash(word), 128 key groups\"];"), std::string::npos);
  EXPECT_NE(text.find("\"1\" [label=\"#1 lines(\\\"books/*.txt\\\")  :1\"];"), std::string::npos);
}

TEST(ExplainDot, WithoutThePhysicalLevelTheStepsAsWritten) {
  const std::string text = explain_dot(Explained(4).input({.logical = true, .rewrites = false, .physical = false}));
  EXPECT_EQ(text.find("subgraph"), std::string::npos);
  EXPECT_NE(text.find("\"3\" -> \"4\";"), std::string::npos);
}

}  // namespace
}  // namespace sluice
