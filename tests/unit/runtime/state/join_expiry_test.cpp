#include "runtime/state/join_expiry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "runtime/abi/runtime_functions.h"

namespace sluice {
namespace {

constexpr uint32_t kEntry = 8 + kTextKeyBytes + 16;  // hash, a text, two chains

// A join by a text: what it keeps must be what a plain map keeps, but for rows that the watermark has passed.
class Join {
 public:
  void add(const std::string& key, size_t side, int64_t until, const std::string& row) {
    char* entry = find(key);
    if (entry == nullptr) entry = make(key);
    auto* cell = static_cast<abi::JoinCell*>(abi::rt_join_cell(
        static_cast<abi::HashTable*>(&table_), static_cast<int64_t>(sizeof(abi::JoinCell) + row.size())));
    abi::JoinCell** chain = chain_of(entry, side);
    *cell = {*chain, until, static_cast<uint32_t>(row.size()), 0};
    std::memcpy(cell + 1, row.data(), row.size());
    *chain = cell;
  }
  std::vector<std::string> rows(const std::string& key, size_t side, int64_t watermark) {
    std::vector<std::string> result;
    char* entry = find(key);
    if (entry == nullptr) return result;
    for (const auto* cell = *chain_of(entry, side); cell != nullptr; cell = cell->next)
      if (cell->until >= watermark) result.emplace_back(reinterpret_cast<const char*>(cell + 1), cell->size);
    return result;
  }
  void advance(int64_t watermark) { expiry_.advance(watermark); }
  [[nodiscard]] uint64_t bytes() const { return account_; }
  [[nodiscard]] uint64_t keys() const { return table_.count; }

 private:
  static uint64_t hash_of(const std::string& key) {
    return static_cast<uint64_t>(abi::rt_hash_bytes(const_cast<char*>(key.data()), static_cast<int64_t>(key.size())));
  }
  static abi::JoinCell** chain_of(char* entry, size_t side) {
    return reinterpret_cast<abi::JoinCell**>(entry + kEntry - 16 + side * 8);
  }
  static std::string key_of(const char* entry) {
    uint64_t size;
    std::memcpy(&size, entry + 8, sizeof size);
    const char* text = entry + 16;
    if (size > kShortTextBytes) std::memcpy(&text, entry + 24, sizeof text);
    return {text, size};
  }
  char* find(const std::string& key) {
    for (uint64_t slot = table_.slot_of(hash_of(key)); table_.slots[slot] != 0; ++slot)
      if (char* entry = GroupTable::entry_of(table_.slots[slot]); key_of(entry) == key) return entry;
    return nullptr;
  }
  char* make(const std::string& key) {
    char* entry = table_.insert(hash_of(key));
    const uint64_t size = key.size();
    std::memcpy(entry + 8, &size, sizeof size);
    if (size <= kShortTextBytes) {
      std::memcpy(entry + 16, key.data(), size);
    } else {
      const char* text = table_.copy(key);
      std::memcpy(entry + 24, &text, sizeof text);
    }
    return entry;
  }

  uint64_t account_ = 0;
  GroupTable table_{kEntry, {}, &account_};
  JoinExpiry expiry_{table_, {}, {8}, &account_};
};

TEST(JoinExpiry, KeepsWhatIsNeededInItsOrder) {
  constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
  Join join;
  std::map<std::string, std::vector<std::pair<int64_t, std::string>>> expected;
  std::mt19937 random(1);
  for (int64_t now = 0; now < 40'000; ++now) {
    const std::string key = std::string(random() % 2 == 0 ? "k" : "a key that is longer than two words ") +
                            std::to_string(random() % 2 == 0 ? now / 100 : 7);
    const size_t side = random() % 2;
    const int64_t until = random() % 1000 == 0 ? kForever : now + static_cast<int64_t>(random() % 500);
    const std::string row = std::to_string(now) + std::string(random() % 200, '.');
    join.add(key, side, until, row);
    auto& rows = expected[key + "/" + std::to_string(side)];
    rows.insert(rows.begin(), {until, row});
    if (now % 64 == 0) join.advance(now);
  }
  join.advance(40'000);
  for (const auto& [name, rows] : expected) {
    std::vector<std::string> needed;
    for (const auto& [until, row] : rows)
      if (until >= 40'000) needed.push_back(row);
    const size_t slash = name.rfind('/');
    EXPECT_EQ(join.rows(name.substr(0, slash), name.back() == '0' ? 0 : 1, 40'000), needed) << name;
  }
}

TEST(JoinExpiry, MemoryDoesNotGrowWithTheInput) {
  Join join;
  uint64_t early = 0;
  for (int64_t now = 0; now < 400'000; ++now) {
    join.add("key " + std::to_string(now), now % 2, now + 1000, std::string(100, 'x'));
    if (now % 256 == 0) join.advance(now);
    if (now == 40'000) early = join.bytes();
  }
  EXPECT_LE(join.bytes(), 2 * early);
  EXPECT_LT(join.keys(), 40'000u);
}

TEST(JoinExpiry, NothingMovesWhileThereIsLittle) {
  Join join;
  join.add("key", 0, 0, "old");
  join.advance(100);
  EXPECT_EQ(join.keys(), 1u);
}

}  // namespace
}  // namespace sluice
