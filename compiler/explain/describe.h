// describe: how the pieces of graphs and plans are called in every form of `explain`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/passes/pass_manager.h"
#include "lang/graph/flow_graph.h"
#include "runtime/plan/job_plan.h"

namespace sluice::describe {

[[nodiscard]] std::string id_of(const Node& node);          // "#3a"; exchanges by their label alone: "E1"
[[nodiscard]] std::string file_of(const FlowGraph& graph);  // the program's path
// ":12", with the file in front when that is a module.
[[nodiscard]] std::string place_of(const FlowGraph& graph, const Node& node);
[[nodiscard]] std::string operator_text(const Node& node);  // as written, else its kind
[[nodiscard]] std::string step_text(const Node& node);  // what it does in the plan: "merge aggregate count() per word"
[[nodiscard]] std::string key_text(const Node& node);   // "-" without
[[nodiscard]] std::string kind_text(const Node& node);  // stream, table, sink
[[nodiscard]] std::string final_text(const FlowGraph& graph, NodeId node);  // when its rows are final
// Are there steps that give nothing out before their input ends?
[[nodiscard]] bool waits_for_end(const FlowGraph& graph);
[[nodiscard]] std::string state_text(const JobPlan& plan, const StatePlan& state);
[[nodiscard]] std::string edge_text(const JobPlan& plan, const EdgePlan& edge);
[[nodiscard]] std::string schema_text(const Schema& schema);    // {a: int, b: string}
[[nodiscard]] std::string nodes_text(const RewriteNote& note);  // "#2→#1", "#3a+#3b"
[[nodiscard]] const PassRow& pass_of(const RewriteNote& note);
[[nodiscard]] size_t step_count(const FlowGraph& graph);  // without exchanges

// Wherever a rewrite named a node of the plan: the passes' codes, each once.
[[nodiscard]] std::vector<std::string> rewrites_at(const Node& node, const std::vector<RewriteNote>& notes);

// "1 stage", "2 stages"
[[nodiscard]] std::string counted(size_t count, std::string_view noun);

}  // namespace sluice::describe
