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
           "null:json?",
           "list():[json]",
           "record(n:int, n:int):{a: int, a: int}",
           "to_text(s:string):string",
           "to_text(l:[int]):string",
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

TEST(Verify, FinalPhasesToo) {
  const std::string partial = "node 3 aggregate (2)\n  phase final\n  key k = k:string\n  call n f\n    state t: int\n";
  const std::string rest = "      merge $o.t:int\n    finish $t:int\n  schema k: string, n: int\n";
  const std::string rows =
      "node 2 project (1)\n  column k = b:string\n  column n.t = a:int\n  schema k: string, n.t: int\n";
  // The arguments that these once had are gone.
  EXPECT_EQ(problem_of_graph(rows + partial + "      init $x:int\n      step add($t:int, $x:int):int\n" + rest), "");
  EXPECT_EQ(problem_of_graph(rows + partial + "      init $x:int\n      step add($t:int, $x:string):int\n" + rest),
            "`add` does not take arguments of these types in add($t:int, $x:string):int (in aggregate `n`) "
            "(at node 3 (aggregate))");
}

TEST(Verify, NamesOfAggregates) {
  const std::string state = "    state t: int\n      init 0:int\n      step $t:int\n";
  EXPECT_EQ(problem_of_graph(aggregate("", state + state + "    finish $t:int\n", "n: int")),
            "two states `t` (in aggregate `n`) (at node 2 (aggregate))");
  EXPECT_EQ(problem_of_graph(aggregate("", "    arg x = a:int\n" + state + "    finish $t:int\n", "n: int")),
            "two arguments `x` (in aggregate `n`) (at node 2 (aggregate))");
  EXPECT_EQ(
      problem_of_graph("node 2 aggregate (1)\n  call n f\n    state t: json\n    finish 1:int\n  schema n: int\n"),
      "state `t` is json (in aggregate `n`) (at node 2 (aggregate))");
}

TEST(Verify, Columns) {
  EXPECT_EQ(problem_of_graph("node 2 project (1)\n  column x = a:int\n  column x = a:int\n  schema x: int, x: int\n"),
            "two columns `x` (at node 2 (project))");
  EXPECT_EQ(problem_of_graph("node 2 source\n  connector csv\n  declared x: json\n  schema\n"),
            "column `x` is json (at node 2 (source))");
  EXPECT_EQ(problem_of_graph("node 2 project (1)\n  column `@time` = a:int\n  schema `@time`: int\n"),
            "column `@time` cannot be int (at node 2 (project))");
  EXPECT_EQ(problem_of_graph("node 2 project (1)\n  column `@weight` = b:string\n  schema `@weight`: string\n"),
            "column `@weight` cannot be string (at node 2 (project))");
}

// Rows with a time, and what is given of a window over them.
std::string windows(const std::string& window, const std::string& schema = "w: window") {
  return "node 2 time (1)\n  schema a: int, `@time`: timestamp, `@mark`: timestamp\nnode 3 window (2)\n  window " +
         window + "\n  column w\n  schema " + schema + "\n";
}

TEST(Verify, Windows) {
  EXPECT_EQ(problem_of_graph(windows("tumble 10 10 0")), "");
  EXPECT_EQ(problem_of_graph(windows("tumble 10 5 0")),
            "windows that tumble begin where the one before ends (at node 3 (window))");
  EXPECT_EQ(problem_of_graph(windows("cumulate 10 3 0")),
            "windows that cumulate are made of whole steps (at node 3 (window))");
  EXPECT_EQ(problem_of_graph(windows("hop 9223372036854775807 1 0")),
            "a row in more than 1000000 windows (at node 3 (window))");
  EXPECT_EQ(problem_of_graph("node 2 window (1)\n  window tumble 10 10 0\n  column w\n  schema w: window\n"),
            "windows of rows that have no time (at node 2 (window))");
}

std::string frame(const std::string& rest) {
  return "node 2 frame (1)\n" + rest + "  number n\n  schema a: int, n: int\n";
}

TEST(Verify, Frames) {
  EXPECT_EQ(problem_of_graph(frame("  order a:int asc\n")), "");
  EXPECT_EQ(problem_of_graph(frame("")), "a frame of rows in no order (at node 2 (frame))");
  EXPECT_EQ(problem_of_graph(frame("  order a:int asc\n  rows 1000001\n")),
            "a frame of more than 1000000 rows (at node 2 (frame))");
  EXPECT_EQ(problem_of_graph(frame("  order a:int asc\n  last 5\n")),
            "a frame by time of rows in another order (at node 2 (frame))");
  EXPECT_EQ(problem_of_graph(frame("  order a:int asc\n  shift 1000001 s = a:int\n")),
            "a shift by 1000001 rows (at node 2 (frame))");
  EXPECT_EQ(problem_of_graph(frame("  order a:int asc\n  keep 5\n")),
            "a frame that forgets keys, but not in the order of time (at node 2 (frame))");
}

TEST(Verify, ChangesAreReadByIncrementalSteps) {
  const std::string weighted = "node 2 project (1)\n  column `@weight` = a:int\n  schema `@weight`: int\n";
  EXPECT_EQ(problem_of_graph(weighted + "node 3 changes (2)\n  column c\n  schema `@weight`: int, c: int\n"),
            "changes as input of a step that is not incremental (at node 3 (changes))");
  EXPECT_EQ(
      problem_of_graph("node 2 aggregate (1)\n  incremental\n  phase partial\n  key a = a:int\n  schema a: int\n"),
      "an incremental aggregate over such a window or in two phases (at node 2 (aggregate))");
  EXPECT_EQ(problem_of_graph("node 2 aggregate (1)\n  every 0 delay 0\n  key a = a:int\n  schema a: int\n"),
            "changes given out at no time (at node 2 (aggregate))");
  EXPECT_EQ(
      problem_of_graph("node 2 aggregate (1)\n  incremental\n  every 9 delay 0\n  key a = a:int\n  schema a: int\n"),
      "what collects changes of rows that have no time (at node 2 (aggregate))");
  EXPECT_EQ(problem_of_graph(weighted + "node 3 aggregate (2)\n  incremental\n  rows 3\n  schema `@weight`: int\n"),
            "an aggregate of changes that waits for more of them (at node 3 (aggregate))");
  EXPECT_EQ(problem_of_graph("node 2 join (1, 1)\n  join inner\n  right `@weight` = a:int\n  schema a: int\n"),
            "a pair has one weight, that of the join (at node 2 (join))");
  EXPECT_EQ(problem_of_graph("node 2 top (1)\n  limit 1\n  incremental\n  order a:int asc\n"
                             "  schema a: int, b: string, l: [int], `@weight`: int\n"
                             "node 3 changes (1)\n  column c\n  schema a: int, b: string, l: [int], c: int\n"),
            "`changes` in a graph that was rewritten already: see node 2 (at node 3 (changes))");
}

}  // namespace
}  // namespace sluice
