#include "runtime/state/session_table.h"

#include <algorithm>
#include <cstring>

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

SessionTable::SessionTable(GroupTable& keys, uint32_t session_size, int64_t lag, uint64_t* account)
    : keys_(keys), session_size_(session_size), lag_(lag), memory_(kFirstBytes, account) {}

SessionTable::~SessionTable() = default;

abi::Session* SessionTable::find(char* entry, abi::Session** head, int64_t time, int64_t gap) noexcept {
  for (auto* session = *head; session != nullptr; session = session->next) {
    if (time <= session->start - gap || time >= session->end) continue;
    session->start = std::min(session->start, time);
    session->end = std::max(session->end, time + gap);
    return session;
  }
  abi::Session* made = nullptr;
  if (free_.empty()) {
    made = reinterpret_cast<abi::Session*>(memory_.allocate(session_size_, 8));
  } else {
    made = free_.back();
    free_.pop_back();
  }
  std::memset(static_cast<void*>(made), 0, session_size_);
  made->entry = entry;
  made->start = time;
  made->end = time + gap;
  made->is_new = 1;
  made->next = *head;
  *head = made;
  timers_.push({made->end, hash_of(entry), made});
  return made;
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

// Makes the first timer one of a session that ends just then.
void SessionTable::settle_first() noexcept {
  while (!timers_.empty()) {
    const Timer first = timers_.top();
    if (first.session->entry != nullptr && first.session->end == first.end) return;
    timers_.pop();
    if (first.session->entry == nullptr) {
      recycle(first.session);
    } else {
      timers_.push({first.session->end, first.hash, first.session});
    }
  }
}

abi::Session* SessionTable::due(int64_t watermark) noexcept {
  settle_first();
  if (timers_.empty() || timers_.top().end + lag_ > watermark) return nullptr;
  auto* session = timers_.top().session;
  timers_.pop();
  return session;
}

void SessionTable::release(abi::Session* session, abi::Session** head) noexcept {
  char* entry = session->entry;
  for (auto** link = head; *link != nullptr; link = &(*link)->next) {
    if (*link != session) continue;
    *link = session->next;
    break;
  }
  recycle(session);
  if (*head == nullptr) keys_.erase(entry);
}

void SessionTable::recycle(abi::Session* session) noexcept { free_.push_back(session); }

std::optional<int64_t> SessionTable::first_due() noexcept {
  settle_first();
  if (timers_.empty()) return std::nullopt;
  return timers_.top().end + lag_;
}

}  // namespace sluice

namespace sluice::abi {

namespace {
SessionTable& sessions_of(Ptr sessions) { return *static_cast<SessionTable*>(sessions); }
}  // namespace

extern "C" {

Ptr rt_session_find(Ptr, Ptr sessions, Ptr entry, Ptr head, I64 time, I64 gap) noexcept {
  return sessions_of(sessions).find(static_cast<char*>(entry), static_cast<Session**>(head), time, gap);
}

Ptr rt_session_absorb(Ptr, Ptr sessions, Ptr head, Ptr session) noexcept {
  return sessions_of(sessions).absorb(static_cast<Session**>(head), static_cast<Session*>(session));
}

Ptr rt_session_due(Ptr context, Ptr sessions) noexcept {
  return sessions_of(sessions).due(static_cast<TaskContext*>(context)->watermark);
}

void rt_session_release(Ptr, Ptr sessions, Ptr session, Ptr head) noexcept {
  sessions_of(sessions).release(static_cast<Session*>(session), static_cast<Session**>(head));
}

}  // extern "C"

}  // namespace sluice::abi
