// AstBuilder: makes AST nodes for the grammar's actions and bounds the depth of the trees.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "lang/source/diagnostics.h"
#include "lang/syntax/ast.h"

namespace sluice::syntax {

class AstBuilder {
 public:
  AstBuilder(ast::Program& program, Diagnostics& diagnostics) : program_(program), diagnostics_(diagnostics) {}

  using ExprNode = decltype(ast::Expr::node);
  using StmtNode = decltype(ast::Stmt::node);
  using TypeNode = decltype(ast::TypeExpr::node);
  using ItemNode = decltype(ast::Item::node);

  [[nodiscard]] const ast::Expr* expr(const Span& span, ExprNode node);
  [[nodiscard]] const ast::Expr* binary(const Span& span, ast::BinaryOp op, const ast::Expr* left,
                                        const ast::Expr* right, const Span& op_span);
  // a.b.c as member accesses.
  [[nodiscard]] const ast::Expr* path_expr(const ast::Path& path);

  [[nodiscard]] const ast::TypeExpr* type(const Span& span, TypeNode node);
  [[nodiscard]] const ast::TypeExpr* nullable(const Span& span, const ast::TypeExpr* base);
  // `stream R`, `table R`; R may not be one itself.
  [[nodiscard]] const ast::TypeExpr* kind_type(const Span& span, bool is_table, const ast::TypeExpr* row);

  [[nodiscard]] const ast::Stmt* stmt(const Span& span, StmtNode node);
  [[nodiscard]] const ast::Stmt* else_if(const Span& span, const ast::Expr* condition, ast::Block then_block,
                                         const ast::Stmt* rest);
  [[nodiscard]] ast::MemberItem member(ast::MemberKind kind, const Span& span, ast::Name name, ast::Path path,
                                       std::optional<ast::Block> block);
  [[nodiscard]] ast::Item item(const Span& span, ItemNode node) { return {span, std::move(node)}; }
  void add_item(ast::Item item) { program_.items.push_back(std::move(item)); }

  [[nodiscard]] const ast::Pipeline* pipeline(const Span& span, std::vector<ast::AliasedInput> inputs,
                                              std::vector<ast::Step> steps);
  [[nodiscard]] ast::Input input(const Span& span, ast::Path path, std::optional<std::vector<ast::Arg>> args);
  // The input of a join; a clause `as NAME` becomes its alias.
  [[nodiscard]] std::vector<ast::AliasedInput> one_input(ast::Input input, std::vector<ast::Clause>& clauses);
  [[nodiscard]] ast::Clause expr_clause(ast::ClauseKind kind, const Span& span, const Span& keyword,
                                        const ast::Expr* expr);
  [[nodiscard]] ast::Clause names_clause(ast::ClauseKind kind, const Span& span, const Span& keyword,
                                         std::vector<ast::Name> names);
  [[nodiscard]] ast::Clause per_clause(const Span& span, const Span& keyword, std::vector<ast::KeyItem> keys);
  [[nodiscard]] ast::Clause by_clause(const Span& span, const Span& keyword, std::vector<ast::OrderItem> orders);
  [[nodiscard]] ast::Clause as_clause(const Span& span, const Span& keyword, ast::Path path);

  // Whether a tree grew beyond kMaxTreeDepth, which is reported once. The program must not be walked then.
  [[nodiscard]] bool is_too_deep() const { return is_too_deep_; }

 protected:
  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }
  [[nodiscard]] const ast::Program& program() const { return program_; }

 private:
  void check_depth(uint32_t depth, const Span& span);

  ast::Program& program_;
  Diagnostics& diagnostics_;
  bool is_too_deep_ = false;
};

}  // namespace sluice::syntax
