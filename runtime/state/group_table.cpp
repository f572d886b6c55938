#include "runtime/state/group_table.h"

#define XXH_INLINE_ALL  // small keys: the call would cost as much as the hash
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "lang/support/invariant.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/data/big_memory.h"

namespace sluice {

namespace {

constexpr uint64_t kSlotsPerSpareOne = 4;
constexpr size_t kFirstBytesPerSlot = 16;
constexpr uint64_t kPrefetchDistance = 16;  // slots

using uint128 = unsigned __int128;

uint64_t hash_of(uint64_t slot) {
  uint64_t hash;
  std::memcpy(&hash, GroupTable::entry_of(slot), sizeof hash);
  return hash;
}

// Entries are scattered over memory, but which ones will be read soon is known.
void prefetch(const uint64_t* slots, uint64_t position, uint64_t count) {
  if (position < count && slots[position] != 0) __builtin_prefetch(GroupTable::entry_of(slots[position]));
}

uint64_t slots_filled_before_growth(uint64_t home_slots) { return home_slots * 3 / 5; }

uint64_t slot_value(const char* entry, uint64_t hash) { return reinterpret_cast<uintptr_t>(entry) | hash << 48; }

}  // namespace

HashRange hash_range(uint32_t key_groups, uint32_t first_group, uint32_t end_group) {
  // The first hash of group g is the smallest h with h * key_groups >= g * 2^64.
  const auto first_hash = [&](uint32_t group) { return ((uint128{group} << 64) + key_groups - 1) / key_groups; };
  const uint128 first = first_hash(first_group);
  return {static_cast<uint64_t>(first), static_cast<uint64_t>(first_hash(end_group) - first)};
}

GroupTable::GroupTable(uint32_t entry_size, HashRange range, uint64_t* account, uint64_t first_slots)
    : abi::HashTable{},
      range_(range),
      entry_size_(entry_size),
      account_(account),
      memory_(kFirstBytesPerSlot * first_slots, account) {
  SLUICE_INVARIANT(entry_size >= sizeof(uint64_t), "a table entry begins with its hash");
  hash_base = range.first;
  allocate_slots(first_slots, first_slots / kSlotsPerSpareOne);
}

GroupTable::~GroupTable() {
  free_zeroed(reinterpret_cast<char*>(slots), slot_count * sizeof(uint64_t));
  *account_ -= slot_count * sizeof(uint64_t);
}

void GroupTable::allocate_slots(uint64_t home_slots, uint64_t spare_slots) noexcept {
  home_slots_ = home_slots;
  spare_slots_ = spare_slots;
  slot_count = home_slots + spare_slots;
  grow_at_ = slots_filled_before_growth(home_slots);
  hash_scale = range_.count == 0 ? home_slots : static_cast<uint64_t>((uint128{home_slots} << 64) / range_.count);
  slots = reinterpret_cast<uint64_t*>(allocate_zeroed(slot_count * sizeof(uint64_t)));
  *account_ += slot_count * sizeof(uint64_t);
}

// The last slot stays empty, so that every search ends.
bool GroupTable::place(uint64_t hash, uint64_t slot) noexcept {
  uint64_t position = slot_of(hash);
  while (slots[position] != 0) ++position;
  if (position + 1 == slot_count) return false;
  slots[position] = slot;
  return true;
}

void GroupTable::rebuild(uint64_t home_slots, uint64_t spare_slots) noexcept {
  uint64_t* const old_slots = slots;
  const uint64_t old_count = slot_count;
  while (true) {
    allocate_slots(home_slots, spare_slots);
    bool fits = true;
    for (uint64_t i = 0; i < old_count && fits; ++i) {
      prefetch(old_slots, i + kPrefetchDistance, old_count);
      if (old_slots[i] != 0) fits = place(hash_of(old_slots[i]), old_slots[i]);
    }
    if (fits) break;
    free_zeroed(reinterpret_cast<char*>(slots), slot_count * sizeof(uint64_t));
    *account_ -= slot_count * sizeof(uint64_t);
    spare_slots *= 2;
  }
  free_zeroed(reinterpret_cast<char*>(old_slots), old_count * sizeof(uint64_t));
  *account_ -= old_count * sizeof(uint64_t);
}

void GroupTable::reserve(uint64_t entries) noexcept {
  uint64_t home_slots = home_slots_;
  while (entries > slots_filled_before_growth(home_slots)) home_slots *= 2;
  if (home_slots != home_slots_) rebuild(home_slots, spare_slots_);
}

char* GroupTable::insert(uint64_t hash) noexcept {
  if (count >= grow_at_) rebuild(home_slots_ * 2, spare_slots_);
  char* entry = nullptr;
  if (erased_.empty()) {
    entry = memory_.allocate(entry_size_, 8);
  } else {
    entry = erased_.back();
    erased_.pop_back();
  }
  std::memset(entry, 0, entry_size_);
  std::memcpy(entry, &hash, sizeof hash);
  // Many hashes at the end of the range: more slots would not spread them, more room behind does.
  while (!place(hash, slot_value(entry, hash))) rebuild(home_slots_, spare_slots_ * 2);
  ++count;
  return entry;
}

// Slots of a run (between two empty ones) in hash order is an order that linear probing could have made as well: an
// entry whose first slot lay behind its new one would have too few slots behind it for the entries that follow.
void GroupTable::sort_run(uint64_t begin) noexcept {
  uint64_t end = begin;
  while (slots[end] != 0) ++end;
  if (end - begin > 32) {
    std::sort(slots + begin, slots + end, [](uint64_t a, uint64_t b) { return hash_of(a) < hash_of(b); });
    return;
  }
  for (uint64_t i = begin + 1; i < end; ++i) {
    const uint64_t slot = slots[i];
    const uint64_t hash = hash_of(slot);
    uint64_t to = i;
    for (; to > begin && hash_of(slots[to - 1]) > hash; --to) slots[to] = slots[to - 1];
    slots[to] = slot;
  }
}

char* GroupTable::next(uint64_t* cursor) noexcept {
  uint64_t position = *cursor;
  for (; position < slot_count && slots[position] == 0; ++position)
    prefetch(slots, position + kPrefetchDistance, slot_count);
  if (position == slot_count) {
    *cursor = position;
    return nullptr;
  }
  if (position == 0 || slots[position - 1] == 0) sort_run(position);
  prefetch(slots, position + kPrefetchDistance, slot_count);
  *cursor = position + 1;
  return entry_of(slots[position]);
}

// The entries of the run behind it move up, as far as they do not come to stand in front of their first slots.
void GroupTable::erase(char* entry) noexcept {
  uint64_t hole = slot_of(hash_of(reinterpret_cast<uint64_t>(entry)));
  while (entry_of(slots[hole]) != entry) ++hole;
  for (uint64_t next = hole + 1; slots[next] != 0; ++next) {
    if (slot_of(hash_of(slots[next])) > hole) continue;
    slots[hole] = slots[next];
    hole = next;
  }
  slots[hole] = 0;
  --count;
  erased_.push_back(entry);
  for (const auto& field : outgrown_) reuse(field.data, field.capacity);
  outgrown_.clear();
}

void GroupTable::reuse(char* bytes, uint64_t size) noexcept {
  const auto power = static_cast<size_t>(std::bit_width(size));
  if (free_bytes_.size() <= power) free_bytes_.resize(power + 1);
  free_bytes_[power].push_back(bytes);
}

void GroupTable::give_back(char* memory, uint64_t size) noexcept {
  constexpr uint64_t kLargest = 4096;
  if (size < sizeof(char*) || size > kLargest) return;
  if (given_back_.size() <= size) given_back_.resize(size + 1);
  std::memcpy(memory, &given_back_[size], sizeof(char*));
  given_back_[size] = memory;
}

char* GroupTable::take_back(uint64_t size) noexcept {
  char* memory = given_back_[size];
  std::memcpy(&given_back_[size], memory, sizeof(char*));
  return memory;
}

void GroupTable::clear() noexcept {
  erased_.clear();
  free_bytes_.clear();
  outgrown_.clear();
  given_back_.clear();
  std::memset(slots, 0, slot_count * sizeof(uint64_t));
  count = 0;
  memory_.reset();
}

void GroupTable::swap(GroupTable& other) noexcept {
  std::swap(static_cast<abi::HashTable&>(*this), static_cast<abi::HashTable&>(other));
  std::swap(home_slots_, other.home_slots_);
  std::swap(spare_slots_, other.spare_slots_);
  std::swap(grow_at_, other.grow_at_);
  std::swap(erased_, other.erased_);
  std::swap(free_bytes_, other.free_bytes_);
  std::swap(outgrown_, other.outgrown_);
  std::swap(given_back_, other.given_back_);
  std::swap(memory_, other.memory_);
}

// Room for any number of bytes with the same logarithm.
char* GroupTable::reusable(uint64_t size) noexcept {
  const auto power = static_cast<size_t>(std::bit_width(size));
  if (power >= free_bytes_.size() || free_bytes_[power].empty()) return memory_.allocate(size_t{1} << power);
  char* bytes = free_bytes_[power].back();
  free_bytes_[power].pop_back();
  return bytes;
}

char* GroupTable::copy(std::string_view bytes) noexcept {
  char* copy = reuses_bytes_ ? reusable(bytes.size()) : memory_.allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  return copy;
}

void GroupTable::set_string(StringField& field, std::string_view bytes) noexcept {
  if (bytes.size() > field.capacity && reuses_bytes_) {
    // The value of another state may still be in the old bytes.
    if (field.capacity != 0) outgrown_.push_back({field.data, field.size, field.capacity});
    field.data = reusable(bytes.size());
    field.capacity = (uint64_t{1} << std::bit_width(bytes.size())) - 1;
  } else if (bytes.size() > field.capacity) {
    // The old bytes are lost until the table is cleared; growing by half bounds that to twice what is used.
    const uint64_t capacity = std::max<uint64_t>(bytes.size(), field.capacity + field.capacity / 2);
    field.data = memory_.allocate(capacity);
    field.capacity = capacity;
  }
  if (!bytes.empty()) std::memmove(field.data, bytes.data(), bytes.size());
  field.size = bytes.size();
}

}  // namespace sluice

