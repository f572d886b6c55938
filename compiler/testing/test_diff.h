// What a test expects beside what came, row by row.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/testing/test_values.h"

namespace sluice {

using TestRow = std::vector<Json>;  // one value per column

struct DiffLine {
  enum class Kind : uint8_t { Same, Missing, Unexpected } kind = Kind::Same;
  TestRow row;
  std::vector<bool> differs;  // Unexpected: by column, where the Missing line in front has something else; or empty
};

// Each row that is expected and did not come stands in front of the one that seems to have come in its place.
// `is_ordered`: the order of the rows counts. `rounds`: floats may differ in their last digits, as sums of the same
// numbers in another order do.
[[nodiscard]] std::vector<DiffLine> diff_rows(const std::vector<TestRow>& expected, const std::vector<TestRow>& got,
                                              bool is_ordered, bool rounds = false);
[[nodiscard]] bool is_same(const std::vector<DiffLine>& diff);

}  // namespace sluice
