#include "compiler/passes/pass_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/passes/passes.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"
#include "lang/support/invariant.h"

namespace sluice {

namespace {

using PassFunction = PassResult (*)(FlowGraph, const PassOptions&);

const std::vector<PassFunction>& pass_functions() {
  static const std::vector<PassFunction> functions{
#define PASS(name, code, title, is_required, why_here) &passes::name,
#include "compiler/passes/passes.def"
#undef PASS
  };
  return functions;
}

void run_pass(size_t index, const PassOptions& options, PassResult& result) {
  PassResult step = pass_functions()[index](std::move(result.graph), options);
  result.graph = std::move(step.graph);
  std::ranges::move(step.notes, std::back_inserter(result.notes));
  if (!options.verify) return;
  if (const auto status = verify(result.graph); !status)
    SLUICE_INVARIANT(false, fmt::format("pass {} broke the graph: {}\n{}", pass_rows()[index].name,
                                        status.error().message, write_graph(result.graph)));
}

}  // namespace

const std::vector<PassRow>& pass_rows() {
  static const std::vector<PassRow> rows{
#define PASS(name, code, title, is_required, why_here) {#name, code, title, is_required, why_here},
#include "compiler/passes/passes.def"
#undef PASS
  };
  return rows;
}

PassResult run_passes(FlowGraph graph, const PassOptions& options) {
  PassResult result{std::move(graph), {}};
  for (size_t i = 0; i < pass_rows().size(); ++i) {
    const PassRow& row = pass_rows()[i];
    const bool is_wanted = options.optimize && !options.disabled.contains(std::string(row.name));
    if (row.is_required || is_wanted) run_pass(i, options, result);
  }
  return result;
}

Result<PassResult> run_named_passes(FlowGraph graph, const std::vector<std::string>& names,
                                    const PassOptions& options) {
  PassResult result{std::move(graph), {}};
  for (const auto& name : names) {
    const auto it = std::ranges::find(pass_rows(), name, &PassRow::name);
    if (it == pass_rows().end()) {
      std::string known;
      for (const auto& row : pass_rows()) known += (known.empty() ? "" : ", ") + std::string(row.name);
      return user_error(fmt::format("there is no pass called `{}`; there are {}", name, known));
    }
    run_pass(static_cast<size_t>(it - pass_rows().begin()), options, result);
  }
  return result;
}

}  // namespace sluice
