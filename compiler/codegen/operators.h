// Operators: how a row flows through a stage. Each operator consumes a row of its input and passes rows on to its
// users, all in one loop with values in registers (produce/consume as in Neumann, VLDB 2011). Blocking operators keep
// the row and pass results on in a finish phase. One emit_*.cpp per node kind.
#pragma once

#include "compiler/codegen/expr.h"
#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

// Where the code of the steps behind a node stands: where the row is made, or in a function that takes the row.
enum class CodeOfUsers : uint8_t { Inline, Function };

// Passes a row that `node` has made to every user in the stage, and to the exchanges that leave it. The first rows of
// `node` in a function find the code of its users inline; where it would be repeated often, it is a function too.
void emit_users(FunctionEmitter& f, NodeId node, const Row& row, CodeOfUsers wanted = CodeOfUsers::Inline);

// Calls `visit` once for every node of the stage that rows of `node` reach at once: not behind a blocking one.
void for_each_reached(const StageContext& stage, NodeId node, const std::function<void(NodeId, const Node&)>& visit);

// What an operator does with one row of its input. A node kind without an overload does not compile.
void consume(FunctionEmitter& f, NodeId id, const FilterNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const ProjectNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const ExpandNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const TimeNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const WindowNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const TopNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const FrameNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const SortNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const LimitNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const UnionNode& node, const Row& row);
// Notes the size of the entries of the node's table, which nothing else does when no row can reach a step that has no
// finish phase.
void note_entry(StageContext& stage, NodeId id, const AggregateNode& node);
void note_entry(StageContext& stage, NodeId id, const TopNode& node);
void note_entry(StageContext& stage, NodeId id, const JoinNode& node);
// `side` 0: the left one.
void consume_join(FunctionEmitter& f, NodeId id, const JoinNode& node, const Row& row, size_t side);
void consume(FunctionEmitter& f, NodeId id, const ChangesNode& node,
             const Row& row);  // an invariant: a pass replaced it
void consume(FunctionEmitter& f, NodeId id, const SinkNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const ExchangeNode& node, const Row& row);
void consume(FunctionEmitter& f, NodeId id, const SourceNode& node, const Row& row);  // an invariant: it has no input

// The number that a node with a Counter state has in TaskContext::counters, kept on the stack for the length of a unit.
// Not for `take` and `skip`, which look there.
llvm::Value* counter_slot(FunctionEmitter& f, NodeId id);
// Counts a row of a node with a Counter state as late when `is_late`.
void count_late(FunctionEmitter& f, NodeId id, llvm::Value* is_late);

// Code in front of the loop over a unit, for the operators that rows of `node` can reach: opens a keyless
// aggregate's state so that it stays in registers. And behind the loop: hands partial results on when they grow.
void emit_prepare(FunctionEmitter& f, NodeId node);
void emit_unit_end(FunctionEmitter& f, NodeId node);

// The finish function of a blocking operator: emits its results from ctx->cursor on.
void emit_finish(StageContext& stage, NodeId id, const std::string& function_name);
void emit_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node);
void emit_finish(FunctionEmitter& f, NodeId id, const TopNode& node);
void emit_finish(FunctionEmitter& f, NodeId id, const FrameNode& node);
void emit_finish(FunctionEmitter& f, NodeId id, const SortNode& node);
void emit_finish(FunctionEmitter& f, NodeId id, const JoinNode& node);

// Input functions: the loop over a unit.
void emit_source_input(StageContext& stage, NodeId source, const std::string& function_name);
void emit_edge_input(StageContext& stage, EdgeId edge, const std::string& function_name);

// The decoders, see decode.h.
void emit_decode_lines(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk);
void emit_decode_csv(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk);
void emit_decode_json(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk);
void emit_decode_nexmark(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk);

// Returns Yield from a finish function when the runtime asks for it; `before_return` saves the position.
void emit_yield_check(FunctionEmitter& f, const std::function<void()>& before_return);

}  // namespace sluice::codegen
