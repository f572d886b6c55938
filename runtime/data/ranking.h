// Ranking: the rows of an incremental top in order, which says what each change of them changes among the first ones.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "runtime/data/block_check.h"
#include "runtime/data/row_store.h"

namespace sluice {

class ByteReader;
class ByteWriter;

class Ranking {
 public:
  // What is shown of the rows: the first `limit` under `compare`, and those equal to the last of them under
  // `compare_ties` when it is not null. The same in every call for a ranking.
  struct Rule {
    abi::RowCompare compare;
    abi::RowCompare compare_ties;
    uint64_t limit;
    bool has_ranks;     // a row whose place changes goes and comes
    bool keeps_behind;  // rows may be taken back, so those behind the shown ones may come forward
  };
  struct Change {
    RowCell row;
    uint64_t rank;  // 1-based
    int64_t weight;
  };

  // The memory of rows is added to *account.
  Ranking(uint32_t row_size, uint64_t* account) : row_size_(row_size), account_(account) {}
  ~Ranking();
  Ranking(const Ranking&) = delete;
  Ranking& operator=(const Ranking&) = delete;

  // A writer with room for exactly one row.
  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept;
  // The row last reserved is complete: it comes (weight 1) or an equal one goes (-1); false when there is none to go.
  // What that changes among the shown rows stays readable until the next call: rows that go before rows that come.
  [[nodiscard]] bool change(const Rule& rule, int64_t weight) noexcept;
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }

  // Where changes are collected nobody reads those of a row. wait(): what rows have changed is due then, or at the time
  // given before if that is later; true when the ranking is to be listed among those that wait, where it stands once
  // until unlist(), also when what it waited for is given out before. give_out(): changes() become what is shown now
  // and was not when this was called last, and the other way round.
  [[nodiscard]] bool wait(int64_t due) noexcept;
  void unlist() noexcept { is_listed_ = false; }
  [[nodiscard]] bool is_listed() const { return is_listed_; }
  [[nodiscard]] int64_t due() const { return due_; }
  void give_out(const Rule& rule) noexcept;

  // The ranking of one key; *slot belongs to the key and is null at first, and when the key is forgotten.
  [[nodiscard]] Ranking& of_key(void** slot) noexcept;
  void forget_key(void** slot) noexcept;

  // Its rows, what give_out() has shown of them, and whether it is listed, for snapshots
  // (runtime/state/ranking_snapshot.cpp); and back into one that nothing has come to. False: that is not what save()
  // wrote for such rows.
  void save(ByteWriter& out) const;
  [[nodiscard]] bool load(ByteReader& in, const RowCheck& rows);

 private:
  static void save_rows(const std::vector<RowCell>& cells, ByteWriter& out);
  [[nodiscard]] bool load_rows(std::vector<RowCell>& cells, ByteReader& in, const RowCheck& rows);
  [[nodiscard]] uint64_t shown(const Rule& rule) const noexcept;
  void insert(const Rule& rule, uint64_t shown_before) noexcept;
  [[nodiscard]] bool remove(const Rule& rule, uint64_t shown_before) noexcept;
  void drop(RowCell cell) { dropped_.push_back(cell); }
  void free_dropped() noexcept;
  void clear() noexcept;
  [[nodiscard]] RowCell copy_of(const RowCell& cell) noexcept;
  [[nodiscard]] size_t bytes_of(const RowCell& cell) const { return static_cast<size_t>(cell.end - cell.row); }

  uint32_t row_size_;
  uint64_t* account_;
  abi::RowWriter writer_{};
  RowCell latest_{nullptr, nullptr};
  std::vector<RowCell> rows_;     // in order
  std::vector<RowCell> dropped_;  // the latest changes may still show them
  std::vector<Change> changes_;
  std::vector<RowCell> given_;  // copies of what give_out() has shown
  bool is_listed_ = false;
  int64_t due_ = 0;
  std::deque<Ranking> keyed_;
  std::vector<Ranking*> free_;
};

}  // namespace sluice
