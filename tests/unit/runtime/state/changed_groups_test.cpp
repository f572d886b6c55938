#include "runtime/state/changed_groups.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/abi/layout.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {
namespace {

using namespace sluice::abi;

class ChangedGroupsTest : public testing::Test {
 protected:
  void add(char& group, int64_t due) { rt_changed_add(&changed_, &group, due); }
  // The groups that are due, as text.
  std::string due(int64_t watermark) {
    TaskContext context{};
    context.watermark = watermark;
    std::string groups;
    while (const void* group = rt_changed_next(&context, &changed_)) groups += *static_cast<const char*>(group);
    return groups;
  }

  uint64_t account_ = 0;
  ChangedGroups changed_{&account_};
  char a_ = 'a';
  char b_ = 'b';
  char c_ = 'c';
};

TEST_F(ChangedGroupsTest, ComeWhenTheyAreDueAndOnce) {
  EXPECT_EQ(changed_.first_due(), std::nullopt);
  add(a_, 20);
  add(b_, 10);
  add(c_, 20);
  EXPECT_EQ(changed_.first_due(), 10);
  EXPECT_EQ(due(9), "");
  EXPECT_EQ(due(10), "b");
  EXPECT_EQ(changed_.first_due(), 20);
  add(b_, 20);
  EXPECT_EQ(due(100), "acb");
  EXPECT_EQ(due(100), "");
  EXPECT_EQ(changed_.first_due(), std::nullopt);
}

TEST_F(ChangedGroupsTest, OneThatIsMovedWhileOthersComeIsThereLater) {
  add(a_, 10);
  add(b_, 10);
  EXPECT_EQ(changed_.next(10), &a_);
  add(a_, 30);
  add(a_, 5);
  EXPECT_EQ(rt_changed_due(&changed_), 10);
  EXPECT_EQ(changed_.next(5), &a_);
  EXPECT_EQ(rt_changed_due(&changed_), 5);
  EXPECT_EQ(changed_.next(10), &b_);
  EXPECT_EQ(changed_.next(10), nullptr);
  EXPECT_EQ(due(30), "a");
}

TEST_F(ChangedGroupsTest, GiveTheirMemoryBack) {
  for (int64_t due = 1; due <= 3; ++due) add(a_, due);
  EXPECT_GT(account_, 0u);
  EXPECT_EQ(due(3), "aaa");
  EXPECT_EQ(account_, 0u);
}

}  // namespace
}  // namespace sluice
