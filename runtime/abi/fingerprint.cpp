#include "runtime/abi/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstddef>

#include "runtime/abi/layout.h"

namespace sluice::abi {

std::string abi_description() {
  std::string text;
#define RUNTIME_FUNCTION(name, result, ...) text += #result " " #name "(" #__VA_ARGS__ ")\n";
#include "runtime/abi/runtime_functions.def"
#undef RUNTIME_FUNCTION
#define STRUCT(type) text += fmt::format(#type ": {} bytes\n", sizeof(type));
#define FIELD(type, field) \
  text += fmt::format("  " #field " at {}, {} bytes\n", offsetof(type, field), sizeof(decltype(type::field)));
  STRUCT(StringRef)
  FIELD(StringRef, data)
  FIELD(StringRef, size)
  STRUCT(ListRef)
  FIELD(ListRef, data)
  FIELD(ListRef, count)
  STRUCT(BlockHeader)
  FIELD(BlockHeader, magic)
  FIELD(BlockHeader, row_size)
  FIELD(BlockHeader, row_count)
  FIELD(BlockHeader, flags)
  FIELD(BlockHeader, byte_size)
  FIELD(BlockHeader, sequence)
  FIELD(BlockHeader, min_time)
  FIELD(BlockHeader, max_time)
  FIELD(BlockHeader, watermark)
  STRUCT(RowWriter)
  FIELD(RowWriter, row)
  FIELD(RowWriter, heap)
  FIELD(RowWriter, end)
  FIELD(RowWriter, row_size)
  STRUCT(Chunk)
  FIELD(Chunk, data)
  FIELD(Chunk, size)
  FIELD(Chunk, index)
  FIELD(Chunk, index_count)
  FIELD(Chunk, starts)
  FIELD(Chunk, line_ends)
  FIELD(Chunk, row_count)
  FIELD(Chunk, field_map)
  FIELD(Chunk, field_count)
  STRUCT(HashTable)
  FIELD(HashTable, slots)
  FIELD(HashTable, hash_base)
  FIELD(HashTable, hash_scale)
  FIELD(HashTable, count)
  FIELD(HashTable, slot_count)
  STRUCT(Pane)
  FIELD(Pane, table)
  FIELD(Pane, tops)
  FIELD(Pane, end)
  STRUCT(Panes)
  FIELD(Panes, latest)
  FIELD(Panes, latest_end)
  STRUCT(JoinCell)
  FIELD(JoinCell, next)
  FIELD(JoinCell, until)
  FIELD(JoinCell, size)
  FIELD(JoinCell, matches)
  STRUCT(KeySessions)
  FIELD(KeySessions, current)
  FIELD(KeySessions, count)
  STRUCT(Session)
  FIELD(Session, next)
  FIELD(Session, entry)
  FIELD(Session, start)
  FIELD(Session, end)
  FIELD(Session, state)
  STRUCT(TaskContext)
  FIELD(TaskContext, scratch)
  FIELD(TaskContext, scratch_end)
  FIELD(TaskContext, scratch_begin)
  FIELD(TaskContext, writers)
  FIELD(TaskContext, tables)
  FIELD(TaskContext, sorters)
  FIELD(TaskContext, counters)
  FIELD(TaskContext, cursor)
  FIELD(TaskContext, row)
  FIELD(TaskContext, rows_out)
  FIELD(TaskContext, yield_requested)
  FIELD(TaskContext, failed)
  FIELD(TaskContext, sinks)
  FIELD(TaskContext, panes)
  FIELD(TaskContext, watermark)
  FIELD(TaskContext, wall_time)
#undef STRUCT
#undef FIELD
  text += fmt::format("magic {:x}, chunk padding {}, no field {}\n", kBlockMagic, kChunkPadding, kNoField);
  return text;
}

uint64_t abi_fingerprint() {
  const std::string text = abi_description();
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace sluice::abi
