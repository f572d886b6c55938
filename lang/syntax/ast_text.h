// ast_text: the AST as indented text without spans; two programs that mean the same to the checker print the same.
#pragma once

#include <string>

#include "lang/syntax/ast.h"

namespace sluice {
[[nodiscard]] std::string ast_text(const ast::Program& program);
}  // namespace sluice
