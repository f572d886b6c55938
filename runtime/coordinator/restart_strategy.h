// RestartStrategy: whether a job whose attempt failed begins anew, and when. Said with the submission. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

struct RestartStrategy {
  enum class Kind : uint8_t { None, Fixed, Exponential };
  Kind kind = Kind::None;
  uint32_t attempts = 10;                        // it begins anew at most so often
  std::chrono::milliseconds delay{1'000};        // before it does; of Exponential the first one, each twice the last
  std::chrono::milliseconds most_delay{60'000};  // of Exponential
  bool operator==(const RestartStrategy&) const = default;
};

[[nodiscard]] std::string_view strategy_name(RestartStrategy::Kind kind);
[[nodiscard]] std::optional<RestartStrategy::Kind> strategy_named(std::string_view name);

// How long to wait before the job begins anew for the `restarts`+1st time; nothing: it does not.
[[nodiscard]] std::optional<std::chrono::milliseconds> restart_delay(const RestartStrategy& strategy,
                                                                     uint32_t restarts);

}  // namespace sluice
