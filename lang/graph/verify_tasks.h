// verify_tasks: the invariants of a FlowGraph that say where its nodes run.
#pragma once

#include <optional>

#include "lang/graph/flow_graph.h"
#include "lang/graph/verify.h"

namespace sluice {

// Part of verify(). A node has at most kMostTasks tasks. Nothing but a lookup reads what its table is made of, and
// nothing there holds rows back. Where exchanges are placed:
//   - they are by hash, gather rows, or broadcast the table of a lookup, and never stand one behind the other;
//   - nodes without an exchange between them have the same number of tasks, as have the readers of one exchange; behind
//     a gather it is one;
//   - there is no way through exchanges from such a group of nodes back into it;
//   - what needs all rows in one place has one task; what needs the rows of a key in one place has one task, or its
//   rows
//     are distributed by columns among its keys, those of a join by the same ones on both sides; a lookup in several
//     tasks has its whole table by broadcast.
[[nodiscard]] std::optional<Violation> find_task_violation(const FlowGraph& graph);

// Of the graph of a plan, besides: nodes have tasks and stages, exchanges have no stage; nodes without an exchange
// between them are in one stage; stages are numbered from 0 on, exchanges lead from lower to higher ones; and there is
// no `changes`.
[[nodiscard]] std::optional<Violation> find_stage_violation(const FlowGraph& graph);

}  // namespace sluice
