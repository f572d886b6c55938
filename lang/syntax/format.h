// format: the one layout of Flow source (`sluice fmt`). Keeps comments and the author's blank lines (one at most),
// is idempotent, and never changes what the parser sees.
#pragma once

#include <string>

#include "lang/source/source_file.h"
#include "lang/syntax/ast.h"

namespace sluice {
// `program` must have been parsed from `source` without errors.
[[nodiscard]] std::string format(const ast::Program& program, const SourceFile& source);
}  // namespace sluice
