#include <cmath>
#include <nlohmann/json.hpp>

#include "compiler/explain/analysis.h"
#include "compiler/explain/describe.h"
#include "lang/support/time_text.h"

namespace sluice {

namespace {

using namespace describe;
using Json = nlohmann::ordered_json;

std::string line(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

double rounded(double value) { return std::round(value * 1000) / 1000; }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json share(const std::optional<double>& value) { return value ? Json(rounded(*value)) : Json(nullptr); }
Json milliseconds(const std::optional<double>& seconds) {
  return seconds ? Json(rounded(*seconds * 1000)) : Json(nullptr);
}
Json time_json(const std::optional<int64_t>& time) { return time ? Json(timestamp_text(*time)) : Json(nullptr); }

Json span_json(const FlowGraph& graph, const Span& span) {
  if (!span.is_valid()) return nullptr;
  return {{"file", span.file < graph.files.size() ? graph.files[span.file] : ""},
          {"line", span.begin.line},
          {"col", span.begin.column}};
}

std::string job_json(const Analysis& analysis) {
  return line({{"v", 1},
               {"type", "job"},
               {"wall_ms", rounded(analysis.wall_seconds * 1000)},
               {"cpu_ms", rounded(analysis.cpu_seconds * 1000)},
               {"rows_in", analysis.rows_in},
               {"rows_out", analysis.rows_out},
               {"threads", analysis.threads},
               {"event_time", time_json(analysis.event_time)}});
}

Json lag_json(const StageFigures& stage) { return stage.lag ? Json(*stage.lag / 1000) : Json(nullptr); }

std::string stage_json(const JobPlan& plan, const StageFigures& stage) {
  const StagePlan& stage_plan = plan.stages[stage.stage];
  return line({{"v", 1},
               {"type", "stage"},
               {"id", stage_plan.name},
               {"tasks", stage_plan.parallelism},
               {"actual",
                {{"cpu_ms", rounded(stage.cpu_seconds * 1000)},
                 {"busy", rounded(stage.busy)},
                 {"blocked", rounded(stage.blocked)},
                 {"skew", share(stage.skew)},
                 {"watermark", time_json(stage.watermark)},
                 {"watermark_lag_ms", lag_json(stage)},
                 {"window_due", time_json(stage.window_due)}}}});
}

std::string operator_json(const JobPlan& plan, const std::vector<RewriteNote>& rewrites, const StageFigures& stage,
                          const OperatorFigures& figures) {
  const Node& node = plan.graph.nodes[figures.node];
  return line({{"v", 1},
               {"type", "operator"},
               {"id", id_of(node)},
               {"stage", plan.stages[stage.stage].name},
               {"op", node_kind_name(node.kind())},
               {"text", step_text(node)},
               {"span", span_json(plan.graph, node.span)},
               {"kind", kind_text(node)},
               {"key", node.rows.key},
               {"rewrites", rewrites_at(node, rewrites)},
               {"actual",
                {{"rows_in", or_null(figures.rows_in)},
                 {"rows_out", or_null(figures.rows_out)},
                 {"self_ms", milliseconds(figures.self_seconds)},
                 {"ns_per_row", share(per_row(figures))},
                 {"bytes", figures.bytes},
                 {"state_bytes", figures.state_bytes},
                 {"keys", figures.keys},
                 {"late_rows", figures.late_rows},
                 {"skew", share(figures.skew)},
                 {"watermark_lag_ms", lag_json(stage)},
                 {"busy", share(figures.busy)},
                 {"blocked", share(figures.blocked)}}}});
}

std::string source_json(const JobPlan& plan, const SourceTime& source) {
  return line({{"v", 1},
               {"type", "watermark"},
               {"source", id_of(plan.graph.nodes[source.node])},
               {"watermark", time_json(source.watermark)},
               {"held_by_task", or_null(source.task)}});
}

}  // namespace

std::string analysis_json(const JobPlan& plan, const std::vector<RewriteNote>& rewrites, const Analysis& analysis) {
  std::string text = job_json(analysis);
  for (const StageFigures& stage : analysis.stages) {
    text += stage_json(plan, stage);
    for (const OperatorFigures& figures : stage.operators) text += operator_json(plan, rewrites, stage, figures);
  }
  for (const SourceTime& source : analysis.source_times) text += source_json(plan, source);
  for (const Finding& finding : findings(plan, analysis)) {
    Json object{{"v", 1}, {"type", "finding"}, {"kind", finding.kind}, {"text", finding.text}};
    object["node"] = finding.node.is_valid() ? Json(id_of(plan.graph.nodes[finding.node])) : Json(nullptr);
    text += line(object);
  }
  return text;
}

}  // namespace sluice
