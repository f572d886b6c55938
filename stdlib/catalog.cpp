#include "stdlib/catalog.h"

#include <algorithm>

#include "lang/support/invariant.h"
#include "stdlib/embedded_modules.h"
#include "stdlib/file_options.h"
#include "stdlib/regex.h"
#include "stdlib/table_text.h"

namespace sluice {
namespace {

struct ConnectorRow {
  std::string_view name;
  bool can_read;
  bool can_write;
  SourceFormat format;
  SinkEncoding encoding;
  std::string_view columns;
  std::string_view params;
  std::string_view doc;
};

constexpr ConnectorRow kConnectorRows[] = {
#define CONNECTOR(name, can_read, can_write, format, encoding, columns, params, doc) \
  {#name, can_read, can_write, SourceFormat::format, SinkEncoding::encoding, columns, params, doc},
#include "stdlib/connectors.def"
#undef CONNECTOR
};

const ConnectorRow& row_of(std::string_view connector) {
  for (const auto& row : kConnectorRows)
    if (row.name == connector) return row;
  invariant_failed("the connector is in connectors.def", connector, __FILE__, __LINE__);
}

// What a program asks for with `use`; every other module is known to all programs.
constexpr std::string_view kImportedModules[] = {"nexmark"};

FunctionCatalog make_functions() {
  FunctionCatalog catalog;
  const auto add = [&](std::string_view name, std::string_view signature, std::string_view symbol, bool can_fail,
                       std::string_view doc, std::string_view example) {
    TableSignature parsed = parse_table_signature(signature);
    FunctionOverload overload{std::string(name),   {},       std::move(parsed.result),
                              std::string(symbol), can_fail, std::string(doc),
                              std::string(example)};
    for (auto& param : parsed.params)
      overload.params.push_back(FunctionParam{std::move(param.name), std::move(param.type)});
    if (overload.name == "matches" || overload.name.starts_with("regex_")) overload.check_args = check_regex;
    catalog.add(std::move(overload));
  };
#define FUNCTION(name, signature, kernel, can_fail, doc, example) \
  add(#name, signature, #kernel, can_fail, doc, example);
#include "stdlib/functions.def"
#undef FUNCTION
  for (const auto& module : embedded_modules())
    catalog.add_module(FlowModule{std::string(module.name), std::string(module.text),
                                  std::ranges::find(kImportedModules, module.name) == std::end(kImportedModules)});
  return catalog;
}

ConnectorCatalog make_connectors() {
  ConnectorCatalog catalog;
  for (const auto& row : kConnectorRows) {
    ConnectorEntry entry;
    entry.name = row.name;
    entry.can_read = row.can_read;
    entry.can_write = row.can_write;
    entry.reads_nested = row.format == SourceFormat::Json;
    for (auto& param : parse_table_params(row.params))
      entry.params.push_back(
          ConnectorParam{std::move(param.name), std::move(param.type), std::move(param.default_value), {}});
    if (!row.columns.empty()) entry.fixed_schema = Schema{parse_table_type(row.columns).fields};
    if (row.format == SourceFormat::Nexmark) {
      entry.clock_column = "arrival";
      entry.count_option = "events";
      entry.rate_option = "rate";
    }
    entry.doc = row.doc;
    if (row.format == SourceFormat::Csv) entry.check_options = check_csv_options;
    if (row.format == SourceFormat::Json) entry.check_options = check_json_options;
    catalog.add(std::move(entry));
  }
  return catalog;
}

}  // namespace

const FunctionCatalog& standard_functions() {
  static const FunctionCatalog catalog = make_functions();
  return catalog;
}

const ConnectorCatalog& standard_connectors() {
  static const ConnectorCatalog catalog = make_connectors();
  return catalog;
}

SinkEncoding sink_encoding(std::string_view connector, const ConnectorSettings& settings) {
  const SinkEncoding encoding = row_of(connector).encoding;
  // Only print writes cells, and only a terminal wants a table.
  if (encoding != SinkEncoding::Cells) return encoding;
  if (settings.discard_print) return SinkEncoding::None;
  if (settings.json_rows) return SinkEncoding::Json;
  return settings.terminal_output ? SinkEncoding::Cells : SinkEncoding::Csv;
}

SourceFormat source_format(std::string_view connector) { return row_of(connector).format; }

}  // namespace sluice
