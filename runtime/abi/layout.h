// The plain structs shared with generated code. Generated code addresses their fields by offsetof, so a change here
// changes kAbiFingerprint by itself (see fingerprint.h) and invalidates cached objects.
#pragma once

#include <cstdint>

namespace sluice {
class SinkBuffer;  // runtime/io/sink_buffer.h
}

namespace sluice::abi {

// What generated functions return.
enum class Code : int32_t {
  Done = 0,       // the unit was consumed; the finish phase is complete
  Yield = 1,      // finish only: output is congested, call again
  Failed = 2,     // an error was raised in the context
  Satisfied = 3,  // the stage wants no more input (a `take` is full)
};

// Values in memory as generated code and kernels exchange them (not the block layout of runtime/data/row_layout.h).
struct StringRef {
  const char* data;  // UTF-8, not terminated; owned by a chunk, a block, a table or the scratch arena
  uint64_t size;
};
struct ListRef {
  const void* data;  // elements in memory layout, see runtime/abi/kernel_abi.h
  uint64_t count;
};

// A row block: header, `row_count` rows of `row_size` bytes, free space, then the heap that ends at `byte_size`.
// Heap positions count from the end of the block, so moving the heap down to the rows keeps them valid.
struct BlockHeader {
  uint32_t magic;
  uint32_t row_size;
  uint32_t row_count;
  uint32_t flags;
  uint64_t byte_size;  // of the whole block, header included
  uint64_t sequence;   // order of this block among those of an ordered edge
  int64_t min_time;
  int64_t max_time;
  int64_t watermark;    // no row behind this block belongs to a window that ends up to here
  uint64_t heap_bytes;  // of the strings at the end
};
static_assert(sizeof(BlockHeader) == 64);
inline constexpr uint32_t kBlockMagic = 0x6b6c6253;  // "Sblk"

// Where generated code writes the next row of a block: rows grow up from `row`, the heap grows down from `heap`.
// A row fits when heap - row >= row_size + heap bytes needed; otherwise rt_writer_reserve makes room.
struct RowWriter {
  char* row;
  char* heap;
  char* end;  // one past the block's last byte
  uint64_t row_size;
};

// A piece of a byte source that holds whole records, with the index its format's scanner made (stdlib/connectors).
// Bytes are readable up to data + size + kChunkPadding.
// Record r begins at starts[r]. Nothing may be concluded from where the one before it ends: blank lines (csv, json) and
// the '\r' of a CRLF line end stand between them.
//   lines: record r is data[starts[r], index[r]), its line end ('\n' or CRLF) left out.
//   csv:   field f of record r ends at index[r * field_count + f]: the position of its delimiter, for the last field
//   that
//          of its line end. Field 0 begins at starts[r], the others one behind the end of the field before. Every
//          record has field_count fields: the scanner stops the chunk in front of one that has not. Quotes are well
//          placed. index[-1] may be read and means nothing.
//   json:  index = simdjson's structural positions, whose strings are closed and free of control characters;
//          line_ends[r] = position of the '\n' that ends line r. At least one structural stands in every line.
struct Chunk {
  const char* data;
  uint64_t size;
  const uint32_t* index;
  uint64_t index_count;
  const uint32_t* starts;     // begin of each record
  const uint32_t* line_ends;  // json
  uint64_t row_count;         // lines, csv: records; json: lines
  const uint32_t* field_map;  // csv: field of declared column c, kNoField when the file has no such column
  uint64_t field_count;       // csv: fields per record
};
inline constexpr uint32_t kNoField = 0xffffffffu;
inline constexpr uint64_t kChunkPadding = 64;
// Behind the bytes of every string there are this many more readable ones, so that short strings can be loaded as two
// words without looking at their size first. Whoever owns strings allocates so.
inline constexpr uint64_t kStringSlack = 16;

// A hash table whose entries the compiler lays out: [uint64 hash][key fields][value fields] in memory layout, zeroed
// when made. Slots are searched linearly from slot(hash) = mulhi(hash - hash_base, hash_scale); there is no
// wrap-around (spare slots behind the last), so runs of occupied slots are in hash order once each run is sorted.
// Slot: 0 = empty, else entry address | (hash & 0xffff) << 48.
struct HashTable {
  uint64_t* slots;
  uint64_t hash_base;
  uint64_t hash_scale;
  uint64_t count;       // entries
  uint64_t slot_count;  // spare slots included
};

// The groups of the windows that end at `end` (microseconds).
struct Pane {
  HashTable* table;
  void* tops;  // TopState that owns the tops of the keys
  int64_t end;
};
// All panes of one operator; rows mostly fall into the one used last.
struct Panes {
  Pane* latest;
  int64_t latest_end;  // no window's end when latest is null
};

// The windows of rows with times from `from` up to `until`: the start and the end of each.
struct LocalWindows {
  int64_t from;
  int64_t until;
  int64_t count;
  const int64_t* bounds;  // by their ends; two more stand in front, for no windows
};

// Panes that windows share: rows mostly fall into the one used last. A window that is due is given out group by group:
// a group are the entries of its panes with one hash, in the order of the panes.
struct WindowMerge {
  HashTable* latest;  // of the pane from latest_start to latest_end; null: none
  int64_t latest_start;
  int64_t latest_end;
  int64_t window_start;  // of the window that is due
  int64_t window_end;
  char** group;
  HashTable* merged;  // has one entry, for the states of a group
  char* merged_entry;
};

// A row that a join keeps among those of its side with the same keys; the row in block layout follows.
struct JoinCell {
  JoinCell* next;
  int64_t until;     // nobody needs the row any more when the watermark is behind this
  uint32_t size;     // of the row, its strings included
  uint32_t matches;  // partners it has, as far as the join counts them: else whether it has found one
};

struct Session;

// In the entry of a key whose sessions may become too long.
struct KeySessions {
  Session* current;  // the latest one that has rows; null when it is gone
  int64_t count;     // of its sessions and held rows
};

// What a session is good for. One that was joined to another and has given out a result before is owed until that has
// been taken back; untimed when no timer leads to it any more.
enum SessionState : int64_t { kSessionOpen, kSessionNew, kSessionOwed, kSessionOwedUntimed };

// The table of distinct values of sessions finds them by the hash of the values, with which the session's address times
// this is mixed (xor): so a snapshot can bring them to another address.
inline constexpr uint64_t kSessionHash = 0x9e3779b97f4a7c15u;

// An open session of a key; the states of its calls follow. `end` is when it is complete: its last row and the gap.
struct Session {
  Session* next;  // of the same key
  char* entry;    // of its key
  int64_t start;
  int64_t end;
  int64_t state;  // a SessionState; of a new one the states of the calls are not initialized yet
};

// One per task; made and owned by the runtime. Everything generated code touches besides its input.
struct TaskContext {
  char* scratch;  // bump arena for values of the current row; generated code resets it per row
  char* scratch_end;
  char* scratch_begin;
  RowWriter** writers;      // output edge e, partition p: writers[first_writer[e] + p]
  HashTable** tables;       // by position in StagePlan::states
  void** sorters;           // SortState or TopState by position in StagePlan::states
  int64_t* counters;        // by position in StagePlan::states
  uint64_t cursor;          // where the running finish phase goes on after Yield
  uint64_t row;             // index of the row being processed in the current chunk or block, for error messages
  uint64_t rows_out;        // rows written to edges and sinks, for the status line
  uint8_t yield_requested;  // set while an output is congested
  uint8_t failed;           // an error was raised
  SinkBuffer** sinks;       // by position in StagePlan::sinks
  Panes** panes;            // by position in StagePlan::states
  int64_t watermark;        // windows that end up to here are complete; microseconds
  uint64_t* node_rows;      // profiled code: rows that a node of the graph passed on, by its id
  uint32_t current_node;    // profiled code: the node at work, 1 + its id; 0: none. Read by another thread
  int64_t wall_time;        // when the current unit was read; microseconds since 1970
};

// Orders two rows given with the ends of their blocks: negative, zero or positive like memcmp.
using RowCompare = int32_t (*)(const char* a, const char* a_end, const char* b, const char* b_end);

}  // namespace sluice::abi
