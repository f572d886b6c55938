#include "lang/types/decimal_types.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr uint32_t kMaxDigits = 38;
constexpr uint32_t kKeptScale = 6;

uint32_t whole_digits(const Type& type) { return static_cast<uint32_t>(type.precision - type.scale); }

// Digits behind the point are given up in favour of those in front.
Type capped(uint32_t precision, uint32_t scale) {
  if (precision <= kMaxDigits) return decimal_type(precision, scale);
  const uint32_t whole = precision - scale;
  const uint32_t kept = std::min(scale, kKeptScale);
  return decimal_type(kMaxDigits, std::max(kept, whole >= kMaxDigits ? 0 : kMaxDigits - whole));
}

}  // namespace

Type decimal_type(uint32_t precision, uint32_t scale, bool is_nullable) {
  Type type(TypeKind::Decimal, is_nullable);
  type.precision = static_cast<uint8_t>(std::clamp<uint32_t>(precision, 1, kMaxDigits));
  type.scale = static_cast<uint8_t>(std::min<uint32_t>(scale, kMaxDigits));
  return type;
}

Type common_decimal(const Type& a, const Type& b) {
  const uint32_t scale = std::max(a.scale, b.scale);
  return decimal_type(std::max(whole_digits(a), whole_digits(b)) + scale, scale);
}

Type sum_type(const Type& a, const Type& b) {
  const Type common = common_decimal(a, b);
  return decimal_type(common.precision + 1u, common.scale);
}

Type product_type(const Type& a, const Type& b) {
  return capped(uint32_t{a.precision} + b.precision + 1, uint32_t{a.scale} + b.scale);
}

Type quotient_type(const Type& a, const Type& b) {
  const uint32_t scale = std::max(kKeptScale, a.scale + b.precision + 1u);
  return capped(whole_digits(a) + b.scale + scale, scale);
}

Type whole_quotient_type(const Type& a, const Type& b) { return decimal_type(whole_digits(a) + b.scale + 1, 0); }

Type remainder_type(const Type& a, const Type& b) {
  const uint32_t scale = std::max(a.scale, b.scale);
  return decimal_type(whole_digits(b) + scale, scale);
}

Type decimal_of_int() { return decimal_type(19, 0); }

bool widens_to(const Type& from, const Type& to) {
  if (to.kind != TypeKind::Decimal) return false;
  const Type type = from.kind == TypeKind::Int ? decimal_of_int() : from;
  return type.kind == TypeKind::Decimal && type.scale <= to.scale && whole_digits(type) <= whole_digits(to);
}

}  // namespace sluice
