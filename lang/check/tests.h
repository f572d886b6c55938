// tests: `test` blocks, checked. A test becomes a graph of its own, in which the sources read what the test gives them
// and what it expects is written to a sink of that name; rows are constants of their columns' types.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lang/check/check.h"

namespace sluice {

// Instants without a date (@10:00:05) are on 2000-01-01: microseconds of its midnight.
inline constexpr int64_t kTestDay = 946'684'800'000'000;
// An instant as tests write it: on that day without its date.
[[nodiscard]] std::string instant_text(int64_t microseconds);

// Cells are literals, and lists and records of them. Each row has one per column.
using TestRows = std::vector<std::vector<Expr>>;

struct TestGiven {
  std::string name;  // of the source or pipeline that has these rows: the `path` of a source node of the graph
  std::vector<Field> columns;
  TestRows rows;
  Span span;
};
struct TestAdvance {
  int64_t time = 0;
};
struct TestColumn {
  std::vector<std::string> path;  // a column, and the fields in it
  Type type;
  [[nodiscard]] std::string text() const;  // "window.start"
};
struct TestExpect {
  std::string name;
  const ast::TestStmt* statement = nullptr;
  std::vector<TestColumn> columns;
  TestRows rows;
  Schema schema;                 // of what is expected; all of its columns
  std::string sink;              // the `path` of the sink node that gets it
  std::vector<std::string> key;  // of changes: those of one key come in their order
};
using TestStep = std::variant<TestGiven, TestAdvance, TestExpect>;

struct CheckedTest {
  const ast::TestItem* item = nullptr;
  FlowGraph graph;
  std::vector<TestStep> steps;  // in the order of the test
  bool has_advance = false;     // otherwise the input ends in front of every `expect`
};

// All tests of the program that have no errors; the errors are reported.
[[nodiscard]] std::vector<CheckedTest> check_tests(const ast::Program& program, const FunctionCatalog& functions,
                                                   const ConnectorCatalog& connectors, const CheckOptions& options,
                                                   SourceMap& sources, Diagnostics& diagnostics);

}  // namespace sluice
