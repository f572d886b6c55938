#include "runtime/worker/deployment.h"

#include <algorithm>
#include <utility>

#include "runtime/data/row_layout.h"

namespace sluice {

namespace {

constexpr uint64_t kMinSharedBlockBytes = 16 << 10;

// A task holds an open block for every partition; with many of them smaller blocks keep memory bounded.
uint64_t block_bytes_of(const EdgePlan& edge, uint32_t partitions, uint64_t block_bytes) {
  if (edge.kind != ExchangeKind::Hash) return block_bytes;
  return std::max(std::min(block_bytes, kMinSharedBlockBytes), block_bytes / partitions);
}

// The consumers that a producer sends to.
std::vector<uint32_t> consumers_of(const EdgePlan& edge, uint32_t producer, uint32_t consumers) {
  if (edge.kind == ExchangeKind::Forward) return {producer};
  std::vector<uint32_t> all(consumers);
  for (uint32_t i = 0; i < consumers; ++i) all[i] = i;
  return all;
}

}  // namespace

Result<std::unique_ptr<Deployment>> Deployment::make(const JobPlan& plan, TaskFactory& code,
                                                     ConnectorFactory& connectors, const EngineSettings& settings,
                                                     const std::atomic<bool>& is_cancelled,
                                                     const std::atomic<bool>& time_stops,
                                                     const std::function<void(TaskReport)>& on_end) {
  std::unique_ptr<Deployment> deployment(new Deployment(plan, settings));
  SLUICE_TRY(deployment->open_sources(connectors));
  deployment->make_channels();
  if (TimeBoard::shortest_idle(plan.graph)) deployment->time_board_.emplace(plan);
  for (size_t stage = 0; stage < plan.stages.size(); ++stage)
    SLUICE_TRY(deployment->make_stage(StageId(stage), code, connectors, is_cancelled, time_stops, on_end));
  deployment->connect_channels();
  return deployment;
}

Deployment::~Deployment() {
  for (auto& feed : feeds_) feed->stop();
  abort_sinks();
}

Status Deployment::open_sources(ConnectorFactory& connectors) {
  for (size_t stage = 0; stage < plan_.stages.size(); ++stage) {
    const auto& inputs = plan_.stages[StageId(stage)].inputs;
    uint32_t position = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].source.is_valid()) continue;
      SLUICE_ASSIGN(auto source, connectors.open_source(plan_.graph.nodes[inputs[i].source]));
      feeds_.push_back(std::make_unique<SourceFeed>(std::move(source), inputs[i].source, position++));
      feed_of_input_[{static_cast<uint32_t>(stage), i}] = feeds_.back().get();
    }
  }
  return {};
}

std::optional<std::chrono::microseconds> Deployment::wake_interval() const {
  constexpr std::chrono::microseconds kShortest{1'000};
  constexpr std::chrono::microseconds kLongest{100'000};
  const auto idle = TimeBoard::shortest_idle(plan_.graph);
  return idle ? std::optional(std::clamp(*idle / 8, kShortest, kLongest)) : std::nullopt;
}

void Deployment::make_channels() {
  for (const auto& edge : plan_.edges) {
    auto& channels = channels_.emplace_back();
    const uint32_t consumers = plan_.stages[edge.to].parallelism;
    for (uint32_t producer = 0; producer < plan_.stages[edge.from].parallelism; ++producer)
      for (const uint32_t consumer : consumers_of(edge, producer, consumers))
        channels.by_tasks[{producer, consumer}] = std::make_unique<RingChannel>(settings_.ring_blocks);
  }
}

Status Deployment::make_stage(StageId id, TaskFactory& factory, ConnectorFactory& connectors,
                              const std::atomic<bool>& is_cancelled, const std::atomic<bool>& time_stops,
                              const std::function<void(TaskReport)>& on_end) {
  SLUICE_ASSIGN(auto code, factory.make(plan_, id, settings_.stop));
  const StagePlan& stage = plan_.stages[id];
  const auto& functions = code->current();
  if (functions.inputs.size() != stage.inputs.size() || functions.finish.size() != stage.finish_phases)
    return internal_error("the code of stage " + stage.name + " does not have the functions that its plan asks for");
  for (uint32_t index = 0; index < stage.parallelism; ++index) {
    tasks_.push_back(std::make_unique<Task>(plan_, TaskAddress{id, index}, code, is_cancelled, time_stops, on_end));
    task_of_address_[{id, index}] = tasks_.back().get();
    if (time_board_) tasks_.back()->set_time_board(*time_board_);
    if (settings_.wall_time) tasks_.back()->set_wall_time(*settings_.wall_time);
    if (settings_.profile) tasks_.back()->begin_profile();
    SLUICE_TRY(wire(*tasks_.back(), id, connectors));
  }
  return {};
}

Status Deployment::wire(Task& task, StageId id, ConnectorFactory& connectors) {
  const StagePlan& stage = plan_.stages[id];
  const uint32_t index = task.address().index;
  for (size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.inputs[i].source.is_valid()) {
      task.add_source(*feed_of_input_[{id.value, i}]);
      continue;
    }
    const EdgeId edge = stage.inputs[i].edge;
    std::vector<Channel*> channels;  // in the order of the producers, as by_tasks is
    for (auto& [tasks, channel] : channels_[edge.value].by_tasks)
      if (tasks.second == index) channels.push_back(channel.get());
    task.add_edge(std::move(channels), plan_.edges[edge].is_ordered);
  }
  for (const EdgeId edge : stage.outputs) wire_output(task, edge);
  for (const NodeId node : stage.sinks) {
    SLUICE_ASSIGN(auto sink, connectors.open_sink(plan_.graph.nodes[node], index, settings_.stop));
    sinks_.push_back({std::move(sink), false});
    task.add_sink(*sinks_.back().sink);
  }
  task.finish_wiring();
  return {};
}

// One partition per consumer, as generated code counts writers. Only a hash exchange uses more than the first; that of
// a broadcast leads to everyone.
void Deployment::wire_output(Task& task, EdgeId id) {
  const EdgePlan& edge = plan_.edges[id];
  const uint32_t consumers = plan_.stages[edge.to].parallelism;
  std::vector<std::vector<Channel*>> partitions(consumers);
  for (auto& [tasks, channel] : channels_[id.value].by_tasks) {
    if (tasks.first != task.address().index) continue;
    partitions[edge.kind == ExchangeKind::Hash ? tasks.second : 0].push_back(channel.get());
  }
  const bool tells_progress = edge.is_ordered && plan_.stages[edge.from].parallelism > 1;
  task.add_output(edge.is_ordered, tells_progress, block_layout(edge.schema).size,
                  block_bytes_of(edge, consumers, settings_.block_bytes), partitions);
}

void Deployment::connect_channels() {
  for (size_t edge = 0; edge < channels_.size(); ++edge)
    for (auto& [tasks, channel] : channels_[edge].by_tasks)
      channel->connect(task_at(plan_.edges[EdgeId(edge)].from, tasks.first),
                       task_at(plan_.edges[EdgeId(edge)].to, tasks.second));
}

Task& Deployment::task_at(StageId stage, uint32_t index) { return *task_of_address_.at({stage, index}); }

Status Deployment::commit_sinks() {
  for (auto& task : tasks_) SLUICE_TRY(task->write_rest());
  for (auto& open : sinks_) {
    SLUICE_TRY(open.sink->commit());
    open.is_settled = true;
  }
  return {};
}

void Deployment::abort_sinks() noexcept {
  for (auto& open : sinks_)
    if (!std::exchange(open.is_settled, true)) open.sink->abort();
}

}  // namespace sluice
