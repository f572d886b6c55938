// Reads a source from begin to end, as a task does, and gives its records as texts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stdlib/catalog.h"

namespace sluice::testing {

struct SourceContents {
  std::vector<std::vector<std::string>> records;  // csv: raw fields, in the order of the declared columns
  std::vector<std::string> places;                // file:line of each record
  std::string error_code;                         // of a malformed record, or "open", "read"
  std::string error;
  std::string error_place;  // file:offset
  uint64_t chunks = 0;
  uint64_t structurals = 0;  // json
};

inline Node source_node(const std::string& connector, std::vector<ConnectorOption> options, Schema declared) {
  Node node;
  node.label = "1";
  node.schema = declared;
  node.payload = SourceNode{connector, std::move(options), std::move(declared), {}};
  return node;
}

inline void take_chunk(const ChunkBuffer& chunk, SourceFormat format, SourceContents& contents) {
  const abi::Chunk& view = chunk.view;
  const std::string_view data(view.data, view.size);
  uint64_t line = chunk.first_line;
  uint64_t counted = 0;
  for (uint64_t row = 0; row < view.row_count; ++row) {
    uint64_t begin = view.starts[row];
    for (; counted < begin; ++counted) line += data[counted] == '\n' ? 1 : 0;
    contents.places.push_back(chunk.file + ":" + std::to_string(line));
    std::vector<std::string> fields;
    switch (format) {
      case SourceFormat::Lines:
        fields.emplace_back(data.substr(begin, view.index[row] - begin));
        break;
      case SourceFormat::Json:
        fields.emplace_back(data.substr(begin, view.line_ends[row] - begin));
        break;
      case SourceFormat::Csv: {
        std::vector<std::string> in_file;
        for (uint64_t field = 0; field < view.field_count; ++field) {
          const uint64_t end = view.index[row * view.field_count + field];
          in_file.emplace_back(data.substr(begin, end - begin));
          begin = end + 1;
        }
        for (const uint32_t field : chunk.field_map)
          fields.push_back(field == abi::kNoField ? "(none)" : in_file[field]);
        break;
      }
      case SourceFormat::Nexmark:
        break;  // without bytes
    }
    contents.records.push_back(std::move(fields));
  }
  if (format == SourceFormat::Json) contents.structurals += view.index_count;
}

inline SourceContents read_source(const Node& node, uint64_t chunk_bytes) {
  SourceContents contents;
  ConnectorSettings settings;
  settings.chunk_bytes = chunk_bytes;
  const auto factory = make_connector_factory(settings);
  auto source = factory->open_source(node);
  if (!source) {
    contents.error_code = "open";
    contents.error = source.error().message;
    return contents;
  }
  const SourceFormat format = source_format(node.as<SourceNode>()->connector);
  ChunkBuffer chunk;
  for (;;) {
    const auto more = (*source)->next(chunk);
    if (!more) {
      contents.error_code = "read";
      contents.error = more.error().message;
      return contents;
    }
    if (!*more) return contents;
    if (chunk.sequence != contents.chunks++) contents.error = "chunks out of order";
    take_chunk(chunk, format, contents);
    if (!chunk.error_code.empty()) {
      contents.error_code = chunk.error_code;
      contents.error = chunk.error_message;
      contents.error_place = chunk.file + ":" + std::to_string(chunk.offset + chunk.error_position);
      return contents;
    }
  }
}

}  // namespace sluice::testing
