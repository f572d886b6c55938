// States saved in the middle of a job and loaded into a new task: what comes out is what would have come out anyway,
// byte by byte. From Flow text to compiled stages, one task each.
#include "tests/unit/compiler/jit/task_snapshot_test.h"

namespace sluice {
namespace {

TEST_F(TaskSnapshotTest, Groups) {
  write("in.csv", visits());
  expect_same(kPlain +
              "|> aggregate n = count(), lo = min(page), hi = max(page), ms = avg(ms), total = sum(price), "
              "first = min(ms), pages = count_distinct(page), slow = count_distinct(page) where id > 100 per user\n" +
              kToJson);
}

TEST_F(TaskSnapshotTest, GroupsByKeysOfAllKinds) {
  write("in.csv", visits());
  expect_same(kPlain + "|> aggregate n = count(), hi = max(user) per page, ms, price, at\n" + kToJson);
}

TEST_F(TaskSnapshotTest, TheOnlyGroup) {
  write("in.csv", visits());
  expect_same(kPlain + "|> aggregate n = count(), total = sum(price), hi = max(page)\n" + kToJson);
}

TEST_F(TaskSnapshotTest, CountersOfRows) {
  write("in.csv", visits());
  expect_same(kPlain + "|> skip 37 |> take 250\n" + kToJson);
}

TEST_F(TaskSnapshotTest, WindowsThatFollowEachOther) {
  write("in.csv", visits());
  expect_same(kTimed +
              "|> aggregate n = count(), pages = count_distinct(page), hi = max(page) per user over tumble(3s)\n" +
              "|> top 2 by n desc, user per window\n" + kToJson);
}

TEST_F(TaskSnapshotTest, WindowsThatSharePanes) {
  write("in.csv", visits());
  expect_same(kTimed + "|> aggregate n = count(), hi = max(page), ms = avg(ms) per user over hop(10s, every = 2s)\n" +
              kToJson);
}

TEST_F(TaskSnapshotTest, TheBestRows) {
  write("in.csv", visits());
  expect_same(kPlain + "|> top 7 with ties by price desc\n" + kToJson);
  expect_same(kPlain + "|> top 20 by ms desc, id\n" + kToJson);
}

TEST_F(TaskSnapshotTest, TheBestRowsOfKeys) {
  write("in.csv", visits());
  expect_same(kPlain + "|> top 3 with ties by price desc per user\n" + kToJson);
  expect_same(kPlain + "|> top 3 by price desc, id per page\n" + kToJson);
  expect_same(kPlain + "|> top 1 by ms desc, page, id per user\n" + kToJson);
}

TEST_F(TaskSnapshotTest, JoinsOfAllRows) {
  write("in.csv", visits());
  expect_same(kPlain + "|> join visits as other on other.user == user and other.id > id + 300\n" +
              "|> select id, other = other.id, page, was = other.page\n" + kToJson);
}

TEST_F(TaskSnapshotTest, JoinsWithinSomeTime) {
  write("in.csv", visits());
  expect_same(kTimed + "|> join visits as other on other.user == user within 500ms\n" +
              "|> select id, other = other.id, page\n" + kToJson);
}

TEST_F(TaskSnapshotTest, JoinsOfWindows) {
  write("in.csv", visits());
  expect_same(kTimed + "|> left join visits as other on other.user == user and other.id == id + 1 over tumble(2s)\n" +
              "|> select id, other = other?.id, page\n" + kToJson);
}

TEST_F(TaskSnapshotTest, AllRowsInOrder) {
  write("in.csv", visits());
  expect_same(kPlain + "|> sort by ms desc, id\n" + kToJson);
}

TEST_F(TaskSnapshotTest, ResultsThatChange) {
  write("in.csv", visits());
  expect_same(kPlain + "|> aggregate n = count(), hi = max(page), d = count_distinct(page) per user |> changes\n" +
              kToJson);
  expect_same(kPlain + "|> aggregate hi = max(price) per user, page |> aggregate n = count(), lo = min(hi), " +
              "all = max(page) per user |> changes\n" + kToJson);
}

TEST_F(TaskSnapshotTest, Sessions) {
  write("in.csv", visits());
  expect_same(kTimed + "|> aggregate n = count(), hi = max(page), ms = avg(ms) per user over session(1500ms)\n" +
              kToJson);
}

TEST_F(TaskSnapshotTest, TheBestRowsOfSessions) {
  write("in.csv", visits());
  expect_same(kTimed + "|> top 2 by price desc, id per user over session(1500ms)\n" + kToJson);
}

}  // namespace
}  // namespace sluice
