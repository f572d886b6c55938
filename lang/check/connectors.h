// Connector calls: csv("a.csv", header = false) with its arguments bound to the connector's options.
#pragma once

#include <optional>
#include <vector>

#include "lang/check/expr_checker.h"

namespace sluice {

struct ConnectorCall {
  const ConnectorEntry* connector = nullptr;
  std::vector<ConnectorOption> options;  // in the order of the connector's parameters, defaults included
};

// Nothing when it was reported. `locals`: parameters of the function the call stands in.
[[nodiscard]] std::optional<ConnectorCall> check_connector(Session& session, const ast::Name& name,
                                                           const std::vector<ast::Arg>& args, const Span& span,
                                                           Direction direction, const std::vector<Local>& locals);
// The same for an expression: `csv("x")`, or `print` without parentheses.
[[nodiscard]] std::optional<ConnectorCall> check_connector(Session& session, const ast::Expr& expr, Direction direction,
                                                           const std::vector<Local>& locals);

// The rows that a test gives to `name`: the test runner opens what this leads to.
[[nodiscard]] std::optional<ConnectorCall> rows_of_test(Session& session, const std::string& name);

// Is it a literal once everything known is computed? Folds what constants are made of.
[[nodiscard]] std::optional<LiteralValue> constant_value(const Expr& expr);

}  // namespace sluice
