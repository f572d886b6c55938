#include "compiler/explain/analysis.h"

#include <algorithm>
#include <numeric>

#include "runtime/task/watermark_origin.h"

namespace sluice {

namespace {

constexpr uint64_t kFewestSamples = 20;
constexpr int64_t kFarBehind = 60'000'000;  // microseconds of event time

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

class Analyzer {
 public:
  Analyzer(const JobPlan& plan, const JobProfile& profile) : plan_(plan), profile_(profile) {
    by_stage_.resize(plan.stages.size());
    for (const TaskProfile& task : profile.tasks) by_stage_[task.stage.value].push_back(&task);
  }

  Analysis run() {
    Analysis result;
    result.wall_seconds = seconds(profile_.elapsed);
    result.threads = profile_.threads;
    for (const TaskProfile& task : profile_.tasks)
      if (task.event_time != kNoWatermark)
        result.event_time = std::max(result.event_time.value_or(task.event_time), task.event_time);
    event_time_ = result.event_time;
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      result.stages.push_back(stage_figures(StageId(i)));
      result.cpu_seconds += result.stages.back().cpu_seconds;
      add_sources(StageId(i), result);
    }
    return result;
  }

 private:
  using Tasks = std::vector<const TaskProfile*>;

  template <class Of>
  static uint64_t sum(const Tasks& tasks, const Of& of) {
    return std::accumulate(tasks.begin(), tasks.end(), uint64_t{0},
                           [&](uint64_t total, const TaskProfile* task) { return total + of(*task); });
  }

  static uint64_t rows_read(const TaskProfile& task) {
    uint64_t rows = 0;
    for (const InputProfile& input : task.inputs) rows += input.rows;
    return rows;
  }

  StageFigures stage_figures(StageId id) {
    const StagePlan& stage = plan_.stages[id];
    const Tasks& tasks = by_stage_[id.value];
    StageFigures figures;
    figures.stage = id;
    double busy = 0;
    double blocked = 0;
    for (const TaskProfile* task : tasks) {
      figures.cpu_seconds += seconds(task->cpu);
      busy += seconds(task->busy);
      blocked += seconds(task->blocked);
      if (task->window_due)
        figures.window_due = std::min(figures.window_due.value_or(*task->window_due), *task->window_due);
    }
    const double wall = seconds(profile_.elapsed) * static_cast<double>(tasks.size());
    if (wall > 0) {
      figures.busy = std::min(busy / wall, 1.0);
      figures.blocked = std::min(blocked / wall, 1.0);
    }
    figures.skew = skew_of(tasks, rows_read);
    set_time(tasks, figures);
    for (const NodeId node : stage.nodes) figures.operators.push_back(node_figures(id, node, figures.cpu_seconds));
    for (size_t i = 0; i < stage.outputs.size(); ++i) {
      figures.operators.push_back(edge_figures(id, i, figures.cpu_seconds));
      // Which of several exchanges had no room is not measured.
      if (stage.outputs.size() == 1) figures.operators.back().blocked = figures.blocked;
    }
    for (OperatorFigures& each : figures.operators)
      if (each.self_seconds && wall > 0) each.busy = std::min(*each.self_seconds / wall, 1.0);
    return figures;
  }

  template <class Of>
  static std::optional<double> skew_of(const Tasks& tasks, const Of& rows) {
    const uint64_t total = sum(tasks, rows);
    if (tasks.size() < 2 || total == 0) return std::nullopt;
    uint64_t most = 0;
    for (const TaskProfile* task : tasks) most = std::max(most, rows(*task));
    return static_cast<double>(most) * static_cast<double>(tasks.size()) / static_cast<double>(total);
  }

  void set_time(const Tasks& tasks, StageFigures& figures) const {
    for (const TaskProfile* task : tasks)
      if (task->watermark != kNoWatermark)
        figures.watermark = std::min(figures.watermark.value_or(task->watermark), task->watermark);
    if (figures.watermark && event_time_ && *event_time_ >= *figures.watermark)
      figures.lag = *event_time_ - *figures.watermark;
  }

  // The node's share of the CPU time of its stage.
  std::optional<double> self_time(StageId stage, NodeId node, double cpu) const {
    const Tasks& tasks = by_stage_[stage.value];
    const uint64_t all = sum(tasks, [](const TaskProfile& task) {
      return std::accumulate(task.node_samples.begin(), task.node_samples.end(), task.engine_samples);
    });
    if (all < kFewestSamples) return std::nullopt;
    const uint64_t here = sum(tasks, [&](const TaskProfile& task) { return task.node_samples[node.value]; });
    return cpu * static_cast<double>(here) / static_cast<double>(all);
  }

  OperatorFigures node_figures(StageId stage, NodeId id, double cpu) const {
    const Node& node = plan_.graph.nodes[id];
    const StagePlan& stage_plan = plan_.stages[stage];
    const Tasks& tasks = by_stage_[stage.value];
    OperatorFigures figures;
    figures.node = id;
    figures.stage = stage;
    figures.self_seconds = self_time(stage, id, cpu);
    const auto rows_of = [](NodeId of) { return [of](const TaskProfile& task) { return task.node_rows[of.value]; }; };
    figures.rows_out = sum(tasks, rows_of(id));
    figures.skew = skew_of(tasks, rows_of(id));
    if (node.kind() == NodeKind::Source) {
      set_source(tasks, stage_plan, figures);
    } else {
      figures.rows_in = 0;
      for (const NodeId input : node.inputs) *figures.rows_in += sum(tasks, rows_of(input));
    }
    const auto sink = std::ranges::find(stage_plan.sinks, id);
    if (sink != stage_plan.sinks.end())
      figures.rows_out = sum(tasks, [&](const TaskProfile& task) {
        return task.sink_rows[static_cast<size_t>(sink - stage_plan.sinks.begin())];
      });
    for (size_t i = 0; i < stage_plan.states.size(); ++i)
      if (stage_plan.states[i].node == id) add_state(tasks, stage_plan.states[i], i, figures);
    return figures;
  }

