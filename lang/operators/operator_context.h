// OperatorContext: what the check of an operator may ask of the checker around it. Operators come before lang/check
// in the order of the house, so they see this interface and not the checker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "lang/operators/flow.h"
#include "lang/source/diagnostics.h"
#include "lang/syntax/ast.h"

namespace sluice {

// A connector call that was checked: what a source or sink node needs.
struct CheckedSink {
  SinkNode node;
  std::optional<Schema> row;  // of a declared sink: the rows it takes
  std::string name;           // of a declared sink
};

// What the columns of an aggregate step read.
struct AggregateInput {
  const Flow* rows = nullptr;
  const Flow* keys = nullptr;  // as they come out of the step
  bool has_rows = false;       // no group is without rows
};

class OperatorContext {
 public:
  OperatorContext() = default;
  OperatorContext(const OperatorContext&) = delete;
  OperatorContext& operator=(const OperatorContext&) = delete;
  virtual ~OperatorContext() = default;

  [[nodiscard]] virtual Diagnostics& diagnostics() = 0;
  [[nodiscard]] virtual const SourceMap& sources() const = 0;

  // An expression over the columns of `row`; its type is Error when something was reported.
  [[nodiscard]] virtual Expr check_expr(const ast::Expr& expr, const Flow& row) = 0;
  // Likewise, and bool without null: reported otherwise, in the name of the step `op`.
  [[nodiscard]] virtual Expr check_condition(const ast::Expr& expr, const Flow& row, std::string_view op) = 0;
  // A constant number of rows.
  [[nodiscard]] virtual std::optional<uint64_t> check_count(const ast::Expr& expr, std::string_view op) = 0;
  // A constant duration of at least `least` microseconds, wanted by `who` (in backticks).
  [[nodiscard]] virtual std::optional<int64_t> check_duration(const ast::Expr& expr, std::string_view who,
                                                              int64_t least) = 0;
  // `value` as a value of `type` if the language converts implicitly (T to T?, null, literals).
  [[nodiscard]] virtual std::optional<Expr> convert(const Expr& value, const Type& type) = 0;
  // A column of an aggregate step: an expression over the keys and aggregate calls over the rows, which are appended to
  // `calls` and stand in the expression as columns.
  [[nodiscard]] virtual Expr check_aggregate_column(const ast::Column& column, const std::string& name,
                                                    const AggregateInput& rows, std::vector<AggregateCall>& calls) = 0;
  // A column of a step over frames: an expression over the columns of `input` and calls over its rows, which are added
  // to `frame` and stand in the expression as columns.
  [[nodiscard]] virtual Expr check_frame_column(const ast::Column& column, const std::string& name, const Flow& input,
                                                FrameNode& frame) = 0;
  // The pipeline behind `from x`, `union x`.
  [[nodiscard]] virtual Flow check_input(const ast::Input& input) = 0;
  // The sink behind `to x`; nothing when it was reported.
  [[nodiscard]] virtual std::optional<CheckedSink> check_sink(const ast::Expr& target) = 0;

  // The graph so far, and of every node whether its rows may come for ever.
  [[nodiscard]] virtual const FlowGraph& graph() const = 0;
  [[nodiscard]] virtual const std::vector<bool>& endless() const = 0;

  // Appends a node for `step` whose output is described by `next` (schema, rows, ...); returns `next` with the node.
  // A project node whose rows stay timed passes their time on without being told.
  [[nodiscard]] virtual Flow add(const ast::Step& step, NodePayload payload, std::vector<NodeId> inputs, Flow next) = 0;
};

}  // namespace sluice
