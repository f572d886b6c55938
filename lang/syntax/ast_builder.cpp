#include "lang/syntax/ast_builder.h"

#include <algorithm>

namespace sluice::syntax {

using namespace ast;

namespace {

// The depth of the deepest expression directly below a node.
class ChildDepth {
 public:
  uint32_t operator()(const Literal&) const { return 0; }
  uint32_t operator()(const NameExpr&) const { return 0; }
  uint32_t operator()(const Binary& e) const { return of({e.left, e.right}); }
  uint32_t operator()(const Unary& e) const { return of({e.operand}); }
  uint32_t operator()(const IsNull& e) const { return of({e.operand}); }
  uint32_t operator()(const IsVariant& e) const { return of({e.operand}); }
  uint32_t operator()(const If& e) const { return of({e.condition, e.then_value, e.else_value}); }
  uint32_t operator()(const Lambda& e) const { return of({e.body}); }
  uint32_t operator()(const Member& e) const { return of({e.object}); }
  uint32_t operator()(const Index& e) const { return of({e.object, e.index}); }
  uint32_t operator()(const Paren& e) const { return of({e.inner}); }
  uint32_t operator()(const Call& e) const {
    uint32_t depth = of({e.callee});
    for (const Arg& arg : e.args) depth = std::max(depth, of({arg.value}));
    return depth;
  }
  uint32_t operator()(const Record& e) const {
    uint32_t depth = 0;
    for (const RecordItem& item : e.items) depth = std::max(depth, of({item.value}));
    return depth;
  }
  uint32_t operator()(const List& e) const {
    uint32_t depth = 0;
    for (const Expr* element : e.elements) depth = std::max(depth, of({element}));
    return depth;
  }
  uint32_t operator()(const MapLiteral& e) const {
    uint32_t depth = 0;
    for (const auto& [key, value] : e.entries) depth = std::max(depth, of({key, value}));
    return depth;
  }
  uint32_t operator()(const FString& e) const {
    uint32_t depth = 0;
    for (const FStringPart& part : e.parts) depth = std::max(depth, of({part.value}));
    return depth;
  }
  uint32_t operator()(const Match& e) const {
    uint32_t depth = of({e.subject});
    for (const MatchArm& arm : e.arms) depth = std::max(depth, of({arm.pattern, arm.value}));
    return depth;
  }

 private:
  static uint32_t of(std::initializer_list<const Expr*> children) {
    uint32_t depth = 0;
    for (const Expr* child : children)
      if (child != nullptr) depth = std::max(depth, child->depth);
    return depth;
  }
};

}  // namespace

void AstBuilder::check_depth(uint32_t depth, const Span& span) {
  if (depth <= kMaxTreeDepth || is_too_deep_) return;
  is_too_deep_ = true;
  diagnostics_.report(diag::E0110, {span.file, span.begin, span.begin}, kMaxTreeDepth)
      .with_label("this expression: split it, or write `x in [...]` for a chain of comparisons");
}

const Expr* AstBuilder::expr(const Span& span, ExprNode node) {
  const uint32_t depth = std::visit(ChildDepth{}, node) + 1;
  check_depth(depth, span);
  return program_.arena->make<Expr>(span, std::move(node), depth);
}

const Expr* AstBuilder::binary(const Span& span, BinaryOp op, const Expr* left, const Expr* right,
                               const Span& op_span) {
  return expr(span, Binary{op, left, right, op_span});
}

const Expr* AstBuilder::path_expr(const Path& path) {
  const Expr* result = expr(path.parts[0].span, NameExpr{path.parts[0]});
  for (size_t i = 1; i < path.parts.size(); ++i)
    result = expr(cover(path.parts[0].span, path.parts[i].span), Member{result, path.parts[i], false});
  return result;
}

const TypeExpr* AstBuilder::type(const Span& span, TypeNode node) {
  return program_.arena->make<TypeExpr>(span, false, std::move(node));
}

const TypeExpr* AstBuilder::nullable(const Span& span, const TypeExpr* base) {
  return program_.arena->make<TypeExpr>(span, true, base->node);
}

const TypeExpr* AstBuilder::kind_type(const Span& span, bool is_table, const TypeExpr* row) {
  if (std::holds_alternative<KindType>(row->node)) {
    diagnostics_.report(diag::E0105, row->span, "a row type", "another stream or table")
        .with_label("a stream of rows is `stream { name: type }`");
    return row;
  }
  return type(span, KindType{is_table, row});
}

const Stmt* AstBuilder::stmt(const Span& span, StmtNode node) {
  return program_.arena->make<Stmt>(span, std::move(node));
}

const Stmt* AstBuilder::else_if(const Span& span, const Expr* condition, Block then_block, const Stmt* rest) {
  const uint32_t depth = rest->depth + 1;
  check_depth(depth, span);
  return program_.arena->make<Stmt>(span, IfStmt{condition, std::move(then_block), {}, rest}, depth);
}

MemberItem AstBuilder::member(MemberKind kind, const Span& span, Name name, Path path, std::optional<Block> block) {
  return {kind, span, std::move(name), std::move(path), nullptr, nullptr, nullptr, std::move(block)};
}

const Pipeline* AstBuilder::pipeline(const Span& span, std::vector<AliasedInput> inputs, std::vector<Step> steps) {
  return program_.arena->make<Pipeline>(span, std::move(inputs), std::move(steps));
}

Input AstBuilder::input(const Span& span, Path path, std::optional<std::vector<Arg>> args) {
  Input result;
  result.span = span;
  result.path = std::move(path);
  result.has_args = args.has_value();
  if (args) result.args = std::move(*args);
  return result;
}

std::vector<AliasedInput> AstBuilder::one_input(Input input, std::vector<Clause>& clauses) {
  AliasedInput aliased{std::move(input), {}};
  const auto as = std::ranges::find_if(
      clauses, [](const Clause& clause) { return clause.kind == ClauseKind::As && clause.path.parts.size() == 1; });
  if (as != clauses.end()) {
    aliased.alias = as->path.parts[0];
    clauses.erase(as);
  }
  std::vector<AliasedInput> result;
  result.push_back(std::move(aliased));
  return result;
}

Clause AstBuilder::expr_clause(ClauseKind kind, const Span& span, const Span& keyword, const Expr* expr) {
  Clause clause{kind, span, keyword};
  clause.expr = expr;
  return clause;
}

Clause AstBuilder::names_clause(ClauseKind kind, const Span& span, const Span& keyword, std::vector<Name> names) {
  Clause clause{kind, span, keyword};
  clause.names = std::move(names);
  return clause;
}

Clause AstBuilder::per_clause(const Span& span, const Span& keyword, std::vector<KeyItem> keys) {
  Clause clause{ClauseKind::Per, span, keyword};
  clause.keys = std::move(keys);
  return clause;
}

Clause AstBuilder::by_clause(const Span& span, const Span& keyword, std::vector<OrderItem> orders) {
  Clause clause{ClauseKind::By, span, keyword};
  clause.orders = std::move(orders);
  return clause;
}

Clause AstBuilder::as_clause(const Span& span, const Span& keyword, Path path) {
  Clause clause{ClauseKind::As, span, keyword};
  clause.path = std::move(path);
  return clause;
}

}  // namespace sluice::syntax
