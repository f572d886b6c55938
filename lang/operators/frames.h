// Steps that give every row columns computed from the rows before it: extend with `per`, `by`, `over` or `keep`.
#pragma once

#include "lang/operators/operator_context.h"

namespace sluice {

[[nodiscard]] Flow check_frames(OperatorContext& context, const ast::Step& step, Flow input);

// The rows, which have event time, in its order, each when the watermark has passed it.
[[nodiscard]] Flow sorted_by_time(OperatorContext& context, const ast::Step& step, const Flow& input);
// The rows of `input` with what the node makes. They keep their time unless they wait for rows behind them.
[[nodiscard]] Flow add_frame(OperatorContext& context, const ast::Step& step, FrameNode node, const Flow& input);

}  // namespace sluice
