#include "lang/support/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace sluice {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return user_error("the number is odd");
  return number / 2;
}

Result<int> quarter(int number) {
  SLUICE_ASSIGN(const int once, half(number));
  return half(once);
}

TEST(ResultTest, AssignPassesValuesOnAndErrorsUp) {
  EXPECT_EQ(quarter(12), 3);
  const auto failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "the number is odd");
  EXPECT_EQ(failed.error().domain, ErrorDomain::User);
}

TEST(ResultTest, SystemErrorNamesTheReason) {
  const Status failed = system_error("cannot open x.csv", ENOENT);
  EXPECT_EQ(failed.error().message, "cannot open x.csv: No such file or directory");
}

TEST(ResultTest, TextListsContextFromTheInside) {
  const auto error = Error{ErrorDomain::External, false, "disk full", {}}.with_context("while writing a.csv");
  EXPECT_NE(error.to_string().find("disk full"), std::string::npos);
  EXPECT_NE(error.to_string().find("while writing a.csv"), std::string::npos);
}

}  // namespace
}  // namespace sluice
