// The decisions of a coordinator for a cluster of 1,000 workers and a job of 5,000 tasks: CPU time to schedule it, to
// plan it anew when 100 workers vanish at once, and to see it to its end; messages and memory. Prints one JSON object.
// Built and run by bench/cluster_simulation.py.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>
#include <ctime>
#include <set>

#include "tests/unit/runtime/coordinator/simulated_cluster.h"

namespace {

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

int main() {
  using namespace sluice;
  constexpr uint32_t kWorkers = 1'000;
  constexpr uint32_t kStages = 30;
  constexpr uint32_t kParallelism = 167;  // 5,010 tasks
  testing::SimulatedCluster cluster(testing::large_plan(kStages, kParallelism), kWorkers, 4,
                                    {RestartStrategy::Kind::Fixed, 10, std::chrono::milliseconds(1), {}});
  const double begin = cpu_seconds();
  cluster.schedule();
  const double scheduled = cpu_seconds();
  const uint64_t messages = cluster.commands + cluster.reports;
  std::set<uint32_t> lost;
  for (uint32_t worker = 1; worker <= 100; ++worker) lost.insert(worker);
  cluster.lose(lost);
  cluster.begin_anew();
  cluster.schedule();
  const double replanned = cpu_seconds();
  const bool is_right = cluster.state.phase == JobPhase::Running && cluster.illegal == 0;
  cluster.finish_all_tasks();
  const double ended = cpu_seconds();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{{\"workers\": {}, \"tasks\": {}, \"schedule_cpu_s\": {:.4f}, \"schedule_messages\": {}, "
      "\"replan_cpu_s\": {:.4f}, \"finish_cpu_s\": {:.4f}, \"command_bytes\": {}, \"peak_mb\": {}}}\n",
      kWorkers, kStages * kParallelism, scheduled - begin, messages, replanned - scheduled, ended - replanned,
      cluster.bytes, usage.ru_maxrss / 1024);
  return is_right && cluster.state.phase == JobPhase::Finished ? EXIT_SUCCESS : EXIT_FAILURE;
}
