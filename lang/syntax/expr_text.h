// expr_text: an expression and its parts as text on one line; the part of ast_text.h that other messages use too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/syntax/ast.h"

namespace sluice {

// With parentheses around every operation.
[[nodiscard]] std::string ast_text(const ast::Expr& expr);

// As Flow writes it: "+".
[[nodiscard]] std::string_view operator_text(ast::BinaryOp op);
// In backquotes when it could not be read back otherwise.
[[nodiscard]] std::string name_text(const ast::Name& name);
[[nodiscard]] std::string names_text(const std::vector<ast::Name>& names);
[[nodiscard]] std::string path_text(const ast::Path& path);
[[nodiscard]] std::string args_text(const std::vector<ast::Arg>& args);
// As a Flow text with escapes.
[[nodiscard]] std::string quoted_text(std::string_view text);

}  // namespace sluice
