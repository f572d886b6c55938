// Pipelines and the graphs they become. The goldens are read by people: a change here is a change of meaning.
#include <gtest/gtest.h>

#include "check_support.h"

namespace sluice {
namespace {

// One source `t` stands in front of every program; its node is left out.
std::string graph_of(const std::string& program) {
  const std::string text = checked(
      R"flow(source t: { i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp } = json("t.json")
)flow" +
      program + "\n");
  const size_t second = text.find("node 2 ");
  return second == std::string::npos ? text : text.substr(second);
}

TEST(CheckPipelines, NarrowingLastsUntilTheColumnChanges) {
  EXPECT_EQ(
      graph_of(
          R"flow(from t |> where n is not null and m is not null |> select n, m, k = n + 1 |> set m = null |> select n, m)flow"),
      R"flow(node 2 filter (1) "where n is not null and m is not null"
  name where
  condition and(not(is_null(n:int?):bool):bool, not(is_null(m:int?):bool):bool):bool
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 3 project (2) "select n, m, k = n + 1"
  name select
  column n = require(n:int?):int
  column m = require(m:int?):int
  column k = add(require(n:int?):int, 1:int):int
  schema n: int, m: int, k: int
node 4 project (3) "set m = null"
  name set
  column n = n:int
  column m = null:int?
  column k = k:int
  schema n: int, m: int?, k: int
node 5 project (4) "select n, m"
  name select_2
  column n = n:int
  column m = m:int?
  schema n: int, m: int?
node 6 sink (5) "to print()"
  name to
  connector print
  schema n: int, m: int?
)flow");
}

TEST(CheckPipelines, AnExpressionOverAggregatesIsProjected) {
  EXPECT_EQ(
      graph_of(
          R"flow(from t |> aggregate mean = sum(i) / count(), total = sum(i), label = f"{s}: {count()}" per s)flow"),
      R"flow(node 2 aggregate (1) "aggregate mean = sum(i) / count(), total = sum(i), label = f\"{s}: {count()}\" per s"
  name aggregate
  key s = s:string
  call mean.1 sum
    arg x = i:int
    state total: int
      init 0:int
      step add($total:int, $x:int):int
      merge add($total:int, $o.total:int):int
      retract sub($total:int, $x:int):int
    finish $total:int
  call mean.2 count
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
      retract sub($n:int, 1:int):int
    finish $n:int
  call total sum
    arg x = i:int
    state total: int
      init 0:int
      step add($total:int, $x:int):int
      merge add($total:int, $o.total:int):int
      retract sub($total:int, $x:int):int
    finish $total:int
  schema s: string, mean.1: int, mean.2: int, total: int
  table s
node 3 project (2) "aggregate mean = sum(i) / count(), total = sum(i), label = f\"{s}: {count()}\" per s"
  name project
  column s = s:string
  column mean = div(to_float(mean.1:int):float, to_float(mean.2:int):float):float
  column total = total:int
  column label = concat(s:string, ": ":string, to_text(mean.2:int):string):string
  schema s: string, mean: float, total: int, label: string
  table s
node 4 sink (3) "to print()"
  name to
  connector print
  schema s: string, mean: float, total: int, label: string
  table s
)flow");
}

TEST(CheckPipelines, AggregatesSkipNullAndRowsThatTheirFilterDrops) {
  EXPECT_EQ(
      graph_of(R"flow(from t |> aggregate a = sum(n), b = count_distinct(s) where n is not null and n > 1 per s)flow"),
      R"flow(node 2 aggregate (1) "aggregate a = sum(n), b = count_distinct(s) where n is not null and n > 1 per s"
  name aggregate
  key s = s:string
  call a sum
    arg x = require(n:int?):int
    where not(is_null(n:int?):bool):bool
    state total: int
      init 0:int
      step add($total:int, $x:int):int
      merge add($total:int, $o.total:int):int
      retract sub($total:int, $x:int):int
    finish $total:int
  call b count_distinct distinct
    arg x = s:string
    where and(not(is_null(n:int?):bool):bool, gt(require(n:int?):int, 1:int):bool):bool
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
      retract sub($n:int, 1:int):int
    finish $n:int
  schema s: string, a: int, b: int
  table s
node 3 sink (2) "to print()"
  name to
  connector print
  schema s: string, a: int, b: int
  table s
)flow");
}

TEST(CheckPipelines, AMaximumWithoutRowsIsNull) {
  EXPECT_EQ(graph_of(R"flow(from t |> aggregate max(i))flow"),
            R"flow(node 2 aggregate (1) "aggregate max(i)"
  name aggregate
  call max max
    arg x = i:int
    state best: int?
      init null:int?
      step some(let $best(if($counted:bool, require($best:int?):int, $x:int):int, if(or(gt($x:int, $best:int):bool, ne($best:int, $best:int):bool):bool, $x:int, $best:int):int):int):int?
      merge if($o.counted:bool, if($counted:bool, some(let $best(require($best:int?):int, let $o.best(require($o.best:int?):int, if(or(gt($o.best:int, $best:int):bool, ne($best:int, $best:int):bool):bool, $o.best:int, $best:int):int):int):int):int?, $o.best:int?):int?, $best:int?):int?
    state counted: bool
      init false:bool
      step true:bool
      merge or($counted:bool, $o.counted:bool):bool
    finish if($counted:bool, some(let $best(require($best:int?):int, $best:int):int):int?, null:int?):int?
  schema max: int?
  table
node 3 sink (2) "to print()"
  name to
  connector print
  schema max: int?
  table
)flow");
}

TEST(CheckPipelines, SharedPipelinesAreSharedNodes) {
  EXPECT_EQ(graph_of(R"flow(let kept = from t |> where i > 1
from kept |> take 1 |> to print()
from kept |> skip 2)flow"),
            R"flow(node 2 filter (1) "where i > 1"
  name kept.where
  condition gt(i:int, 1:int):bool
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 3 limit (2) "take 1"
  name take
  take 1
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 4 sink (3) "to print()"
  name to
  connector print
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 5 limit (2) "skip 2"
  name skip
  skip 2
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 6 sink (5) "to print()"
  name to_2
  connector print
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
)flow");
}

TEST(CheckPipelines, UnionArrangesColumnsByName) {
  EXPECT_EQ(graph_of(R"flow(from t |> select a = i, b = n |> union (from t |> select b = i, a = i))flow"),
            R"flow(node 2 project (1) "select a = i, b = n"
  name select
  column a = i:int
  column b = n:int?
  schema a: int, b: int?
node 3 project (1) "select b = i, a = i"
  name select_2
  column b = i:int
  column a = i:int
  schema b: int, a: int
node 4 project (3) "union (from t |> select b = i, a = i)"
  name project
  column a = a:int
  column b = some(b:int):int?
  schema a: int, b: int?
node 5 union (2, 4) "union (from t |> select b = i, a = i)"
  name union
  schema a: int, b: int?
node 6 sink (5) "to print()"
  name to
  connector print
  schema a: int, b: int?
)flow");
}

TEST(CheckPipelines, FunctionsOverPipelines) {
  EXPECT_EQ(graph_of(R"flow(param k: int = 3
fn best(rows: stream { s: string, i: int, f: float, ... }, n: int, least: int = 1) = from rows |> where i > least |> top n with ties by f desc, s per s as place
from t |> best(k, least = k + 1))flow"),
            R"flow(node 2 filter (1) "where i > least"
  name best.where
  condition gt(i:int, add(3:int, 1:int):int):bool
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 3 top (2) "top n with ties by f desc, s per s as place"
  name best.top
  limit 3 with_ties
  rank place
  key s = s:string
  order f:float desc
  order s:string asc
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp, place: int
  table
node 4 sink (3) "to print()"
  name to
  connector print
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp, place: int
  table
)flow");
}

TEST(CheckPipelines, HintsNameAndSizeNodes) {
  EXPECT_EQ(graph_of(R"flow(config { parallel = 4 }
from t |> sort by i desc, s @parallel(1) |> distinct_names() @cut |> aggregate count() per s @name("totals") @combine(off)
fn distinct_names(rows: stream { s: string, ... }) = from rows |> select s |> distinct)flow"),
            R"flow(node 2 sort (1) "sort by i desc, s @parallel(1)"
  name sort
  order i:int desc
  order s:string asc
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
  parallelism 1
node 3 project (2) "select s"
  name distinct_names.select
  column s = s:string
  schema s: string
  parallelism 4
node 4 aggregate (3) "distinct"
  name distinct_names.distinct
  key s = s:string
  schema s: string
  parallelism 4
node 5 aggregate (4) "aggregate count() per s @name(\"totals\") @combine(off)"
  name totals
  key s = s:string
  call count count
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
      retract sub($n:int, 1:int):int
    finish $n:int
  schema s: string, count: int
  table s
  parallelism 4
  hint combine off
node 6 sink (5) "to print()"
  name to
  connector print
  schema s: string, count: int
  table s
  parallelism 4
)flow");
}

TEST(CheckPipelines, ADeclaredSinkOrdersAndWidens) {
  EXPECT_EQ(graph_of(R"flow(sink out: { n: int?, s: string } = csv("out.csv", header = false)
from t |> select s, n = i |> to out)flow"),
            R"flow(node 2 project (1) "select s, n = i"
  name select
  column s = s:string
  column n = i:int
  schema s: string, n: int
node 3 project (2) "to out"
  name project
  column n = some(n:int):int?
  column s = s:string
  schema n: int?, s: string
node 4 sink (3) "to out"
  name to
  connector csv
  option path = "out.csv"
  option header = false
  option delimiter = ","
  option quote = "\""
  schema n: int?, s: string
)flow");
}

TEST(CheckPipelines, UserAggregates) {
  EXPECT_EQ(
      graph_of(
          R"flow(agg spread(x: int) -> int { state lo: int = x state hi: int = x step { if x < lo { set lo = x } else if x > hi { set hi = x } } merge o { if o.lo < lo { set lo = o.lo } if o.hi > hi { set hi = o.hi } } finish { let d = hi - lo return if d > 100 then 100 else d } }
from t |> aggregate spread(i) per s)flow"),
      R"flow(node 2 aggregate (1) "aggregate spread(i) per s"
  name aggregate
  key s = s:string
  call spread spread
    arg x = i:int
    state lo: int
      init $x:int
      step if(lt($x:int, $lo:int):bool, $x:int, $lo:int):int
      merge if(lt($o.lo:int, $lo:int):bool, $o.lo:int, $lo:int):int
    state hi: int
      init $x:int
      step if(lt($x:int, $lo:int):bool, $hi:int, if(gt($x:int, $hi:int):bool, $x:int, $hi:int):int):int
      merge if(gt($o.hi:int, $hi:int):bool, $o.hi:int, $hi:int):int
    finish let $d.10(sub($hi:int, $lo:int):int, if(gt($d.10:int, 100:int):bool, 100:int, $d.10:int):int):int
  schema s: string, spread: int
  table s
node 3 sink (2) "to print()"
  name to
  connector print
  schema s: string, spread: int
  table s
)flow");
}

TEST(CheckPipelines, SeveralInputsAreAUnion) {
  EXPECT_EQ(graph_of(R"flow(from t, t |> take 1)flow"),
            R"flow(node 2 project (1) "from t, t"
  name project
  column i = i:int
  column f = f:float
  column s = s:string
  column n = n:int?
  column m = m:int?
  column tags = tags:[string]
  column at = at:timestamp
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 3 union (1, 2) "from t, t"
  name union
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 4 limit (3) "take 1"
  name take
  take 1
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
node 5 sink (4) "to print()"
  name to
  connector print
  schema i: int, f: float, s: string, n: int?, m: int?, tags: [string], at: timestamp
)flow");
}

TEST(CheckPipelines, WordCount) {
  EXPECT_EQ(checked(R"flow(from lines("books/*.txt")
|> expand word in words(lower(line))
|> aggregate count() per word
|> top 20 by count desc
|> to print()
)flow"),
            R"flow(node 1 source "from lines(\"books/*.txt\")"
  name lines
  connector lines
  option path = "books/*.txt"
  declared line: string
  schema line: string
node 2 expand (1) "expand word in words(lower(line))"
  name expand
  element word
  list call words flow_words(call lower flow_lower(line:string):string):[string]
  schema line: string, word: string
node 3 aggregate (2) "aggregate count() per word"
  name aggregate
  key word = word:string
  call count count
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
      retract sub($n:int, 1:int):int
    finish $n:int
  schema word: string, count: int
  table word
node 4 top (3) "top 20 by count desc"
  name top
  limit 20
  order count:int desc
  schema word: string, count: int
  table
node 5 sink (4) "to print()"
  name to
  connector print
  schema word: string, count: int
  table
)flow");
}

}  // namespace
}  // namespace sluice
