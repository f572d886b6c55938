#include "runtime/coordinator/restart_strategy.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {

namespace {
using Kind = RestartStrategy::Kind;
constexpr std::array<std::pair<Kind, std::string_view>, 3> kNames = {
    {{Kind::None, "none"}, {Kind::Fixed, "fixed"}, {Kind::Exponential, "exponential"}}};
}  // namespace

std::string_view strategy_name(Kind kind) {
  return std::ranges::find(kNames, kind, [](const auto& named) { return named.first; })->second;
}

std::optional<Kind> strategy_named(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, [](const auto& named) { return named.second; });
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

std::optional<std::chrono::milliseconds> restart_delay(const RestartStrategy& strategy, uint32_t restarts) {
  if (strategy.kind == Kind::None || restarts >= strategy.attempts) return std::nullopt;
  if (strategy.kind == Kind::Fixed) return strategy.delay;
  auto delay = strategy.delay;
  for (uint32_t i = 0; i < restarts && delay < strategy.most_delay; ++i) delay *= 2;
  return std::min(delay, strategy.most_delay);
}

}  // namespace sluice
