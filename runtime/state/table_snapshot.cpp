#include "runtime/state/table_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/state/tournament.h"

namespace sluice {

namespace {

constexpr uint64_t kMostPlaces = 0xffff;

uint64_t hash_of(const char* entry) {
  uint64_t hash;
  std::memcpy(&hash, entry, sizeof hash);
  return hash;
}

// Entries with one hash keep their order: records of one hash are sorted by their keys.
void append_place(std::string& key, uint64_t place) {
  place = std::min(place, kMostPlaces);
  key.push_back(static_cast<char>(place >> 8));
  key.push_back(static_cast<char>(place & 0xff));
}
constexpr uint64_t kPlaceBytes = 2;

}  // namespace

std::unexpected<Error> damaged_snapshot(uint32_t state) {
  return external_error(fmt::format("the snapshot of state {} is damaged", state));
}

struct TableSnapshot::Run {
  Entries from;
  uint64_t cursor = 0;
  const char* entry = nullptr;  // the next to be saved; null: none

  void advance(uint32_t entry_size) {
    if (from.table != nullptr) {
      entry = from.table->next(&cursor);
    } else {
      entry = cursor == from.count ? nullptr : from.sorted + cursor++ * entry_size;
    }
  }
};

TableSnapshot::TableSnapshot(uint32_t state, EntryCodec codec, Links links, Sessions sessions, const Schema& rows)
    : state_(state), codec_(std::move(codec)), links_(std::move(links)), sessions_(std::move(sessions)), rows_(rows) {}

Status TableSnapshot::save(std::vector<Entries> from, SnapshotWriter& writer) {
  std::vector<Run> runs;
  std::vector<uint64_t> heads;
  for (auto& entries : from) {
    Run run{std::move(entries)};
    run.advance(entry_size());
    if (run.entry == nullptr) continue;
    heads.push_back(hash_of(run.entry));
    runs.push_back(std::move(run));
  }
  if (runs.empty()) return {};
  Tournament order;
  order.begin(heads);
  uint64_t place = 0;
  uint64_t latest_hash = heads.front() - 1;
  while (!order.is_over()) {
    Run& run = runs[order.run()];
    const uint64_t hash = order.head();
    place = hash == latest_hash ? place + 1 : 0;
    latest_hash = hash;
    SLUICE_TRY(put(run, hash, place, writer));
    run.advance(entry_size());
    if (run.entry == nullptr) {
      order.end_run();
    } else {
      order.replace(hash_of(run.entry));
    }
  }
  return {};
}

Status TableSnapshot::put(const Run& run, uint64_t hash, uint64_t place, SnapshotWriter& writer) {
  key_ = run.from.prefix;
  append_place(key_, place);
  value_.clear();
  codec_.save_keys(run.entry, key_);
  codec_.save_states(run.entry, value_);
  save_links(run.entry);
  return writer.put({state_, hash, key_, value_});
}

// `value_` begins with the states, in which addresses are to be zeros.
void TableSnapshot::save_links(const char* entry) {
  const auto take = [&](size_t state) {
    const uint32_t offset = codec_.layout().states[state];
    void* address;
    std::memcpy(&address, entry + offset, sizeof address);
    std::memset(value_.data() + (offset - codec_.layout().states.front()), 0, sizeof address);
    return address;
  };
  ByteWriter out(value_);
  for (const size_t state : links_.tops) {
    void* top = take(state);
    out.u8(top != nullptr ? 1 : 0);
    if (top != nullptr) TopState::save_key(top, out);
  }
  if (links_.last) static_cast<void>(take(*links_.last));
  for (const size_t state : links_.rows) save_chain(static_cast<const abi::JoinCell*>(take(state)));
  for (const size_t state : links_.sessions) save_sessions(static_cast<abi::Session*>(take(state)));
}

namespace {

// Behind the head of a session stands what in an entry stands behind the hash.
char* as_entry(abi::Session* session) { return reinterpret_cast<char*>(session + 1) - sizeof(uint64_t); }

TopState** top_slot(abi::Session* session) { return reinterpret_cast<TopState**>(session + 1); }

}  // namespace

void TableSnapshot::save_sessions(abi::Session* session) {
  ByteWriter out(value_);
  for (; session != nullptr; session = session->next) {
    out.u8(1);
    out.i64(session->start);
    out.i64(session->end);
    if (sessions_.tops != nullptr) {
      sessions_.tops->of(top_slot(session)).save(out);
    } else {
      sessions_.states->save_states(as_entry(session), value_);
    }
  }
  out.u8(0);
}

bool TableSnapshot::load_sessions(ByteReader& in, GroupTable& table, char* entry, abi::Session** head) const {
  while (in.u8() == 1) {
    const int64_t start = in.i64();
    const int64_t end = in.i64();
    if (!in.is_well()) return false;
    abi::Session* session = sessions_.table->restore(entry, start, end);
    *head = session;
    head = &session->next;
    const bool is_well = sessions_.tops != nullptr ? sessions_.tops->of(top_slot(session)).load(in, rows_)
                                                   : sessions_.states->load_states(in, table, as_entry(session));
    if (!is_well) return false;
  }
  return in.is_well();
}

void TableSnapshot::save_chain(const abi::JoinCell* cell) {
  ByteWriter out(value_);
  for (; cell != nullptr; cell = cell->next) {
    out.u8(1);
    out.i64(cell->until);
    out.u32(cell->matches);
    out.text({reinterpret_cast<const char*>(cell + 1), cell->size});
  }
  out.u8(0);
}

Status TableSnapshot::load(const SnapshotRecord& record, std::string_view key, GroupTable& table,
                           TopState* owner) const {
  if (!table.has_room_for(record.hash)) return damaged_snapshot(state_);
  char* entry = table.insert(record.hash);
  ByteReader keys(key);
  ByteReader values(record.value);
  static_cast<void>(keys.raw(kPlaceBytes));
  const bool is_well = codec_.load_keys(keys, table, entry) && codec_.load_states(values, table, entry) &&
                       load_elsewhere(values, table, owner, entry) && keys.is_done() && values.is_done();
  return is_well ? Status{} : damaged_snapshot(state_);
}

bool TableSnapshot::load_elsewhere(ByteReader& in, GroupTable& table, TopState* owner, char* entry) const {
  const auto place = [&](size_t state) { return entry + codec_.layout().states[state]; };
  const auto clear = [&](size_t state) { std::memset(place(state), 0, sizeof(void*)); };
  std::ranges::for_each(links_.tops, clear);
  std::ranges::for_each(links_.rows, clear);
  std::ranges::for_each(links_.sessions, clear);
  for (const size_t state : links_.tops)
    if (in.u8() != 0 && !owner->load_key(reinterpret_cast<void**>(place(state)), in, rows_)) return false;
  abi::JoinCell* last = nullptr;
  for (const size_t state : links_.rows) {
    abi::JoinCell* first = nullptr;
    if (!load_chain(in, table, first, last)) return false;
    std::memcpy(place(state), &first, sizeof first);
  }
  if (links_.last) std::memcpy(place(*links_.last), &last, sizeof last);
  for (const size_t state : links_.sessions)
    if (!load_sessions(in, table, entry, reinterpret_cast<abi::Session**>(place(state)))) return false;
  return true;
}

bool TableSnapshot::load_chain(ByteReader& in, GroupTable& table, abi::JoinCell*& first, abi::JoinCell*& last) {
  abi::JoinCell** end = &first;
  while (in.u8() == 1) {
    const int64_t until = in.i64();
    const uint32_t matches = in.u32();
    const std::string_view row = in.text();
    if (!in.is_well() || row.size() > UINT32_MAX) return false;
    last = reinterpret_cast<abi::JoinCell*>(table.room(sizeof(abi::JoinCell) + row.size()));
    *last = {nullptr, until, static_cast<uint32_t>(row.size()), matches};
    if (!row.empty()) std::memcpy(last + 1, row.data(), row.size());
    *end = last;
    end = &last->next;
  }
  return in.is_well();
}

}  // namespace sluice
