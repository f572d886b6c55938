#include "runtime/state/session_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice {
namespace {

constexpr int64_t kGap = 10;

struct Entry {
  uint64_t hash;
  abi::Session* head;
};
struct CountedSession : abi::Session {
  int64_t rows;
};

// A table as generated code uses it: sessions count their rows.
class Sessions {
 public:
  void add(uint64_t key, int64_t time) {
    auto& entry = entry_of(key);
    auto* session = static_cast<CountedSession*>(table_.find(reinterpret_cast<char*>(&entry), &entry.head, time));
    if (std::exchange(session->state, abi::kSessionOpen) == abi::kSessionNew) session->rows = 0;
    while (auto* other = table_.absorb(&entry.head, session))
      session->rows += static_cast<CountedSession*>(other)->rows;
    ++session->rows;
  }

  using Closed = std::tuple<int64_t, uint64_t, int64_t, int64_t>;  // end, key, start, rows
  std::vector<Closed> close(int64_t watermark) {
    std::vector<Closed> closed;
    while (auto* session = static_cast<CountedSession*>(table_.due(watermark))) {
      auto& entry = *reinterpret_cast<Entry*>(session->entry);
      const uint64_t key = entry.hash;
      closed.emplace_back(session->end, key, session->start, session->rows);
      if (table_.release(session, &entry.head)) keys_.erase(reinterpret_cast<char*>(&entry));
    }
    return closed;
  }

  SessionTable& table() { return table_; }
  [[nodiscard]] uint64_t key_count() const { return keys_.count; }
  [[nodiscard]] uint64_t bytes() const { return account_; }

 private:
  Entry& entry_of(uint64_t key) {
    uint64_t cursor = 0;
    while (char* entry = keys_.next(&cursor))
      if (reinterpret_cast<Entry*>(entry)->hash == key) return *reinterpret_cast<Entry*>(entry);
    return *reinterpret_cast<Entry*>(keys_.insert(key));
  }

  uint64_t account_ = 0;
  GroupTable keys_{sizeof(Entry), {}, &account_};
  SessionTable table_{keys_, sizeof(CountedSession), kGap, 0, 0, &account_};
};

using Closed = std::vector<Sessions::Closed>;

TEST(SessionTable, RowsLessThanTheGapApartAreOneSession) {
  Sessions sessions;
  sessions.add(1, 100);
  sessions.add(1, 109);
  sessions.add(1, 119);  // just the gap later
  EXPECT_EQ(sessions.close(1000), (Closed{{119, 1, 100, 2}, {129, 1, 119, 1}}));
  EXPECT_EQ(sessions.key_count(), 0u);
}

TEST(SessionTable, ARowBetweenTwoSessionsJoinsThem) {
  Sessions sessions;
  sessions.add(1, 100);
  sessions.add(1, 115);
  sessions.add(2, 107);
  sessions.add(1, 107);
  EXPECT_EQ(sessions.close(1000), (Closed{{117, 2, 107, 1}, {125, 1, 100, 3}}));
}

TEST(SessionTable, AnEarlierRowMovesTheStart) {
  Sessions sessions;
  sessions.add(1, 100);
  sessions.add(1, 91);
  sessions.add(1, 81);  // the gap before the start: another session
  EXPECT_EQ(sessions.close(1000), (Closed{{91, 1, 81, 1}, {110, 1, 91, 2}}));
}

TEST(SessionTable, SessionsCloseWhenTheWatermarkReachesTheirEnd) {
  Sessions sessions;
  sessions.add(1, 100);
  sessions.add(2, 100);
  sessions.add(2, 105);
  EXPECT_EQ(sessions.table().first_due(), 110);
  EXPECT_TRUE(sessions.close(109).empty());
  EXPECT_EQ(sessions.close(110), (Closed{{110, 1, 100, 1}}));
  EXPECT_EQ(sessions.table().first_due(), 115);
  EXPECT_EQ(sessions.key_count(), 1u);
  EXPECT_EQ(sessions.close(115), (Closed{{115, 2, 100, 2}}));
  EXPECT_EQ(sessions.table().first_due(), std::nullopt);
}

TEST(SessionTable, SessionsThatEndTogetherComeInHashOrder) {
  Sessions sessions;
  for (const uint64_t key : {5, 3, 9, 1}) sessions.add(key, 100);
  EXPECT_EQ(sessions.close(110), (Closed{{110, 1, 100, 1}, {110, 3, 100, 1}, {110, 5, 100, 1}, {110, 9, 100, 1}}));
}

TEST(SessionTable, TimesAtTheEndsOfTimeDoNotWrapAround) {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  Sessions sessions;
  sessions.add(1, kFirst);
  sessions.add(1, kLast - 3);
  sessions.add(1, kLast - 5);
  sessions.add(1, kFirst + 2);
  EXPECT_EQ(sessions.close(kLast - 1), (Closed{{kFirst + 12, 1, kFirst, 2}}));
  EXPECT_EQ(sessions.close(kLast), (Closed{{kLast, 1, kLast - 5, 2}}));
}

// Sessions by sorting all rows, cut where the gap is.
Closed expected_of(std::map<uint64_t, std::vector<int64_t>> times) {
  Closed expected;
  for (auto& [key, of_key] : times) {
    std::ranges::sort(of_key);
    size_t first = 0;
    for (size_t i = 1; i <= of_key.size(); ++i) {
      if (i < of_key.size() && of_key[i] - of_key[i - 1] < kGap) continue;
      expected.emplace_back(of_key[i - 1] + kGap, key, of_key[first], static_cast<int64_t>(i - first));
      first = i;
    }
  }
  std::ranges::sort(expected);
  return expected;
}

TEST(SessionTable, RandomRowsInAnyOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    Sessions sessions;
    std::map<uint64_t, std::vector<int64_t>> times;
    Closed closed;
    int64_t watermark = 0;
    for (int i = 0; i < 300; ++i) {
      const uint64_t key = (1 + random() % 5) << 60;
      const int64_t time = watermark + static_cast<int64_t>(random() % 40);
      times[key].push_back(time);
      sessions.add(key, time);
      if (random() % 4 != 0) continue;
      watermark += static_cast<int64_t>(random() % 12);
      std::ranges::copy(sessions.close(watermark), std::back_inserter(closed));
    }
    std::ranges::copy(sessions.close(1'000'000), std::back_inserter(closed));
    EXPECT_EQ(closed, expected_of(times)) << "round " << round;
    EXPECT_EQ(sessions.key_count(), 0u);
  }
}

