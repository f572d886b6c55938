#include "runtime/data/block_check.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "runtime/data/row_layout.h"

namespace sluice {

namespace {

constexpr int kMaxDepth = 64;  // of lists in lists

struct Heap {
  const char* begin;  // behind the last row
  const char* end;
};

template <class T>
T read(const char* address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

bool is_valid_value(const Type& type, const char* address, const Heap& heap, int depth);

// Elements refer to the heap by distance from the block's end, like columns do.
bool is_valid_reference(const Type& type, const char* address, const Heap& heap, int depth) {
  const uint64_t distance = read<uint32_t>(address);
  const uint64_t size = read<uint32_t>(address + 4);
  const uint64_t bytes = type.kind == TypeKind::List ? size * block_size_of(type.element()) : size;
  if (size == 0) return true;
  if (distance > static_cast<uint64_t>(heap.end - heap.begin) || bytes > distance) return false;
  if (type.kind == TypeKind::String) return true;
  if (depth == kMaxDepth) return false;
  const char* element = heap.end - distance;
  for (uint64_t i = 0; i < size; ++i, element += block_size_of(type.element()))
    if (!is_valid_value(type.element(), element, heap, depth + 1)) return false;
  return true;
}

bool is_valid_value(const Type& type, const char* address, const Heap& heap, int depth) {
  if (type.nullable) {
    if (static_cast<unsigned char>(*address) > 1) return false;
    if (*address++ == 0) return true;
  }
  if (type.kind == TypeKind::Bool) return static_cast<unsigned char>(*address) <= 1;
  if (type.kind == TypeKind::String || type.kind == TypeKind::List)
    return is_valid_reference(type, address, heap, depth);
  if (type.kind != TypeKind::Record) return true;  // any bits are a number
  return std::ranges::all_of(type.fields, [&](const Field& field) {
    const bool is_valid = is_valid_value(field.type, address, heap, depth);
    address += block_size_of(field.type);
    return is_valid;
  });
}

// Whatever the bits are, they are a value.
bool takes_any_bits(const Type& type) {
  if (type.nullable || type.kind == TypeKind::Bool) return false;
  if (type.kind == TypeKind::String || type.kind == TypeKind::List) return false;
  return std::ranges::all_of(type.fields, [](const Field& field) { return takes_any_bits(field.type); });
}

}  // namespace

bool is_valid_block(std::span<const char> bytes) {
  if (bytes.size() < sizeof(abi::BlockHeader)) return false;
  const auto header = read<abi::BlockHeader>(bytes.data());
  if (header.magic != abi::kBlockMagic || header.byte_size != bytes.size() || header.row_size == 0) return false;
  const uint64_t room = bytes.size() - sizeof(abi::BlockHeader);
  return header.heap_bytes <= room && uint64_t{header.row_count} * header.row_size <= room - header.heap_bytes;
}

bool is_valid_block(std::span<const char> bytes, const Schema& schema) {
  if (!is_valid_block(bytes)) return false;
  const auto header = read<abi::BlockHeader>(bytes.data());
  const RowLayout layout = block_layout(schema);
  if (header.row_size != layout.size) return false;
  const char* row = bytes.data() + sizeof(abi::BlockHeader);
  const Heap heap{row + uint64_t{header.row_count} * header.row_size, bytes.data() + bytes.size()};
  std::vector<size_t> columns;  // that there is something to check of
  for (size_t c = 0; c < schema.fields.size(); ++c)
    if (!takes_any_bits(schema.fields[c].type)) columns.push_back(c);
  if (columns.empty()) return true;
  for (uint32_t r = 0; r < header.row_count; ++r, row += layout.size)
    for (const size_t c : columns)
      if (!is_valid_value(schema.fields[c].type, row + layout.offsets[c], heap, 0)) return false;
  return true;
}

RowCheck::RowCheck(const Schema& schema) {
  const RowLayout layout = block_layout(schema);
  row_size_ = layout.size;
  for (size_t c = 0; c < schema.fields.size(); ++c)
    if (!takes_any_bits(schema.fields[c].type)) columns_.push_back({schema.fields[c].type, layout.offsets[c]});
}

bool RowCheck::is_valid(std::string_view row) const {
  if (row.size() < row_size_) return false;
  const Heap heap{row.data() + row_size_, row.data() + row.size()};
  return std::ranges::all_of(
      columns_, [&](const Column& column) { return is_valid_value(column.type, row.data() + column.offset, heap, 0); });
}

}  // namespace sluice
