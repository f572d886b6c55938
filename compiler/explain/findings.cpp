// What the figures of a run say: where the time goes and what to do about it, what holds event time, and why nothing
// comes out.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/explain/analysis.h"
#include "compiler/explain/describe.h"
#include "lang/graph/graph_text.h"
#include "lang/support/quantity_text.h"
#include "lang/support/time_text.h"

namespace sluice {

namespace {

using namespace describe;

constexpr double kBusy = 0.8;
constexpr double kBlocked = 0.2;
constexpr double kSkewed = 2;
constexpr int64_t kApart = 1'000'000;     // microseconds of event time
constexpr uint64_t kEnoughRows = 10'000;  // for a ratio to mean something

class Finder {
 public:
  Finder(const JobPlan& plan, const Analysis& analysis) : plan_(plan), analysis_(analysis) {
    for (const StageFigures& stage : analysis.stages)
      for (const OperatorFigures& figures : stage.operators) figures_[figures.node.value] = &figures;
  }

  std::vector<Finding> run() {
    find_hot_spot();
    for (const StageFigures& stage : analysis_.stages) find_in_stage(stage);
    find_late_rows();
    find_watermark();
    for (const StageFigures& stage : analysis_.stages)
      for (const OperatorFigures& figures : stage.operators)
        if (node(figures.node).kind() == NodeKind::Sink && figures.rows_out == 0) find_missing(figures.node);
    return std::move(findings_);
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return plan_.graph.nodes[id]; }
  [[nodiscard]] std::string named(NodeId id) const {
    return fmt::format("{} `{}` ({})", id_of(node(id)), operator_text(node(id)), place_of(plan_.graph, node(id)));
  }
  void add(std::string kind, NodeId id, std::string text) {
    findings_.push_back({std::move(kind), std::move(text), id});
  }

  void find_hot_spot() {
    const OperatorFigures* hottest = hot_spot(analysis_);
    if (hottest == nullptr || analysis_.cpu_seconds <= 0) return;
    std::string text =
        fmt::format("{:.0f}% of CPU in {}", 100 * *hottest->self_seconds / analysis_.cpu_seconds, named(hottest->node));
    std::string advice = more_tasks(hottest->stage);
    if (advice.empty()) advice = advice_for(*hottest);
    if (!advice.empty()) text += ": " + advice;
    add("hot spot", hottest->node, std::move(text));
  }

  // The edit that gives a busy stage more tasks, as far as threads are idle that could run them.
  [[nodiscard]] std::string more_tasks(StageId id) const {
    const StagePlan& stage = plan_.stages[id];
    if (busy_of(id) < kBusy || stage.parallelism >= analysis_.threads || stage.nodes.empty()) return "";
    if (analysis_.cpu_seconds > kBusy * analysis_.wall_seconds * analysis_.threads) return "";
    // A stage of one task may be one because it puts rows in order, or reads what cannot be split.
    if (stage.parallelism == 1 && plan_.stages.size() > 1) return "";
    if (plan_.stages.size() == 1) return fmt::format("`--parallel {}` runs it on more threads", analysis_.threads);
    return fmt::format("try `@parallel({})` on {}", analysis_.threads,
                       place_of(plan_.graph, node(stage.nodes.front())));
  }

  [[nodiscard]] std::string advice_for(const OperatorFigures& hottest) const {
    const Node& at = node(hottest.node);
    switch (at.kind()) {
      case NodeKind::Source:
        return source_advice(*at.as<SourceNode>(), at);
      case NodeKind::Filter:
        return "of conditions joined by `and`, put the cheap one that drops most rows first";
      case NodeKind::Project:
      case NodeKind::Expand:
        return "compute it behind the filters, and only what is used below";
      case NodeKind::Aggregate:
        return aggregate_advice(*at.as<AggregateNode>(), at, hottest);
      case NodeKind::Frame:
        return "`select` what is needed in front of it; a frame of fewer rows takes less, where its functions have no "
               "`retract`";
      case NodeKind::Sort:
        return "`top n by` in its place keeps n rows instead of all";
      case NodeKind::Top:
        return "a `where` in front of it leaves fewer rows to compare";
      case NodeKind::Join:
        return "`where` and `select` in front of the join leave fewer and shorter rows to keep";
      case NodeKind::Exchange:
        return "`select` what is needed in front of it; `--parallel 1` has no exchanges";
      case NodeKind::Sink:
        return "write fewer columns or rows; --discard runs without output";
      case NodeKind::Time:
      case NodeKind::Window:
      case NodeKind::Limit:
      case NodeKind::Union:
      case NodeKind::Changes:
        return "";
    }
    return "";
  }

