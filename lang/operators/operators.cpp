#include "lang/operators/operators.h"

#include <algorithm>
#include <array>

namespace sluice {

namespace {

constexpr auto kOperators = std::to_array<OperatorRow>({
#define SLUICE_CHECK_Compiled(name) &check_##name
#define SLUICE_CHECK_Later(name) nullptr
#define OPERATOR(name, shape, state, ...) {#name, SLUICE_CHECK_##state(name)},
#include "lang/operators/operators.def"
#undef OPERATOR
#undef SLUICE_CHECK_Later
#undef SLUICE_CHECK_Compiled
});

}  // namespace

const OperatorRow* find_operator(std::string_view name) {
  const auto* const it = std::ranges::find(kOperators, name, &OperatorRow::name);
  return it == kOperators.end() ? nullptr : &*it;
}

}  // namespace sluice