  void set_source(const Tasks& tasks, const StagePlan& stage, OperatorFigures& figures) const {
    for (size_t i = 0; i < stage.inputs.size(); ++i)
      if (stage.inputs[i].source == figures.node)
        figures.rows_in = sum(tasks, [&](const TaskProfile& task) { return task.inputs[i].rows; });
    for (const SourceProfile& source : profile_.sources)
      if (source.node == figures.node) figures.bytes = source.bytes;
  }

  void add_state(const Tasks& tasks, const StatePlan& state, size_t position, OperatorFigures& figures) const {
    const bool is_late = is_late_counter(plan_, state);
    for (const TaskProfile* task : tasks) {
      const StateProfile& profile = task->states[position];
      figures.state_bytes += profile.peak_bytes;
      const bool has_keys =
          state.kind == StateKind::Groups || state.kind == StateKind::Panes || state.kind == StateKind::Distinct;
      if (has_keys) figures.keys += profile.keys;
      if (is_late) figures.late_rows += static_cast<uint64_t>(profile.counter);
    }
  }

  // The time of an exchange is that of writing to it and that of reading from it.
  OperatorFigures edge_figures(StageId stage, size_t output, double cpu) const {
    const EdgePlan& edge = plan_.edges[plan_.stages[stage].outputs[output]];
    const Tasks& tasks = by_stage_[stage.value];
    OperatorFigures figures;
    figures.node = edge.exchange;
    figures.stage = stage;
    figures.rows_in = sum(tasks, [&](const TaskProfile& task) { return task.outputs[output].rows; });
    figures.rows_out = figures.rows_in;
    figures.bytes = sum(tasks, [&](const TaskProfile& task) { return task.outputs[output].bytes; });
    double reader_cpu = 0;
    for (const TaskProfile* task : by_stage_[edge.to.value]) reader_cpu += seconds(task->cpu);
    const auto writing = self_time(stage, edge.exchange, cpu);
    const auto reading = self_time(edge.to, edge.exchange, reader_cpu);
    if (writing || reading) figures.self_seconds = writing.value_or(0) + reading.value_or(0);
    return figures;
  }

  void add_sources(StageId id, Analysis& result) const {
    const StagePlan& stage = plan_.stages[id];
    for (const OperatorFigures& figures : result.stages.back().operators) {
      const NodeKind kind = plan_.graph.nodes[figures.node].kind();
      if (kind == NodeKind::Source) result.rows_in += figures.rows_in.value_or(0);
      if (kind == NodeKind::Sink) result.rows_out += figures.rows_out.value_or(0);
    }
    for (size_t i = 0; i < stage.inputs.size(); ++i)
      if (stage.inputs[i].source.is_valid() && !watermark_origin(plan_, id, i).nodes.empty())
        result.source_times.push_back(source_time(id, i));
  }

  SourceTime source_time(StageId id, size_t input) const {
    SourceTime time;
    time.node = plan_.stages[id].inputs[input].source;
    int64_t lowest = kEndOfTime;
    int64_t highest = kNoWatermark;
    for (const TaskProfile* task : by_stage_[id.value]) {
      if (task->inputs[input].has_ended) time.has_ended = true;
      const int64_t watermark = task->inputs[input].watermark;
      highest = std::max(highest, watermark);
      if (watermark >= lowest) continue;
      lowest = watermark;
      time.task = task->index;
    }
    if (lowest != kNoWatermark && lowest != kEndOfTime) time.watermark = lowest;
    // A task that has just taken a piece is ahead of the others for a moment.
    const bool is_far_behind = lowest == kNoWatermark ? highest != kNoWatermark : highest - lowest > kFarBehind;
    if (!is_far_behind) time.task.reset();
    return time;
  }

  const JobPlan& plan_;
  const JobProfile& profile_;
  std::vector<Tasks> by_stage_;
  std::optional<int64_t> event_time_;
};

}  // namespace

Analysis analyze(const JobPlan& plan, const JobProfile& profile) { return Analyzer(plan, profile).run(); }

std::optional<double> per_row(const OperatorFigures& figures) {
  if (!figures.self_seconds || figures.rows_in.value_or(0) == 0) return std::nullopt;
  return *figures.self_seconds * 1e9 / static_cast<double>(*figures.rows_in);
}

const OperatorFigures* hot_spot(const Analysis& analysis) {
  const OperatorFigures* hottest = nullptr;
  for (const StageFigures& stage : analysis.stages)
    for (const OperatorFigures& each : stage.operators)
      if (each.self_seconds && (hottest == nullptr || *each.self_seconds > *hottest->self_seconds)) hottest = &each;
  return hottest;
}

}  // namespace sluice
