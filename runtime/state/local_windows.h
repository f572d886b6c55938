// LocalWindows: the windows of a step with a `zone`. They begin and end where the clock of the zone says, so a day has
// 23 or 25 hours when that clock is moved. The windows of a row are those of the row before it, mostly: they are
// computed only when a row leaves the times for which they are known.
#pragma once

#include <cstdint>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "lang/support/time_zone.h"
#include "runtime/abi/layout.h"

namespace sluice {

class LocalWindows : public abi::LocalWindows {
 public:
  // The zone of `shape` is known.
  explicit LocalWindows(const WindowShape& shape);
  LocalWindows(const LocalWindows&) = delete;
  LocalWindows& operator=(const LocalWindows&) = delete;

  // The windows that contain `time`, by their ends.
  void find(int64_t time) noexcept;

 private:
  // When the clock gets so far, `offset` added.
  [[nodiscard]] int64_t moment(int64_t local) { return zone_.first(local + shape_.offset); }
  void find_hop(int64_t time) noexcept;
  void find_cumulate(int64_t time) noexcept;
  void add(int64_t start, int64_t end) noexcept;

  WindowShape shape_;
  TimeZone zone_;
  std::vector<int64_t> bounds_;
};

}  // namespace sluice
