#include "lang/types/decimal_types.h"

#include <gtest/gtest.h>

#include "lang/graph/graph_text.h"
#include "lang/graph/text_parts.h"
#include "lang/support/decimal.h"

namespace sluice {
namespace {

std::string text(const Type& type) { return type.to_string(); }

TEST(DecimalTypes, SumsKeepEveryDigitBehindThePoint) {
  EXPECT_EQ(text(sum_type(decimal_type(10, 2), decimal_type(8, 4))), "decimal(13,4)");
  EXPECT_EQ(text(sum_type(decimal_type(38, 8), decimal_type(38, 8))), "decimal(38,8)");
  EXPECT_EQ(text(common_decimal(decimal_type(10, 2), decimal_of_int())), "decimal(21,2)");
}

TEST(DecimalTypes, ProductsAndQuotientsGiveUpDigitsButKeepSix) {
  EXPECT_EQ(text(product_type(decimal_of_int(), decimal_type(3, 3))), "decimal(23,3)");
  EXPECT_EQ(text(product_type(decimal_type(31, 2), decimal_type(12, 6))), "decimal(38,6)");
  EXPECT_EQ(text(product_type(decimal_type(38, 38), decimal_type(38, 38))), "decimal(38,37)");
  EXPECT_EQ(text(quotient_type(decimal_type(12, 2), decimal_type(12, 2))), "decimal(27,15)");
  EXPECT_EQ(text(quotient_type(decimal_type(38, 2), decimal_of_int())), "decimal(38,6)");
  EXPECT_EQ(text(whole_quotient_type(decimal_type(12, 2), decimal_type(5, 3))), "decimal(14,0)");
  EXPECT_EQ(text(remainder_type(decimal_type(12, 2), decimal_type(5, 3))), "decimal(5,3)");
}

TEST(DecimalTypes, WideningLosesNothing) {
  EXPECT_TRUE(widens_to(decimal_type(10, 2), decimal_type(12, 4)));
  EXPECT_FALSE(widens_to(decimal_type(10, 2), decimal_type(10, 4)));
  EXPECT_FALSE(widens_to(decimal_type(10, 2), decimal_type(38, 1)));
  EXPECT_TRUE(widens_to(Type(TypeKind::Int), decimal_type(21, 2)));
  EXPECT_FALSE(widens_to(Type(TypeKind::Int), decimal_type(20, 2)));
  EXPECT_FALSE(widens_to(Type(TypeKind::Float), decimal_type(38, 2)));
}

TEST(DecimalTypes, LiteralsAndConversionsReadBackFromText) {
  const Expr literal = Expr::literal(Decimal{-908, 3}, decimal_type(3, 3), {});
  std::vector<Expr> args;
  args.push_back(Expr::column("price", Type(TypeKind::Int), {}));
  const Expr wide = Expr::make_op(ExprOp::ToDecimal, std::move(args), decimal_of_int(), {});
  const Expr product = Expr::make_op(ExprOp::Mul, {wide, literal}, decimal_type(23, 3), {});
  const std::string written = write_expr(product, false);
  EXPECT_EQ(written, "mul(to_decimal(price:int):decimal(19,0), -0.908dec:decimal(3,3)):decimal(23,3)");
  TextCursor cursor(written, 1);
  EXPECT_EQ(read_expr(cursor), product);
  EXPECT_EQ(flow_text(product), "price * -0.908dec");
  EXPECT_FALSE(can_fail(product));
}

}  // namespace
}  // namespace sluice
