// The operators of Flow, from operators.def: each checks one `|>` step in a file of its own, lang/operators/<name>.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/operators/operator_context.h"

namespace sluice {

// Checks `step` on rows of `input`, adds its nodes, and returns the pipeline so far. After an error: the best guess of
// what the rows would be, so that checking can go on.
#define SLUICE_DECLARE_Compiled(name) Flow check_##name(OperatorContext& context, const ast::Step& step, Flow input);
#define SLUICE_DECLARE_Later(name)
#define OPERATOR(name, shape, state, ...) SLUICE_DECLARE_##state(name)
#include "lang/operators/operators.def"
#undef OPERATOR
#undef SLUICE_DECLARE_Later
#undef SLUICE_DECLARE_Compiled

struct OperatorRow {
  std::string_view name;
  Flow (*check)(OperatorContext& context, const ast::Step& step, Flow input);  // null: not compiled yet
};
// Null: there is no such operator.
[[nodiscard]] const OperatorRow* find_operator(std::string_view name);

// The rows of `input` with the value of `time` as their event time; `delay` and `idle` may be null, `clock` names the
// column of the source's clock or is empty.
[[nodiscard]] Flow add_time(OperatorContext& context, const ast::Step& step, const ast::Expr& time,
                            const ast::Clause* delay, const ast::Clause* idle, const std::string& clock, Flow input);

// `first` and `latest`: a top 1 by event time.
[[nodiscard]] Flow check_by_time(OperatorContext& context, const ast::Step& step, Flow input, bool is_latest);

// `take N over W`, `distinct per KEYS`: the first rows of each group by the order of `by`, or by event time.
[[nodiscard]] Flow check_first_rows(OperatorContext& context, const ast::Step& step, Flow input, uint64_t limit);

// The union of several flows, the one way `union`, `from a, b` share. spans[i] is where flows[i] was written.
[[nodiscard]] Flow unite(OperatorContext& context, const ast::Step& step, std::vector<Flow> flows,
                         const std::vector<Span>& spans);

}  // namespace sluice
