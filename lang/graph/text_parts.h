// text_parts: the pieces that the texts of graphs and plans are made of: types, schemas, spans, literals, expressions.
// Each write_* has the read_* that gives the same value back.
#pragma once

#include <string>

#include "lang/graph/expr.h"
#include "lang/source/span.h"
#include "lang/support/text_cursor.h"
#include "lang/types/type.h"

namespace sluice {

[[nodiscard]] std::string write_type(const Type& type);
[[nodiscard]] Type read_type(TextCursor& cursor);

[[nodiscard]] std::string write_schema(const Schema& schema);  // `a: int, b: string?`, nothing when empty
[[nodiscard]] Schema read_schema(TextCursor& cursor);          // to the end of the line

[[nodiscard]] std::string write_names(const std::vector<std::string>& names);
[[nodiscard]] std::vector<std::string> read_names(TextCursor& cursor);  // to the end of the line

[[nodiscard]] std::string write_span(const Span& span);  // `@0:4:4-4:22`, nothing for nowhere
[[nodiscard]] Span read_span(TextCursor& cursor);

[[nodiscard]] std::string write_literal(const LiteralValue& value);
[[nodiscard]] LiteralValue read_literal(TextCursor& cursor);

// write_expr stands in graph_text.h.
[[nodiscard]] Expr read_expr(TextCursor& cursor);

}  // namespace sluice
