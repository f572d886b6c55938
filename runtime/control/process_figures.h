// process_figures: what this process uses of its machine, for whoever watches a cluster.
#pragma once

#include "runtime/control/task_metrics.h"

namespace sluice {

[[nodiscard]] ProcessFigures process_figures();

}  // namespace sluice
