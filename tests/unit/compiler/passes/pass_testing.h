// What the tests of passes share: graphs from text, and questions about the result.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "compiler/passes/pass_manager.h"
#include "lang/graph/flow_graph.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"

namespace sluice::testing {

inline FlowGraph graph_of(std::string_view text) {
  auto graph = read_graph(text);
  EXPECT_TRUE(graph.has_value()) << graph.error().message;
  if (!graph) return {};
  const auto status = verify(*graph);
  EXPECT_TRUE(status.has_value()) << status.error().to_string();
  return std::move(*graph);
}

inline PassResult run(std::string_view text, const std::vector<std::string>& passes, uint32_t parallelism = 4) {
  PassOptions options;
  options.parallelism = parallelism;
  auto result = run_named_passes(graph_of(text), passes, options);
  EXPECT_TRUE(result.has_value()) << result.error().message;
  return result ? std::move(*result) : PassResult{};
}

inline const Node* find_node(const FlowGraph& graph, std::string_view label) {
  for (const auto& node : graph.nodes)
    if (node.label == label) return &node;
  return nullptr;
}

// "1 source, E1 exchange, 2 sink"
inline std::string outline(const FlowGraph& graph) {
  std::string text;
  for (const auto& node : graph.nodes)
    text += (text.empty() ? "" : ", ") + node.label + " " + std::string(node_kind_name(node.kind()));
  return text;
}

// Every note as "+ nodes: text" or "- nodes: text".
inline std::vector<std::string> notes_of(const PassResult& result) {
  std::vector<std::string> lines;
  for (const auto& note : result.notes) {
    std::string line = note.fired ? "+" : "-";
    for (const auto& node : note.nodes) line += " " + node;
    lines.push_back(line + ": " + note.text);
  }
  return lines;
}

// A CSV source, node 1, for graphs that go on from it.
inline constexpr std::string_view kHits = R"text(graph "hits"
node 1 source "from hits"
  name hits
  connector csv
  declared url: string, status: int, bytes: int, ms: float, note: string?
  schema url: string, status: int, bytes: int, ms: float, note: string?
)text";
inline constexpr std::string_view kHitsRow = "url: string, status: int, bytes: int, ms: float, note: string?";

inline std::string hits(const std::string& rest) { return std::string(kHits) + rest; }

inline std::string filter(const std::string& label, const std::string& input, const std::string& condition,
                          std::string_view row = kHitsRow) {
  return "node " + label + " filter (" + input + ")\n  name hits.filter\n  condition " + condition + "\n  schema " +
         std::string(row) + "\n";
}

inline std::string sink(const std::string& label, const std::string& input, std::string_view row,
                        const std::string& connector = "print") {
  return "node " + label + " sink (" + input + ")\n  name sink\n  connector " + connector + "\n  schema " +
         std::string(row) + "\n";
}

// lines -> words -> count per word -> top 20 -> print
inline constexpr std::string_view kWordCount = R"text(graph "wordcount"
node 1 source "from lines(\"books/*.txt\")"
  name lines
  connector lines
  option path = "books/*.txt"
  declared line: string
  schema line: string
node 2 expand (1) "expand word in words(lower(line))"
  name lines.expand
  element word
  list call words rt_text_words(call lower rt_text_lower(line:string):string):[string]
  schema line: string, word: string
node 3 aggregate (2) "aggregate count() per word"
  name lines.aggregate
  key word = word:string
  call count count
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
    finish $n:int
  schema word: string, count: int
  table word
node 4 top (3) "top 20 by count desc"
  name lines.top
  limit 20
  order count:int desc
  schema word: string, count: int
  table
node 5 sink (4) "to print()"
  name lines.sink
  connector print
  schema word: string, count: int
)text";

}  // namespace sluice::testing
