#include <fmt/format.h>

#include <string>

#include "lang/support/invariant.h"
#include "stdlib/catalog.h"
#include "stdlib/connectors/chunk_source.h"
#include "stdlib/connectors/options.h"
#include "stdlib/connectors/sinks.h"

namespace sluice {
namespace {

Result<CsvDialect> dialect_of(const ConnectorOptions& options) {
  SLUICE_ASSIGN(const std::string delimiter, options.byte("delimiter", false));
  SLUICE_ASSIGN(const std::string quote, options.byte("quote", true));
  if (delimiter == quote) return user_error("the delimiter and the quote of csv must differ");
  return CsvDialect{delimiter[0], quote.empty() ? '"' : quote[0], !quote.empty()};
}

Result<std::unique_ptr<RecordFormat>> format_of(const SourceNode& source) {
  switch (source_format(source.connector)) {
    case SourceFormat::Lines:
      return make_lines_format();
    case SourceFormat::Json:
      return make_json_format();
    case SourceFormat::Csv: {
      const ConnectorOptions options(source.connector, source.options);
      SLUICE_ASSIGN(const CsvDialect dialect, dialect_of(options));
      return make_csv_format(dialect, options.flag("header"), source.declared);
    }
  }
  return internal_error("no such source format");
}

class StandardConnectors final : public ConnectorFactory {
 public:
  explicit StandardConnectors(const ConnectorSettings& settings) : settings_(settings) {}

  Result<std::unique_ptr<Source>> open_source(const Node& node) override {
    const auto* source = node.as<SourceNode>();
    SLUICE_INVARIANT(source != nullptr, node.label);
    SLUICE_ASSIGN(auto format, format_of(*source));
    const ConnectorOptions options(source->connector, source->options);
    SLUICE_ASSIGN(auto files, find_input_files(options.text("path")));
    return std::make_unique<ChunkSource>(std::move(files), std::move(format), settings_.chunk_bytes);
  }

  Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t task) override {
    const auto* sink = node.as<SinkNode>();
    SLUICE_INVARIANT(sink != nullptr, node.label);
    if (sink->connector == "print") return open_print(node.schema, task);
    switch (sink_encoding(sink->connector, settings_)) {
      case SinkEncoding::None:
        return make_blackhole_sink();
      case SinkEncoding::Json:
        return open_file(*sink, task, "json", {});
      case SinkEncoding::Csv:
        return open_csv(*sink, node.schema, task);
      case SinkEncoding::Cells:
        break;
    }
    return internal_error("only print writes cells");
  }

 private:
  Result<std::unique_ptr<Sink>> open_print(const Schema& schema, uint32_t task) {
    switch (sink_encoding("print", settings_)) {
      case SinkEncoding::Json:
        return make_json_rows_sink();
      case SinkEncoding::Cells:
        return make_table_sink(schema);
      case SinkEncoding::Csv:
      case SinkEncoding::None:
        break;
    }
    return make_file_sink("-", "csv", task, csv_header(schema, ','));
  }

  static Result<std::unique_ptr<Sink>> open_csv(const SinkNode& sink, const Schema& schema, uint32_t task) {
    const ConnectorOptions options(sink.connector, sink.options);
    SLUICE_ASSIGN(const CsvDialect dialect, dialect_of(options));
    if (dialect.delimiter != ',' || !dialect.has_quotes || dialect.quote != '"')
      return user_error("csv is written with commas and double quotes only: leave out `delimiter` and `quote`");
    return open_file(sink, task, "csv", options.flag("header") ? csv_header(schema, ',') : std::string());
  }

  // Only a directory has room for the rows of several tasks; for other targets the plan gathers them in one.
  static Result<std::unique_ptr<Sink>> open_file(const SinkNode& sink, uint32_t task, const std::string& extension,
                                                 std::string header) {
    const std::string path = ConnectorOptions(sink.connector, sink.options).text("path");
    if (task != 0 && !path.ends_with('/'))
      return internal_error(fmt::format("task {} must not write {}, which task 0 writes", task, path));
    return make_file_sink(path, extension, task, std::move(header));
  }

  const ConnectorSettings settings_;
};

}  // namespace

std::unique_ptr<ConnectorFactory> make_connector_factory(const ConnectorSettings& settings) {
  return std::make_unique<StandardConnectors>(settings);
}

}  // namespace sluice
