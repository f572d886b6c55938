// Names in modules: what stands in a module means the module's names, whatever the program that uses it calls its own.
#include <gtest/gtest.h>

#include "lang/check/check.h"
#include "lang/graph/graph_text.h"
#include "lang/syntax/parse.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

constexpr const char* kShop = R"(
param limit: int = 10
param name: string = "shop"
let _factor = 3
type Item = { price: int, amount: int }
fn _scaled(x: int) -> int = x * _factor
fn total(item: Item, least: int = limit) -> int = max_of(_scaled(item.price) * item.amount, least)
fn max_of(a: int, b: int) -> int = if a > b then a else b
agg scaled_sum(x: int) -> int {
  state total: int = 0
  step { set total = total + _scaled(x) }
  finish { return total }
}
source items: Item = csv("items.csv")
let dear = from items |> where price > limit
fn cheap(rows: stream { price: int, ... }, least: int = limit) = from rows |> where price < least * _factor
)";

// The graph of a program that may use the module `shop`, or what was reported.
std::string checked_with_shop(const std::string& program, const std::map<std::string, std::string>& params = {}) {
  FunctionCatalog functions;
  for (const auto& overload : standard_functions().overloads()) functions.add(overload);
  for (const auto& module : standard_functions().modules())
    if (module.is_prelude) functions.add_module(module);
  functions.add_module({"shop", kShop, false});
  SourceMap sources;
  Diagnostics diagnostics;
  const ast::Program parsed = parse(sources, sources.add("t.flow", program), diagnostics);
  std::optional<FlowGraph> graph;
  if (!diagnostics.has_errors())
    graph = check(parsed, functions, standard_connectors(), CheckOptions{"t", params}, sources, diagnostics);
  std::string text;
  for (const auto& diagnostic : diagnostics.sorted()) text += render(diagnostic, sources, false);
  return graph ? text + write_graph(*graph) : text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Modules, ItemsMeanTheNamesOfTheirModule) {
  const std::string program = R"(
    use shop.{dear, total, scaled_sum, cheap}
    let limit = 7
    let _factor = 4711
    fn _scaled(x: int) -> int = 0
    fn max_of(a: int, b: int) -> int = 0
    type Item = { other: string }
    from dear |> where price > limit |> cheap() |> select t = total({price = price, amount = amount})
    from dear |> aggregate s = scaled_sum(price)
  )";
  const std::string graph = checked_with_shop(program);
  EXPECT_FALSE(has(graph, "error")) << graph;
  EXPECT_TRUE(has(graph, "10")) << graph;
  EXPECT_TRUE(has(graph, "7")) << graph;
  EXPECT_TRUE(has(graph, "3")) << graph;
  EXPECT_FALSE(has(graph, "4711")) << graph;
  EXPECT_TRUE(has(graph, "shop.items")) << graph;
}

TEST(Modules, AWholeModuleIsReachedThroughItsName) {
  const std::string program = R"(
    use shop
    source rows: shop.Item = csv("rows.csv")
    fn price_of(row: shop.dear.Row) -> int = row.price
    from shop.dear |> where price < shop.limit |> select a = shop.max_of(price, 1), b = price_of({price, amount})
    from rows |> select shop = price |> where shop == 1
  )";
  const std::string graph = checked_with_shop(program);
  EXPECT_FALSE(has(graph, "error")) << graph;
  EXPECT_TRUE(has(graph, "rows")) << graph;
}

TEST(Modules, ParametersHaveTheModulesNameInFront) {
  const std::string graph = checked_with_shop("use shop.{dear} from dear", {{"shop.limit", "42"}});
  EXPECT_TRUE(has(graph, "42")) << graph;
  const std::string unknown = checked_with_shop("use shop.{dear} from dear", {{"limit", "42"}});
  EXPECT_TRUE(has(unknown, "error[E0709] this program has no parameter `limit`")) << unknown;
  const std::string value = checked_with_shop("use shop.{dear} from dear", {{"shop.limit", "many"}});
  EXPECT_TRUE(has(value, "error[E0708] std/shop.flow:2:7: the parameter `shop.limit` needs int, but `many`")) << value;
}

TEST(Modules, NamesThatWereNotAskedForAreUnknown) {
  EXPECT_TRUE(has(checked_with_shop("use shop.{dear} from items"), "there is no source or pipeline called `items`"));
  EXPECT_TRUE(has(checked_with_shop("from dear"), "there is no source or pipeline called `dear`"));
  EXPECT_TRUE(has(checked_with_shop("use shop.{dear} from dear |> extend x = total(1)"), "E0502"));
  EXPECT_TRUE(has(checked_with_shop("use shop from shop._factor"), "for the module itself"));
}

TEST(Modules, UsingTwiceIsUsingOnce) {
  const std::string graph = checked_with_shop("use shop use shop.{dear} use shop.{dear} from dear from shop.dear");
  EXPECT_FALSE(has(graph, "error")) << graph;
}

}  // namespace
}  // namespace sluice
