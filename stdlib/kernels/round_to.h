// round(x, digits): the exact value of the float is rounded, not its shortest text. round(2.675, 2) is 2.67, because
// the float 2.675 is a little less than that. Halves go away from zero.
#pragma once

#include <cstdint>

namespace sluice {

// The float nearest to x rounded to `digits` digits behind the point; in front of it where `digits` is negative.
[[nodiscard]] double round_to(double x, int64_t digits) noexcept;

}  // namespace sluice
