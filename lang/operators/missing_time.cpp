#include "lang/operators/missing_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

// By node, up to `last`: does something above say what the time is? Inputs come before their users.
std::vector<bool> find_times(const FlowGraph& graph, NodeId last) {
  std::vector<bool> has_time;
  for (uint32_t i = 0; i <= last.value; ++i) {
    const Node& node = graph.nodes[NodeId(i)];
    has_time.push_back(node.as<TimeNode>() != nullptr ||
                       std::ranges::any_of(node.inputs, [&](NodeId input) { return has_time[input.value]; }));
  }
  return has_time;
}

// The declaration of the source that the rows come from, with a time; of several the first that has none.
std::string source_with_time(OperatorContext& context, const Flow& input) {
  NodeId at = input.node;
  const std::vector<bool> has_time = find_times(context.graph(), at);
  while (!context.graph().nodes[at].inputs.empty()) {
    const auto& inputs = context.graph().nodes[at].inputs;
    const auto lacking = std::ranges::find_if(inputs, [&](NodeId id) { return !has_time[id.value]; });
    at = lacking == inputs.end() ? inputs.front() : *lacking;
  }
  const Node& node = context.graph().nodes[at];
  std::string name = "clicks";
  std::string path = "clicks.csv";
  std::string time = "ts";
  std::string connector = "csv";
  const auto* source = node.as<SourceNode>();
  // One that is not declared is known by its call.
  if (source != nullptr && node.text.find('(') == std::string::npos && node.text.starts_with("from ")) {
    name = node.text.substr(5);
    connector = source->connector;
    for (const auto& option : source->options)
      if (const auto* text = std::get_if<std::string>(&option.value); text != nullptr && option.name == "path")
        path = *text;
    const auto& fields = source->declared.fields;
    const auto column = std::ranges::find(fields, Type(TypeKind::Timestamp), &Field::type);
    if (column != fields.end()) time = column->name;
  }
  return fmt::format("source {}: {{ ..., {}: timestamp }} = {}(\"{}\") time {} delay 5s", name, time, connector, path,
                     time);
}

const Field* timestamp_of(const Flow& input) {
  const auto it = std::ranges::find(input.schema.fields, Type(TypeKind::Timestamp), &Field::type);
  return it == input.schema.fields.end() ? nullptr : &*it;
}

}  // namespace

Diagnostic& report_no_time(OperatorContext& context, const Span& span, std::string_view who, const Flow& input,
                           const std::string& otherwise) {
  auto& report = context.diagnostics().report(diag::E0402, span, who);
  if (!input.rows.is_table) {
    return report.with_label(otherwise.empty() ? "name the column that is the time" : otherwise)
        .with_help("on the source: " + source_with_time(context, input));
  }
  const std::string maker = table_maker_text(context, input);
  const std::string early = early_results_text(context, input);
  report.with_label(otherwise.empty() ? "rows of a table have no time of their own" : otherwise);
  if (!early.empty())
    report.with_help("final results of a window have the time of its end: " + early);
  else
    report.with_help(
        maker.empty() ? "results of a window have the time of its end: over tumble(1h)"
                      : fmt::format("give {} a window, whose end is the time of its results: over tumble(1h)", maker));
  if (timestamp_of(input) != nullptr)
    report.with_help(fmt::format("or name their time in a step above: |> time {} delay 5s", time_column(input)));
  return report;
}

std::string time_column(const Flow& input) {
  const Field* field = timestamp_of(input);
  return field == nullptr ? "ts" : field->name;
}

}  // namespace sluice
