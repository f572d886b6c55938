// The rows of a test's `given` and `expect`, as tables of cells and as constants.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lang/check/session.h"
#include "lang/check/tests.h"

namespace sluice {

// What stands in a test, before its values are checked: one cell per column in each row, null where there is none.
struct TestTable {
  struct Column {
    std::vector<ast::Name> path;
    Span span;
  };
  struct Row {
    std::vector<const ast::Expr*> cells;
    Span span;
  };
  std::vector<Column> columns;
  std::vector<Row> rows;
};

// Nothing when it was reported.
[[nodiscard]] std::optional<TestTable> read_table(Session& session, const ast::TestStmt& statement);

// The value as a literal, or as lists and records of literals; nothing when it was reported. `what` it is the value of.
[[nodiscard]] std::optional<Expr> check_constant(Session& session, const ast::Expr& value, const Type& type,
                                                 const std::string& what);

// The rows of the table, whose columns have these types.
[[nodiscard]] std::optional<TestRows> check_rows(Session& session, const TestTable& table,
                                                 const std::vector<TestColumn>& columns);

}  // namespace sluice
