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

TableSnapshot::TableSnapshot(uint32_t state, EntryCodec codec, Leads leads, const Schema& rows)
    : state_(state), codec_(std::move(codec)), leads_(leads), rows_(rows) {}

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
  const size_t states = value_.size();
  codec_.save_states(run.entry, value_);
  if (leads_ != Leads::Nowhere) {
    void* first[2];
    const char* at = run.entry + codec_.layout().states.front();
    std::memcpy(&first[0], at, sizeof first[0]);
    if (leads_ != Leads::ToTop) std::memcpy(&first[1], at + sizeof first[0], sizeof first[1]);
    std::memset(value_.data() + states, 0, value_.size() - states);
    ByteWriter out(value_);
    if (leads_ == Leads::ToTop) {
      out.u8(first[0] != nullptr ? 1 : 0);
      if (first[0] != nullptr) TopState::save_key(first[0], out);
    } else {
      if (leads_ == Leads::ToRows) save_chain(static_cast<const abi::JoinCell*>(first[0]));
      save_chain(static_cast<const abi::JoinCell*>(first[1]));
    }
  }
  return writer.put({state_, hash, key_, value_});
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
  if (leads_ == Leads::Nowhere) return true;
  char* at = entry + codec_.layout().states.front();
  std::memset(at, 0, codec_.layout().states.size() * sizeof(void*));
  if (leads_ == Leads::ToTop) return in.u8() == 0 || owner->load_key(reinterpret_cast<void**>(at), in, rows_);
  abi::JoinCell* chains[2] = {nullptr, nullptr};
  abi::JoinCell* last = nullptr;
  if (leads_ == Leads::ToRows && !load_chain(in, table, chains[0], last)) return false;
  if (!load_chain(in, table, chains[1], last)) return false;
  if (leads_ == Leads::ToNewRows) chains[0] = last;
  std::memcpy(at, chains, sizeof chains);
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
