// verify_rules: what the rules for several kinds of nodes have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"

namespace sluice {

using InputSchemas = std::vector<const Schema*>;

// A bool over the row that is never null.
[[nodiscard]] Status check_condition(const Expr& expr, const Schema& row);
[[nodiscard]] Status check_named(const std::vector<NamedExpr>& exprs, const Schema& row);
[[nodiscard]] Status check_order(const std::vector<OrderKey>& order, const Schema& row);
[[nodiscard]] Status check_type(const Expr& expr, const Type& type, std::string_view what);

// The columns of a node that says itself, by its schema, which of the input's columns it passes on, and which of those
// in `own` it makes.
[[nodiscard]] Result<Schema> passed_on(const Node& node, const Schema& below, const std::vector<Field>& own);

void add_weight(Schema& schema);
// What travels as changes says so; only an incremental step may read it.
[[nodiscard]] Result<bool> has_weight(bool is_incremental, const InputSchemas& inputs);
[[nodiscard]] Status check_shape(const WindowShape& windows);
[[nodiscard]] Status check_session(const SessionWindow& session, bool has_keys, const Schema& row);
// The columns of rows that have a time.
[[nodiscard]] Status check_timed(const Schema& row, std::string_view what);

// The output rows of the kinds of nodes that have aggregate functions.
[[nodiscard]] Result<Schema> aggregate_schema(const AggregateNode& aggregate, const InputSchemas& inputs);
[[nodiscard]] Result<Schema> frame_schema(const FrameNode& frame, const Node& node, const InputSchemas& inputs);
// That of a join.
[[nodiscard]] Result<Schema> join_schema(const JoinNode& join, const Node& node, const InputSchemas& inputs);

}  // namespace sluice
