// emit final | changes | every(D): when a step gives its results out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lang/operators/operator_util.h"

namespace sluice {

enum class Emit : uint8_t { Unsaid, Final, Changes };
// What `emit` says; nothing when something was reported.
[[nodiscard]] std::optional<Emit> check_emit(OperatorContext& context, const ast::Step& step);

// What `emit` means for groups by `keys`; `is_windowed`: each is final by itself. Final groups that are no windows get
// another key, which `input` has then. False when something was reported.
bool add_end(OperatorContext& context, const ast::Step& step, Emit emit, bool is_windowed, Flow& input,
             std::vector<NamedExpr>& keys);

}  // namespace sluice
