#include <gtest/gtest.h>

#include "lang/graph/graph_text.h"
#include "lang/graph/text_parts.h"
#include "lang/support/text_cursor.h"

namespace sluice {
namespace {

std::string flow(std::string_view text) {
  TextCursor cursor(text, 1);
  const Expr expr = read_expr(cursor);
  cursor.expect_end();
  EXPECT_TRUE(cursor.ok()) << cursor.error().error().message;
  return flow_text(expr);
}

TEST(FlowText, PutsParenthesesOnlyWhereTheyAreNeeded) {
  EXPECT_EQ(flow("mul(add(a:int, b:int):int, sub(c:int, sub(d:int, 1:int):int):int):int"), "(a + b) * (c - (d - 1))");
  EXPECT_EQ(flow("add(add(a:int, mul(b:int, c:int):int):int, -1:int):int"), "a + b * c + -1");
  EXPECT_EQ(flow("and(or(a:bool, b:bool):bool, not(and(c:bool, d:bool):bool):bool):bool"),
            "(a or b) and not (c and d)");
  EXPECT_EQ(flow("eq(lt(a:int, b:int):bool, not(c:bool):bool):bool"), "(a < b) == (not c)");
  EXPECT_EQ(flow("neg(add(a:int, 1:int):int):int"), "-(a + 1)");
  EXPECT_EQ(flow("neg(neg(a:int):int):int"), "-(-a)");
  EXPECT_EQ(flow("coalesce(a:int?, coalesce(b:int?, 0:int):int):int"), "a ?? b ?? 0");
  EXPECT_EQ(flow("add(if(a:bool, 1:int, 2:int):int, 1:int):int"), "(if a then 1 else 2) + 1");
  EXPECT_EQ(flow("lt(coalesce(a:int?, 0:int):int, 5:int):bool"), "(a ?? 0) < 5");
}

TEST(FlowText, LeavesOutWhatCheckingAdded) {
  EXPECT_EQ(flow("div(to_float(a:int):float, to_float(b:int):float):float"), "a / b");
  EXPECT_EQ(flow("add(to_float(a:int):float, 0.5:float):float"), "a + 0.5");
  EXPECT_EQ(flow("add(to_float(a:int):float, to_float(b:int):float):float"), "float(a) + float(b)");
  EXPECT_EQ(flow("some(require(a:int?):int):int?"), "a");
  EXPECT_EQ(flow("let $t(lower:string, eq($t:string, $t:string):bool):bool"), "lower == lower");
}

TEST(FlowText, Forms) {
  EXPECT_EQ(flow("not(is_null(a:int?):bool):bool"), "a is not null");
  EXPECT_EQ(flow("not(in(a:int, list(1:int, 2:int):[int]):bool):bool"), "a not in [1, 2]");
  EXPECT_EQ(flow("eq(call lower rt_lower(url:string):string, \"/\\\"x\\\"\":string):bool"),
            "lower(url) == \"/\\\"x\\\"\"");
  EXPECT_EQ(flow("concat(\"hi {\":string, to_text(n:int):string):string"), "f\"hi \\{{n}\"");
  EXPECT_EQ(flow("index(field tags(r:{tags: [string]}):[string], 0:int):string?"), "r.tags[0]");
  EXPECT_EQ(flow("field a(record(1:int, `two words`:int):{a: int, b: int}):int"), "{a = 1, b = `two words`}.a");
  EXPECT_EQ(flow("add(ts:timestamp, 5400000000:duration):timestamp"), "ts + 1h30min");
  EXPECT_EQ(flow("3.0:float"), "3.0");
  EXPECT_EQ(flow("null:int?"), "null");
  EXPECT_EQ(flow("`match`:int"), "`match`");
}

}  // namespace
}  // namespace sluice
