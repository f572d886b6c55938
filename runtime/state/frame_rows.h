// FrameRows: the rows of a step that computes over the rows before each row. They wait until it is known which come
// before them, leave in order, and stay behind as long as frames and look-backs of their key need them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/data/block_check.h"
#include "runtime/data/row_store.h"
#include "runtime/data/stoppable_sort.h"
#include "runtime/state/group_table.h"

namespace sluice {

class ByteReader;
class ByteWriter;

class FrameRows {
 public:
  // Rows of `row_size` bytes and their strings. With `is_timed` a row waits until the watermark is more than `lag`
  // behind its time, else until the end of time. Memory is added to *account.
  FrameRows(uint32_t row_size, int64_t lag, bool is_timed, uint64_t* account,
            const std::atomic<bool>& is_cancelled = kNeverCancelled);
  ~FrameRows();
  FrameRows(const FrameRows&) = delete;
  FrameRows& operator=(const FrameRows&) = delete;

  struct Cell {
    RowCell row;
    int64_t time;
  };
  // The rows of one key, from the oldest that is needed to the latest: a ring. The first `left` are out of the frame.
  struct KeyRows {
    std::vector<Cell> ring;
    size_t first = 0;
    size_t count = 0;
    size_t left = 0;
    uint64_t number = 0;  // among the keys, whose rests are given out by it
    [[nodiscard]] const Cell& at(size_t position) const { return ring[(first + position) & (ring.size() - 1)]; }
    void push(const Cell& cell) noexcept;
  };

  // A writer with room for exactly one row.
  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept;
  void hold(int64_t time) noexcept;
  [[nodiscard]] bool is_timed() const { return is_timed_; }
  [[nodiscard]] bool is_due(int64_t watermark) const noexcept;
  // See rt_frame_next and rt_frame_enter.
  [[nodiscard]] const Cell* next(int64_t watermark, abi::RowCompare compare) noexcept;
  void enter(KeyRows** key, uint64_t kept, bool in_frame) noexcept;
  // Gives the rows of a key back, and the memory that led to them.
  void forget(KeyRows** key) noexcept;
  // Keys that are over stay in `keys` until it is twice as large as what was needed when it was last swept.
  [[nodiscard]] bool wants_sweep(const GroupTable& keys) const noexcept { return keys.count >= sweep_at_; }
  void swept(const GroupTable& keys) noexcept { sweep_at_ = std::max(kFirstSweep, 2 * keys.count); }
  // Are all rows that are still to come later than `time`?
  [[nodiscard]] bool is_over(int64_t time, int64_t watermark) const noexcept;
  // See rt_frame_rest: the key, whose rows are given one by one.
  [[nodiscard]] KeyRows** next_of_rest(uint64_t rows, uint64_t& back) noexcept;

  // For snapshots (runtime/state/frame_snapshot.cpp): the rows of a key, null when it has none; then those that wait
  // for their turn, each by itself. Back into one that nothing has come to; false: that is not what was saved of such
  // rows. When all keys have been loaded, they are to be put in their order.
  static void save_key(const KeyRows* key, ByteWriter& out);
  [[nodiscard]] bool load_key(KeyRows** key, ByteReader& in, const RowCheck& rows);
  void order_keys();
  [[nodiscard]] const std::vector<Cell>& held() const { return held_; }
  static void save_row(const Cell& cell, ByteWriter& out);
  [[nodiscard]] bool load_held(ByteReader& in, const RowCheck& rows);

 private:
  static constexpr uint64_t kFirstSweep = 1024;  // keys

  [[nodiscard]] static bool is_later(const Cell& a, const Cell& b) { return a.time > b.time; }
  void collect_due(int64_t watermark, abi::RowCompare compare) noexcept;
  [[nodiscard]] KeyRows* new_key(uint64_t number) noexcept;
  [[nodiscard]] bool load_row(ByteReader& in, const RowCheck& rows, Cell& cell);
  void free_row(const RowCell& row) noexcept;
  void free_current() noexcept;

  const std::atomic<bool>& is_cancelled_;
  abi::RowWriter writer_;
  int64_t lag_;
  bool is_timed_;
  uint64_t* account_;
  RowCell reserved_{nullptr, nullptr};
  std::vector<Cell> held_;  // a heap with the earliest on top
  std::vector<Cell> due_;   // in order
  size_t next_due_ = 0;
  Cell current_{{nullptr, nullptr}, 0};  // null when it has entered the rows of its key
  std::vector<std::unique_ptr<KeyRows>> keys_;
  std::vector<KeyRows*> forgotten_;  // of keys_: for the next key
  uint64_t sweep_at_ = kFirstSweep;
  KeyRows* resting_ = nullptr;  // whose rest is being given out
  size_t next_resting_ = 0;
  uint64_t resting_rows_ = 0;
};

}  // namespace sluice
