// SessionSnapshot: the open sessions of keys as bytes, and back, with what they lead to: tops, distinct values,
// sessions whose results they still owe, and rows that are held. They are saved with the entries of their keys
// (TableSnapshot).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/block_check.h"
#include "runtime/state/changed_places.h"
#include "runtime/state/entry_codec.h"
#include "runtime/state/session_table.h"
#include "runtime/state/session_tops.h"

namespace sluice {

class SessionSnapshot {
 public:
  // The states of a session behind its head; by their positions those that are not plain values.
  struct States {
    EntryCodec codec;              // of entries without keys
    std::optional<size_t> owed;    // the first session whose result is owed
    std::optional<size_t> listed;  // not zero: it stands among what has changed, in the list of the time behind this
    std::vector<size_t> values;    // the first of its values in a table of distinct ones
  };
  // Of a call: its entries are found by the session's address and the values.
  struct Values {
    GroupTable* table;
    EntryCodec codec;
  };

  // `tops`: null but where the only state is the address of a top, of such `rows`; else `states` are there, and
  // `values` for those that lead to some. `changed` may be null.
  SessionSnapshot(SessionTable& table, SessionTops* tops, const Schema& rows, std::optional<States> states,
                  std::vector<Values> values, ChangedGroups* changed);

  // Before anything is saved; nothing changes meanwhile.
  void look_up();
  // The sessions of a key in `entry`; `head`: where it has the first of them, or abi::KeySessions.
  void save(const char* entry, const char* head, std::string& out) const;
  // False: that is not what was saved of such sessions. `keys`: the table of `entry`, which owns texts.
  [[nodiscard]] bool load(ByteReader& in, GroupTable& keys, char* entry, char* head) const;

 private:
  enum class Kind : uint8_t { None, Open, Current, Held };
  void save_session(Kind kind, abi::Session* session, std::string& out) const;
  void save_behind(abi::Session* session, bool is_owed, std::string& out) const;
  void save_values(size_t call, const char* first, std::string& out) const;
  [[nodiscard]] abi::Session* make(Kind kind, char* entry, abi::KeySessions* key, ByteReader& in) const;
  [[nodiscard]] bool load_behind(ByteReader& in, GroupTable& keys, abi::Session* session) const;
  [[nodiscard]] bool load_values(size_t call, ByteReader& in, abi::Session* session, char** first) const;

  SessionTable* table_;
  SessionTops* tops_;
  RowCheck rows_;
  std::optional<States> states_;
  std::vector<Values> values_;
  ChangedPlaces places_;
  std::vector<SessionTable::OfKey> of_keys_;  // where there is a longest length, by key
};

}  // namespace sluice
