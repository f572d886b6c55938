// JSON lines that are in memory, for tests: a source that gives them out in the pieces that it was given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/io/connector.h"

namespace sluice {

struct JsonPiece {
  std::string lines;                 // each ends with a line feed; may be empty
  std::optional<int64_t> watermark;  // see ChunkBuffer
};
// `name` for messages.
[[nodiscard]] std::unique_ptr<Source> make_json_pieces_source(std::string name, std::vector<JsonPiece> pieces);

}  // namespace sluice
