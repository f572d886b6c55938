// Blocks of statements as expressions, by symbolic execution: each name stands for the expression it holds, `if` joins
// the two outcomes, and a `let` becomes a let of the graph where its value is used more than once.
#pragma once

#include "lang/check/expr_checker.h"

namespace sluice {

// The value that a block of a function or of `finish` returns.
[[nodiscard]] Expr run_value_block(Session& session, const ast::Block& block, Env env);

// Runs `step` or `merge`: afterwards the locals of `env` hold what the block has set them to.
void run_effect_block(Session& session, const ast::Block& block, Env& env);

}  // namespace sluice
