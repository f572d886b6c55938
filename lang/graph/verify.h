// verify: the invariants of FlowGraph, checked after every pass in debug builds and on every graph read from text. What
// passes, the optimizer and code generation take without asking. (What a name of a function or connector stands for is
// not known here: lang/check/verify_names.h checks it, lang/graph/verify_tasks.h the stages of a plan.)
//
// Of every node:
//   - its label is unique; its inputs stand before it, are no sinks, and are as many as its kind takes;
//   - its columns have different names and types that can be compiled; @time and @mark are timestamps, @weight an int;
//   - its schema is what its payload computes from those of its inputs, where the node does not choose itself which
//     columns it passes on (expand, time, window, top, frame, join); a source's columns are among those it declares;
//   - its expressions name columns and locals that are there, with their types, and every operation has the types that
//     it can compute (lang/graph/verify_expr.h); conditions are bool and never null.
// Of some:
//   - windows have a size, are made of whole steps and panes, and at most kMostWindows hold one row; they, sessions and
//     frames in the order of time are only of rows that have a time;
//   - init, step, merge, retract of a state have its type and see what AggregateState says; what runs in two phases or
//     panes can merge, and its final phase finds the states as columns; sessions, windows of rows and incremental
//     aggregates exclude each other, a second phase and a window among the keys;
//   - a frame has an order, one length of at most kMostFrameRows rows, and looks before the row or behind it, not both;
//   - the keys of a join have the same types on both sides and are never null; its bounds cannot fail;
//   - changes (@weight) are read by incremental steps, and by those that pass rows on;
//   - exchanges by hash have keys, which are columns; others have none.
// Of the whole: `changes` stands only in graphs that no pass has touched; and the rules of verify_tasks.h.
#pragma once

#include <optional>
#include <string>

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"

namespace sluice {
// What does not hold, and at which node; not valid: of the whole graph.
struct Violation {
  NodeId node;
  std::string text;
};
// The first one; nothing when all is well.
[[nodiscard]] std::optional<Violation> find_violation(const FlowGraph& graph);
// The violation as an internal error that names the node.
[[nodiscard]] Error to_error(const FlowGraph& graph, const Violation& violation);
// Both in one.
[[nodiscard]] Status verify(const FlowGraph& graph);
// What the node's output row must be, given its inputs' rows; an error when the payload does not fit them.
[[nodiscard]] Result<Schema> output_schema(const Node& node, const std::vector<const Schema*>& inputs);
}  // namespace sluice
