#include "runtime/state/session_table.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "lang/support/saturating.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {

constexpr size_t kFirstBytes = 4096;

uint64_t hash_of(const char* entry) {
  uint64_t hash;
  std::memcpy(&hash, entry, sizeof hash);
  return hash;
}

}  // namespace

SessionTable::SessionTable(GroupTable& keys, uint32_t session_size, int64_t gap, int64_t max, int64_t lag,
                           uint64_t* account)
    : keys_(keys), session_size_(session_size), gap_(gap), max_(max), lag_(lag), memory_(kFirstBytes, account) {
  keys_.expect_reuse();
}

SessionTable::~SessionTable() = default;

abi::Session* SessionTable::make(char* entry, int64_t time) noexcept {
  abi::Session* made = nullptr;
  if (free_.empty()) {
    made = reinterpret_cast<abi::Session*>(memory_.allocate(session_size_, 8));
    std::memset(static_cast<void*>(made), 0, session_size_);
  } else {
    made = free_.back();
    free_.pop_back();
  }
  made->next = nullptr;
  made->entry = entry;
  made->start = time;
  made->end = saturating_add(time, gap_);
  made->state = abi::kSessionNew;
  return made;
}

int64_t SessionTable::end_of(const abi::Session& session) const noexcept {
  return max_ == 0 ? session.end : std::min(session.end, saturating_add(session.start, max_));
}

abi::Session* SessionTable::find(char* entry, abi::Session** head, int64_t time) noexcept {
  const int64_t end = saturating_add(time, gap_);
  for (auto* session = *head; session != nullptr; session = session->next) {
    if (end <= session->start || time >= session->end) continue;
    session->start = std::min(session->start, time);
    session->end = std::max(session->end, end);
    return session;
  }
  auto* made = make(entry, time);
  made->next = *head;
  *head = made;
  timers_.push({made->end, hash_of(entry), made});
  return made;
}

abi::Session* SessionTable::hold(char* entry, abi::KeySessions* key, int64_t time) noexcept {
  auto* held = make(entry, time);
  ++key->count;
  held_.push({time, hash_of(entry), held_count_++, held, key});
  return held;
}

abi::Session* SessionTable::settle(int64_t watermark) noexcept {
  if (settled_ != nullptr) recycle(std::exchange(settled_, nullptr));
  const bool is_end = watermark == std::numeric_limits<int64_t>::max();
  while (!held_.empty() && (is_end || saturating_add(held_.top().time, lag_) < watermark)) {
    const HeldRow row = held_.top();
    held_.pop();
    auto* current = row.key->current;
    if (current == nullptr || row.time >= end_of(*current)) {
      row.key->current = row.session;
      timers_.push({end_of(*row.session), row.hash, row.session});
      continue;
    }
    current->end = saturating_add(row.time, gap_);
    --row.key->count;
    row.session->next = current;
    return settled_ = row.session;
  }
  return nullptr;
}

abi::Session* SessionTable::absorb(abi::Session** head, abi::Session* session) noexcept {
  for (auto** link = head; *link != nullptr; link = &(*link)->next) {
    auto* other = *link;
    if (other == session || other->start >= session->end || other->end <= session->start) continue;
    *link = other->next;
    session->start = std::min(session->start, other->start);
    session->end = std::max(session->end, other->end);
    other->entry = nullptr;  // its timer finds it gone and recycles it
    return other;
  }
  return nullptr;
}

void SessionTable::owe(abi::Session** owed, abi::Session* other, abi::Session* others_owed, bool was_given) noexcept {
  auto** end = owed;
  while (*end != nullptr) end = &(*end)->next;
  *end = others_owed;
  if (!was_given) return;
  other->state = abi::kSessionOwed;
  other->next = *owed;
  *owed = other;
}

void SessionTable::forget(abi::Session* owed) noexcept {
  if (owed->state == abi::kSessionOwedUntimed) return recycle(owed);
  owed->state = abi::kSessionOpen;  // its timer finds it gone
}

