// keep D: a step forgets what it knows of a key when no row of it comes for D. In event time, so that it does not
// depend on when the memory is given back: two rows of a key more than D apart, with none in between, have nothing to
// do with each other, as if they had different keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lang/operators/operator_util.h"
#include "lang/operators/windows.h"

namespace sluice {

// The one window of a key that lasts as long as it is known; programs do not see it.
inline constexpr std::string_view kLifeColumn = "@life";

// D in microseconds, at least 1; nothing when something was reported: the rows need event time, and no window.
[[nodiscard]] std::optional<int64_t> check_keep(OperatorContext& context, const ast::Step& step,
                                                const ast::Clause& clause, const Flow& input);

// The same as sessions; a row that comes exactly D later still belongs to its key.
[[nodiscard]] WindowClause window_of_keep(int64_t keep, const Span& span);

// Sessions, also those of `keep`, need keys, and their column must not be there yet: reported otherwise. `columns`:
// what the step gives out besides its keys.
bool fits_session(OperatorContext& context, const ast::Step& step, const WindowClause& window,
                  const std::vector<NamedExpr>& keys, const Schema& columns);

// The rows of which the key was not known, in the order of their times.
[[nodiscard]] Flow first_of_keys(OperatorContext& context, const ast::Step& step, std::vector<NamedExpr> keys,
                                 int64_t keep, Flow input);

}  // namespace sluice
