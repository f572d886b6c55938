#include "lang/graph/expr.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

const Type kInt(TypeKind::Int);
const Type kFloat(TypeKind::Float);
const Type kBool(TypeKind::Bool);

Expr column(const char* name, const Type& type = kInt) { return Expr::column(name, type, {}); }
Expr number(int64_t value) { return Expr::literal(value, kInt, {}); }

TEST(Expr, EqualityIsOfMeaningNotOfPlace) {
  Expr a = Expr::make_op(ExprOp::Lt, {column("x"), number(4)}, kBool, {});
  Expr b = a;
  b.span = Span{0, {3, 1}, {3, 9}};
  b.args[0].span = b.span;
  EXPECT_EQ(a, b);
  b.args[1] = number(5);
  EXPECT_NE(a, b);
  b = a;
  b.op = ExprOp::Le;
  EXPECT_NE(a, b);
}

TEST(Expr, FloatLiteralsCompareByBits) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Expr::literal(nan, kFloat, {}), Expr::literal(nan, kFloat, {}));
  EXPECT_NE(Expr::literal(0.0, kFloat, {}), Expr::literal(-0.0, kFloat, {}));
}

TEST(Expr, CollectsEachColumnOnceInOrder) {
  const Expr sum = Expr::make_op(
      ExprOp::Add, {Expr::make_op(ExprOp::Mul, {column("b"), column("a")}, kInt, {}), column("b")}, kInt, {});
  std::vector<std::string> columns;
  collect_columns(sum, columns);
  EXPECT_EQ(columns, (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(reads_column(sum, "a"));
  EXPECT_FALSE(reads_column(sum, "c"));
  EXPECT_EQ(expr_size(sum), 5u);
}

TEST(Expr, OnlyIntegersAndUnknownCallsCanFail) {
  EXPECT_TRUE(can_fail(Expr::make_op(ExprOp::Add, {column("a"), number(1)}, kInt, {})));
  EXPECT_FALSE(can_fail(Expr::make_op(ExprOp::Add, {column("a", kFloat), column("b", kFloat)}, kFloat, {})));
  EXPECT_TRUE(can_fail(Expr::make_op(ExprOp::ToInt, {column("a", kFloat)}, kInt, {})));
  EXPECT_FALSE(can_fail(Expr::make_op(ExprOp::Lt, {column("a"), number(1)}, kBool, {})));
  EXPECT_TRUE(can_fail(Expr::call("f", "rt_f", {}, kInt, {})));
  EXPECT_FALSE(can_fail(Expr::call("f", "rt_f", {}, kInt, {}, false)));
}

TEST(Expr, DivisionByAKnownNumberCannotFail) {
  for (const ExprOp op : {ExprOp::IntDiv, ExprOp::Mod}) {
    EXPECT_FALSE(can_fail(Expr::make_op(op, {column("a"), number(3)}, kInt, {})));
    EXPECT_TRUE(can_fail(Expr::make_op(op, {column("a"), number(0)}, kInt, {})));
    EXPECT_TRUE(can_fail(Expr::make_op(op, {column("a"), number(-1)}, kInt, {})));
    EXPECT_TRUE(can_fail(Expr::make_op(op, {column("a"), column("b")}, kInt, {})));
  }
}

TEST(Expr, SubstitutesColumnsAtEveryDepth) {
  const Expr sum = Expr::make_op(ExprOp::Add, {column("a"), column("b")}, kInt, {});
  const Expr result = substitute_columns(Expr::let("t", sum, column("a")), {{"a", number(7)}});
  EXPECT_EQ(result, Expr::let("t", Expr::make_op(ExprOp::Add, {number(7), column("b")}, kInt, {}), number(7)));
}

}  // namespace
}  // namespace sluice
