#include "lang/support/ids.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

struct BoxTag;
using BoxId = Id<BoxTag>;

TEST(IdTest, DefaultIsInvalid) {
  EXPECT_FALSE(BoxId().is_valid());
  EXPECT_TRUE(BoxId(0).is_valid());
}

TEST(IdVectorTest, AddedElementsAreFoundByTheirIds) {
  IdVector<BoxId, std::string> boxes;
  const BoxId first = boxes.add("first");
  const BoxId second = boxes.add("second");
  EXPECT_EQ(boxes[first], "first");
  EXPECT_EQ(boxes[second], "second");
  EXPECT_TRUE(boxes.contains(second));
  EXPECT_FALSE(boxes.contains(BoxId(2)));
  EXPECT_FALSE(boxes.contains(BoxId()));
}

}  // namespace
}  // namespace sluice
