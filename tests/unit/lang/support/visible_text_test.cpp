#include "lang/support/visible_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(VisibleText, TextStaysAsItIs) {
  for (const char* text : {"", "orders of today", "Grüße, 世界 🌍", "a\\nb"}) EXPECT_EQ(visible_text(text), text);
}

TEST(VisibleText, ControlCharactersAreShown) {
  EXPECT_EQ(visible_text("a\nb\tc\r"), "a\\nb\\tc\\x0d");
  EXPECT_EQ(visible_text("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(visible_text("\xc2\x9b[2J"), "\\xc2\\x9b[2J");  // the one character that begins an escape code
  EXPECT_EQ(visible_text("\x9b[2J\xff\xc3"), "\\x9b[2J\\xff\\xc3");
  EXPECT_EQ(visible_text(std::string_view("\0x", 2)), "\\x00x");
}

}  // namespace
}  // namespace sluice
