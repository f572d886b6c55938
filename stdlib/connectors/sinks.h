// The sinks of connectors.def. Each takes whole rows, already encoded as sink_encoding() says.
#pragma once

#include <memory>
#include <string>

#include "lang/types/type.h"
#include "runtime/io/connector.h"
#include "stdlib/connectors/standard_output.h"

namespace sluice {

// The standard output of a job, and a writer's place there. Shared by the sinks that write to it, which may outlive the
// factory that made them.
struct OutputPlace {
  std::shared_ptr<StandardOutput> output;
  uint32_t place = 0;

  Status write(std::string_view text, std::string_view header = {}) const { return output->write(place, text, header); }
  Status finish() const { return output->finish(place); }
};

// `header`: written in front of the rows.
[[nodiscard]] std::unique_ptr<Sink> make_output_sink(OutputPlace output, std::string header);
struct FileTarget {
  std::string path;
  std::string extension;  // of the parts, where the path is a directory
  uint32_t task = 0;
  std::string header;
  // Of a job that keeps checkpoints: what its unfinished file is named by, and whether it goes on in that of an earlier
  // life; resume() comes first then.
  std::string id = {};
  bool is_resumed = false;
};
[[nodiscard]] Result<std::unique_ptr<Sink>> make_file_sink(FileTarget target, const JobAttempt& attempt);
// Rows as JSON objects to standard output, each in an envelope: {"v":1,"type":"row","data":{...}}.
[[nodiscard]] std::unique_ptr<Sink> make_json_rows_sink(OutputPlace output);
// Rows as cells to standard output as an aligned table.
[[nodiscard]] std::unique_ptr<Sink> make_table_sink(OutputPlace output, const Schema& schema);
[[nodiscard]] std::unique_ptr<Sink> make_blackhole_sink();

// "user,url,status\n", with quotes where a name needs them.
[[nodiscard]] std::string csv_header(const Schema& schema, char delimiter);

}  // namespace sluice
