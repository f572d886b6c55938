#include "runtime/state/session_snapshot.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "runtime/abi/layout.h"

namespace sluice {

namespace {

// Behind the head of a session stands what in an entry stands behind the hash.
char* as_entry(abi::Session* session) { return reinterpret_cast<char*>(session + 1) - sizeof(uint64_t); }

TopState** top_slot(abi::Session* session) { return reinterpret_cast<TopState**>(session + 1); }

// A word, or the address that it is.
template <class T>
T get(const char* place) {
  uint64_t word;
  std::memcpy(&word, place, sizeof word);
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<T>(word);
  } else {
    return static_cast<T>(word);
  }
}

void put(char* place, uint64_t word) { std::memcpy(place, &word, sizeof word); }
void put(char* place, const void* address) { put(place, reinterpret_cast<uintptr_t>(address)); }

uint64_t address_of(const abi::Session* session) { return reinterpret_cast<uintptr_t>(session); }

}  // namespace

SessionSnapshot::SessionSnapshot(SessionTable& table, SessionTops* tops, const Schema& rows,
                                 std::optional<States> states, std::vector<Values> values, ChangedGroups* changed)
    : table_(&table),
      tops_(tops),
      rows_(rows),
      states_(std::move(states)),
      values_(std::move(values)),
      places_(changed) {}

void SessionSnapshot::look_up() {
  places_.look_up();
  if (table_->has_longest()) of_keys_ = table_->by_keys();
}

void SessionSnapshot::save(const char* entry, const char* head, std::string& out) const {
  if (!table_->has_longest()) {
    for (auto* session = get<abi::Session*>(head); session != nullptr; session = session->next)
      save_session(Kind::Open, session, out);
  } else {
    const auto* current = reinterpret_cast<const abi::KeySessions*>(head)->current;
    for (const auto& of_key : std::ranges::equal_range(of_keys_, entry, {}, &SessionTable::OfKey::entry)) {
      if (!of_key.held_number) {
        save_session(of_key.session == current ? Kind::Current : Kind::Open, of_key.session, out);
        continue;
      }
      save_session(Kind::Held, of_key.session, out);
      ByteWriter(out).u64(*of_key.held_number);
    }
  }
  ByteWriter(out).u8(static_cast<uint8_t>(Kind::None));
}

void SessionSnapshot::save_session(Kind kind, abi::Session* session, std::string& out) const {
  ByteWriter writer(out);
  writer.u8(static_cast<uint8_t>(kind));
  writer.i64(session->start);
  writer.i64(session->end);
  if (tops_ != nullptr) {
    tops_->of(top_slot(session)).save(writer);
  } else {
    save_behind(session, false, out);
  }
}

// What one that is owed leads to has gone to who owes it.
void SessionSnapshot::save_behind(abi::Session* session, bool is_owed, std::string& out) const {
  const char* entry = as_entry(session);
  const std::vector<uint32_t>& offsets = states_->codec.layout().states;
  const size_t copy = out.size();
  states_->codec.save_states(entry, out);
  ByteWriter writer(out);
  const auto clear = [&](size_t state) { put(out.data() + copy + (offsets[state] - offsets.front()), nullptr); };
  if (states_->listed) {
    if (is_owed) {
      clear(*states_->listed);
    } else if (get<uint64_t>(entry + offsets[*states_->listed]) != 0) {
      places_.save(session, get<int64_t>(entry + offsets[*states_->listed + 1]), writer);
    }
  }
  if (states_->owed) {
    clear(*states_->owed);
    auto* owed = is_owed ? nullptr : get<abi::Session*>(entry + offsets[*states_->owed]);
    for (; owed != nullptr; owed = owed->next) {
      writer.u8(1);
      writer.i64(owed->start);
      writer.i64(owed->end);
      save_behind(owed, true, out);
    }
    writer.u8(0);
  }
  for (size_t i = 0; i < states_->values.size(); ++i) {
    clear(states_->values[i]);
    save_values(i, is_owed ? nullptr : get<char*>(entry + offsets[states_->values[i]]), out);
  }
}

// Their hashes are those of the values alone, see kSessionHash.
void SessionSnapshot::save_values(size_t call, const char* value, std::string& out) const {
  const EntryCodec& codec = values_[call].codec;
  const EntryLayout& layout = codec.layout();
  for (; value != nullptr; value = get<const char*>(value + layout.states.front())) {
    const auto session = get<uint64_t>(value + layout.keys.front());
    ByteWriter(out).u8(1);
    ByteWriter(out).u64(get<uint64_t>(value) ^ (session * abi::kSessionHash));
    const size_t copy = out.size();
    codec.save_keys(value, out);
    put(out.data() + copy, nullptr);
  }
  ByteWriter(out).u8(0);
}

