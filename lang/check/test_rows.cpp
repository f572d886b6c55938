#include "lang/check/test_rows.h"

#include <algorithm>

#include "lang/check/connectors.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

// `window.start` as its names; nothing when it is something else.
bool add_path(const ast::Expr& expr, std::vector<ast::Name>& path) {
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.node)) {
    path.push_back(name->name);
    return true;
  }
  const auto* member = std::get_if<ast::Member>(&expr.node);
  if (member == nullptr || member->is_safe || !add_path(*member->object, path)) return false;
  path.push_back(member->name);
  return true;
}

std::string path_name(const std::vector<ast::Name>& path) {
  std::string text;
  for (const auto& name : path) text += (text.empty() ? "" : ".") + name.text;
  return text;
}

class TableReader {
 public:
  TableReader(Session& session, const ast::TestStmt& statement) : session_(session), statement_(statement) {}

  std::optional<TestTable> read() && {
    const bool is_ok = statement_.data.list != nullptr ? read_list(*statement_.data.list) : read_rows();
    if (!is_ok) return std::nullopt;
    if (table_.rows.empty()) {
      const std::string_view word = statement_.kind == ast::TestStmtKind::Given ? "given" : "expect";
      auto& report =
          session_.report(diag::E0808, statement_.path.span, word, text_of(session_.sources, statement_.path.span));
      if (statement_.kind == ast::TestStmtKind::Given)
        report.with_label("leave it out: what is given no rows has none");
      else
        report.with_label("for no rows write `none`");
      return std::nullopt;
    }
    return std::move(table_);
  }

 private:
  bool add_column(const ast::Expr* expr, const Span& span) {
    TestTable::Column column;
    column.span = expr == nullptr ? span : expr->span;
    if (expr == nullptr || !add_path(*expr, column.path)) {
      session_.report(diag::E0801, column.span).with_label("for example | user | count |");
      return false;
    }
    for (const auto& other : table_.columns) {
      if (path_name(other.path) != path_name(column.path)) continue;
      session_.report(diag::E0208, column.span, path_name(column.path)).with_label("each name once");
      return false;
    }
    table_.columns.push_back(std::move(column));
    return true;
  }

  bool read_rows() {
    const auto& rows = statement_.data.rows;
    bool is_ok = true;
    for (const auto* cell : rows.front().cells) is_ok = add_column(cell, rows.front().span) && is_ok;
    if (!is_ok) return false;
    for (size_t i = 1; i < rows.size(); ++i) {
      if (rows[i].cells.size() != table_.columns.size()) {
        session_.report(diag::E0802, rows[i].span, rows[i].cells.size(), table_.columns.size())
            .with_label("leave a cell empty for null");
        is_ok = false;
      }
      table_.rows.push_back({rows[i].cells, rows[i].span});
    }
    return is_ok;
  }

  // [{ user = "ada", count = 2 }, ...]: the columns are those that any of the records names.
  bool read_list(const ast::Expr& expr) {
    const auto* list = std::get_if<ast::List>(&expr.node);
    if (list == nullptr) return false;
    bool is_ok = true;
    for (const auto* element : list->elements) is_ok = read_record(*element) && is_ok;
    for (auto& row : table_.rows) row.cells.resize(table_.columns.size());
    return is_ok;
  }

  bool read_record(const ast::Expr& expr) {
    const auto* record = std::get_if<ast::Record>(&expr.node);
    if (record == nullptr) {
      session_.report(diag::E0304, expr.span, "a list of rows", "records", "something else")
          .with_label("for example { user = \"ada\", count = 2 }");
      return false;
    }
    TestTable::Row row;
    row.span = expr.span;
    for (const auto& item : record->items) {
      const auto name = item.name ? std::optional(item.name->text) : implied_name(*item.value);
      if (!name || item.is_spread) {
        session_.report(diag::E0209, item.span).with_label("for example `count = 2`");
        return false;
      }
      auto column = std::ranges::find_if(table_.columns, [&](const auto& c) { return path_name(c.path) == *name; });
      if (column == table_.columns.end()) {
        const Span span = item.name ? item.name->span : item.span;
        column = table_.columns.insert(column, TestTable::Column{{ast::Name{*name, span}}, span});
      }
      const auto index = static_cast<size_t>(column - table_.columns.begin());
      if (row.cells.size() <= index) row.cells.resize(index + 1);
      row.cells[index] = item.value;
    }
    table_.rows.push_back(std::move(row));
    return true;
  }

  Session& session_;
  const ast::TestStmt& statement_;
  TestTable table_;
};

std::optional<Expr> as_constant(const Expr& expr) {
  if (expr.is_literal()) return expr;
  if (expr.is_op(ExprOp::Some)) {
    auto value = as_constant(expr.args[0]);
    if (value) value->type = value->type.as_nullable();
    return value;
  }
  if (expr.kind == ExprKind::Record || expr.kind == ExprKind::List) {
    Expr copy = expr;
    for (auto& arg : copy.args) {
      auto value = as_constant(arg);
      if (!value) return std::nullopt;
      arg = std::move(*value);
    }
    return copy;
  }
  auto value = constant_value(expr);
  if (!value) return std::nullopt;
  return Expr::literal(std::move(*value), expr.type, expr.span);
}

}  // namespace

std::optional<TestTable> read_table(Session& session, const ast::TestStmt& statement) {
  return TableReader(session, statement).read();
}

std::optional<Expr> check_constant(Session& session, const ast::Expr& value, const Type& type,
                                   const std::string& what) {
  session.has_test_day = true;
  const Expr checked = ExprChecker(session, Env()).check_as(value, type, what);
  session.has_test_day = false;
  if (checked.type.is_error()) return std::nullopt;
  auto constant = as_constant(checked);
  if (!constant) session.report(diag::E0314, value.span, what).with_label("write the value itself");
  return constant;
}

std::optional<TestRows> check_rows(Session& session, const TestTable& table, const std::vector<TestColumn>& columns) {
  TestRows rows;
  bool is_ok = true;
  for (const auto& row : table.rows) {
    auto& cells = rows.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      const Type& type = columns[i].type;
      const std::string name = columns[i].text();
      std::optional<Expr> value;
      if (row.cells[i] != nullptr) {
        value = check_constant(session, *row.cells[i], type, fmt::format("the column `{}`", name));
      } else if (type.nullable) {
        value = Expr::null_literal(type, row.span);
      } else {
        session.report(diag::E0804, row.span, name, type.to_string()).with_label("write a value");
      }
      is_ok = is_ok && value.has_value();
      if (value) cells.push_back(std::move(*value));
    }
  }
  if (!is_ok) return std::nullopt;
  return rows;
}

}  // namespace sluice
