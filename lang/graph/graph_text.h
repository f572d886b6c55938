// graph_text: FlowGraph as text and back. The text is load-bearing: `sluice show --stage graph` prints it, tests
// check it, `sluice opt` reads it, and a coordinator sends it. read(write(g)) == g, spans included.
#pragma once

#include <string>
#include <string_view>

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"

namespace sluice {
[[nodiscard]] std::string write_graph(const FlowGraph& graph);
// Never trusts the text: what is wrong with it comes back as a user error with its line. The graph is not verified.
[[nodiscard]] Result<FlowGraph> read_graph(std::string_view text);
// One expression in the same syntax, e.g. `lt(status:int, 400:int):bool`; with_spans adds `@line:col-line:col`.
[[nodiscard]] std::string write_expr(const Expr& expr, bool with_spans);
// The expression as a person would write it in Flow: `status < 400 and lower(url) == "/"`. Not read back.
[[nodiscard]] std::string flow_text(const Expr& expr);
}  // namespace sluice
