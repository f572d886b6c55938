// SessionTable: the open sessions of the keys of an aggregate over session windows, and which of them is complete
// next. A session is a plain struct whose states the compiler lays out behind abi::Session; generated code updates it.
//
// Where sessions have a longest length, a row that comes early or late may move the places where they are cut. So rows
// are held by themselves until all rows before them are there (the watermark has passed them), and become sessions in
// the order of their times.
//
// Invariants: the sessions of a key do not overlap and lie at least `gap` apart; a key's entry is in the table of keys
// exactly as long as it has a session.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/data/byte_arena.h"
#include "runtime/state/group_table.h"

namespace sluice {

class SessionTable {
 public:
  // `keys`: the table of keys, whose entries hold the head of the list of a key's sessions, or abi::KeySessions. With
  // `max` 0 sessions may be of any length. Sessions
  // take `session_size` bytes and are due `lag` behind their ends. Memory is added to *account.
  SessionTable(GroupTable& keys, uint32_t session_size, int64_t gap, int64_t max, int64_t lag, uint64_t* account);
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // The session of the key that a row at `time` belongs to, made longer to hold it; a new one is kSessionNew, and has
  // states that are zero or those of a session that is gone (so that the memory of strings is used again). Sessions
  // that the row joins to it are to be fetched with absorb().
  [[nodiscard]] abi::Session* find(char* entry, abi::Session** head, int64_t time) noexcept;
  // A session that overlaps `session`, taken out of the list, for its states to be merged; null when there is none. It
  // lives until the next call.
  [[nodiscard]] abi::Session* absorb(abi::Session** head, abi::Session* session) noexcept;
  // Where results are given out before sessions are complete: `other`, which was absorbed, and those whose results it
  // owes, come to the list that begins at *owed, if it has given a result out. Each is to be forgotten when its result
  // has been taken back, and its memory stays until then.
  void owe(abi::Session** owed, abi::Session* other, abi::Session* others_owed, bool was_given) noexcept;
  void forget(abi::Session* owed) noexcept;
  // The first session that is due at `watermark`; null when there is none. To be released before the next call.
  [[nodiscard]] abi::Session* due(int64_t watermark) noexcept;
  // Forgets a session that is due. True when it was the last of its key, whose entry is then to be erased.
  [[nodiscard]] bool release(abi::Session* session, abi::Session** head) noexcept;

  // With a `max`, instead of find() and absorb(): a row by itself, and before due() what becomes of the held ones:
  // the next that belongs to the session that its `next` points to. It lives until the next call.
  [[nodiscard]] abi::Session* hold(char* entry, abi::KeySessions* key, int64_t time) noexcept;
  [[nodiscard]] abi::Session* settle(int64_t watermark) noexcept;
  [[nodiscard]] bool release(abi::Session* session, abi::KeySessions* key) noexcept;
  [[nodiscard]] bool has_longest() const { return max_ != 0; }

  // For snapshots. Sessions whose states are zero: one of a key, which is to be put into the list of its key and, if it
  // is timed, due like others; one that is owed; and one that is a row by itself, when it has its states.
  [[nodiscard]] abi::Session* restore(char* entry, int64_t start, int64_t end, bool is_timed) noexcept;
  [[nodiscard]] abi::Session* restore_owed(int64_t start, int64_t end) noexcept;
  void restore_held(abi::Session* row, abi::KeySessions* key, uint64_t number) noexcept;
  // With a `max`: all sessions and held rows, by the entries of their keys and their starts.
  struct OfKey {
    char* entry;
    abi::Session* session;
    std::optional<uint64_t> held_number;  // of a held row
  };
  [[nodiscard]] std::vector<OfKey> by_keys() const;

  // When the first session is due.
  [[nodiscard]] std::optional<int64_t> first_due() noexcept;

 private:
  // When to look at a session: it may have grown since, or be gone.
  struct Timer {
    int64_t end;
    uint64_t hash;  // of the key: sessions that end together come in hash order
    abi::Session* session;
    bool operator>(const Timer& other) const { return end != other.end ? end > other.end : hash > other.hash; }
  };
  struct HeldRow {
    int64_t time;
    uint64_t hash;
    uint64_t number;  // rows at the same time are merged in the order they came
    abi::Session* session;
    abi::KeySessions* key;
    bool operator>(const HeldRow& other) const {
      return std::tie(time, hash, number) > std::tie(other.time, other.hash, other.number);
    }
  };
  [[nodiscard]] abi::Session* make(char* entry, int64_t time) noexcept;
  [[nodiscard]] int64_t end_of(const abi::Session& session) const noexcept;
  void settle_first() noexcept;
  void recycle(abi::Session* session) noexcept;

  GroupTable& keys_;
  uint32_t session_size_;
  int64_t gap_;
  int64_t max_;
  int64_t lag_;
  ByteArena memory_;
  std::vector<abi::Session*> free_;
  template <class T>
  struct EarliestFirst : std::priority_queue<T, std::vector<T>, std::greater<>> {
    [[nodiscard]] const std::vector<T>& all() const { return this->c; }
  };
  EarliestFirst<Timer> timers_;
  EarliestFirst<HeldRow> held_;
  uint64_t held_count_ = 0;
  abi::Session* settled_ = nullptr;  // what settle() gave out last
};

}  // namespace sluice
