#include "runtime/state/table_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/state/tournament.h"

namespace sluice {

namespace {

constexpr uint64_t kMostPlaces = 0xffff;

uint64_t word_at(const char* address) {
  uint64_t word;
  std::memcpy(&word, address, sizeof word);
  return word;
}

uint64_t hash_of(const char* entry) { return word_at(entry); }

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

TableSnapshot::TableSnapshot(uint32_t state, EntryCodec codec, Links links, Owners owners, const Schema& rows)
    : state_(state),
      codec_(std::move(codec)),
      links_(std::move(links)),
      owners_(std::move(owners)),
      rows_(rows),
      places_(owners_.changed) {}

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
  places_.look_up();
  if (owners_.sessions) owners_.sessions->look_up();
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
  if (links_.waits && word_at(entry + codec_.layout().states[*links_.waits]) != 0)
    places_.save(entry, ChangedPlaces::kAnyTime, out);
  for (const size_t state : links_.tops) save_top(take(state));
  if (links_.last) static_cast<void>(take(*links_.last));
  for (const size_t state : links_.rows) save_chain(static_cast<const abi::JoinCell*>(take(state)));
  for (const size_t state : links_.sessions) {
    take(state);
    owners_.sessions->save(entry, entry + codec_.layout().states[state], value_);
  }
  for (const size_t state : links_.frames)
    FrameRows::save_key(static_cast<const FrameRows::KeyRows*>(take(state)), out);
}

void TableSnapshot::save_top(void* top) {
  ByteWriter out(value_);
  out.u8(top != nullptr ? 1 : 0);
  if (top == nullptr) return;
  if (owners_.rankings == nullptr) return TopState::save_key(top, out);
  const auto& ranking = *static_cast<const Ranking*>(top);
  ranking.save(out);
  if (ranking.is_listed()) places_.save(top, ChangedPlaces::kAnyTime, out);
}

bool TableSnapshot::load_top(ByteReader& in, void** slot, TopState* owner) const {
  if (in.u8() == 0) return in.is_well();
  if (owners_.rankings == nullptr) return owner->load_key(slot, in, rows_);
  Ranking& ranking = owners_.rankings->of_key(slot);
  return ranking.load(in, rows_) && (!ranking.is_listed() || places_.load(in, &ranking));
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
  std::ranges::for_each(links_.frames, clear);
  if (links_.waits && word_at(place(*links_.waits)) != 0 && !places_.load(in, entry)) return false;
  for (const size_t state : links_.tops)
    if (!load_top(in, reinterpret_cast<void**>(place(state)), owner)) return false;
  abi::JoinCell* last = nullptr;
  for (const size_t state : links_.rows) {
    abi::JoinCell* first = nullptr;
    if (!load_chain(in, table, first, last)) return false;
    std::memcpy(place(state), &first, sizeof(void*));
  }
  if (links_.last) std::memcpy(place(*links_.last), &last, sizeof(void*));
  for (const size_t state : links_.sessions)
    if (!owners_.sessions->load(in, table, entry, place(state))) return false;
  for (const size_t state : links_.frames)
    if (!owners_.frames->load_key(reinterpret_cast<FrameRows::KeyRows**>(place(state)), in, rows_)) return false;
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
