#include "cli/support/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "lang/graph/text_parts.h"
#include "lang/source/diagnostics.h"
#include "lang/syntax/parse.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

// Adds an entry, or one more signature to the entry of that kind and name.
ReferenceEntry& entry_of(std::vector<ReferenceEntry>& entries, std::string_view kind, std::string_view name) {
  const auto known = std::ranges::find_if(
      entries, [&](const ReferenceEntry& entry) { return entry.kind == kind && entry.name == name; });
  if (known != entries.end()) return *known;
  return entries.emplace_back(ReferenceEntry{std::string(kind), std::string(name), {}, {}, {}});
}

void add_kernels(std::vector<ReferenceEntry>& entries) {
  for (const FunctionOverload& overload : standard_functions().overloads()) {
    ReferenceEntry& entry = entry_of(entries, "function", overload.name);
    std::string params;
    for (const FunctionParam& param : overload.params)
      params += fmt::format("{}{}: {}", params.empty() ? "" : ", ", param.name, param.type.to_string());
    entry.signatures.push_back(fmt::format("{}({}) -> {}", overload.name, params, overload.result.to_string()));
    // Overloads that differ in their types only share one sentence.
    if (entry.doc.find(overload.doc) == std::string::npos) entry.doc += (entry.doc.empty() ? "" : " ") + overload.doc;
    entry.examples.push_back(overload.example);
  }
}

// The comment lines directly above a line.
std::string comment_above(const ast::Program& program, uint32_t line) {
  std::map<uint32_t, std::string> comments;
  for (const ast::Comment& comment : program.comments) comments[comment.span.begin.line] = comment.text;
  std::string text;
  for (--line; comments.contains(line); --line) {
    const std::string& comment = comments[line];
    const size_t begin = std::min(comment.find_first_not_of("# "), comment.size());
    text = comment.substr(begin) + (text.empty() ? "" : " ") + text;
  }
  return text;
}

std::string signature_text(const SourceFile& file, const ast::Name& name, const std::vector<ast::Param>& params,
                           const ast::TypeExpr* result) {
  std::string text = name.text + "(";
  for (const ast::Param& param : params)
    text += fmt::format("{}{}", text.ends_with('(') ? "" : ", ", file.text_of(param.span));
  text += ")";
  if (result != nullptr) text += fmt::format(" -> {}", file.text_of(result->span));
  return text;
}

void add_module(std::vector<ReferenceEntry>& entries, const FlowModule& module) {
  SourceMap sources;
  Diagnostics diagnostics;
  const uint32_t index = sources.add(module.name + ".flow", module.text);
  const ast::Program program = parse(sources, index, diagnostics);
  const auto add = [&](std::string_view kind, const ast::Item& item, const auto& definition) {
    if (definition.name.text.starts_with('_')) return;  // private to the module
    ReferenceEntry& entry = entry_of(entries, kind, definition.name.text);
    entry.signatures.push_back(
        signature_text(sources.file(index), definition.name, definition.params, definition.result));
    const std::string doc = comment_above(program, item.span.begin.line);
    if (entry.doc.empty()) entry.doc = doc;
  };
  for (const ast::Item& item : program.items) {
    if (const auto* function = std::get_if<ast::FnItem>(&item.node)) add("function", item, *function);
    if (const auto* aggregate = std::get_if<ast::AggItem>(&item.node)) add("aggregate", item, *aggregate);
  }
}

void add_frame_functions(std::vector<ReferenceEntry>& entries) {
  const auto add = [&](std::string_view name, std::string signature, std::string_view doc) {
    ReferenceEntry& entry = entry_of(entries, "frame", name);
    entry.signatures.push_back(std::move(signature));
    entry.doc = doc;
  };
#define FRAME_FUNCTION(name, signature, doc) add(#name, signature, doc);
#include "lang/check/frame_functions.def"
#undef FRAME_FUNCTION
}

