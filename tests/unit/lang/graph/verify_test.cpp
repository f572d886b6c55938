#include "lang/graph/verify.h"

#include <gtest/gtest.h>

#include "lang/graph/graph_text.h"
#include "lang/graph/text_parts.h"
#include "lang/graph/verify_expr.h"

namespace sluice {
namespace {

const Schema kRow{{{"n", Type(TypeKind::Int)},
                   {"m", Type(TypeKind::Int, true)},
                   {"f", Type(TypeKind::Float)},
                   {"s", Type(TypeKind::String)},
                   {"b", Type(TypeKind::Bool)},
                   {"t", Type(TypeKind::Timestamp)},
                   {"d", Type(TypeKind::Duration)},
                   {"l", Type::list_of(Type(TypeKind::Int))}}};

std::string problem_of(std::string_view text) {
  TextCursor cursor(text, 1);
  const Expr expr = read_expr(cursor);
  EXPECT_TRUE(cursor.ok()) << cursor.error().error().message;
  const auto status = verify_expr(expr, {&kRow, {}});
  return status ? "" : status.error().message;
}

TEST(VerifyExpr, TakesWhatCheckingMakes) {
  for (const char* text : {
           "add(n:int, 1:int):int",
           "add(m:int?, 1:int):int?",
           "sub(t:timestamp, t:timestamp):duration",
           "add(t:timestamp, d:duration):timestamp",
           "mul(d:duration, n:int):duration",
           "div(f:float, f:float):float",
           "idiv(n:int, 2:int):int",
           "mod(n:int, 2:int):int",
           "neg(f:float):float",
           "eq(m:int?, n:int):bool",
           "ne(s:string, \"x\":string):bool",
           "lt(m:int?, 1:int):bool?",
           "le(s:string, s:string):bool",
           "gt(t:timestamp, t:timestamp):bool",
           "ge(d:duration, d:duration):bool",
           "and(b:bool, b:bool):bool",
           "or(b:bool, b:bool):bool",
           "not(b:bool):bool",
           "is_null(m:int?):bool",
           "coalesce(m:int?, 0:int):int",
           "coalesce(m:int?, null:int?):int?",
           "some(n:int):int?",
           "require(m:int?):int",
           "to_float(m:int?):float?",
           "to_int(f:float):int",
           "to_text(n:int):string",
           "concat(s:string, s:string, s:string):string",
           "index(l:[int], n:int):int?",
           "in(n:int, l:[int]):bool",
           "let $x(n:int, add($x:int, 1:int):int):int",
           "if(b:bool, n:int, 0:int):int",
           "field a(record(n:int):{a: int}):int",
           "list(n:int, 2:int):[int]",
           "call lower rt_lower(s:string):string",
       })
    EXPECT_EQ(problem_of(text), "") << text;
}

TEST(VerifyExpr, RefusesTheRest) {
  EXPECT_EQ(problem_of("x:int"), "no column `x` in x:int");
  EXPECT_EQ(problem_of("n:float"), "column `n` is int, not float in n:float");
  EXPECT_EQ(problem_of("$x:int"), "no `$x` in $x:int");
  EXPECT_EQ(problem_of("let $x(n:int, $x:float):float"), "`$x` is int, not float in $x:float");
  EXPECT_EQ(problem_of("add(n:int, f:float):float"),
            "`add` does not take arguments of these types in add(n:int, f:float):float");
  EXPECT_EQ(problem_of("add(m:int?, 1:int):int"), "`add` with wrong nullability in add(m:int?, 1:int):int");
  EXPECT_EQ(problem_of("add(n:int, 1:int):int?"), "`add` with wrong nullability in add(n:int, 1:int):int?");
  for (const char* text : {
           "add(t:timestamp, t:timestamp):timestamp",
           "mul(d:duration, d:duration):duration",
           "div(n:int, n:int):int",
           "div(n:int, n:int):float",
           "eq(n:int, s:string):bool",
           "eq(m:int?, n:int):bool?",
           "lt(l:[int], l:[int]):bool",
           "and(b:bool, n:int):bool",
           "not(n:int):bool",
           "coalesce(n:int, 0:int):int",
           "coalesce(m:int?, 0:int):int?",
           "some(m:int?):int?",
           "require(n:int):int",
           "to_float(f:float):float",
           "to_int(n:int):int",
           "concat(s:string, n:int):string",
           "index(l:[int], n:int):int",
           "in(s:string, l:[int]):bool",
           "if(n:int, n:int, n:int):int",
           "if(b:bool, n:int, f:float):int",
           "let $x(n:int, n:int):float",
           "field b(record(n:int):{a: int}):int",
           "record(n:int):{a: float}",
           "list(n:int, f:float):[int]",
           "5:string",
           "5:int?",
           "null:int",
           "\"x\":int",
           "1.5:int",
           "true:int",
           "n:?",
       })
    EXPECT_NE(problem_of(text), "") << text;
}

std::string problem_of_graph(const std::string& rest) {
  const auto graph = read_graph(
      "graph \"g\"\nfile 0 \"g.flow\"\nnode 1 source\n  connector csv\n"
      "  declared a: int, b: string, l: [int]\n  schema a: int, b: string, l: [int]\n" +
      rest);
  EXPECT_TRUE(graph.has_value()) << graph.error().message;
  if (!graph) return "";
  const auto status = verify(*graph);
  return status ? "" : status.error().to_string();
}

const std::string kRest = "\n  schema a: int, b: string, l: [int]\n";

TEST(Verify, SchemasFollowFromPayloads) {
  EXPECT_EQ(problem_of_graph("node 2 project (1)\n  column x = a:int\n  schema x: int\n"), "");
  EXPECT_EQ(problem_of_graph("node 2 project (1)\n  column x = a:int\n  schema y: int\n"),
            "its schema is {y: int} but its payload gives {x: int} (at node 2 (project))");
  EXPECT_EQ(problem_of_graph("node 2 expand (1)\n  element x\n  list l:[int]\n  schema b: string, x: int\n"), "");
  EXPECT_NE(problem_of_graph("node 2 expand (1)\n  element x\n  list l:[int]\n  schema a: int, b: string\n"), "");
  EXPECT_NE(problem_of_graph("node 2 expand (1)\n  element x\n  list a:int\n  schema x: int\n"), "");
  EXPECT_EQ(problem_of_graph("node 2 top (1)\n  limit 3\n  rank r\n  order a:int asc\n"
                             "  schema a: int, b: string, l: [int], r: int\n"),
            "");
  EXPECT_NE(problem_of_graph("node 2 top (1)\n  limit 3\n  rank r\n  order a:int asc" + kRest), "");
}

TEST(Verify, InputsAndLabels) {
  EXPECT_EQ(problem_of_graph("node 2 limit" + kRest), "0 inputs (at node 2 (limit))");
  EXPECT_EQ(problem_of_graph("node 2 limit (1, 1)" + kRest), "2 inputs (at node 2 (limit))");
  EXPECT_EQ(problem_of_graph("node 2 sink (1)\n  connector print" + kRest + "node 3 limit (2)" + kRest),
            "a sink as input (at node 3 (limit))");
  EXPECT_EQ(problem_of_graph("node 2 exchange (1)\n  kind hash" + kRest),
            "an exchange by hash needs keys, and no other has them (at node 2 (exchange))");
  EXPECT_EQ(problem_of_graph("node 2 exchange (1)\n  kind hash\n  keys z" + kRest),
            "no column `z` to distribute by (at node 2 (exchange))");
  EXPECT_EQ(problem_of_graph("node 2 filter (1)\n  condition a:int" + kRest),
            "a condition is not bool but int (at node 2 (filter))");
}

std::string aggregate(const std::string& head, const std::string& states, const std::string& schema) {
  return "node 2 aggregate (1)\n" + head + "  call n f\n    arg x = a:int\n" + states + "  schema " + schema + "\n";
}

TEST(Verify, Aggregates) {
  const std::string key = "  key k = b:string\n";
  const std::string sum =
      "    state t: int\n      init 0:int\n      step add($t:int, $x:int):int\n      merge add($t:int, $o.t:int):int\n"
      "    finish to_float($t:int):float\n";
  EXPECT_EQ(problem_of_graph(aggregate(key, sum, "k: string, n: float")), "");
  EXPECT_EQ(problem_of_graph(aggregate("  phase partial\n" + key, sum, "k: string, n.t: int")), "");
  const std::string last = "    state t: int\n      init $x:int\n      step $x:int\n    finish $t:int\n";
  EXPECT_EQ(problem_of_graph(aggregate(key, last, "k: string, n: int")), "");
  EXPECT_EQ(problem_of_graph(aggregate("", last, "n: int")),
            "no `$x` in $x:int (in aggregate `n`) (at node 2 (aggregate))");
  EXPECT_EQ(problem_of_graph(aggregate("  phase partial\n" + key, last, "k: string, n.t: int")),
            "a two-phase aggregate whose state `t` cannot merge (in aggregate `n`) (at node 2 (aggregate))");
  EXPECT_EQ(problem_of_graph(aggregate("  phase final\n" + key, sum, "k: string, n: float")),
            "the partial rows have no `n.t` of its type (in aggregate `n`) (at node 2 (aggregate))");
}

}  // namespace
}  // namespace sluice
