#include "runtime/coordinator/prometheus.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string text_of(const JobInfo& job) {
  WorkerInfo worker;
  worker.worker = 3;
  worker.host = "a\"b\\c\nd\xff";
  worker.slots = 4;
  worker.free_slots = 1;
  worker.figures = {1000, std::chrono::milliseconds(1500)};
  return prometheus_text({{worker}, {job}, {job}, {2000, std::chrono::milliseconds(250)}});
}

bool has(const std::string& text, const std::string& line) { return ("\n" + text).contains("\n" + line + "\n"); }

TEST(Prometheus, LabelsAndValues) {
  JobInfo job;
  job.job = 7;
  job.name = "orders";
  job.phase = JobPhase::Running;
  job.totals.rows_in = 12;
  TaskMetrics metrics;
  metrics.rows_out = 5;
  metrics.blocked = std::chrono::milliseconds(2250);
  metrics.watermark = 3'500'000;
  job.tasks.push_back({"S0", 1, 3, TaskPhase::Running, metrics});
  const std::string text = text_of(job);
  EXPECT_TRUE(has(text, R"(sluice_worker_slots_free{worker="3",host="a\"b\\c\nd?"} 1)")) << text;
  EXPECT_TRUE(has(text, "sluice_workers 1")) << text;
  EXPECT_TRUE(has(text, R"(sluice_jobs{state="running"} 1)")) << text;
  EXPECT_TRUE(has(text, R"(sluice_jobs{state="failed"} 0)")) << text;
  EXPECT_TRUE(has(text, R"(sluice_job_rows_in_total{job="7",name="orders"} 12)")) << text;
  const std::string labels = R"({job="7",stage="S0",task="1",worker="3"} )";
  EXPECT_TRUE(has(text, "sluice_task_rows_out_total" + labels + "5")) << text;
  EXPECT_TRUE(has(text, "sluice_task_blocked_seconds_total" + labels + "2.25")) << text;
  EXPECT_TRUE(has(text, "sluice_task_watermark_seconds" + labels + "3.5")) << text;
  EXPECT_TRUE(has(text, "process_resident_memory_bytes 2000")) << text;
  EXPECT_TRUE(has(text, "process_cpu_seconds_total 0.25")) << text;
}

TEST(Prometheus, ATaskWithoutWatermarkHasNone) {
  JobInfo job;
  job.tasks.push_back({"S0", 0, 1, TaskPhase::Running, {}});
  EXPECT_FALSE(text_of(job).contains("sluice_task_watermark_seconds{"));
}

}  // namespace
}  // namespace sluice
