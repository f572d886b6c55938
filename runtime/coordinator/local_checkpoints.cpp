#include "runtime/coordinator/local_checkpoints.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "runtime/abi/fingerprint.h"
#include "runtime/checkpoint/run_file.h"
#include "runtime/plan/plan_text.h"
#include "runtime/worker/worker.h"

namespace sluice {

namespace {

uint64_t fingerprint_of(const JobPlan& plan) {
  const std::string text = write_plan(plan);
  return XXH3_64bits(text.data(), text.size());
}

std::string run_name(const JobPlan& plan, const TaskAddress& task) {
  return fmt::format("{}-{}.sst", plan.stages[task.stage].name, task.index);
}

int64_t microseconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

LocalCheckpoints::LocalCheckpoints(const JobPlan& plan, CheckpointSettings settings)
    : plan_(plan), settings_(std::move(settings)) {}

// The positions of a task's sinks, in the order of the plan.
std::vector<std::string> LocalCheckpoints::sinks_of(const CheckpointManifest& manifest, const TaskAddress& task) const {
  std::vector<std::string> positions;
  for (const NodeId sink : plan_.stages[task.stage].sinks)
    for (const auto& saved : manifest.sinks)
      if (saved.node == plan_.graph.nodes[sink].label && saved.task == task.index) positions.push_back(saved.position);
  return positions;
}

std::set<TaskAddress> LocalCheckpoints::all_tasks() const {
  std::set<TaskAddress> all;
  for (uint32_t stage = 0; stage < plan_.stages.size(); ++stage)
    for (uint32_t index = 0; index < plan_.stages[StageId(stage)].parallelism; ++index)
      all.insert({StageId(stage), index});
  return all;
}

Result<std::optional<RestorePoint>> LocalCheckpoints::restore() {
  SLUICE_ASSIGN(LatestCheckpoint latest, settings_.store->latest());
  for (const auto& damage : latest.damaged) settings_.on_note(damage);
  if (!latest.checkpoint) return std::optional<RestorePoint>();
  const CheckpointManifest& manifest = latest.checkpoint->manifest;
  if (manifest.abi_fingerprint != abi::abi_fingerprint())
    return user_error(fmt::format(
        "{} has the state of a job that another version of Sluice ran: run it with that one to its end, or give it a "
        "directory of its own with --state-dir to begin anew",
        settings_.store->directory()));
  if (manifest.plan_fingerprint != fingerprint_of(plan_))
    return user_error(fmt::format(
        "{} has the state of another program, or of this one before it was changed or with another number of tasks: "
        "give this one a directory of its own with --state-dir, or remove that one to begin anew",
        settings_.store->directory()));
  RestorePoint point;
  for (const auto& source : manifest.sources)
    for (const NodeId id : plan_.graph.ids())
      if (plan_.graph.nodes[id].label == source.node) point.sources[id] = source.position;
  for (const auto& task : manifest.tasks) {
    RestoredTask restored;
    restored.is_finished = task.is_finished;
    restored.progress = task.progress;
    const std::string path = latest.checkpoint->directory + "/" + task.run;
    restored.states = [path]() -> Result<std::unique_ptr<SnapshotReader>> {
      SLUICE_ASSIGN(auto reader, RunReader::open(path));
      return reader;
    };
    for (const auto& address : all_tasks())
      if (plan_.stages[address.stage].name == task.stage && address.index == task.index) {
        restored.sinks = sinks_of(manifest, address);
        if (task.is_finished) finished_[address] = {address, 0, {}, restored.sinks, nullptr, std::nullopt};
        point.tasks[address] = std::move(restored);
        break;
      }
  }
  if (point.tasks.size() != all_tasks().size())
    return external_error("checkpoint " + std::to_string(manifest.number) + " lacks some of the job's tasks");
  // What this life writes from here on does not fit to the newer ones, should somebody mend them.
  SLUICE_TRY(settings_.store->set_newer_aside(manifest.number));
  sources_ = point.sources;
  has_checkpoint_ = true;
  return point;
}

void LocalCheckpoints::on_saved(SavedTask saved) {
  {
    const std::lock_guard lock(mutex_);
    if (saved.checkpoint == 0) finished_[saved.task] = saved;
    if (pending_) pending_->add(std::move(saved));
  }
  has_news_.notify_all();
}

void LocalCheckpoints::start(Worker& worker) {
  thread_ = std::thread([this, &worker] { work(worker); });
}

void LocalCheckpoints::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  has_news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LocalCheckpoints::work(Worker& worker) {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (has_news_.wait_for(lock, settings_.interval, [this] { return is_stopped_; })) return;
    }
    if (auto status = make(worker); !status && settings_.on_note)
      settings_.on_note("a checkpoint came to nothing: " + status.error().message);
  }
}

