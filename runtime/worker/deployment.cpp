#include "runtime/worker/deployment.h"

#include <algorithm>
#include <utility>

#include "runtime/data/row_layout.h"
#include "runtime/io/source_share.h"
#include "runtime/task/watermark_origin.h"

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

Deployment::Deployment(const JobPlan& plan, uint32_t worker, const std::vector<TaskPlacement>& placement,
                       const Neighbours* neighbours, const EngineSettings& settings)
    : plan_(plan), worker_(worker), neighbours_(neighbours), settings_(settings) {
  for (const auto& placed : placement) worker_of_[placed.task] = placed.worker;
  has_neighbours_ = std::ranges::any_of(worker_of_, [this](const auto& placed) { return placed.second != worker_; });
}

Result<std::unique_ptr<Deployment>> Deployment::make(const JobPlan& plan, uint32_t worker,
                                                     const std::vector<TaskPlacement>& placement,
                                                     const Neighbours* neighbours, TaskFactory& code,
                                                     ConnectorFactory& connectors, const EngineSettings& settings,
                                                     const std::atomic<bool>& is_cancelled,
                                                     const std::atomic<bool>& time_stops,
                                                     const std::function<void(TaskReport)>& on_end) {
  std::unique_ptr<Deployment> deployment(new Deployment(plan, worker, placement, neighbours, settings));
  if (deployment->has_neighbours() && TimeBoard::shortest_idle(plan.graph))
    return user_error(
        "sources that say `idle` cannot be told of each other over several workers yet: submit the job with "
        "--parallel 1");
  SLUICE_TRY(deployment->open_sources(connectors));
  SLUICE_TRY(deployment->make_channels());
  if (TimeBoard::shortest_idle(plan.graph)) deployment->time_board_.emplace(plan);
  for (size_t stage = 0; stage < plan.stages.size(); ++stage)
    SLUICE_TRY(deployment->make_stage(StageId(stage), code, connectors, is_cancelled, time_stops, on_end));
  deployment->connect_channels();
  if (settings.on_saved) SLUICE_TRY(deployment->prepare_checkpoints());
  return deployment;
}

Deployment::~Deployment() {
  for (const auto& edge : channels_)
    for (const auto& [tasks, channel] : edge.by_tasks)
      if (const auto* end = std::get_if<RemoteChannel>(&channel)) neighbours_->plane.remove(end->worker, end->address);
  for (auto& feed : feeds_) feed->stop();
  abort_sinks();
}

FrameCounts Deployment::frames() const {
  FrameCounts all;
  for (const auto& edge : channels_)
    for (const auto& [tasks, channel] : edge.by_tasks) {
      const auto* end = std::get_if<RemoteChannel>(&channel);
      if (end == nullptr) continue;
      const FrameCounts frames = end->writer ? end->writer->frames() : end->reader->frames();
      all.sent += frames.sent;
      all.received += frames.received;
    }
  return all;
}

std::set<uint32_t> Deployment::workers_of(StageId stage) const {
  std::set<uint32_t> workers;
  for (uint32_t task = 0; task < plan_.stages[stage].parallelism; ++task) workers.insert(worker_of(stage, task));
  return workers;
}

Status Deployment::open_sources(ConnectorFactory& connectors) {
  for (size_t stage = 0; stage < plan_.stages.size(); ++stage) {
    if (!workers_of(StageId(stage)).contains(worker_)) continue;
    const auto& inputs = plan_.stages[StageId(stage)].inputs;
    uint32_t position = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].source.is_valid()) continue;
      SLUICE_ASSIGN(auto source, open_source(StageId(stage), inputs[i].source, connectors));
      feeds_.push_back(std::make_unique<SourceFeed>(std::move(source), inputs[i].source, position++));
      feed_of_input_[{static_cast<uint32_t>(stage), i}] = feeds_.back().get();
    }
  }
  return {};
}

// The workers with tasks of the stage share the source.
Result<std::unique_ptr<Source>> Deployment::open_source(StageId stage, NodeId node, ConnectorFactory& connectors) {
  SLUICE_ASSIGN(auto source, connectors.open_source(plan_.graph.nodes[node]));
  is_final_ |= !source->is_repeatable();
  const auto workers = workers_of(stage);
  if (workers.size() == 1) return source;
  if (!source->is_repeatable())
    return user_error(
        "a pipe cannot be read by several workers: put what it says into files, or submit the job with --parallel 1");
  shared_inputs_.push_back({node, source->fingerprint()});
  const auto share = static_cast<uint32_t>(std::distance(workers.begin(), workers.find(worker_)));
  return std::make_unique<SourceShare>(std::move(source), share, static_cast<uint32_t>(workers.size()));
}

