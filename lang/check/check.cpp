#include "lang/check/check.h"

#include "lang/check/items.h"
#include "lang/check/modules.h"
#include "lang/check/sinks.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"
#include "lang/support/invariant.h"

namespace sluice {

namespace {

bool has_pipeline(const ast::Program& program) {
  for (const auto& item : program.items)
    if (std::holds_alternative<ast::PipelineItem>(item.node)) return true;
  return false;
}

bool has_test(const ast::Program& program) {
  for (const auto& item : program.items)
    if (std::holds_alternative<ast::TestItem>(item.node)) return true;
  return false;
}

void report_no_pipeline(Session& session, const ast::Program& program) {
  std::string name;
  for (const auto& item : program.items) {
    if (const auto* let = std::get_if<ast::LetItem>(&item.node); let != nullptr && let->pipeline != nullptr)
      name = let->name.text;
    if (const auto* source = std::get_if<ast::SourceItem>(&item.node);
        source != nullptr && !source->is_sink && name.empty())
      name = source->name.text;
  }
  Span span{program.file, {1, 1}, {1, 1}};
  if (!program.items.empty()) span = program.items.back().span;
  if (!program.items.empty() && span.begin.line != span.end.line) span.end = {span.begin.line, span.begin.column + 1};
  auto& report = session.report(diag::E0211, span);
  if (name.empty())
    report.with_help("for example: from lines(\"-\") |> take 10");
  else
    report.with_help(fmt::format("to see the rows of `{0}`, add: from {0} |> to print()", name));
}

}  // namespace

std::optional<FlowGraph> check(const ast::Program& program, const FunctionCatalog& functions,
                               const ConnectorCatalog& connectors, const CheckOptions& options, SourceMap& sources,
                               Diagnostics& diagnostics) {
  Session session{sources, &diagnostics, functions, connectors, options, {}, {}, {}, 0, 0, nullptr, false, {}};
  add_prelude(session);
  session.definitions.enter(session.definitions.add_scope(""));
  declare_items(session, program, false);
  check_params(session, program);
  check_items(session, program);
  check_sinks(session);
  const bool has_purpose = has_pipeline(program) || (options.tests_count && has_test(program));
  if (!diagnostics.has_errors() && !has_purpose) report_no_pipeline(session, program);
  if (diagnostics.has_errors()) return std::nullopt;
  FlowGraph graph = std::move(session.graph).finish(options.job_name, sources);
  const Status status = verify(graph);
  SLUICE_INVARIANT(status.has_value(), status.error().to_string() + "\n" + write_graph(graph));
  return graph;
}

}  // namespace sluice
