#include "runtime/coordinator/prometheus.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <string_view>

#include "runtime/control/process_figures.h"
#include "runtime/coordinator/api_routes.h"

namespace sluice {

namespace {

// As the format wants values of labels.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\\' || letter == '"') result += '\\';
    if (letter == '\n')
      result += "\\n";
    else
      result += static_cast<unsigned char>(letter) < 0x80 ? letter : '?';  // names may be no UTF-8
  }
  return result;
}

void begin(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void put(std::string& text, std::string_view name, const std::string& labels, auto value) {
  text += labels.empty() ? fmt::format("{} {}\n", name, value) : fmt::format("{}{{{}}} {}\n", name, labels, value);
}

double seconds(std::chrono::microseconds time) { return std::chrono::duration<double>(time).count(); }

// A figure of each of several things, under their labels.
template <class Thing>
struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::function<double(const Thing&)> value;
};

const std::vector<Metric<WorkerInfo>>& worker_metrics() {
  using Figure = const WorkerInfo&;
  static const std::vector<Metric<WorkerInfo>> metrics = {
      {"sluice_worker_slots", "gauge", "Slots of the worker", [](Figure w) { return w.slots; }},
      {"sluice_worker_slots_free", "gauge", "Slots that no job has", [](Figure w) { return w.free_slots; }},
      {"sluice_worker_memory_bytes", "gauge", "Memory of the worker's machine",
       [](Figure w) { return static_cast<double>(w.memory_bytes); }},
      {"sluice_worker_resident_memory_bytes", "gauge", "Resident memory of the worker's process",
       [](Figure w) { return static_cast<double>(w.figures.resident_bytes); }},
      {"sluice_worker_cpu_seconds_total", "counter", "CPU time that the worker's process has used",
       [](Figure w) { return seconds(w.figures.cpu); }},
  };
  return metrics;
}

const std::vector<Metric<JobInfo>>& job_metrics() {
  using Figure = const JobInfo&;
  static const std::vector<Metric<JobInfo>> metrics = {
      {"sluice_job_rows_in_total", "counter", "Records that the job's sources have read",
       [](Figure j) { return static_cast<double>(j.totals.rows_in); }},
      {"sluice_job_rows_out_total", "counter", "Rows that the job has written to its sinks",
       [](Figure j) { return static_cast<double>(j.totals.rows_out); }},
      {"sluice_job_rows_late_total", "counter", "Rows that came too late for their windows",
       [](Figure j) { return static_cast<double>(j.totals.rows_late); }},
  };
  return metrics;
}

const std::vector<Metric<TaskMetrics>>& task_metrics() {
  using Figure = const TaskMetrics&;
  static const std::vector<Metric<TaskMetrics>> metrics = {
      {"sluice_task_rows_in_total", "counter", "Rows that the task has taken from its inputs",
       [](Figure t) { return static_cast<double>(t.rows_in); }},
      {"sluice_task_rows_out_total", "counter", "Rows that the task has given to other tasks and to sinks",
       [](Figure t) { return static_cast<double>(t.rows_out); }},
      {"sluice_task_rows_late_total", "counter", "Rows that came too late for the task's windows",
       [](Figure t) { return static_cast<double>(t.rows_late); }},
      {"sluice_task_received_bytes_total", "counter", "Bytes of rows from other tasks",
       [](Figure t) { return static_cast<double>(t.bytes_in); }},
      {"sluice_task_sent_bytes_total", "counter", "Bytes of rows to other tasks",
       [](Figure t) { return static_cast<double>(t.bytes_out); }},
      {"sluice_task_state_bytes", "gauge", "Memory of the task's state",
       [](Figure t) { return static_cast<double>(t.state_bytes); }},
      {"sluice_task_busy_seconds_total", "counter", "Time that the task was at work",
       [](Figure t) { return seconds(t.busy); }},
      {"sluice_task_blocked_seconds_total", "counter", "Time that the task waited for room at whoever takes its rows",
       [](Figure t) { return seconds(t.blocked); }},
      {"sluice_task_idle_seconds_total", "counter", "Time that the task waited for rows",
       [](Figure t) { return seconds(t.idle); }},
  };
  return metrics;
}

std::string labels_of(const JobInfo& job, const JobInfo::PlacedTask& task) {
  return fmt::format(R"(job="{}",stage="{}",task="{}",worker="{}")", job.job, escaped(task.stage), task.task,
                     task.worker);
}

void put_workers(std::string& text, const std::vector<WorkerInfo>& workers) {
  begin(text, "sluice_workers", "gauge", "Workers that have joined");
  put(text, "sluice_workers", "", workers.size());
  for (const auto& metric : worker_metrics()) {
    begin(text, metric.name, metric.type, metric.help);
    for (const auto& worker : workers)
      put(text, metric.name, fmt::format(R"(worker="{}",host="{}")", worker.worker, escaped(worker.host)),
          metric.value(worker));
  }
}

void put_jobs(std::string& text, const std::vector<JobInfo>& jobs) {
  std::map<std::string_view, size_t> by_state;
#define JOB_PHASE(phase, name, is_end) by_state[phase_name(JobPhase::phase)] = 0;
#include "runtime/coordinator/job_phases.def"
  for (const auto& job : jobs) ++by_state[phase_name(job.phase)];
  begin(text, "sluice_jobs", "gauge", "Jobs that the coordinator knows, by state");
  for (const auto& [state, count] : by_state) put(text, "sluice_jobs", fmt::format("state=\"{}\"", state), count);
  for (const auto& metric : job_metrics()) {
    begin(text, metric.name, metric.type, metric.help);
    for (const auto& job : jobs)
      put(text, metric.name, fmt::format(R"(job="{}",name="{}")", job.job, escaped(job.name)), metric.value(job));
  }
}

void put_tasks(std::string& text, const std::vector<JobInfo>& jobs) {
  for (const auto& metric : task_metrics()) {
    begin(text, metric.name, metric.type, metric.help);
    for (const auto& job : jobs)
      for (const auto& task : job.tasks) put(text, metric.name, labels_of(job, task), metric.value(task.metrics));
  }
  begin(text, "sluice_task_watermark_seconds", "gauge", "How far event time has come in the task, since 1970");
  for (const auto& job : jobs)
    for (const auto& task : job.tasks)
      if (task.metrics.watermark)
        put(text, "sluice_task_watermark_seconds", labels_of(job, task),
            static_cast<double>(*task.metrics.watermark) / 1e6);
}

}  // namespace

std::string prometheus_text(const ClusterFigures& figures) {
  std::string text;
  put_workers(text, figures.workers);
  put_jobs(text, figures.jobs);
  put_tasks(text, figures.running_jobs);
  begin(text, "process_resident_memory_bytes", "gauge", "Resident memory of the coordinator");
  put(text, "process_resident_memory_bytes", "", figures.coordinator.resident_bytes);
  begin(text, "process_cpu_seconds_total", "counter", "CPU time that the coordinator has used");
  put(text, "process_cpu_seconds_total", "", seconds(figures.coordinator.cpu));
  return text;
}

namespace api {

ApiAnswer prometheus(Coordinator& coordinator, const ApiRequest&) {
  return {200,
          prometheus_text({coordinator.workers(), coordinator.jobs(), coordinator.running_jobs(), process_figures()}),
          "text/plain; version=0.0.4; charset=utf-8",
          {}};
}

}  // namespace api

}  // namespace sluice
