// What to write where a step works on event time and its rows have none.
#pragma once

#include <string>
#include <string_view>

#include "lang/operators/operator_context.h"

namespace sluice {

// Reports (E0402) that `who`, written at `span`, works on event time. `otherwise` is what would do without.
Diagnostic& report_no_time(OperatorContext& context, const Span& span, std::string_view who, const Flow& input,
                           const std::string& otherwise = {});

// A column of these rows that could be their time, or that says another order: `ts` when there is none.
[[nodiscard]] std::string time_column(const Flow& input);

}  // namespace sluice
