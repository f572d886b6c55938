#include "runtime/coordinator/api_json.h"

#include <algorithm>
#include <utility>

#include "lang/support/time_text.h"

namespace sluice {

namespace {

int64_t milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Json json_of(const RowError& error) {
  Json json = {{"code", error.code},
               {"message", error.message},
               {"operands", error.operands},
               {"span",
                {{"file", error.span.file},
                 {"line", error.span.begin.line},
                 {"column", error.span.begin.column},
                 {"end_line", error.span.end.line},
                 {"end_column", error.span.end.column}}}};
  if (error.record)
    json["record"] = {{"file", error.record->file},
                      {"line", error.record->line},
                      {"column", error.record->column},
                      {"record", error.record->record}};
  return json;
}

void add(TaskMetrics& sum, const TaskMetrics& task) {
  sum.rows_in += task.rows_in;
  sum.rows_out += task.rows_out;
  sum.rows_late += task.rows_late;
  sum.bytes_in += task.bytes_in;
  sum.bytes_out += task.bytes_out;
  sum.state_bytes += task.state_bytes;
  sum.busy += task.busy;
  sum.blocked += task.blocked;
  sum.idle += task.idle;
  if (task.watermark) sum.watermark = sum.watermark ? std::min(*sum.watermark, *task.watermark) : *task.watermark;
}

void put(Json& json, const TaskMetrics& metrics) {
  json["rows_in"] = metrics.rows_in;
  json["rows_out"] = metrics.rows_out;
  json["rows_late"] = metrics.rows_late;
  json["bytes_in"] = metrics.bytes_in;
  json["bytes_out"] = metrics.bytes_out;
  json["state_bytes"] = metrics.state_bytes;
  json["busy_ms"] = metrics.busy.count() / 1000;
  json["blocked_ms"] = metrics.blocked.count() / 1000;
  json["idle_ms"] = metrics.idle.count() / 1000;
  json["watermark"] = metrics.watermark ? Json(timestamp_text(*metrics.watermark)) : Json(nullptr);
}

// When it ended, or now.
std::chrono::system_clock::time_point end_of(const JobInfo& info) {
  return is_end(info.phase) && !info.history.empty() ? info.history.back().since : std::chrono::system_clock::now();
}

}  // namespace

Json json_of(const WorkerInfo& info) {
  return {{"worker", info.worker},
          {"host", info.host},
          {"process", info.process},
          {"data_url", info.data_url},
          {"slots", info.slots},
          {"free_slots", info.free_slots},
          {"memory_bytes", info.memory_bytes},
          {"is_leaving", info.is_leaving},
          {"resident_bytes", info.figures.resident_bytes},
          {"cpu_ms", info.figures.cpu.count() / 1000}};
}

Json summary_of(const JobInfo& info) {
  Json json = {{"job", info.job},
               {"name", info.name},
               {"state", phase_name(info.phase)},
               {"has_ended", is_end(info.phase)},
               {"slots", info.slots},
               {"submitted", milliseconds(info.submitted)},
               {"elapsed_ms", milliseconds(end_of(info)) - milliseconds(info.submitted)},
               {"rows_in", info.totals.rows_in},
               {"rows_out", info.totals.rows_out},
               {"rows_late", info.totals.rows_late},
               {"bytes_in", info.totals.bytes_in},
               {"bytes_total", info.totals.bytes_total},
               {"state_bytes", info.totals.state_bytes},
               {"restarts", info.restarts},
               {"identity", info.identity}};
  if (!info.waits_for.empty()) json["waits_for"] = info.waits_for;
  if (info.error) json["error"] = info.error->to_string();
  if (info.row_error) json["row_error"] = json_of(*info.row_error);
  return json;
}

Json json_of(const JobInfo& info) {
  Json json = summary_of(info);
  json["history"] = Json::array();
  for (const auto& step : info.history)
    json["history"].push_back({{"state", phase_name(step.phase)}, {"since", milliseconds(step.since)}});
  json["restart"] = {{"strategy", strategy_name(info.restart.kind)},
                     {"attempts", info.restart.attempts},
                     {"delay_ms", info.restart.delay.count()},
                     {"most_delay_ms", info.restart.most_delay.count()}};
  json["failures"] = Json::array();
  for (const auto& failure : info.failures)
    json["failures"].push_back({{"time", milliseconds(failure.time)}, {"error", failure.message}});
  if (info.phase == JobPhase::Cancelled || info.phase == JobPhase::Failed)
    if (!info.begun_files.empty()) json["begun_files"] = info.begun_files;
  json["tasks"] = Json::array();
  for (const auto& task : info.tasks)
    json["tasks"].push_back(
        {{"stage", task.stage}, {"task", task.task}, {"worker", task.worker}, {"state", phase_name(task.phase)}});
  return json;
}

Json metrics_of(const JobInfo& info) {
  Json json = summary_of(info);
  json["stages"] = Json::array();
  for (const auto& stage : info.stages) {
    TaskMetrics sum;
    Json tasks = Json::array();
    for (const auto& task : info.tasks) {
      if (task.stage != stage.name) continue;
      add(sum, task.metrics);
      Json one = {{"task", task.task}, {"worker", task.worker}, {"state", phase_name(task.phase)}};
      put(one, task.metrics);
      tasks.push_back(std::move(one));
    }
    Json all = {{"stage", stage.name}, {"operators", stage.operators}};
    put(all, sum);
    all["tasks"] = std::move(tasks);
    json["stages"].push_back(std::move(all));
  }
  return json;
}

Json json_of(const LogPage& page) {
  Json lines = Json::array();
  for (const auto& line : page.lines)
    lines.push_back({{"number", line.number}, {"time", milliseconds(line.time)}, {"text", line.text}});
  return {{"lines", lines}, {"next", page.next}, {"dropped", page.dropped}};
}

Json json_of(const JobException& exception) {
  Json json = {{"time", milliseconds(exception.time)}, {"message", exception.message}};
  if (!exception.code.empty()) json["code"] = exception.code;
  if (exception.worker) json["worker"] = *exception.worker;
  return json;
}

}  // namespace sluice