namespace sluice::abi {

namespace {
GroupTable& table_of(Ptr table) { return *static_cast<GroupTable*>(static_cast<HashTable*>(table)); }
std::string_view view_of(Ptr data, I64 size) { return {static_cast<const char*>(data), static_cast<size_t>(size)}; }
}  // namespace

extern "C" {

Ptr rt_table_insert(Ptr, Ptr table, I64 hash) noexcept { return table_of(table).insert(static_cast<uint64_t>(hash)); }

Ptr rt_table_next(Ptr table, Ptr cursor) noexcept { return table_of(table).next(static_cast<uint64_t*>(cursor)); }

void rt_table_clear(Ptr, Ptr table) noexcept { table_of(table).clear(); }

void rt_table_erase(Ptr table, Ptr entry) noexcept { table_of(table).erase(static_cast<char*>(entry)); }

void rt_table_reuse(Ptr table, Ptr data, I64 size) noexcept {
  table_of(table).reuse(static_cast<char*>(data), static_cast<uint64_t>(size));
}

Ptr rt_table_copy(Ptr table, Ptr data, I64 size) noexcept { return table_of(table).copy(view_of(data, size)); }

void rt_table_set_string(Ptr table, Ptr field, Ptr data, I64 size) noexcept {
  table_of(table).set_string(*static_cast<GroupTable::StringField*>(field), view_of(data, size));
}

I64 rt_hash_bytes(Ptr data, I64 size) noexcept {
  return static_cast<I64>(XXH3_64bits(data, static_cast<size_t>(size)));
}

}  // extern "C"

}  // namespace sluice::abi
