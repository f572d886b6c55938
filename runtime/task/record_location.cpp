#include "runtime/task/record_location.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr size_t kShownCharacters = 160;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

uint64_t count_characters(std::string_view text) {
  return static_cast<uint64_t>(std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); }));
}

// One behind the record's last byte.
uint64_t record_end(const abi::Chunk& chunk, uint64_t row) {
  if (row >= chunk.row_count) return chunk.size;
  if (chunk.line_ends != nullptr) return chunk.line_ends[row];
  return chunk.index[(row + 1) * std::max<uint64_t>(1, chunk.field_count) - 1];
}

// The first row that ends at or behind `position`; row_count when it lies behind all of them.
uint64_t row_at(const abi::Chunk& chunk, uint64_t position) {
  uint64_t low = 0;
  uint64_t high = chunk.row_count;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (record_end(chunk, middle) < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

RecordLocation locate(const ChunkBuffer& chunk, uint64_t position, uint64_t begin, uint64_t end) {
  const std::string_view bytes(chunk.view.data, chunk.view.size);
  const std::string_view before = bytes.substr(0, position);
  RecordLocation location;
  location.file = chunk.file;
  location.line = chunk.first_line + static_cast<uint64_t>(std::ranges::count(before, '\n'));
  const size_t line_break = before.rfind('\n');
  location.column = 1 + count_characters(line_break == before.npos ? before : before.substr(line_break + 1));
  std::string_view record = bytes.substr(begin, end - begin);
  while (!record.empty() && (record.back() == '\n' || record.back() == '\r')) record.remove_suffix(1);
  location.record = shorten(record, kShownCharacters);
  return location;
}

}  // namespace

RecordLocation locate_position(const ChunkBuffer& chunk, uint64_t position) {
  position = std::min(position, chunk.view.size);
  const uint64_t row = row_at(chunk.view, position);
  if (row < chunk.view.row_count && chunk.view.starts[row] <= position)
    return locate(chunk, position, chunk.view.starts[row], record_end(chunk.view, row));
  // Behind the good records: up to the end of the line.
  const std::string_view bytes(chunk.view.data, chunk.view.size);
  const size_t line_break = position == 0 ? bytes.npos : bytes.rfind('\n', position - 1);
  const size_t line_end = bytes.find('\n', position);
  return locate(chunk, position, line_break == bytes.npos ? 0 : line_break + 1,
                line_end == bytes.npos ? bytes.size() : line_end);
}

RecordLocation locate_row(const ChunkBuffer& chunk, uint64_t row) {
  if (chunk.view.starts == nullptr && chunk.view.row_count != 0) return {chunk.file, row, 0, {}};  // without bytes
  if (row >= chunk.view.row_count) return locate_position(chunk, chunk.view.size);
  const uint64_t begin = chunk.view.starts[row];
  return locate(chunk, begin, begin, record_end(chunk.view, row));
}

std::string shorten(std::string_view text, size_t characters) {
  size_t end = 0;
  for (size_t shown = 0; end < text.size(); ++end) {
    if (is_continuation(text[end])) continue;
    if (++shown > characters) break;
  }
  std::string result(text.substr(0, end));
  std::ranges::replace_if(result, [](char byte) { return static_cast<unsigned char>(byte) < 0x20; }, ' ');
  if (end < text.size()) result += "…";
  return result;
}

}  // namespace sluice
