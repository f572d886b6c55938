// SharedPanes: the state of an aggregate whose overlapping windows are made of panes: one hash table per pane. When a
// window is due its panes are complete; they are put into the order of their hashes once, and every window that they
// are part of reads them side by side. So a group of a pane is found in a table once, not once per window. Used by
// generated code (emit_pane_windows.cpp); the task asks which window is due.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "runtime/abi/layout.h"
#include "runtime/state/group_table.h"
#include "runtime/state/tournament.h"

namespace sluice {

class SharedPanes : public abi::WindowMerge {
 public:
  // `entry_size`, `range` and `account` as of GroupTable; do entries `lead_elsewhere`, to texts or lists? A window is
  // due `lag` behind its end.
  SharedPanes(uint32_t entry_size, bool lead_elsewhere, HashRange range, const WindowShape& windows, int64_t lag,
              uint64_t* account);
  ~SharedPanes() { clear(); }
  SharedPanes(const SharedPanes&) = delete;
  SharedPanes& operator=(const SharedPanes&) = delete;

  // The groups of the pane from `start` to `end`, which count in the windows that contain `start` and end at `end` or
  // later; made on first use, becomes the latest. No window that is due may contain it.
  [[nodiscard]] GroupTable& at(int64_t start, int64_t end) noexcept;
  // Begins the first window that has groups, when it is due at `watermark`, or goes on with the one that has begun.
  [[nodiscard]] bool due(int64_t watermark) noexcept;
  // The next entries with one hash of that window, in `group`: how many, 0 at the end. Hashes ascend.
  [[nodiscard]] uint64_t next_group() noexcept;
  // Forgets it, and the panes that no later window contains.
  void drop() noexcept;
  // When the first window is due.
  [[nodiscard]] std::optional<int64_t> first_due() const;
  [[nodiscard]] uint64_t group_count() const;
  void clear() noexcept;

  // For snapshots, while no window is being given out: the end of the last one that was, to be set before there are
  // panes; and the panes, their entries in a table or, sorted, behind each other.
  struct Entries {
    int64_t start;
    int64_t end;
    GroupTable* table;   // null: they are sorted
    const char* sorted;  // of them
    uint64_t count;      // of those
  };
  [[nodiscard]] std::optional<int64_t> given_end() const { return given_end_; }
  void set_given_end(std::optional<int64_t> end) { given_end_ = end; }
  [[nodiscard]] std::vector<Entries> entries() const;

 private:
  struct Pane {
    int64_t start = 0;
    int64_t end = 0;
    std::unique_ptr<GroupTable> groups;
    char* sorted = nullptr;  // its entries in the order of their hashes, once it is complete
    uint64_t count = 0;      // of those
  };
  struct Run {  // of the entries of a pane
    char* entry;
    char* end;
  };

  [[nodiscard]] std::optional<int64_t> first_window(const Pane& pane) const;
  [[nodiscard]] int64_t start_of(int64_t window_end, int64_t inside) const;
  void sort(Pane& pane) noexcept;
  void release(Pane& pane) noexcept;
  void begin_window() noexcept;

  uint32_t entry_size_;
  bool lead_elsewhere_;
  HashRange range_;
  WindowShape windows_;
  int64_t lag_;
  uint64_t* account_;
  std::deque<Pane> panes_;            // by their ends, then their starts
  std::optional<int64_t> next_end_;   // of the first window that has groups
  std::optional<int64_t> given_end_;  // of the last window that was given out
  bool is_open_ = false;              // the window that is due is being given out
  uint64_t usual_groups_ = 0;         // of the pane that was complete last
  std::vector<Run> runs_;
  Tournament tournament_;
  std::vector<char*> group_entries_;
  GroupTable merged_states_;
};

}  // namespace sluice