void add_connectors(std::vector<ReferenceEntry>& entries) {
  for (const ConnectorEntry& connector : standard_connectors().entries()) {
    ReferenceEntry& entry = entry_of(entries, "connector", connector.name);
    std::string params;
    for (const ConnectorParam& param : connector.params) {
      params += fmt::format("{}{}: {}", params.empty() ? "" : ", ", param.name, param.type.to_string());
      if (param.default_value) params += " = " + write_literal(*param.default_value);
    }
    const std::string_view use = connector.can_read ? (connector.can_write ? "source and sink" : "source") : "sink";
    entry.signatures.push_back(fmt::format("{}({})  # {}", connector.name, params, use));
    entry.doc = connector.doc;
  }
}

void add_operators(std::vector<ReferenceEntry>& entries) {
  struct OperatorDoc {
    std::string_view name;
    std::string_view state;
    std::string_view example;
    std::string_view doc;
  };
  static constexpr auto kOperators = std::to_array<OperatorDoc>({
#define OPERATOR(name, shape, state, example, doc) {#name, #state, example, doc},
#include "lang/operators/operators.def"
#undef OPERATOR
  });
  for (const OperatorDoc& row : kOperators) {
    ReferenceEntry& entry = entry_of(entries, "operator", row.name);
    entry.signatures.push_back(fmt::format("|> {}", row.example));
    entry.doc = row.doc;
    if (row.state == "Later") entry.doc += " Not in this version.";
  }
}

// What the checker makes of other aggregates has no definition of its own.
void add_special_aggregates(std::vector<ReferenceEntry>& entries) {
  const auto add = [&](std::string_view name, std::string_view signature, std::string_view doc) {
    ReferenceEntry& entry = entry_of(entries, "aggregate", name);
    entry.signatures.emplace_back(signature);
    entry.doc = doc;
  };
  add("count_distinct", "count_distinct(x) -> int", "The number of different values; null is none of them.");
  add("first", "first(x: T) -> T",
      "The `x` of the row with the earliest event time; of several such rows the smallest `x`.");
  add("last", "last(x: T) -> T",
      "The `x` of the row with the latest event time; of several such rows the smallest `x`.");
}

}  // namespace

std::vector<ReferenceEntry> reference_entries() {
  std::vector<ReferenceEntry> entries;
  add_kernels(entries);
  for (const FlowModule& module : standard_functions().modules()) add_module(entries, module);
  add_special_aggregates(entries);
  add_frame_functions(entries);
  add_connectors(entries);
  add_operators(entries);
  return entries;
}

std::string reference_line(const ReferenceEntry& entry) {
  const std::string first = entry.doc.substr(0, entry.doc.find(". ") + 1);
  return fmt::format("{:<9}  {:<16} {}\n", entry.kind, entry.name, first.empty() ? entry.doc : first);
}

std::optional<std::string> reference_topic(std::string_view topic) {
  std::string text;
  for (const ReferenceEntry& entry : reference_entries())
    if (topic == entry.kind + "s") text += reference_line(entry);
  if (text.empty()) return std::nullopt;
  return text;
}

std::string reference_markdown(const std::vector<ReferenceEntry>& entries) {
  std::string text =
      "# Functions, aggregates and connectors\n\n"
      "Made from the tables of the standard library by `sluice doc --markdown`; a test compares it. Functions are\n"
      "strict: a null argument makes the result null. `x.f(y)` is another way to write `f(x, y)`.\n";
  for (const std::string_view wanted : {"function", "aggregate", "frame", "connector"}) {
    text += fmt::format("\n## {}{}s\n", static_cast<char>(wanted[0] - 'a' + 'A'), wanted.substr(1));
    if (wanted == "frame")
      text += "\nIn [`extend ... per`](language.md#looking-back), where every aggregate can stand, too.\n";
    for (const ReferenceEntry& entry : entries) {
      if (entry.kind != wanted) continue;
      text += fmt::format("\n### {}\n", entry.name);
      for (const std::string& signature : entry.signatures) text += fmt::format("`{}`  \n", signature);
      text += entry.doc + "\n";
      for (const std::string& example : entry.examples) text += fmt::format("- `{}`\n", example);
    }
  }
  return text;
}

}  // namespace sluice
