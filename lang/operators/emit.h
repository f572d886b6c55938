// emit final | changes | every(D): when a step gives its results out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lang/operators/operator_util.h"

namespace sluice {

struct Emit {
  enum class When : uint8_t { Unsaid, Final, Changes, Every };
  When when = When::Unsaid;
  int64_t length = 0;  // Every
  Span span;           // of the clause
  [[nodiscard]] bool shows_changes() const { return when == When::Changes || when == When::Every; }
};
// What `emit` says; nothing when something was reported.
[[nodiscard]] std::optional<Emit> check_emit(OperatorContext& context, const ast::Step& step);

// What `emit` means for groups by `keys`; `is_windowed`: each is final by itself. Final groups that are no windows get
// another key, which `input` has then. False when something was reported.
bool add_end(OperatorContext& context, const ast::Step& step, const Emit& emit, bool is_windowed, Flow& input,
             std::vector<NamedExpr>& keys);

// How `emit every(D)` of an aggregate collects the changes of `input`; nothing when something was reported.
[[nodiscard]] std::optional<Interval> interval_of(OperatorContext& context, const Emit& emit, const Flow& input);

}  // namespace sluice
