// As in task_snapshot_test.cpp: the states of steps that look at the rows around a row, and of tables that change.
#include "tests/unit/compiler/jit/task_snapshot_test.h"

namespace sluice {
namespace {

TEST_F(TaskSnapshotTest, RowsBeforeARow) {
  write("in.csv", visits());
  expect_same(kTimed + "|> extend was = lag(page), n = row_number(), hi = max(page), total = sum(price) per user\n" +
              kToJson);
  expect_same(kTimed + "|> extend was = lag(page, 2), hi = max(page), total = sum(price) per user over rows(3)\n" +
              kToJson);
  expect_same(kTimed + "|> extend n = count(), hi = max(page), mean = avg(ms) per user over last(4s)\n" + kToJson);
  expect_same(kTimed + "|> extend n = count(), total = sum(price) over last(2s)\n" + kToJson);
}

TEST_F(TaskSnapshotTest, RowsBehindARow) {
  write("in.csv", visits());
  expect_same(kTimed + "|> extend next = lead(page), later = lead(id, 3) per user\n" + kToJson);
  expect_same(kPlain + "|> extend next = lead(page) per user by at\n" + kToJson);
}

TEST_F(TaskSnapshotTest, RanksOfRows) {
  write("in.csv", visits());
  expect_same(kPlain + "|> extend r = rank(), n = row_number() per user by price desc\n" + kToJson);
  expect_same(kTimed + "|> extend n = row_number(), was = lag(page) per page\n" + kToJson);
}

TEST_F(TaskSnapshotTest, RowsBeforeARowOfKeysThatAreForgotten) {
  write("in.csv", visits());
  expect_same(kTimed + "|> extend was = lag(page), n = row_number(), hi = max(page) per user, page keep 1s\n" +
              kToJson);
  expect_same(kTimed + "|> extend total = sum(price), hi = max(page) per user over rows(4) keep 500ms\n" + kToJson);
}

TEST_F(TaskSnapshotTest, ChangesThatAreCollected) {
  write("in.csv", visits());
  expect_same(kTimed + "|> aggregate n = count(), hi = max(page), d = count_distinct(page), first = min(ms) per user " +
              "over tumble(5s) emit every(3s) |> changes\n" + kToJson);
  expect_same(kTimed + "|> aggregate n = count(), hi = max(page), total = sum(price) per user emit every(2s) " +
              "|> changes\n" + kToJson);
  expect_same(kTimed + "|> aggregate n = count(), hi = max(page) emit every(7s) |> changes\n" + kToJson);
}

TEST_F(TaskSnapshotTest, TheBestRowsOfTablesThatChange) {
  write("in.csv", visits());
  const std::string counts = kPlain + "|> aggregate n = count(), hi = max(page) per user, page ";
  expect_same(counts + "|> top 4 by n desc, user |> changes\n" + kToJson);
  expect_same(counts + "|> top 2 with ties by n desc per user as r |> changes\n" + kToJson);
}

TEST_F(TaskSnapshotTest, TheBestRowsSoFar) {
  write("in.csv", visits());
  expect_same(kTimed + "|> top 3 by price desc, id per user over tumble(5s) emit changes |> changes\n" + kToJson);
  expect_same(kTimed + "|> top 3 by price desc, id over tumble(5s) emit every(2s) |> changes\n" + kToJson);
  expect_same(kTimed + "|> top 3 by price desc, id per user emit every(2s) |> changes\n" + kToJson);
  expect_same(kTimed + "|> top 30 by price desc, id emit every(3s) |> changes\n" + kToJson);
}

TEST_F(TaskSnapshotTest, SessionsOfALongestLength) {
  write("in.csv", visits(40));
  const std::string calls = "|> aggregate n = count(), hi = max(page), ms = avg(ms), d = count_distinct(page) ";
  expect_same(kDisordered + calls + "per user over session(1500ms, max = 3s)\n" + kToJson);
  expect_same(kDisordered + calls + "per page over session(1500ms, max = 2s)\n" + kToJson);
}

TEST_F(TaskSnapshotTest, DistinctValuesOfSessions) {
  write("in.csv", visits(40));
  expect_same(kDisordered + "|> aggregate n = count(), hi = max(page), d = count_distinct(page), " +
              "some = count_distinct(ms, page) where id % 3 != 0 per user over session(1500ms)\n" + kToJson);
  expect_same(kDisordered + "|> aggregate n = count(), d = count_distinct(page) per user keep 1500ms\n" + kToJson);
}

TEST_F(TaskSnapshotTest, SessionsThatChange) {
  write("in.csv", visits(40));
  const std::string calls = "|> aggregate n = count(), hi = max(page), ms = avg(ms), d = count_distinct(page) ";
  expect_same(kDisordered + calls + "per user over session(1500ms) emit changes |> changes\n" + kToJson);
  expect_same(kDisordered + calls + "per page keep 1200ms emit changes |> changes\n" + kToJson);
}

TEST_F(TaskSnapshotTest, ChangesOfSessionsThatAreCollected) {
  write("in.csv", visits(40));
  expect_same(kDisordered + "|> aggregate n = count(), hi = max(page), d = count_distinct(page) per user " +
              "over session(1500ms) emit every(500ms) |> changes\n" + kToJson);
}

}  // namespace
}  // namespace sluice
