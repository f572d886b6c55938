// Every expression of Flow and what it becomes. The goldens are read by people: a change here is a change of meaning.
#include <gtest/gtest.h>

#include "check_support.h"

namespace sluice {
namespace {

// What the column `x = EXPRESSION` becomes; what was reported when it has an error.
std::string became(const std::string& expression) {
  const std::string text = checked(R"flow(param limit: int = 10
let start = @2024-01-01
source t: { i: int, f: float, s: string, b: bool, at: timestamp, took: duration, n: int?, nf: float?, ns: string?, nb: bool?, tags: [string], r: { x: int, y: int? }, o: { x: int, y: int? }? } = json("t.json")
fn twice(x: int) -> int = x + x
fn half(x: float) = x / 2
fn known(x: int?) -> int = if x is null then 0 else x
fn clamp(x: int, low: int = 0, high: int = 9) -> int {
  if x < low { return low }
  if x > high { return high }
  return x
}
)flow"
                                   "from t |> select x = " +
                                   expression + "\n");
  const std::string begin = "  column x = ";
  const size_t from = text.find(begin);
  if (from == std::string::npos) return text;
  return text.substr(from + begin.size(), text.find('\n', from) - from - begin.size());
}

struct Case {
  const char* expression;
  const char* expected;
};

void check_all(const std::vector<Case>& cases) {
  for (const auto& each : cases) EXPECT_EQ(became(each.expression), each.expected) << each.expression;
}

TEST(CheckExpressions, Arithmetic) {
  check_all({
      {R"flow(i + 1)flow", R"flow(add(i:int, 1:int):int)flow"},
      {R"flow(i + f)flow", R"flow(add(to_float(i:int):float, f:float):float)flow"},
      {R"flow(f * 2)flow", R"flow(mul(f:float, 2.0:float):float)flow"},
      {R"flow(2 * f)flow", R"flow(mul(2.0:float, f:float):float)flow"},
      {R"flow(i / 2)flow", R"flow(div(to_float(i:int):float, 2.0:float):float)flow"},
      {R"flow(i // 2)flow", R"flow(idiv(i:int, 2:int):int)flow"},
      {R"flow(i % 3)flow", R"flow(mod(i:int, 3:int):int)flow"},
      {R"flow(-i)flow", R"flow(neg(i:int):int)flow"},
      {R"flow(-f)flow", R"flow(neg(f:float):float)flow"},
      {R"flow(- 5)flow", R"flow(-5:int)flow"},
      {R"flow(n + 1)flow", R"flow(add(n:int?, 1:int):int?)flow"},
      {R"flow(n * f)flow", R"flow(mul(to_float(n:int?):float?, f:float):float?)flow"},
      {R"flow(at + took)flow", R"flow(add(at:timestamp, took:duration):timestamp)flow"},
      {R"flow(took + at)flow", R"flow(add(at:timestamp, took:duration):timestamp)flow"},
      {R"flow(at - at)flow", R"flow(sub(at:timestamp, at:timestamp):duration)flow"},
      {R"flow(took * 3)flow", R"flow(mul(took:duration, 3:int):duration)flow"},
      {R"flow(3 * took)flow", R"flow(mul(took:duration, 3:int):duration)flow"},
      {R"flow(took // 2)flow", R"flow(idiv(took:duration, 2:int):duration)flow"},
      {R"flow(took // 1s)flow", R"flow(idiv(took:duration, 1000000:duration):int)flow"},
  });
}

TEST(CheckExpressions, Comparison) {
  check_all({
      {R"flow(i == 1)flow", R"flow(eq(i:int, 1:int):bool)flow"},
      {R"flow(f > 1)flow", R"flow(gt(f:float, 1.0:float):bool)flow"},
      {R"flow(1 < f)flow", R"flow(lt(1.0:float, f:float):bool)flow"},
      {R"flow(n == 1)flow", R"flow(eq(n:int?, 1:int):bool)flow"},
      {R"flow(n < 1)flow", R"flow(lt(n:int?, 1:int):bool?)flow"},
      {R"flow(n == null)flow", R"flow(is_null(n:int?):bool)flow"},
      {R"flow(n != null)flow", R"flow(not(is_null(n:int?):bool):bool)flow"},
      {R"flow(null == n)flow", R"flow(is_null(n:int?):bool)flow"},
      {R"flow(i == null)flow", R"flow(false:bool)flow"},
      {R"flow(s < "b")flow", R"flow(lt(s:string, "b":string):bool)flow"},
      {R"flow(b == true)flow", R"flow(eq(b:bool, true:bool):bool)flow"},
      {R"flow(at >= @2024-01-31)flow", R"flow(ge(at:timestamp, 1706659200000000:timestamp):bool)flow"},
      {R"flow(n is null)flow", R"flow(is_null(n:int?):bool)flow"},
      {R"flow(n is not null)flow", R"flow(not(is_null(n:int?):bool):bool)flow"},
      {R"flow(i in 1..10)flow", R"flow(and(ge(i:int, 1:int):bool, le(i:int, 10:int):bool):bool)flow"},
      {R"flow(f in 0..<1)flow", R"flow(and(ge(f:float, 0.0:float):bool, lt(f:float, 1.0:float):bool):bool)flow"},
      {R"flow(n in 1..3)flow",
       R"flow(if(is_null(n:int?):bool, null:bool?, some(and(ge(require(n:int?):int, 1:int):bool, le(require(n:int?):int, 3:int):bool):bool):bool?):bool?)flow"},
      {R"flow(i in [1, 2])flow", R"flow(or(eq(i:int, 1:int):bool, eq(i:int, 2:int):bool):bool)flow"},
      {R"flow(i not in [1])flow", R"flow(not(eq(i:int, 1:int):bool):bool)flow"},
      {R"flow(i in [1, 2, 3, 4, 5, 6, 7, 8, 9])flow",
       R"flow(in(i:int, list(1:int, 2:int, 3:int, 4:int, 5:int, 6:int, 7:int, 8:int, 9:int):[int]):bool)flow"},
      {R"flow(n in [1, 2])flow", R"flow(or(eq(n:int?, 1:int):bool, eq(n:int?, 2:int):bool):bool)flow"},
      {R"flow(s in tags)flow", R"flow(in(s:string, tags:[string]):bool)flow"},
      {R"flow(i in [])flow", R"flow(false:bool)flow"},
  });
}

TEST(CheckExpressions, Logic) {
  check_all({
      {R"flow(b and i > 1)flow", R"flow(and(b:bool, gt(i:int, 1:int):bool):bool)flow"},
      {R"flow(b or i > 1)flow", R"flow(or(b:bool, gt(i:int, 1:int):bool):bool)flow"},
      {R"flow(not b)flow", R"flow(not(b:bool):bool)flow"},
      {R"flow(not nb)flow", R"flow(not(nb:bool?):bool?)flow"},
      {R"flow(n is not null and n > 1)flow",
       R"flow(and(not(is_null(n:int?):bool):bool, gt(require(n:int?):int, 1:int):bool):bool)flow"},
      {R"flow(n is null or n > 1)flow",
       R"flow(or(is_null(n:int?):bool, gt(require(n:int?):int, 1:int):bool):bool)flow"},
      {R"flow(if n is null then 0 else n)flow", R"flow(if(is_null(n:int?):bool, 0:int, require(n:int?):int):int)flow"},
      {R"flow(if n is not null and b then n + 1 else 0)flow",
       R"flow(if(and(not(is_null(n:int?):bool):bool, b:bool):bool, add(require(n:int?):int, 1:int):int, 0:int):int)flow"},
      {R"flow(if not (n is null) then n else 1)flow",
       R"flow(if(not(is_null(n:int?):bool):bool, require(n:int?):int, 1:int):int)flow"},
      {R"flow(if n == 5 then n else 0)flow", R"flow(if(eq(n:int?, 5:int):bool, require(n:int?):int, 0:int):int)flow"},
      {R"flow(n ?? 0)flow", R"flow(coalesce(n:int?, 0:int):int)flow"},
      {R"flow(n ?? f)flow", R"flow(coalesce(to_float(n:int?):float?, f:float):float)flow"},
      {R"flow(n ?? nf ?? 1.5)flow",
       R"flow(coalesce(to_float(n:int?):float?, coalesce(nf:float?, 1.5:float):float):float)flow"},
      {R"flow((n ?? 1) + 1)flow", R"flow(add(coalesce(n:int?, 1:int):int, 1:int):int)flow"},
  });
}

TEST(CheckExpressions, Conditional) {
  check_all({
      {R"flow(if b then 1 else 2.5)flow", R"flow(if(b:bool, 1.0:float, 2.5:float):float)flow"},
      {R"flow(if b then null else i)flow", R"flow(if(b:bool, null:int?, some(i:int):int?):int?)flow"},
      {R"flow(if b then n else 1)flow", R"flow(if(b:bool, n:int?, some(1:int):int?):int?)flow"},
      {R"flow(match i { 1 -> "a", 2..5 -> "b", else -> "c" })flow",
       R"flow(if(eq(i:int, 1:int):bool, "a":string, if(and(ge(i:int, 2:int):bool, le(i:int, 5:int):bool):bool, "b":string, "c":string):string):string)flow"},
      {R"flow(match n { null -> 0, -1 -> 1, else -> n })flow",
       R"flow(if(is_null(n:int?):bool, 0:int, if(eq(n:int?, -1:int):bool, 1:int, require(n:int?):int):int):int)flow"},
      {R"flow(match b { true -> 1, false -> 0 })flow", R"flow(if(eq(b:bool, true:bool):bool, 1:int, 0:int):int)flow"},
      {R"flow(match s { "x" -> 1, else -> 2 })flow", R"flow(if(eq(s:string, "x":string):bool, 1:int, 2:int):int)flow"},
  });
}

TEST(CheckExpressions, Text) {
  check_all({
      {R"flow(f"{s}")flow", R"flow(s:string)flow"},
      {R"flow(f"a{i}b{f}")flow",
       R"flow(concat("a":string, to_text(i:int):string, "b":string, to_text(f:float):string):string)flow"},
      {R"flow(f"{n}")flow", R"flow(to_text(n:int?):string?)flow"},
      {R"flow(string(i))flow", R"flow(to_text(i:int):string)flow"},
      {R"flow(string(s))flow", R"flow(s:string)flow"},
      {R"flow(s.upper().length())flow",
       R"flow(call length flow_length(call upper flow_upper(s:string):string):int)flow"},
      {R"flow(lower(ns))flow", R"flow(call lower flow_lower(ns:string?):string?)flow"},
      {R"flow(replace(s, "a", "b"))flow",
       R"flow(call replace flow_replace(s:string, "a":string, "b":string):string)flow"},
      {R"flow(substring(s, start = 1, length = 2))flow",
       R"flow(call substring flow_substring_length(s:string, 1:int, 2:int):string)flow"},
      {R"flow(substring(s, length = 2, start = 1))flow",
       R"flow(call substring flow_substring_length(s:string, 1:int, 2:int):string)flow"},
  });
}

TEST(CheckExpressions, Conversions) {
  check_all({
      {R"flow(int(f))flow", R"flow(to_int(f:float):int)flow"},
      {R"flow(int(b))flow", R"flow(if(b:bool, 1:int, 0:int):int)flow"},
      {R"flow(int(nb))flow",
       R"flow(if(is_null(nb:bool?):bool, null:int?, some(if(require(nb:bool?):bool, 1:int, 0:int):int):int?):int?)flow"},
      {R"flow(int(s))flow", R"flow(call parse_int flow_parse_int(s:string):int?)flow"},
      {R"flow(int(i))flow", R"flow(i:int)flow"},
      {R"flow(float(i))flow", R"flow(to_float(i:int):float)flow"},
      {R"flow(float(2))flow", R"flow(2.0:float)flow"},
      {R"flow(float(s))flow", R"flow(call parse_float flow_parse_float(s:string):float?)flow"},
      {R"flow(sqrt(i))flow", R"flow(call sqrt flow_sqrt(to_float(i:int):float):float)flow"},
      {R"flow(abs(i))flow", R"flow(fallible_call abs flow_abs_int(i:int):int)flow"},
      {R"flow(abs(n))flow", R"flow(fallible_call abs flow_abs_int(n:int?):int?)flow"},
      {R"flow(round(i, 2))flow", R"flow(call round flow_round_digits(to_float(i:int):float, 2:int):float)flow"},
      {R"flow(timestamp(s))flow", R"flow(call parse_timestamp flow_parse_timestamp(s:string):timestamp?)flow"},
      {R"flow(duration(s))flow", R"flow(call parse_duration flow_parse_duration(s:string):duration?)flow"},
      {R"flow(bool(s))flow", R"flow(call parse_bool flow_parse_bool(s:string):bool?)flow"},
  });
}

TEST(CheckExpressions, Records) {
  check_all({
      {R"flow({ a = 1, s })flow", R"flow(record(1:int, s:string):{a: int, s: string})flow"},
      {R"flow({ a = 1, s }.a)flow", R"flow(1:int)flow"},
      {R"flow(r.x)flow", R"flow(field x(r:{x: int, y: int?}):int)flow"},
      {R"flow(r.y)flow", R"flow(field y(r:{x: int, y: int?}):int?)flow"},
      {R"flow(o?.x)flow",
       R"flow(if(is_null(o:{x: int, y: int?}?):bool, null:int?, some(field x(require(o:{x: int, y: int?}?):{x: int, y: int?}):int):int?):int?)flow"},
      {R"flow(o?.y)flow",
       R"flow(if(is_null(o:{x: int, y: int?}?):bool, null:int?, field y(require(o:{x: int, y: int?}?):{x: int, y: int?}):int?):int?)flow"},
      {R"flow(if o is not null then o.x else 0)flow",
       R"flow(if(not(is_null(o:{x: int, y: int?}?):bool):bool, field x(require(o:{x: int, y: int?}?):{x: int, y: int?}):int, 0:int):int)flow"},
      {R"flow({ ...r, z = 1 })flow",
       R"flow(record(field x(r:{x: int, y: int?}):int, field y(r:{x: int, y: int?}):int?, 1:int):{x: int, y: int?, z: int})flow"},
      {R"flow(tags[0])flow", R"flow(index(tags:[string], 0:int):string?)flow"},
      {R"flow([1, 2, 3][i])flow", R"flow(index(list(1:int, 2:int, 3:int):[int], i:int):int?)flow"},
      {R"flow([1, null])flow", R"flow(list(some(1:int):int?, null:int?):[int?])flow"},
      {R"flow([1, 2.5])flow", R"flow(list(1.0:float, 2.5:float):[float])flow"},
      {R"flow([{ a = 1 }, { a = 2 }][0]?.a)flow",
       R"flow(let $v.1(index(list(record(1:int):{a: int}, record(2:int):{a: int}):[{a: int}], 0:int):{a: int}?, if(is_null($v.1:{a: int}?):bool, null:int?, some(field a(require($v.1:{a: int}?):{a: int}):int):int?):int?):int?)flow"},
      {R"flow(len(tags))flow", R"flow(call len flow_len(tags:[string]):int)flow"},
  });
}

TEST(CheckExpressions, Functions) {
  check_all({
      {R"flow(twice(i))flow", R"flow(add(i:int, i:int):int)flow"},
      {R"flow(twice(n))flow",
       R"flow(if(is_null(n:int?):bool, null:int?, some(add(require(n:int?):int, require(n:int?):int):int):int?):int?)flow"},
      {R"flow(twice(i + 1))flow", R"flow(let $x.1(add(i:int, 1:int):int, add($x.1:int, $x.1:int):int):int)flow"},
      {R"flow(twice(n + 1))flow",
       R"flow(let $x.1(add(n:int?, 1:int):int?, if(is_null($x.1:int?):bool, null:int?, some(add(require($x.1:int?):int, require($x.1:int?):int):int):int?):int?):int?)flow"},
      {R"flow(half(i))flow", R"flow(let $x.1(to_float(i:int):float, div($x.1:float, 2.0:float):float):float)flow"},
      {R"flow(known(n))flow", R"flow(if(is_null(n:int?):bool, 0:int, require(n:int?):int):int)flow"},
      {R"flow(known(i))flow", R"flow(if(is_null(some(i:int):int?):bool, 0:int, i:int):int)flow"},
      {R"flow(known(5))flow",
       R"flow(let $x.1(some(5:int):int?, if(is_null($x.1:int?):bool, 0:int, require($x.1:int?):int):int):int)flow"},
      {R"flow(clamp(i))flow",
       R"flow(if(lt(i:int, 0:int):bool, 0:int, if(gt(i:int, 9:int):bool, 9:int, i:int):int):int)flow"},
      {R"flow(clamp(i, high = 3))flow",
       R"flow(if(lt(i:int, 0:int):bool, 0:int, if(gt(i:int, 3:int):bool, 3:int, i:int):int):int)flow"},
      {R"flow(limit + i)flow", R"flow(add(10:int, i:int):int)flow"},
      {R"flow(start)flow", R"flow(1704067200000000:timestamp)flow"},
  });
}

}  // namespace
}  // namespace sluice
