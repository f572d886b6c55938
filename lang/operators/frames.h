// Steps that give every row columns computed from the rows before it: extend with `per`, `by` or `over`.
#pragma once

#include "lang/operators/operator_context.h"

namespace sluice {

[[nodiscard]] Flow check_frames(OperatorContext& context, const ast::Step& step, Flow input);

}  // namespace sluice
