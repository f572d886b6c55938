// What becomes of precision and scale in decimal arithmetic. Sums keep every digit; products and quotients that would
// need more than 38 give up digits behind the point, but keep 6 of them. Whether a result fits 38 digits is then
// known for each row only.
#pragma once

#include <cstdint>

#include "lang/types/type.h"

namespace sluice {

[[nodiscard]] Type decimal_type(uint32_t precision, uint32_t scale, bool is_nullable = false);
// The smallest decimal that holds both; digits in front of the point give way where that takes more than 38.
[[nodiscard]] Type common_decimal(const Type& a, const Type& b);
[[nodiscard]] Type sum_type(const Type& a, const Type& b);
[[nodiscard]] Type product_type(const Type& a, const Type& b);
[[nodiscard]] Type quotient_type(const Type& a, const Type& b);
[[nodiscard]] Type whole_quotient_type(const Type& a, const Type& b);
[[nodiscard]] Type remainder_type(const Type& a, const Type& b);
// An int as a decimal.
[[nodiscard]] Type decimal_of_int();
// Does every value of `from`, an int or a decimal, fit `to`?
[[nodiscard]] bool widens_to(const Type& from, const Type& to);

}  // namespace sluice
