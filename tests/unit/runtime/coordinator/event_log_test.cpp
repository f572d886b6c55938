#include "runtime/coordinator/event_log.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(EventLog, PagesGoOnWhereTheyEnded) {
  EventLog log(10);
  EXPECT_TRUE(log.read(0, 5).lines.empty());
  for (const char* text : {"a", "b", "c"}) log.add(text);
  const LogPage first = log.read(0, 2);
  ASSERT_EQ(first.lines.size(), 2u);
  EXPECT_EQ(first.lines[1].text, "b");
  EXPECT_EQ(first.next, 2u);
  const LogPage second = log.read(first.next, 2);
  ASSERT_EQ(second.lines.size(), 1u);
  EXPECT_EQ(second.lines[0].text, "c");
  EXPECT_EQ(second.next, 3u);
  EXPECT_TRUE(log.read(second.next, 2).lines.empty());
}

TEST(EventLog, OldLinesGoAndThatIsSaid) {
  EventLog log(3);
  for (int i = 0; i < 10; ++i) log.add(std::to_string(i));
  const LogPage page = log.read(5, 100);
  EXPECT_EQ(page.dropped, 2u);
  ASSERT_EQ(page.lines.size(), 3u);
  EXPECT_EQ(page.lines[0].text, "7");
  EXPECT_EQ(page.lines[0].number, 7u);
  EXPECT_EQ(log.read(8, 100).dropped, 0u);
  EXPECT_EQ(log.read(99, 100).next, 10u);
}

TEST(EventLog, LongLinesAreCut) {
  EventLog log(3);
  log.add(std::string(1 << 20, 'x'));
  EXPECT_LT(log.read(0, 1).lines[0].text.size(), 5000u);
}

}  // namespace
}  // namespace sluice
