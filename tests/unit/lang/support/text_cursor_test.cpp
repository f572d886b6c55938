#include "lang/support/text_cursor.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(TextCursor, NumbersMayHaveSignsAndExponents) {
  TextCursor cursor("-1 2.5e-3 7e+2", 1);
  EXPECT_EQ(cursor.number(), "-1");
  EXPECT_EQ(cursor.number(), "2.5e-3");
  EXPECT_EQ(cursor.number(), "7e+2");
}

// What stands in front of the text is not the cursor's to look at.
TEST(TextCursor, APlusAtTheBeginningIsNoNumber) {
  const std::string text = "e+1";
  TextCursor cursor(std::string_view(text).substr(1), 1);
  EXPECT_EQ(cursor.number(), "");
}

}  // namespace
}  // namespace sluice
