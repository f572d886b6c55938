// What the standard library offers: the catalogs the checker reads and the connectors the engine opens.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lang/check/connector_catalog.h"
#include "lang/check/function_catalog.h"
#include "runtime/io/connector.h"

namespace sluice {

// From stdlib/functions.def and the embedded stdlib/modules/*.flow. Built once, valid for the process.
[[nodiscard]] const FunctionCatalog& standard_functions();
// From stdlib/connectors.def.
[[nodiscard]] const ConnectorCatalog& standard_connectors();
// Address of a kernel of functions.def by its symbol, for the JIT; null when there is none.
[[nodiscard]] void* kernel_address(std::string_view symbol);

// Of a job that keeps checkpoints (CheckpointStore).
struct JobStaging {
  std::string job_id;     // what unfinished output is named by, so that a later life of the job finds it; empty: none
  std::string directory;  // where sinks may keep small files of their own
  // The job goes on from a checkpoint: every sink gets resume() before anything else.
  bool is_resumed = false;
};

struct ConnectorSettings {
  bool terminal_output = false;    // print draws a table instead of csv
  bool json_rows = false;          // print writes {"v":1,"type":"row",...} lines (`--json`)
  bool discard_print = false;      // print drops every row, like blackhole
  uint64_t chunk_bytes = 1 << 20;  // how much a source reads at a time
  // Where standard output goes, when not to the process's own; from any thread, one call at a time.
  std::function<Status(std::string_view)> output = {};
  // Told what a person should know of an input that can be read all the same, once per source. From any thread; may be
  // empty.
  std::function<void(const std::string&)> on_warning = {};
  JobStaging staging = {};
};
[[nodiscard]] std::unique_ptr<ConnectorFactory> make_connector_factory(const ConnectorSettings& settings);

// How rows must be encoded for a connector's sink: decides what code generation emits in front of rt_sink_row.
enum class SinkEncoding { None, Json, Csv, Cells };
[[nodiscard]] SinkEncoding sink_encoding(std::string_view connector, const ConnectorSettings& settings);
// How a source's chunks are indexed and decoded.
enum class SourceFormat { Lines, Csv, Json, Nexmark };
[[nodiscard]] SourceFormat source_format(std::string_view connector);

}  // namespace sluice