// What a session gave out before it was absorbed is owed: its memory serves no other session until that is forgotten.
TEST(SessionTable, AbsorbedSessionsStayUntilTheirResultsAreTakenBack) {
  uint64_t account = 0;
  GroupTable keys(sizeof(Entry), {}, &account);
  SessionTable table(keys, sizeof(CountedSession), kGap, 0, 0, &account);
  char* entry = keys.insert(1);
  auto** head = &reinterpret_cast<Entry*>(entry)->head;
  const auto add = [&](int64_t time) {
    auto* session = table.find(entry, head, time);
    session->state = abi::kSessionOpen;
    return session;
  };
  const auto absorb = [&](abi::Session* session, abi::Session** owed, abi::Session* others_owed, bool was_given) {
    auto* other = table.absorb(head, session);
    EXPECT_NE(other, nullptr);
    table.owe(owed, other, others_owed, was_given);
    return other;
  };
  add(100);
  add(115);
  abi::Session* owed = nullptr;
  auto* first = absorb(add(107), &owed, nullptr, true);  // the session of 100, or that of 115
  EXPECT_EQ(owed, first);
  add(132);
  abi::Session* all_owed = nullptr;
  auto* second = absorb(add(124), &all_owed, owed, true);  // what was owed by the absorbed one is owed by the other
  EXPECT_EQ(all_owed, second);
  EXPECT_EQ(second->next, first);
  EXPECT_EQ(first->next, nullptr);
  add(150);
  abi::Session* none = nullptr;
  auto* third = absorb(add(141), &none, nullptr, false);  // gave out nothing
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(table.first_due(), 160);  // no timer is left of what was absorbed
  EXPECT_EQ(add(300), third);         // whose memory serves the next one
  EXPECT_EQ(first->state, abi::kSessionOwedUntimed);
  table.forget(second);
  table.forget(first);
  EXPECT_EQ(add(400), first);
  EXPECT_EQ(add(500), second);
}

// A result that is taken back before the timer of its session has been looked at.
TEST(SessionTable, TimersOfForgottenSessionsGiveTheirMemoryBack) {
  uint64_t account = 0;
  GroupTable keys(sizeof(Entry), {}, &account);
  SessionTable table(keys, sizeof(CountedSession), kGap, 0, 0, &account);
  char* entry = keys.insert(1);
  auto** head = &reinterpret_cast<Entry*>(entry)->head;
  static_cast<void>(table.find(entry, head, 100));
  static_cast<void>(table.find(entry, head, 115));
  auto* session = table.find(entry, head, 107);
  abi::Session* owed = nullptr;
  auto* other = table.absorb(head, session);
  table.owe(&owed, other, nullptr, true);
  table.forget(other);
  EXPECT_NE(table.find(entry, head, 300), other);
  EXPECT_EQ(table.first_due(), 125);
  EXPECT_EQ(table.find(entry, head, 400), other);
}

struct LongEntry {
  uint64_t hash;
  abi::KeySessions key;
};

TEST(SessionTable, SessionsAreCutAtTheirLongestLengthInTheOrderOfTime) {
  uint64_t account = 0;
  GroupTable keys(sizeof(LongEntry), {}, &account);
  SessionTable table(keys, sizeof(CountedSession), 10, 25, 0, &account);
  char* entry = keys.insert(1);
  auto& key = reinterpret_cast<LongEntry*>(entry)->key;
  for (const int64_t time : {108, 100, 116, 131, 124, 125})
    static_cast<CountedSession*>(table.hold(entry, &key, time))->rows = 1;
  EXPECT_EQ(table.first_due(), 110);
  const auto settle = [&](int64_t watermark) {
    while (auto* row = static_cast<CountedSession*>(table.settle(watermark)))
      static_cast<CountedSession*>(row->next)->rows += row->rows;
  };
  settle(125);
  EXPECT_EQ(table.first_due(), 125);
  auto* session = static_cast<CountedSession*>(table.due(125));
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->start, 100);
  EXPECT_EQ(session->rows, 4);
  EXPECT_FALSE(table.release(session, &key));
  EXPECT_EQ(table.due(125), nullptr);
  settle(1000);
  session = static_cast<CountedSession*>(table.due(1000));
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->start, 125);
  EXPECT_EQ(session->end, 141);
  EXPECT_EQ(session->rows, 2);
  EXPECT_TRUE(table.release(session, &key));
  EXPECT_EQ(table.first_due(), std::nullopt);
}

TEST(SessionTable, MemoryOfClosedSessionsIsUsedAgain) {
  Sessions sessions;
  uint64_t bytes = 0;
  for (int64_t time = 0; time < 100'000; time += 20) {
    for (uint64_t key = 1; key < 9; ++key) sessions.add(key << 60, time);
    static_cast<void>(sessions.close(time));
    if (time == 1'000) bytes = sessions.bytes();
  }
  EXPECT_EQ(sessions.bytes(), bytes);
}

}  // namespace
}  // namespace sluice
