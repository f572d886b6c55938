#include "check_support.h"

#include <regex>

#include "lang/check/check.h"
#include "lang/graph/graph_text.h"
#include "lang/syntax/parse.h"
#include "stdlib/catalog.h"

namespace sluice {

namespace {

struct Checked {
  std::optional<FlowGraph> graph;
  std::string diagnostics;
};

Checked run(const std::string& program, const std::map<std::string, std::string>& params) {
  SourceMap sources;
  Diagnostics diagnostics;
  const ast::Program parsed = parse(sources, sources.add("t.flow", program), diagnostics);
  Checked result;
  if (!diagnostics.has_errors())
    result.graph =
        check(parsed, standard_functions(), standard_connectors(), CheckOptions{"t", params}, sources, diagnostics);
  for (const auto& diagnostic : diagnostics.sorted()) result.diagnostics += render(diagnostic, sources, false);
  return result;
}

}  // namespace

std::string checked(const std::string& program, const std::map<std::string, std::string>& params) {
  const Checked result = run(program, params);
  if (!result.graph) return result.diagnostics;
  std::string text = write_graph(*result.graph);
  text = text.substr(text.find("node "));
  return std::regex_replace(text, std::regex(" ?@[0-9]+:[0-9]+:[0-9]+-[0-9]+:[0-9]+"), "");
}

std::string reported(const std::string& program, const std::map<std::string, std::string>& params) {
  return run(program, params).diagnostics;
}

}  // namespace sluice