// Makes the first timer one of a session that ends just then.
void SessionTable::settle_first() noexcept {
  while (!timers_.empty()) {
    const Timer first = timers_.top();
    if (first.session->entry != nullptr && end_of(*first.session) == first.end) return;
    timers_.pop();
    if (first.session->entry == nullptr) {
      if (first.session->state == abi::kSessionOwed) {
        first.session->state = abi::kSessionOwedUntimed;
      } else {
        recycle(first.session);
      }
    } else {
      timers_.push({end_of(*first.session), first.hash, first.session});
    }
  }
}

abi::Session* SessionTable::due(int64_t watermark) noexcept {
  settle_first();
  if (timers_.empty() || saturating_add(timers_.top().end, lag_) > watermark) return nullptr;
  auto* session = timers_.top().session;
  timers_.pop();
  return session;
}

bool SessionTable::release(abi::Session* session, abi::Session** head) noexcept {
  for (auto** link = head; *link != nullptr; link = &(*link)->next) {
    if (*link != session) continue;
    *link = session->next;
    break;
  }
  recycle(session);
  return *head == nullptr;
}

bool SessionTable::release(abi::Session* session, abi::KeySessions* key) noexcept {
  if (key->current == session) key->current = nullptr;
  recycle(session);
  return --key->count == 0;
}

void SessionTable::recycle(abi::Session* session) noexcept { free_.push_back(session); }

std::optional<int64_t> SessionTable::first_due() noexcept {
  settle_first();
  std::optional<int64_t> first;
  if (!timers_.empty()) first = timers_.top().end;
  // A held row may be all there is of a session, or its first one.
  if (!held_.empty()) {
    const int64_t end = saturating_add(held_.top().time, std::min(gap_, max_));
    first = std::min(first.value_or(end), end);
  }
  return first ? std::optional(saturating_add(*first, lag_)) : std::nullopt;
}

}  // namespace sluice

namespace sluice::abi {

namespace {
SessionTable& sessions_of(Ptr sessions) { return *static_cast<SessionTable*>(sessions); }
}  // namespace

extern "C" {

Ptr rt_session_find(Ptr, Ptr sessions, Ptr entry, Ptr head, I64 time) noexcept {
  return sessions_of(sessions).find(static_cast<char*>(entry), static_cast<Session**>(head), time);
}

Ptr rt_session_absorb(Ptr, Ptr sessions, Ptr head, Ptr session) noexcept {
  return sessions_of(sessions).absorb(static_cast<Session**>(head), static_cast<Session*>(session));
}

void rt_session_owe(Ptr sessions, Ptr owed, Ptr other, Ptr others_owed, I64 was_given) noexcept {
  sessions_of(sessions).owe(static_cast<Session**>(owed), static_cast<Session*>(other),
                            static_cast<Session*>(others_owed), was_given != 0);
}

void rt_session_forget(Ptr sessions, Ptr owed) noexcept { sessions_of(sessions).forget(static_cast<Session*>(owed)); }

Ptr rt_session_due(Ptr context, Ptr sessions) noexcept {
  return sessions_of(sessions).due(static_cast<TaskContext*>(context)->watermark);
}

I8 rt_session_release(Ptr, Ptr sessions, Ptr session, Ptr head) noexcept {
  auto& table = sessions_of(sessions);
  auto* released = static_cast<Session*>(session);
  return static_cast<I8>(table.has_longest() ? table.release(released, static_cast<KeySessions*>(head))
                                             : table.release(released, static_cast<Session**>(head)));
}

Ptr rt_session_hold(Ptr, Ptr sessions, Ptr entry, Ptr key, I64 time) noexcept {
  return sessions_of(sessions).hold(static_cast<char*>(entry), static_cast<KeySessions*>(key), time);
}

Ptr rt_session_settle(Ptr context, Ptr sessions) noexcept {
  return sessions_of(sessions).settle(static_cast<TaskContext*>(context)->watermark);
}

}  // extern "C"

}  // namespace sluice::abi
