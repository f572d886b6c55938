// Where in its file a record of a chunk stands, for messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/io/connector.h"

namespace sluice {

// Of the record that contains byte `position` of the chunk; line and column are those of the position.
[[nodiscard]] RecordLocation locate_position(const ChunkBuffer& chunk, uint64_t position);
// Of row `row` of the chunk.
[[nodiscard]] RecordLocation locate_row(const ChunkBuffer& chunk, uint64_t row);

// At most `characters` characters of the text, with "…" in place of what was cut off. Control characters become spaces.
[[nodiscard]] std::string shorten(std::string_view text, size_t characters);

}  // namespace sluice
