// Programs in Flow through all phases up to the plan, in every configuration: every graph verifies, every text reads
// back, and the stages fit together.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "compiler/explain/explain.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/pass_manager.h"
#include "lang/check/check.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"
#include "lang/syntax/parse.h"
#include "runtime/plan/plan_text.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

std::optional<FlowGraph> graph_of_program(const std::string& program) {
  SourceMap sources;
  Diagnostics diagnostics;
  const ast::Program parsed = parse(sources, sources.add("t.flow", program), diagnostics);
  std::optional<FlowGraph> graph;
  if (!diagnostics.has_errors())
    graph = check(parsed, standard_functions(), standard_connectors(), CheckOptions{"t", {}}, sources, diagnostics);
  for (const auto& diagnostic : diagnostics.sorted()) EXPECT_TRUE(graph) << render(diagnostic, sources, false);
  return graph;
}

void expect_stages_fit(const JobPlan& plan) {
  std::set<NodeId> placed;
  for (const auto& stage : plan.stages) {
    EXPECT_FALSE(stage.inputs.empty());
    EXPECT_FALSE(stage.outputs.empty() && stage.sinks.empty());
    uint32_t blocking = 0;
    for (const NodeId node : stage.nodes) {
      EXPECT_TRUE(placed.insert(node).second) << "in two stages";
      EXPECT_EQ(plan.graph.nodes[node].parallelism, stage.parallelism);
      if (is_blocking(plan.graph.nodes[node])) ++blocking;
    }
    EXPECT_EQ(stage.finish_phases, blocking);
    std::set<std::string> states;
    for (const auto& state : stage.states) EXPECT_TRUE(states.insert(state.name).second) << state.name;
  }
  // Rows never run in circles: an edge leads to a stage whose every node comes behind the exchange.
  for (const auto& edge : plan.edges) {
    EXPECT_LT(edge.from.value, edge.to.value) << "the engine deploys stages in order";
    if (edge.kind == ExchangeKind::Gather) EXPECT_EQ(plan.stages[edge.to].parallelism, 1u);
  }
}

void expect_compiles(const FlowGraph& graph, const PassOptions& options) {
  const PassResult result = run_passes(graph, options);  // verifies after every pass
  const auto read = read_graph(write_graph(result.graph));
  ASSERT_TRUE(read.has_value()) << read.error().to_string();
  EXPECT_EQ(*read, result.graph);
  const JobPlan plan = lower(result.graph);
  expect_stages_fit(plan);
  const auto plan_read = read_plan(write_plan(plan));
  ASSERT_TRUE(plan_read.has_value()) << plan_read.error().to_string();
  EXPECT_EQ(*plan_read, plan);
  if (options.parallelism == 1) EXPECT_EQ(plan.edges.size(), 0u);
  const ExplainInput input{graph, result.notes, plan, {}};
  EXPECT_FALSE(explain_text(input).empty());
  EXPECT_FALSE(explain_json(input).empty());
  EXPECT_FALSE(explain_dot(input).empty());
}

void expect_compiles_everywhere(const std::string& program) {
  SCOPED_TRACE(program);
  const auto graph = graph_of_program(program);
  ASSERT_TRUE(graph.has_value());
  const auto status = verify(*graph);
  ASSERT_TRUE(status.has_value()) << status.error().to_string() << "\n" << write_graph(*graph);
  for (const uint32_t parallelism : {1u, 2u, 4u}) {
    for (const bool optimize : {false, true}) {
      PassOptions options;
      options.parallelism = parallelism;
      options.optimize = optimize;
      expect_compiles(*graph, options);
    }
    for (const auto& row : pass_rows()) {  // each pass left out
      PassOptions options;
      options.parallelism = parallelism;
      options.disabled = {std::string(row.name)};
      expect_compiles(*graph, options);
    }
  }
}

const std::string kHits =
    "source hits: { user: string, url: string, status: int, bytes: int?, ms: float, tags: [string], ts: timestamp } = "
    "json(\"hits.json\")\n";

TEST(Programs, CompileInEveryConfiguration) {
  for (const char* pipeline : {
           "from hits |> to print()",
           "from hits |> where status < 400 and status >= 200 |> select url, size = bytes ?? 0 |> to csv(\"-\")",
           "from hits |> extend day = ts - 1h, slow = ms > 2.5 |> drop tags |> where slow |> to json(\"-\")",
           "from hits |> expand tag in tags |> where tag != \"x\" and status == 200 |> aggregate count() per tag, url",
           "from hits |> aggregate n = count(), s = sum(bytes), a = avg(ms), low = min(ts), high = max(url) per user",
           "from hits |> aggregate n = count(), s = sum(bytes), a = avg(ms), low = min(ts), high = max(url)",
           "from hits |> aggregate v = count_distinct(user), bad = count() where status >= 500 per url = lower(url)",
           "from hits |> aggregate count_distinct(user), low = min(ms) where status == 200 |> where low is not null",
           "from hits |> select user, url |> distinct |> aggregate count() per user |> top 3 by count desc as place",
           "from hits |> select user, ms |> top 2 with ties by ms desc, user per user as rank |> to print()",
           "from hits |> select url, ms |> top 2 by ms per lower(url) |> sort by url |> to print()",
           "from hits |> sort by ms desc |> skip 5 |> take 10 |> select url",
           "from hits |> take 10 |> aggregate count() per url |> aggregate biggest = max(count)",
           "from hits |> aggregate n = count() per url |> where n > 2 |> aggregate m = sum(n) per url |> to print()",
           "from hits |> where 1 + 1 == 2 |> select x = if status > 1 * 2 then \"a\" else \"b\" |> to print()",
           "from hits |> select url |> union (from hits |> where status == 200 |> select url) |> aggregate count() per "
           "url",
           "from hits |> aggregate n = count() per url |> union (from hits |> select url, n = status) |> to print()",
           "from hits |> select url, ms |> sort by ms |> union (from hits |> select url, ms |> distinct) |> to print()",
           "from hits |> to blackhole()",
       })
    expect_compiles_everywhere(kHits + pipeline + "\n");
}

TEST(Programs, SeveralPipelinesAndSharedSteps) {
  expect_compiles_everywhere(kHits +
                             "let good = from hits |> where status < 400\n"
                             "from good |> aggregate count() per url |> to csv(\"a.csv\")\n"
                             "from good |> top 5 by ms desc |> to csv(\"b.csv\")\n"
                             "from good |> to blackhole()\n"
                             "from lines(\"x.txt\") |> to json(\"c.json\")\n");
}

TEST(Programs, Examples) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_SOURCE_DIR "/examples")) {
    std::ifstream file(entry.path() / "pipeline.flow");
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    expect_compiles_everywhere(text.str());
    ++count;
  }
  EXPECT_GE(count, 4u);
}

}  // namespace
}  // namespace sluice