  [[nodiscard]] static std::string source_advice(const SourceNode& source, const Node& at) {
    if (source.connector == "nexmark_events")
      return "the events are made there; columns that nobody reads cost nothing";
    const size_t read = at.schema.fields.size();
    if (read > 1)
      return fmt::format("{} of {} fields are decoded: `select` fewer, or filter by those that come first", read,
                         source.declared.fields.size());
    return "";
  }

  [[nodiscard]] std::string aggregate_advice(const AggregateNode& aggregate, const Node& at,
                                             const OperatorFigures& figures) const {
    const bool is_large = figures.rows_in.value_or(0) >= kEnoughRows;
    if (aggregate.phase == AggregatePhase::Partial && is_large && 2 * *figures.rows_out > *figures.rows_in)
      return "its keys hardly repeat, so that counting in each task first does not pay: `--without "
             "two_phase_aggregate`";
    if (const double windows = windows_of_a_row(at); windows >= 2)
      return fmt::format("a row counts in {:.0f} windows: a longer `every` makes them fewer", windows);
    for (const NamedExpr& key : aggregate.keys)
      if (key.expr.type.kind == TypeKind::String)
        return fmt::format("its key `{}` is text: a number in its place is faster", key.name);
    return "a `where` in front of it leaves fewer rows";
  }

  // Of the last window step that the rows came through.
  [[nodiscard]] double windows_of_a_row(const Node& at) const {
    NodeId above = at.inputs.front();
    while (node(above).kind() == NodeKind::Exchange || node(above).kind() == NodeKind::Project)
      above = node(above).inputs.front();
    const auto it = figures_.find(above.value);
    if (node(above).kind() != NodeKind::Window || it == figures_.end()) return 1;
    const double rows_in = static_cast<double>(it->second->rows_in.value_or(0));
    return rows_in == 0 ? 1 : static_cast<double>(it->second->rows_out.value_or(0)) / rows_in;
  }

  [[nodiscard]] double busy_of(StageId id) const { return analysis_.stages[id.value].busy; }

  void find_in_stage(const StageFigures& stage) {
    const StagePlan& plan = plan_.stages[stage.stage];
    const NodeId first = plan.nodes.empty() ? NodeId() : plan.nodes.front();
    uint64_t rows = 0;  // by their keys
    for (const StageInput& input : plan.inputs)
      if (input.edge.is_valid() && plan_.edges[input.edge].kind == ExchangeKind::Hash)
        rows += figures_.at(plan_.edges[input.edge].exchange.value)->rows_out.value_or(0);
    if (stage.skew && *stage.skew >= kSkewed && rows >= kEnoughRows)
      add("skew", first,
          fmt::format("one of the {} tasks of {} has {:.1f} times as many rows as they have on average: "
                      "a few keys have most of the rows",
                      plan.parallelism, plan.name, *stage.skew));
    if (stage.blocked < kBlocked || plan.outputs.empty()) return;
    const StageId next = plan_.edges[plan.outputs.front()].to;
    std::string text = fmt::format("{} waits {:.0f}% of the time for {}, which is {:.0f}% busy", plan.name,
                                   100 * stage.blocked, plan_.stages[next].name, 100 * busy_of(next));
    if (const std::string advice = more_tasks(next); !advice.empty()) text += ": " + advice;
    add("blocked", first, std::move(text));
  }

  void find_late_rows() {
    for (const StageFigures& stage : analysis_.stages)
      for (const OperatorFigures& figures : stage.operators)
        if (figures.late_rows != 0)
          add("late", figures.node,
              fmt::format("{} of {} rows came too late for {} and were left out: a longer `delay` waits for them",
                          count_text(static_cast<double>(figures.late_rows)),
                          count_text(static_cast<double>(figures.rows_in.value_or(0))), named(figures.node)));
  }