Status LocalCheckpoints::make(Worker& worker) {
  const uint64_t number = settings_.store->next_number();
  SLUICE_ASSIGN(const std::string directory, settings_.store->begin(number));
  {
    const std::lock_guard lock(mutex_);
    pending_.emplace(number, all_tasks(), finished_);
  }
  auto sources = worker.begin_checkpoint(number);
  std::optional<PendingCheckpoint> done;
  bool is_stopped = false;
  {
    std::unique_lock lock(mutex_);
    const auto is_decided = [this] { return is_stopped_ || pending_->is_complete() || pending_->error(); };
    if (sources) has_news_.wait_for(lock, settings_.timeout, is_decided);
    is_stopped = is_stopped_;
    done = std::exchange(pending_, std::nullopt);
  }
  Status status;
  if (!sources)
    status = std::unexpected(std::move(sources).error());
  else if (done->error())
    status = std::unexpected(*done->error());
  else if (!done->is_complete())
    status = is_stopped ? Status() : external_error("some tasks did not come to it in time", true);
  if (!status || !done->is_complete()) {
    worker.abandon_checkpoint(number);
    settings_.store->abandon();
    return status;
  }
  if (auto written = write(*done, *sources, directory); !written) {
    worker.abandon_checkpoint(number);
    settings_.store->abandon();
    return written;
  }
  has_checkpoint_ = true;
  sources_ = std::move(*sources);
  worker.confirm_checkpoint(number);
  return {};
}

Status LocalCheckpoints::write(PendingCheckpoint& pending, const std::map<NodeId, std::string>& sources,
                               const std::string& directory) {
  CheckpointManifest manifest;
  manifest.number = pending.number();
  manifest.made = microseconds_since_1970();
  manifest.job_name = plan_.graph.name;
  manifest.plan_fingerprint = fingerprint_of(plan_);
  manifest.abi_fingerprint = abi::abi_fingerprint();
  for (const auto& stage : plan_.stages) manifest.stages.push_back({stage.name, stage.parallelism});
  for (const auto& [node, position] : sources)
    manifest.sources.push_back({plan_.graph.nodes[node].label, 0, position, 0});
  for (auto& [address, saved] : pending.tasks()) {
    const StagePlan& stage = plan_.stages[address.stage];
    CheckpointManifest::Task task{stage.name, address.index, saved.states == nullptr, std::move(saved.progress), {},
                                  {}};
    for (size_t i = 0; i < saved.sinks.size(); ++i)
      manifest.sinks.push_back({plan_.graph.nodes[stage.sinks[i]].label, address.index, saved.sinks[i]});
    if (saved.states != nullptr) {
      task.run = run_name(plan_, address);
      SLUICE_ASSIGN(const auto run, RunWriter::create(directory + "/" + task.run));
      SLUICE_TRY(saved.states->move_to(*run));
      SLUICE_ASSIGN(task.run_info, run->finish());
    }
    manifest.tasks.push_back(std::move(task));
  }
  return settings_.store->commit(manifest);
}

Status LocalCheckpoints::make_last() {
  settings_.store->abandon();
  const uint64_t number = settings_.store->next_number();
  SLUICE_ASSIGN(const std::string directory, settings_.store->begin(number));
  PendingCheckpoint last(number, all_tasks(), finished_);
  if (last.error()) return std::unexpected(*last.error());
  if (!last.is_complete()) return internal_error("a job ends of which not all tasks have said that they have finished");
  SLUICE_TRY(write(last, sources_, directory));
  has_checkpoint_ = true;
  return {};
}

Status LocalCheckpoints::end() { return settings_.store->forget_job(); }

}  // namespace sluice
