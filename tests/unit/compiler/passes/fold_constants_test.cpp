#include <gtest/gtest.h>

#include "lang/graph/text_parts.h"
#include "pass_testing.h"

namespace sluice {
namespace {

using testing::filter;
using testing::hits;
using testing::sink;

// The expression, computed from a row of hits, after folding.
std::string folded(const std::string& text) {
  TextCursor cursor(text, 1);
  const Expr expr = read_expr(cursor);
  EXPECT_TRUE(cursor.ok()) << cursor.error().error().message;
  const std::string row = "x: " + expr.type.to_string();
  const auto result =
      testing::run(hits("node 2 project (1)\n  column x = " + text + "\n  schema " + row + "\n" + sink("3", "2", row)),
                   {"fold_constants"});
  return write_expr(testing::find_node(result.graph, "2")->as<ProjectNode>()->columns[0].expr, false);
}

TEST(FoldConstants, Arithmetic) {
  EXPECT_EQ(folded("add(mul(60:int, 60:int):int, status:int):int"), "add(3600:int, status:int):int");
  EXPECT_EQ(folded("idiv(-7:int, 2:int):int"), "-4:int");
  EXPECT_EQ(folded("mod(-7:int, 2:int):int"), "1:int");
  EXPECT_EQ(folded("mod(7:int, -2:int):int"), "-1:int");
  EXPECT_EQ(folded("div(to_float(1:int):float, 2.0:float):float"), "0.5:float");
  EXPECT_EQ(folded("to_int(-2.9:float):int"), "-2:int");
}

TEST(FoldConstants, RowErrorsStay) {
  for (const char* text : {"idiv(1:int, 0:int):int", "mod(1:int, 0:int):int", "neg(-9223372036854775808:int):int",
                           "add(9223372036854775807:int, 1:int):int", "to_int(1e+30:float):int",
                           "idiv(-9223372036854775808:int, -1:int):int",
                           "and(lt(add(status:int, 1:int):int, 5:int):bool, false:bool):bool",
                           "let $t(idiv(1:int, bytes:int):int, status:int):int"})
    EXPECT_EQ(folded(text), text);
}

TEST(FoldConstants, Logic) {
  EXPECT_EQ(folded("and(true:bool, lt(status:int, 5:int):bool):bool"), "lt(status:int, 5:int):bool");
  EXPECT_EQ(folded("and(lt(status:int, 5:int):bool, true:bool):bool"), "lt(status:int, 5:int):bool");
  EXPECT_EQ(folded("and(lt(status:int, 5:int):bool, false:bool):bool"), "false:bool");
  EXPECT_EQ(folded("or(lt(status:int, 5:int):bool, eq(1:int, 1:int):bool):bool"), "true:bool");
  EXPECT_EQ(folded("or(false:bool, not(not(lt(status:int, 5:int):bool):bool):bool):bool"),
            "lt(status:int, 5:int):bool");
  EXPECT_EQ(folded("if(gt(2:int, 1:int):bool, status:int, bytes:int):int"), "status:int");
  EXPECT_EQ(folded("if(lt(status:int, 5:int):bool, false:bool, true:bool):bool"),
            "not(lt(status:int, 5:int):bool):bool");
  EXPECT_EQ(folded("in(2:int, list(1:int, 2:int):[int]):bool"), "true:bool");
}

TEST(FoldConstants, Nulls) {
  EXPECT_EQ(folded("is_null(url:string):bool"), "false:bool");
  EXPECT_EQ(folded("is_null(note:string?):bool"), "is_null(note:string?):bool");
  EXPECT_EQ(folded("is_null(some(url:string):string?):bool"), "false:bool");
  EXPECT_EQ(folded("coalesce(null:int?, status:int):int"), "status:int");
  EXPECT_EQ(folded("coalesce(some(status:int):int?, 0:int):int"), "status:int");
  EXPECT_EQ(folded("coalesce(some(status:int):int?, null:int?):int?"), "some(status:int):int?");
  EXPECT_EQ(folded("require(some(status:int):int?):int"), "status:int");
  EXPECT_EQ(folded("ne(note:string?, null:string?):bool"), "not(is_null(note:string?):bool):bool");
  EXPECT_EQ(folded("eq(null:string?, null:string?):bool"), "true:bool");
  EXPECT_EQ(folded("lt(null:int?, status:int):bool?"), "null:bool?");
}

TEST(FoldConstants, LetsAndText) {
  EXPECT_EQ(folded("let $t(2:int, mul($t:int, add($t:int, 1:int):int):int):int"), "6:int");
  EXPECT_EQ(folded("let $t(status:int, let $u(1:int, mul($t:int, $u:int):int):int):int"), "mul(status:int, 1:int):int");
  EXPECT_EQ(folded("let $t(1:int, let $t(mul($t:int, status:int):int, add($t:int, $t:int):int):int):int"),
            "let $t(mul(1:int, status:int):int, add($t:int, $t:int):int):int");
  EXPECT_EQ(folded("concat(\"a\":string, to_text(1:int):string, url:string, \"\":string, \"b\":string):string"),
            "concat(\"a1\":string, url:string, \"b\":string):string");
}

TEST(FoldConstants, FiltersThatKeepEveryRowGo) {
  const auto result = testing::run(hits(filter("2", "1", "lt(1:int, 2:int):bool") + sink("3", "2", testing::kHitsRow)),
                                   {"fold_constants"});
  EXPECT_EQ(testing::outline(result.graph), "1 source, 3 sink");
  EXPECT_EQ(testing::notes_of(result),
            (std::vector<std::string>{"+ 2: `1 < 2` is `true`", "+ 2: every row passes: the step is gone"}));
}

TEST(FoldConstants, NothingToFold) {
  const auto result = testing::run(testing::kWordCount, {"fold_constants"});
  EXPECT_EQ(result.graph, testing::graph_of(testing::kWordCount));
  EXPECT_TRUE(result.notes.empty());
}

}  // namespace
}  // namespace sluice
