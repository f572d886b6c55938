// What the kind of rows forbids: a sink that can only append takes no table that never stops changing, and a step that
// waits for the end of its input takes no input without one.
#pragma once

#include <string>

#include "lang/operators/operator_context.h"

namespace sluice {

[[nodiscard]] bool is_endless(OperatorContext& context, const Flow& flow);

// True when it was reported (E0401) that the rows change for ever, but go to the sink at `span`, written as `sink`;
// nothing is written where a pipeline prints because it names no sink.
[[nodiscard]] bool refuse_changing(OperatorContext& context, const Flow& rows, const Span& span,
                                   const std::string& sink);

// True when it was reported (E0419) that `who`, written at `span`, waits for the end of these rows, which have none.
// `help` is what to write instead.
[[nodiscard]] bool refuse_waiting(OperatorContext& context, const Flow& rows, const Span& span, std::string_view who,
                                  const std::string& help);

// When the rows are a table only because a window shows its results early: how they become final, as "without `emit
// changes` on line 4"; else empty.
[[nodiscard]] std::string early_results_text(OperatorContext& context, const Flow& rows);

// The step that makes the rows a table, as `top 10 ... as rank` on line 4; empty when they are a stream.
[[nodiscard]] std::string table_maker_text(OperatorContext& context, const Flow& rows);

}  // namespace sluice