std::optional<std::chrono::microseconds> Deployment::wake_interval() const {
  constexpr std::chrono::microseconds kShortest{1'000};
  constexpr std::chrono::microseconds kLongest{100'000};
  const auto idle = TimeBoard::shortest_idle(plan_.graph);
  return idle ? std::optional(std::clamp(*idle / 8, kShortest, kLongest)) : std::nullopt;
}

// Channels have the same numbers on every worker.
Status Deployment::make_channels() {
  uint32_t number = 0;
  for (const auto& edge : plan_.edges) {
    auto& channels = channels_.emplace_back();
    const uint32_t consumers = plan_.stages[edge.to].parallelism;
    for (uint32_t producer = 0; producer < plan_.stages[edge.from].parallelism; ++producer)
      for (const uint32_t consumer : consumers_of(edge, producer, consumers)) {
        ++number;
        if (!is_here(edge.from, producer) && !is_here(edge.to, consumer)) continue;
        SLUICE_ASSIGN(auto channel, make_channel(edge, producer, consumer, number));
        channels.by_tasks.emplace(std::pair(producer, consumer), std::move(channel));
      }
  }
  return {};
}

Result<Deployment::Channel> Deployment::make_channel(const EdgePlan& edge, uint32_t producer, uint32_t consumer,
                                                     uint32_t number) const {
  const uint32_t from = worker_of(edge.from, producer);
  const uint32_t to = worker_of(edge.to, consumer);
  if (from == to) return Channel(std::make_unique<RingChannel>(settings_.ring_blocks));
  RemoteChannel end;
  end.worker = from == worker_ ? to : from;
  end.address = {neighbours_->deployment, number};
  end.link = neighbours_->plane.link_to(end.worker, neighbours_->urls.at(end.worker));
  const uint64_t window = settings_.ring_blocks * settings_.block_bytes;
  if (from == worker_)
    end.writer = std::make_unique<RemoteWriter>(*end.link, end.address, window);
  else
    end.reader = std::make_unique<RemoteReader>(*end.link, end.address, window, edge.schema, neighbours_->on_bad_block);
  return Channel(std::move(end));
}

Status Deployment::make_stage(StageId id, TaskFactory& factory, ConnectorFactory& connectors,
                              const std::atomic<bool>& is_cancelled, const std::atomic<bool>& time_stops,
                              const std::function<void(TaskReport)>& on_end) {
  if (!workers_of(id).contains(worker_)) return {};
  SLUICE_ASSIGN(auto code, factory.make(plan_, id, settings_.attempt.stop));
  const StagePlan& stage = plan_.stages[id];
  const auto& functions = code->current();
  if (functions.inputs.size() != stage.inputs.size() || functions.finish.size() != stage.finish_phases)
    return internal_error("the code of stage " + stage.name + " does not have the functions that its plan asks for");
  for (uint32_t index = 0; index < stage.parallelism; ++index) {
    if (!is_here(id, index)) continue;
    tasks_.push_back(std::make_unique<Task>(plan_, TaskAddress{id, index}, code, is_cancelled, time_stops, on_end));
    task_of_address_[{id, index}] = tasks_.back().get();
    if (time_board_) tasks_.back()->set_time_board(*time_board_);
    if (settings_.wall_time) tasks_.back()->set_wall_time(*settings_.wall_time);
    if (settings_.profile) tasks_.back()->begin_profile();
    SLUICE_TRY(wire(*tasks_.back(), id, connectors));
  }
  return {};
}

ChannelReader* Deployment::reader_of(const Channel& channel) {
  const auto* ring = std::get_if<std::unique_ptr<RingChannel>>(&channel);
  if (ring != nullptr) return ring->get();
  return std::get<RemoteChannel>(channel).reader.get();
}

ChannelWriter* Deployment::writer_of(const Channel& channel) {
  const auto* ring = std::get_if<std::unique_ptr<RingChannel>>(&channel);
  if (ring != nullptr) return ring->get();
  return std::get<RemoteChannel>(channel).writer.get();
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
    std::vector<ChannelReader*> channels;  // in the order of the producers, as by_tasks is
    for (auto& [tasks, channel] : channels_[edge.value].by_tasks)
      if (tasks.second == index) channels.push_back(reader_of(channel));
    task.add_edge(std::move(channels), plan_.edges[edge].is_ordered);
  }
  for (const EdgeId edge : stage.outputs) wire_output(task, edge);
  for (const NodeId node : stage.sinks) {
    SLUICE_ASSIGN(auto sink, connectors.open_sink(plan_.graph.nodes[node], index, settings_.attempt));
    is_final_ |= sink->is_final();
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
  std::vector<std::vector<ChannelWriter*>> partitions(consumers);
  for (auto& [tasks, channel] : channels_[id.value].by_tasks) {
    if (tasks.first != task.address().index) continue;
    partitions[edge.kind == ExchangeKind::Hash ? tasks.second : 0].push_back(writer_of(channel));
  }
  OutputTraits traits;
  traits.is_ordered = edge.is_ordered;
  traits.tells_progress = edge.is_ordered && plan_.stages[edge.from].parallelism > 1;
  traits.holds_watermark = holds_watermark(plan_, edge.from, id);
  traits.row_size = block_layout(edge.schema).size;
  traits.block_bytes = block_bytes_of(edge, consumers, settings_.block_bytes);
  task.add_output(traits, partitions);
}

void Deployment::connect_channels() {
  for (size_t edge = 0; edge < channels_.size(); ++edge)
    for (auto& [tasks, channel] : channels_[edge].by_tasks) {
      const StageId from = plan_.edges[EdgeId(edge)].from;
      const StageId to = plan_.edges[EdgeId(edge)].to;
      if (auto* ring = std::get_if<std::unique_ptr<RingChannel>>(&channel)) {
        (*ring)->connect(task_at(from, tasks.first), task_at(to, tasks.second));
        continue;
      }
      auto& end = std::get<RemoteChannel>(channel);
      if (end.writer) {
        end.writer->connect(task_at(from, tasks.first));
        neighbours_->plane.add(end.worker, end.address, *end.writer);
      } else {
        end.reader->connect(task_at(to, tasks.second));
        neighbours_->plane.add(end.worker, end.address, *end.reader);
      }
    }
}

Task& Deployment::task_at(StageId stage, uint32_t index) { return *task_of_address_.at({stage, index}); }

std::vector<std::string> Deployment::files() const {
  std::vector<std::string> files;
  for (const auto& open : sinks_)
    if (std::string file = open.sink->file(); !file.empty()) files.push_back(std::move(file));
  return files;
}

// What cannot be part of a checkpoint is found out now, not when the first one is made.
Status Deployment::prepare_checkpoints() {
  const RestorePoint* restore_point = settings_.restore_point;
  for (auto& feed : feeds_) {
    if (restore_point == nullptr) {
      const auto held = feed->hold();
      SLUICE_TRY(feed->cut(0));
      continue;
    }
    // Nothing is said of those that nobody reads any more.
    const auto position = restore_point->sources.find(feed->node());
    if (position != restore_point->sources.end()) SLUICE_TRY(feed->seek(position->second));
  }
  for (auto& task : tasks_) {
    task->save_to(settings_.on_saved);
    if (restore_point != nullptr) SLUICE_TRY(task->restore(restore_point->tasks.at(task->address())));
  }
  if (restore_point == nullptr)
    for (auto& open : sinks_) SLUICE_TRY(open.sink->prepare());
  return {};
}

Result<std::map<NodeId, std::string>> Deployment::cut_sources(uint64_t checkpoint) {
  std::map<NodeId, std::string> positions;
  std::vector<SourceFeed::Hold> held;
  for (auto& feed : feeds_) held.push_back(feed->hold());
  for (auto& feed : feeds_) {
    SLUICE_ASSIGN(positions[feed->node()], feed->cut(checkpoint));
  }
  held.clear();
  for (auto& task : tasks_) task->wake();
  return positions;
}

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
    if (!std::exchange(open.is_settled, true)) has_checkpoint_ ? open.sink->suspend() : open.sink->abort();
}

}  // namespace sluice
