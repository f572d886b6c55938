#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kOrders = R"text(graph "paid"
node 1 source "from orders"
  name orders
  connector csv
  declared id: int, ts: timestamp
  schema id: int, ts: timestamp
node 2 time (1) "time ts"
  name orders.time
  time ts:timestamp
  schema id: int, ts: timestamp, `@time`: timestamp, `@mark`: timestamp
node 3 source "from payments"
  name payments
  connector csv
  declared order: int, paid: timestamp
  schema order: int, paid: timestamp
node 4 time (3) "time paid"
  name payments.time
  time paid:timestamp
)text";
const std::string kPair = "id: int, ts: timestamp, p.order: int, p.paid: timestamp";

// Orders with the payments of theirs that meet the condition; `clock`: what else stands in the time of payments.
PassResult bound(const std::string& clock, const std::string& condition) {
  const std::string join =
      "  schema order: int, paid: timestamp, `@time`: timestamp, `@mark`: timestamp\n"
      "node 5 join (2, 4) \"join payments\"\n  name join\n  join inner\n  left_key id = id:int\n"
      "  right_key id = order:int\n  right p.order = order:int\n  right p.paid = paid:timestamp\n";
  const std::string rows = "  schema " + kPair + "\n";
  return testing::run(std::string(kOrders) + clock + join + condition + rows + testing::sink("6", "5", kPair),
                      {"bound_joins"});
}

const std::string kClock = "  clock paid:timestamp\n  delay 4000000\n";
const std::string kBefore = "  condition le(p.paid:timestamp, ts:timestamp):bool\n";
const std::string kRightIsKept = "- 5: rows of the right side are kept: nothing in `on` says until when";

TEST(BoundJoins, RowsAreForgottenWhenTheOtherSideHasPassedThem) {
  const auto result = bound(kClock, kBefore);
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"+ 5: rows of the left side are forgotten when those of the other have passed `ts`", kRightIsKept}));
  const auto* join = testing::find_node(result.graph, "5")->as<JoinNode>();
  ASSERT_TRUE(join->left_bound.has_value());
  EXPECT_EQ(flow_text(join->left_bound->time), "ts");
  EXPECT_EQ(join->left_bound->after, -4'000'000) << "the watermark is behind the clock, rows never are";
  EXPECT_FALSE(join->right_bound.has_value());
}

TEST(BoundJoins, RowsThatMayComeLateFindAllThereIs) {
  const auto result = bound("", kBefore);
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"- 5: rows of the left side are kept: those of the other may come late", kRightIsKept}));
  EXPECT_FALSE(testing::find_node(result.graph, "5")->as<JoinNode>()->left_bound.has_value());
}

TEST(BoundJoins, WithoutARangeAllRowsAreKept) {
  EXPECT_EQ(testing::notes_of(bound(kClock, "")), (Lines{"- 5: no range of times in `on`: all rows are kept"}));
}

}  // namespace
}  // namespace sluice