bool SessionSnapshot::load(ByteReader& in, GroupTable& keys, char* entry, char* head) const {
  auto* key = reinterpret_cast<abi::KeySessions*>(head);
  if (table_->has_longest()) *key = {nullptr, 0};
  auto** end = reinterpret_cast<abi::Session**>(head);
  while (true) {
    const auto kind = static_cast<Kind>(in.u8());
    if (kind == Kind::None) return in.is_well();
    if (kind != Kind::Open && !table_->has_longest()) return false;
    abi::Session* session = make(kind, entry, key, in);
    if (session == nullptr) return false;
    if (!table_->has_longest()) {
      *end = session;
      end = &session->next;
    }
    const bool is_well =
        tops_ != nullptr ? tops_->of(top_slot(session)).load(in, rows_) : load_behind(in, keys, session);
    if (!is_well) return false;
    if (kind == Kind::Held) table_->restore_held(session, key, in.u64());
  }
}

abi::Session* SessionSnapshot::make(Kind kind, char* entry, abi::KeySessions* key, ByteReader& in) const {
  const int64_t start = in.i64();
  const int64_t end = in.i64();
  if (!in.is_well() || kind > Kind::Held) return nullptr;
  if (kind == Kind::Held) return table_->restore(entry, start, end, false);
  abi::Session* session = table_->restore(entry, start, end, true);
  if (table_->has_longest()) ++key->count;
  if (kind == Kind::Current) key->current = session;
  return session;
}

bool SessionSnapshot::load_behind(ByteReader& in, GroupTable& keys, abi::Session* session) const {
  char* entry = as_entry(session);
  const std::vector<uint32_t>& offsets = states_->codec.layout().states;
  if (!states_->codec.load_states(in, keys, entry)) return false;
  if (states_->owed) put(entry + offsets[*states_->owed], nullptr);
  for (const size_t state : states_->values) put(entry + offsets[state], nullptr);
  if (states_->listed && get<uint64_t>(entry + offsets[*states_->listed]) != 0 && !places_.load(in, session))
    return false;
  if (states_->owed) {
    char* link = entry + offsets[*states_->owed];
    while (in.u8() == 1) {
      // Of one that is owed itself nothing more is owed.
      if (session->state == abi::kSessionOwedUntimed) return false;
      const int64_t start = in.i64();
      abi::Session* owed = table_->restore_owed(start, in.i64());
      put(link, owed);
      link = reinterpret_cast<char*>(&owed->next);
      if (!load_behind(in, keys, owed)) return false;
    }
  }
  for (size_t i = 0; i < states_->values.size(); ++i)
    if (!load_values(i, in, session, reinterpret_cast<char**>(entry + offsets[states_->values[i]]))) return false;
  return in.is_well();
}

bool SessionSnapshot::load_values(size_t call, ByteReader& in, abi::Session* session, char** end) const {
  const Values& values = values_[call];
  const EntryLayout& layout = values.codec.layout();
  while (in.u8() == 1) {
    char* value = values.table->insert(in.u64() ^ (address_of(session) * abi::kSessionHash));
    if (!values.codec.load_keys(in, *values.table, value)) return false;
    put(value + layout.keys.front(), address_of(session));
    put(reinterpret_cast<char*>(end), value);
    end = reinterpret_cast<char**>(value + layout.states.front());
  }
  return in.is_well();
}

abi::Session* SessionTable::restore(char* entry, int64_t start, int64_t end, bool is_timed) noexcept {
  auto* session = make(entry, start);
  session->end = end;
  session->state = abi::kSessionOpen;
  if (is_timed) timers_.push({end_of(*session), get<uint64_t>(entry), session});
  return session;
}

abi::Session* SessionTable::restore_owed(int64_t start, int64_t end) noexcept {
  auto* session = make(nullptr, start);
  session->end = end;
  session->state = abi::kSessionOwedUntimed;
  return session;
}

void SessionTable::restore_held(abi::Session* row, abi::KeySessions* key, uint64_t number) noexcept {
  ++key->count;
  held_.push({row->start, get<uint64_t>(row->entry), number, row, key});
  held_count_ = std::max(held_count_, number + 1);
}

std::vector<SessionTable::OfKey> SessionTable::by_keys() const {
  std::vector<OfKey> all;
  for (const auto& timer : timers_.all())
    if (timer.session->entry != nullptr) all.push_back({timer.session->entry, timer.session, std::nullopt});
  for (const auto& row : held_.all()) all.push_back({row.session->entry, row.session, row.number});
  std::ranges::sort(all, {}, [](const OfKey& each) {
    return std::tuple(each.entry, each.held_number.value_or(0), each.session->start);
  });
  return all;
}

}  // namespace sluice
