// The sinks of connectors.def. Each takes whole rows, already encoded as sink_encoding() says.
#pragma once

#include <memory>
#include <string>

#include "lang/types/type.h"
#include "runtime/io/connector.h"

namespace sluice {

// A file, or with `path` "-" standard output. `header`: written in front of the rows.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_file_sink(const std::string& path, const std::string& extension,
                                                           uint32_t task, std::string header);
// Rows as JSON objects to standard output, each in an envelope: {"v":1,"type":"row","data":{...}}.
[[nodiscard]] std::unique_ptr<Sink> make_json_rows_sink();
// Rows as cells to standard output as an aligned table.
[[nodiscard]] std::unique_ptr<Sink> make_table_sink(const Schema& schema);
[[nodiscard]] std::unique_ptr<Sink> make_blackhole_sink();

// "user,url,status\n", with quotes where a name needs them.
[[nodiscard]] std::string csv_header(const Schema& schema, char delimiter);

}  // namespace sluice
