// What several operators share: columns as expressions, names of columns, clauses that a step does not take.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "lang/operators/operator_context.h"

namespace sluice {

// The column as the expression a later step reads: narrowed where a `where` proved it present.
[[nodiscard]] Expr column_of(const Flow& flow, const Field& field, const Span& span);
// All columns of the flow, each under its own name.
[[nodiscard]] std::vector<NamedExpr> all_columns(const Flow& flow, const Span& span);

// The name a value gets when the program gives it none: `a` for a, `b` for a.b, `count` for count().
[[nodiscard]] std::optional<std::string> implied_name(const ast::Expr& expr);
// Like implied_name; reports when there is none.
[[nodiscard]] std::optional<std::string> name_or_report(OperatorContext& context, const std::optional<ast::Name>& name,
                                                        const ast::Expr& expr);

// A list of columns under construction; a name that is already taken is reported.
class ColumnList {
 public:
  explicit ColumnList(OperatorContext& context) : context_(context) {}
  // Whether the column was taken.
  bool add(std::string name, Expr expr, const Span& span);
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::vector<NamedExpr>& columns() { return columns_; }

 private:
  OperatorContext& context_;
  std::vector<NamedExpr> columns_;
  std::vector<Span> spans_;
};

// The flow after a step that computes exactly `columns` from `input`: schema, origins, gone columns, key.
[[nodiscard]] Flow projected(const Flow& input, const std::vector<NamedExpr>& columns, const ast::Step& step);
// Adds the project node for it.
[[nodiscard]] Flow add_project(OperatorContext& context, const ast::Step& step, const Flow& input,
                               std::vector<NamedExpr> columns);

// The word of a clause in Flow: "per".
[[nodiscard]] std::string_view clause_word(ast::ClauseKind kind);
// Reports every clause that is not in `allowed` (those in `later` as not compiled yet) and every one that is given
// twice; returns false when it reported.
bool check_clauses(OperatorContext& context, const ast::Step& step, std::initializer_list<ast::ClauseKind> allowed,
                   std::initializer_list<ast::ClauseKind> later = {});
[[nodiscard]] const ast::Clause* find_clause(const ast::Step& step, ast::ClauseKind kind);

// Keys of `per`: named, each once, of types that can be keys.
// Is a key a window, but not that of its row (Flow::windows)? Then rows of one window come at any time, and it is
// reported: groups of a window are forgotten when it ends.
// `text`: the key as a person writes it, where that does not stand at `span`.
bool refuse_other_window(OperatorContext& context, const Flow& input, const Expr& key, const Span& span,
                         std::string text = {});
[[nodiscard]] std::optional<std::vector<NamedExpr>> check_keys(OperatorContext& context, const Flow& input,
                                                               const std::vector<ast::KeyItem>& items);
[[nodiscard]] std::optional<std::vector<OrderKey>> check_orders(OperatorContext& context, const Flow& input,
                                                                const std::vector<ast::OrderItem>& items);

// "a, b, c", shortened when there are very many.
[[nodiscard]] std::string list_names(const std::vector<std::string>& names);
// "; did you mean `price`?" or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);
// The source text of a span on one line.
[[nodiscard]] std::string text_of(const SourceMap& sources, const Span& span);
// Reports that the column is not there (E0201, E0202), unless the flow is broken.
void report_no_column(Diagnostics& diagnostics, const Flow& flow, const std::string& name, const Span& span);
// Can this type be a key of a group or an order?
[[nodiscard]] bool is_scalar(const Type& type);

}  // namespace sluice
