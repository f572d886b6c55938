#include <fmt/format.h>

#include <charconv>
#include <string>

#include "lang/support/invariant.h"
#include "stdlib/catalog.h"
#include "stdlib/connector_options.h"
#include "stdlib/connectors/chunk_source.h"
#include "stdlib/connectors/held_sink.h"
#include "stdlib/connectors/nexmark_source.h"
#include "stdlib/connectors/sinks.h"
#include "stdlib/file_options.h"

namespace sluice {
namespace {

CsvDialect csv_dialect(const ConnectorOptions& options) {
  const std::string quote = options.text("quote");
  return {options.text("delimiter")[0], quote.empty() ? '"' : quote[0], !quote.empty()};
}

// The checker has looked at the options of a program, but graphs and plans can be written by hand.
Status checked(const std::string& connector, const std::vector<ConnectorOption>& options, Direction direction) {
  const auto fault = check_csv_options(options, direction);
  if (!fault) return {};
  return user_error(fmt::format("`{}` of `{}` {}", fault->option, connector, fault->text));
}

Result<std::unique_ptr<RecordFormat>> format_of(const SourceNode& source) {
  switch (source_format(source.connector)) {
    case SourceFormat::Lines:
      return make_lines_format();
    case SourceFormat::Json:
      return make_json_format();
    case SourceFormat::Csv: {
      const ConnectorOptions options(source.connector, source.options);
      SLUICE_TRY(checked(source.connector, source.options, Direction::Read));
      const CsvDialect dialect = csv_dialect(options);
      return make_csv_format(dialect, options.flag("header"), source.declared);
    }
    case SourceFormat::Nexmark:
      break;
  }
  return internal_error(source.connector + " has no bytes");
}

class StandardConnectors final : public ConnectorFactory {
 public:
  explicit StandardConnectors(const ConnectorSettings& settings) : settings_(settings) {
    // Rows that a checkpoint holds are shown when it is complete, and no more held back for the order's sake.
    if (!settings_.staging.job_id.empty()) output_->expect_endless_input();
  }

  Result<std::unique_ptr<Source>> open_source(const Node& node) override {
    const auto* source = node.as<SourceNode>();
    SLUICE_INVARIANT(source != nullptr, node.label);
    const ConnectorOptions options(source->connector, source->options);
    if (source_format(source->connector) == SourceFormat::Nexmark)
      return open_nexmark_source(options, settings_.chunk_bytes);
    SLUICE_ASSIGN(auto format, format_of(*source));
    SLUICE_ASSIGN(auto files, find_input_files(options.text("path")));
    auto opened =
        std::make_unique<ChunkSource>(std::move(files), std::move(format), settings_.chunk_bytes, settings_.on_warning);
    if (opened->may_block()) output_->expect_endless_input();
    return opened;
  }

  Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t task, const JobAttempt& attempt) override {
    const auto* sink = node.as<SinkNode>();
    SLUICE_INVARIANT(sink != nullptr, node.label);
    if (sink->connector == "print") {
      SLUICE_ASSIGN(auto opened, open_print(node));
      return held(node, std::move(opened));
    }
    switch (sink_encoding(sink->connector, settings_)) {
      case SinkEncoding::None:
        return make_blackhole_sink();
      case SinkEncoding::Json:
        return open_file(node, task, attempt, "json", {});
      case SinkEncoding::Csv:
        return open_csv(node, task, attempt);
      case SinkEncoding::Cells:
        break;
    }
    return internal_error("only print writes cells");
  }

 private:
  Result<std::unique_ptr<Sink>> open_print(const Node& node) {
    switch (sink_encoding("print", settings_)) {
      case SinkEncoding::Json:
        return make_json_rows_sink(enter_output(node));
      case SinkEncoding::Cells:
        return make_table_sink(enter_output(node), node.schema);
      case SinkEncoding::None:
        return make_blackhole_sink();
      case SinkEncoding::Csv:
        break;
    }
    return make_output_sink(enter_output(node), csv_header(node.schema, ','));
  }

  // Nodes are labelled by number, in the order of the program.
  OutputPlace enter_output(const Node& node) {
    uint32_t place = 0;
    std::from_chars(node.label.data(), node.label.data() + node.label.size(), place);
    output_->enter(place);
    return {output_, place};
  }

  std::unique_ptr<Sink> held(const Node& node, std::unique_ptr<Sink> sink) const {
    if (settings_.staging.job_id.empty()) return sink;
    return make_held_sink(std::move(sink), fmt::format("{}/shown-{}", settings_.staging.directory, node.label));
  }

  Result<std::unique_ptr<Sink>> open_csv(const Node& node, uint32_t task, const JobAttempt& attempt) {
    const ConnectorOptions options = options_of(node);
    SLUICE_TRY(checked("csv", node.as<SinkNode>()->options, Direction::Write));
    return open_file(node, task, attempt, "csv", options.flag("header") ? csv_header(node.schema, ',') : std::string());
  }

  // Only a directory has room for the rows of several tasks; for other targets the plan gathers them in one.
  Result<std::unique_ptr<Sink>> open_file(const Node& node, uint32_t task, const JobAttempt& attempt,
                                          const std::string& extension, std::string header) {
    const std::string path = options_of(node).text("path");
    if (task != 0 && !path.ends_with('/'))
      return internal_error(fmt::format("task {} must not write {}, which task 0 writes", task, path));
    if (path == "-") return held(node, make_output_sink(enter_output(node), std::move(header)));
    FileTarget target{path, extension, task, std::move(header)};
    if (const JobStaging& staging = settings_.staging; !staging.job_id.empty()) {
      target.id = fmt::format("{}-{}-{}", staging.job_id, node.label, task);
      target.is_resumed = staging.is_resumed;
    }
    return make_file_sink(std::move(target), attempt);
  }

  static ConnectorOptions options_of(const Node& node) {
    const auto* sink = node.as<SinkNode>();
    return ConnectorOptions(sink->connector, sink->options);
  }

  const ConnectorSettings settings_;
  // Shared with the sinks that write to it.
  const std::shared_ptr<StandardOutput> output_ = std::make_shared<StandardOutput>(settings_.output);
};

}  // namespace

std::unique_ptr<ConnectorFactory> make_connector_factory(const ConnectorSettings& settings) {
  return std::make_unique<StandardConnectors>(settings);
}

}  // namespace sluice
