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

#include "runtime/data/block.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

class TimeBoard {
 public:
  explicit TimeBoard(const JobPlan& plan);

  // The shortest `idle` of the job; nothing when no source says it.
  [[nodiscard]] static std::optional<std::chrono::microseconds> shortest_idle(const FlowGraph& graph);

  // The watermark of a time node in one of its tasks, and whether rows may come soon: not while it is idle, nor when
  // its input has ended.
  void note(NodeId node, uint32_t task, int64_t watermark, bool is_active) noexcept;
  // The lowest watermark of the active time nodes whose rows meet those of `node` further on; when none of them is
  // active, the highest of all. Nothing while that is no time yet.
  [[nodiscard]] std::optional<int64_t> beside(NodeId node) const noexcept;

 private:
  struct Place {
    std::atomic<int64_t> watermark{kNoWatermark};
    std::atomic<bool> is_active{true};
  };
  std::map<NodeId, std::vector<Place>> places_;  // by task
  std::map<NodeId, std::vector<NodeId>> beside_;
};

}  // namespace sluice
