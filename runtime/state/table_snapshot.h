// TableSnapshot: the entries of a state's hash tables as records of a snapshot, one for each key, and back. What
// entries lead to goes with them: the tops of keys, the rows of joins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/snapshot.h"
#include "runtime/data/block_check.h"
#include "runtime/data/ranking.h"
#include "runtime/data/top_state.h"
#include "runtime/state/changed_places.h"
#include "runtime/state/entry_codec.h"
#include "runtime/state/frame_rows.h"
#include "runtime/state/group_table.h"
#include "runtime/state/session_snapshot.h"

namespace sluice {

class TableSnapshot {
 public:
  // Those states of an entry that lead to something that goes with it, by their positions.
  struct Links {
    std::vector<size_t> tops;      // the address of a top, or of a ranking
    std::vector<size_t> rows;      // the first cell of a chain of a join
    std::optional<size_t> last;    // of a lookup: the last cell of the chain in `rows`
    std::vector<size_t> sessions;  // the first or current session of a key
    std::vector<size_t> frames;    // the rows of a key that frames need
    std::optional<size_t> waits;   // not zero: the group stands in a list of those that have changed
  };
  // Who owns what entries lead to, but for the tops of keys.
  struct Owners {
    std::optional<SessionSnapshot> sessions;
    FrameRows* frames = nullptr;
    Ranking* rankings = nullptr;  // instead of tops
    ChangedGroups* changed = nullptr;
  };

  // `state`: its position in StagePlan::states; `rows`: what tops and frames keep.
  TableSnapshot(uint32_t state, EntryCodec codec, Links links, Owners owners, const Schema& rows);
  [[nodiscard]] uint32_t entry_size() const { return codec_.entry_size(); }

  // Entries of one table, or of a pane; or `count` sorted ones. Nothing is inserted meanwhile.
  struct Entries {
    GroupTable* table = nullptr;
    const char* sorted = nullptr;
    uint64_t count = 0;
    std::string prefix;  // of the keys of its records: which pane it is
  };
  [[nodiscard]] Status save(std::vector<Entries> from, SnapshotWriter& writer);

  // An entry; `key` without the prefix. `owner`: of the tops of keys.
  [[nodiscard]] Status load(const SnapshotRecord& record, std::string_view key, GroupTable& table,
                            TopState* owner) const;

 private:
  struct Run;  // of entries that are being saved
  [[nodiscard]] Status put(const Run& run, uint64_t hash, uint64_t place, SnapshotWriter& writer);
  void save_links(const char* entry);
  void save_chain(const abi::JoinCell* cell);
  [[nodiscard]] static bool load_chain(ByteReader& in, GroupTable& table, abi::JoinCell*& first, abi::JoinCell*& last);
  void save_top(void* top);
  [[nodiscard]] bool load_top(ByteReader& in, void** slot, TopState* owner) const;
  [[nodiscard]] bool load_elsewhere(ByteReader& in, GroupTable& table, TopState* owner, char* entry) const;

  uint32_t state_;
  EntryCodec codec_;
  Links links_;
  Owners owners_;
  RowCheck rows_;
  ChangedPlaces places_;
  std::string key_;  // of the record that is being written
  std::string value_;
};

// What a snapshot cannot be, were it as it was written.
[[nodiscard]] std::unexpected<Error> damaged_snapshot(uint32_t state);

}  // namespace sluice
