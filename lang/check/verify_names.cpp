#include "lang/check/verify_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "lang/check/sinks.h"
#include "lang/graph/roots.h"

namespace sluice {

namespace {

// What is wrong; empty when nothing is.
using Problem = std::string;

Problem problem_of_call(const Expr& call, const FunctionCatalog& functions) {
  const auto overloads = functions.find(call.name);
  const auto it = std::ranges::find(overloads, call.overload, &FunctionOverload::symbol);
  if (it == overloads.end()) return fmt::format("there is no function {} with the kernel {}", call.name, call.overload);
  const FunctionOverload& overload = **it;
  bool has_null = false;
  bool fits = overload.params.size() == call.args.size();
  for (size_t i = 0; fits && i < call.args.size(); ++i) {
    const Type& type = call.args[i].type;
    has_null = has_null || type.nullable;
    fits = type.as_nullable(false) == overload.params[i].type;
  }
  if (!fits) return fmt::format("{} with arguments of other types", call.name);
  if (call.type != overload.result.as_nullable(overload.result.nullable || has_null))
    return fmt::format("{} with a result of another type", call.name);
  if (call.may_fail != overload.can_fail)
    return fmt::format("{} is a {}", call.name, overload.can_fail ? "`fallible_call`" : "`call`");
  return {};
}

Problem problem_of_calls(const Node& node, const FunctionCatalog& functions) {
  Problem problem;
  for_each_root(node, [&](const Expr& root) {
    for_each(root, [&](const Expr& part) {
      if (problem.empty() && part.kind == ExprKind::Call) problem = problem_of_call(part, functions);
    });
  });
  return problem;
}

bool is_of_type(const LiteralValue& value, const Type& type) {
  if (std::holds_alternative<bool>(value)) return type.kind == TypeKind::Bool;
  if (std::holds_alternative<std::string>(value)) return type.kind == TypeKind::String;
  return std::holds_alternative<int64_t>(value) &&
         (type.kind == TypeKind::Int || type.kind == TypeKind::Timestamp || type.kind == TypeKind::Duration);
}

Problem problem_of_options(const std::vector<ConnectorOption>& options, const ConnectorEntry& entry,
                           Direction direction) {
  std::set<std::string_view> given;
  for (const auto& option : options) {
    const auto param = std::ranges::find(entry.params, option.name, &ConnectorParam::name);
    if (param == entry.params.end()) return fmt::format("{} has no option `{}`", entry.name, option.name);
    if (!given.insert(option.name).second) return fmt::format("two options `{}`", option.name);
    if (!is_of_type(option.value, param->type))
      return fmt::format("option `{}` is not {}", option.name, param->type.to_string());
  }
  for (const auto& param : entry.params)
    if (!param.default_value && !given.contains(param.name))
      return fmt::format("{} needs the option `{}`", entry.name, param.name);
  const auto fault = entry.check_options ? entry.check_options(options, direction) : std::nullopt;
  return fault ? fmt::format("option `{}` {}", fault->option, fault->text) : Problem();
}

Problem problem_of_connector(const std::string& name, const std::vector<ConnectorOption>& options,
                             const ConnectorCatalog& connectors, Direction direction) {
  const ConnectorEntry* entry = connectors.find(name);
  if (entry == nullptr) return fmt::format("there is no connector `{}`", name);
  if (direction == Direction::Read ? !entry->can_read : !entry->can_write)
    return fmt::format("{} cannot {}", name, direction == Direction::Read ? "read" : "write");
  return problem_of_options(options, *entry, direction);
}

// Can a record of the source be decoded into it?
bool is_decoded(const Type& type) {
  return type.kind != TypeKind::Null && !type.is_window && std::ranges::all_of(type.elements, is_decoded) &&
         std::ranges::all_of(type.fields, [](const Field& field) { return is_decoded(field.type); });
}

Problem problem_of_source(const SourceNode& source, const ConnectorCatalog& connectors) {
  Problem problem = problem_of_connector(source.connector, source.options, connectors, Direction::Read);
  if (!problem.empty()) return problem;
  const ConnectorEntry& entry = *connectors.find(source.connector);
  // Not the other way round: a run can end what would not end by itself.
  if (source.is_endless && !is_endless(entry, source.options))
    return fmt::format("{} ends with these options", source.connector);
  if (entry.fixed_schema && source.declared != *entry.fixed_schema)
    return fmt::format("{} has other columns", source.connector);
  for (const auto& [name, type] : source.declared.fields) {
    const bool is_nested = type.kind == TypeKind::List || type.kind == TypeKind::Record;
    if (!is_decoded(type) || (is_nested && !entry.reads_nested))
      return fmt::format("{} has no column `{}` of type {}", source.connector, name, type.to_string());
  }
  return {};
}

}  // namespace

std::optional<Violation> find_name_violation(const FlowGraph& graph, const FunctionCatalog& functions,
                                             const ConnectorCatalog& connectors) {
  std::set<std::string> written;
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    Problem problem = problem_of_calls(node, functions);
    if (const auto* source = node.as<SourceNode>(); source != nullptr && problem.empty())
      problem = problem_of_source(*source, connectors);
    if (const auto* sink = node.as<SinkNode>(); sink != nullptr && problem.empty()) {
      problem = problem_of_connector(sink->connector, sink->options, connectors, Direction::Write);
      const auto file = written_file(*sink);
      if (problem.empty() && file && !written.insert(*file).second)
        problem = fmt::format("another sink writes {} too", *file);
    }
    if (!problem.empty()) return Violation{id, std::move(problem)};
  }
  return std::nullopt;
}

}  // namespace sluice
