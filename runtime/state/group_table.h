// GroupTable: owns an abi::HashTable (see layout.h for its form): slots, entries and the bytes of their strings.
// Generated code searches it; everything that changes it goes through here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/data/byte_arena.h"

namespace sluice {

// The hashes that one task can see: those of its key groups.
struct HashRange {
  uint64_t first = 0;
  uint64_t count = 0;  // 0 stands for all 2^64
  bool operator==(const HashRange&) const = default;
};
// The range of key groups [first_group, end_group) of `key_groups`; group = mulhi(hash, key_groups).
[[nodiscard]] HashRange hash_range(uint32_t key_groups, uint32_t first_group, uint32_t end_group);

class GroupTable : public abi::HashTable {
 public:
  static constexpr uint64_t kFirstSlots = 256;

  // Entries of `entry_size` bytes; hashes outside of `range` must not occur. Memory is added to *account.
  // `first_slots`: a power of two, for a start.
  GroupTable(uint32_t entry_size, HashRange range, uint64_t* account, uint64_t first_slots = kFirstSlots);
  ~GroupTable();
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // Makes room for so many entries.
  void reserve(uint64_t entries) noexcept;
  // A zeroed entry that begins with `hash`.
  [[nodiscard]] char* insert(uint64_t hash) noexcept;
  // The next entry in hash order at or behind *cursor (0 = the first), which it advances; null at the end.
  // Sorts the slots on its way, so inserting while iterating is not allowed.
  [[nodiscard]] char* next(uint64_t* cursor) noexcept;
  // Forgets an entry; its memory serves the next one that is made. So does that of its strings, when they are given
  // back (reuse) and the table was told so beforehand.
  void erase(char* entry) noexcept;
  void expect_reuse() noexcept { reuses_bytes_ = true; }
  void reuse(char* bytes, uint64_t size) noexcept;
  void clear() noexcept;
  // 8-byte aligned memory that lives as long as the entries.
  [[nodiscard]] char* room(uint64_t size) noexcept {
    return size < given_back_.size() && given_back_[size] != nullptr ? take_back(size) : memory_.allocate(size, 8);
  }
  // Memory of `room` that nobody uses any more: for the next who wants as much. Not for very large pieces.
  void give_back(char* memory, uint64_t size) noexcept;
  [[nodiscard]] char* copy(std::string_view bytes) noexcept;
  // Of everything but the slots.
  [[nodiscard]] uint64_t entry_bytes() const { return memory_.held_bytes(); }
  [[nodiscard]] uint32_t entry_size() const { return entry_size_; }
  // Both must be made alike.
  void swap(GroupTable& other) noexcept;
  struct StringField {
    char* data;
    uint64_t size;
    uint64_t capacity;
  };
  void set_string(StringField& field, std::string_view bytes) noexcept;

  [[nodiscard]] static char* entry_of(uint64_t slot) noexcept {
    return reinterpret_cast<char*>(slot & 0xffffffffffffull);
  }
  // Is it one of those that the table was made for?
  [[nodiscard]] bool has_room_for(uint64_t hash) const noexcept {
    return range_.count == 0 || hash - range_.first < range_.count;
  }
  // Where the search for a hash begins.
  [[nodiscard]] uint64_t slot_of(uint64_t hash) const noexcept {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(hash - hash_base) * hash_scale) >> 64);
  }

 private:
  void allocate_slots(uint64_t home_slots, uint64_t spare_slots) noexcept;
  void rebuild(uint64_t home_slots, uint64_t spare_slots) noexcept;
  char* take_back(uint64_t size) noexcept;
  [[nodiscard]] char* reusable(uint64_t size) noexcept;
  void sort_run(uint64_t begin) noexcept;
  bool place(uint64_t hash, uint64_t slot) noexcept;

  HashRange range_;
  uint32_t entry_size_;
  uint64_t home_slots_ = 0;  // slots that hashes map to; spare ones follow
  uint64_t spare_slots_ = 0;
  uint64_t grow_at_ = 0;
  uint64_t* account_;
  std::vector<char*> erased_;
  bool reuses_bytes_ = false;
  std::vector<std::vector<char*>> free_bytes_;  // by the binary logarithm of their size
  std::vector<StringField> outgrown_;           // to be reused when an entry is erased
  std::vector<char*> given_back_;  // by size: the first of a list, each piece begins with the address of the next
  ByteArena memory_;               // entries and their strings, side by side: one cache miss brings both
};

}  // namespace sluice