  // With one source there is nothing to compare.
  void find_watermark() {
    // Where no window waits, nobody does.
    if (std::ranges::none_of(analysis_.stages, [](const StageFigures& stage) { return stage.window_due.has_value(); }))
      return;
    std::vector<SourceTime> sources = analysis_.source_times;
    std::erase_if(sources, [](const SourceTime& source) { return source.has_ended; });
    for (const SourceTime& source : sources)
      if (source.task)
        add("watermark", source.node,
            fmt::format("task {} of {} holds it: its part of {} has {}", *source.task,
                        plan_.stages[stage_of(source.node)].name, named(source.node),
                        source.watermark ? "come to " + timestamp_text(*source.watermark) + " only"
                                         : "brought no row with a time"));
    if (sources.size() < 2) return;
    const auto behind = std::ranges::min_element(sources, {}, time_of);
    const auto ahead = std::ranges::max_element(sources, {}, time_of);
    if (!ahead->watermark || (behind->watermark && *ahead->watermark - *behind->watermark < kApart)) return;
    add("watermark", behind->node,
        behind->watermark
            ? fmt::format("{} holds it at {}; {} has come to {}", named(behind->node),
                          timestamp_text(*behind->watermark), named(ahead->node), timestamp_text(*ahead->watermark))
            : fmt::format("{} holds it: no row with a time has come from there", named(behind->node)));
  }

  static int64_t time_of(const SourceTime& source) { return source.watermark.value_or(kNoWatermark); }
  [[nodiscard]] StageId stage_of(NodeId id) const { return figures_.at(id.value)->stage; }

  // Follows the way of the rows back from a sink that got none, to where they stopped.
  void find_missing(NodeId sink) {
    NodeId at = sink;
    while (true) {
      const auto& inputs = node(at).inputs;
      if (inputs.empty()) break;
      // Through the input that brings fewest rows, as far as none come.
      NodeId next = inputs.front();
      for (const NodeId input : inputs)
        if (rows_out(input) < rows_out(next)) next = input;
      if (rows_out(next) != 0) break;
      at = next;
    }
    add("no output", at, fmt::format("{} got no rows: {}", named(sink), reason_at(at)));
  }

  [[nodiscard]] uint64_t rows_out(NodeId id) const {
    const auto it = figures_.find(id.value);
    return it == figures_.end() ? 0 : it->second->rows_out.value_or(0);
  }

  [[nodiscard]] std::string reason_at(NodeId id) const {
    const OperatorFigures& figures = *figures_.at(id.value);
    const std::string rows = count_text(static_cast<double>(figures.rows_in.value_or(0)));
    const Node& at = node(id);
    if (const auto* source = at.as<SourceNode>()) {
      if (figures.rows_in == 0) return "nothing has come from " + named(id);
      return fmt::format("none of the {} rows of {} passes `{}`", rows, named(id),
                         source->filter ? flow_text(*source->filter) : "");
    }
    if (at.kind() == NodeKind::Filter) return fmt::format("{} lets none of {} rows pass", named(id), rows);
    if (at.kind() == NodeKind::Join && figures.rows_in != 0)
      return fmt::format("none of the {} rows of both sides of {} has found a partner", rows, named(id)) + pending(id);
    if (at.kind() == NodeKind::Limit) return fmt::format("{} passes none of {} rows on", named(id), rows);
    if (figures.late_rows != 0 && figures.late_rows == figures.rows_in)
      return fmt::format("all {} rows came too late for {}", rows, named(id));
    return fmt::format("{} has {} rows and has given none out", named(id), rows) + pending(id);
  }

  // What a blocking operator waits for.
  [[nodiscard]] std::string pending(NodeId id) const {
    const std::string final_when = final_text(plan_.graph, id);
    if (final_when == "at once") return "";
    if (!final_when.starts_with("watermark")) return "; it gives them out when " + final_when;
    const StageFigures& stage = analysis_.stages[stage_of(id).value];
    std::string text = "; no window is complete";
    if (stage.watermark) text += ", event time has come to " + timestamp_text(*stage.watermark);
    if (!stage.watermark) text += ", event time has not begun";
    if (stage.window_due) text += fmt::format(", the first one is due at {}", timestamp_text(*stage.window_due));
    return text;
  }

  const JobPlan& plan_;
  const Analysis& analysis_;
  std::map<uint32_t, const OperatorFigures*> figures_;  // by node
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> findings(const JobPlan& plan, const Analysis& analysis) { return Finder(plan, analysis).run(); }

}  // namespace sluice
