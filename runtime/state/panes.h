// PaneTables: the state of a keyed operator with a window among its keys: one hash table per window end, so that a
// window is found, emitted and forgotten as a whole, and its memory with it. Used by aggregate, top and distinct
// through generated code; the task asks which window is due.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/data/top_state.h"
#include "runtime/state/group_table.h"

namespace sluice {

class PaneTables : public abi::Panes {
 public:
  // Parameters as of GroupTable; `row_size` of the rows in the tops of keys, 0 when there are none. A window is due
  // `lag` behind its end.
  PaneTables(uint32_t entry_size, HashRange range, uint32_t row_size, int64_t lag, uint64_t* account);
  PaneTables(const PaneTables&) = delete;
  PaneTables& operator=(const PaneTables&) = delete;

  // The pane of the windows that end at `end`, made on first use; becomes the latest.
  [[nodiscard]] abi::Pane& at(int64_t end) noexcept;
  // The first pane, when it is due at `watermark`; else null.
  [[nodiscard]] abi::Pane* due(int64_t watermark) noexcept;
  void drop_first() noexcept;
  // By their ends.
  [[nodiscard]] std::vector<abi::Pane*> panes() const;
  // When the first pane is due.
  [[nodiscard]] std::optional<int64_t> first_due() const;
  [[nodiscard]] uint64_t group_count() const;
  void clear() noexcept;

 private:
  struct Owned : abi::Pane {
    std::unique_ptr<GroupTable> groups;
    std::unique_ptr<TopState> tops_of_keys;
  };

  [[nodiscard]] std::unique_ptr<Owned> make_pane(int64_t end) const;

  uint32_t entry_size_;
  HashRange range_;
  uint32_t row_size_;
  int64_t lag_;
  uint64_t* account_;
  std::deque<std::unique_ptr<Owned>> panes_;  // by their ends
  size_t place_ = 0;                          // of the latest
  uint64_t usual_groups_ = 0;                 // of the pane that was dropped last
};

}  // namespace sluice
