// SessionTable: the open sessions of the keys of an aggregate over session windows, and which of them is complete
// next. A session is a plain struct whose states the compiler lays out behind abi::Session; generated code updates it.
//
// Invariants: the sessions of a key do not overlap and lie at least `gap` apart; a key's entry is in the table of keys
// exactly as long as it has a session.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/data/byte_arena.h"
#include "runtime/state/group_table.h"

namespace sluice {

class SessionTable {
 public:
  // `keys`: the table of keys, whose entries hold the head of the list of a key's sessions at `head_offset`. Sessions
  // take `session_size` bytes and are due `lag` behind their ends. Memory is added to *account.
  SessionTable(GroupTable& keys, uint32_t session_size, int64_t lag, uint64_t* account);
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // The session of the key that a row at `time` belongs to, made longer to hold it; a new one has is_new set and zeroed
  // states. Sessions that the row joins to it are to be fetched with absorb().
  [[nodiscard]] abi::Session* find(char* entry, abi::Session** head, int64_t time, int64_t gap) noexcept;
  // A session that overlaps `session`, taken out of the list, for its states to be merged; null when there is none. It
  // lives until the next call.
  [[nodiscard]] abi::Session* absorb(abi::Session** head, abi::Session* session) noexcept;
  // The first session that is due at `watermark`; null when there is none. To be released before the next call.
  [[nodiscard]] abi::Session* due(int64_t watermark) noexcept;
  // Forgets a session that is due, and its key with its last session; `head` is in its entry.
  void release(abi::Session* session, abi::Session** head) noexcept;
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
  void settle_first() noexcept;
  void recycle(abi::Session* session) noexcept;

  GroupTable& keys_;
  uint32_t session_size_;
  int64_t lag_;
  ByteArena memory_;
  std::vector<abi::Session*> free_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

}  // namespace sluice
