#include "runtime/plan/job_plan.h"

namespace sluice {

uint32_t first_key_group(uint32_t key_groups, uint32_t parallelism, uint32_t task) {
  return static_cast<uint32_t>(uint64_t{key_groups} * task / parallelism);
}

}  // namespace sluice
