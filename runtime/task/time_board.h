// TimeBoard: where event time has come to in every time node of a job, for sources that say `idle`: one that has had no
// rows for so long takes the watermark of those beside it for its own, so that it holds nobody up. Tasks write what
// they know and read what others wrote; any thread. Only jobs with such a source have one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "runtime/plan/job_plan.h"

namespace sluice {

class TimeBoard {
 public:
  explicit TimeBoard(const JobPlan& plan);

  // The shortest `idle` of the job; nothing when no source says it.
  [[nodiscard]] static std::optional<std::chrono::microseconds> shortest_idle(const FlowGraph& graph);

  // The watermark of a time node in one of its tasks; nothing while it is idle, and when its input has ended: then it
  // does not count.
  void note(NodeId node, uint32_t task, std::optional<int64_t> watermark) noexcept;
  // The lowest watermark of the time nodes whose rows meet those of `node` further on; nothing when none counts, or one
  // that does knows no time yet.
  [[nodiscard]] std::optional<int64_t> beside(NodeId node) const noexcept;

 private:
  std::map<NodeId, std::vector<std::atomic<int64_t>>> watermarks_;  // by task
  std::map<NodeId, std::vector<NodeId>> beside_;
};

}  // namespace sluice
