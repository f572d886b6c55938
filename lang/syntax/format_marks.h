// format_marks: what the formatter needs to know from the AST about the tokens: where statements and pipelines begin.
#pragma once

#include <map>
#include <set>

#include "lang/syntax/ast.h"

namespace sluice::syntax {

struct FormatMarks {
  std::set<Position> statements;           // in blocks, which stay on one line if they were
  std::set<Position> members;              // of agg, process and test: always a line each
  std::map<Position, Position> pipelines;  // from their `from` to their end
};

[[nodiscard]] FormatMarks collect_format_marks(const ast::Program& program);

}  // namespace sluice::syntax
