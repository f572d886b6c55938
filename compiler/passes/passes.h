// The passes of passes.def, each `PassResult name(FlowGraph, const PassOptions&)` in a file of its name, and what
// several of them need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/passes/pass_manager.h"
#include "lang/graph/flow_graph.h"
#include "lang/graph/roots.h"

namespace sluice::passes {

#define PASS(name, code, title, is_required, why_here) \
  [[nodiscard]] PassResult name(FlowGraph graph, const PassOptions& options);
#include "compiler/passes/passes.def"
#undef PASS

// Collects the notes of one pass.
class Notes {
 public:
  explicit Notes(std::string_view pass) : pass_(pass) {}
  void fired(std::vector<std::string> nodes, std::string text) { add(true, std::move(nodes), std::move(text)); }
  void not_fired(std::vector<std::string> nodes, std::string text) { add(false, std::move(nodes), std::move(text)); }
  [[nodiscard]] std::vector<RewriteNote> take() && { return std::move(notes_); }

 private:
  void add(bool fired, std::vector<std::string> nodes, std::string text) {
    notes_.push_back({pass_, fired, std::move(nodes), std::move(text)});
  }
  std::string pass_;
  std::vector<RewriteNote> notes_;
};

// A label for a node made from the one labelled `base`: "3a", "3b", ... whichever is free.
[[nodiscard]] std::string fresh_label(const FlowGraph& graph, const std::string& base);
// E1, E2, ...: the next one that no node has. `last` is the number of the one before, 0 at first.
[[nodiscard]] std::string fresh_exchange_label(const FlowGraph& graph, size_t& last);

// The node's schema as its payload computes it from `inputs`, which must fit.
[[nodiscard]] Schema schema_of(const Node& node, const std::vector<const Schema*>& inputs);

// A project node above `input` that computes `columns`.
[[nodiscard]] Node make_project(const FlowGraph& graph, NodeId input, std::vector<NamedExpr> columns,
                                std::string label);

// May one of the call's expressions raise a row error? Counting up by a constant does not count.
[[nodiscard]] bool call_can_fail(const AggregateCall& call);

// The aggregate that merges the rows of its partial phase.
[[nodiscard]] AggregateNode final_phase(AggregateNode aggregate);

// The expression that passes a field through.
[[nodiscard]] Expr column_of(const Field& field, const Span& span);

}  // namespace sluice::passes
