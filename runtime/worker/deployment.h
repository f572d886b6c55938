// Deployment: the tasks of a job on this worker with everything they need, wired up: code, channels, sources, sinks.
// Channels to tasks on other workers end in the data plane.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "lang/support/result.h"
#include "runtime/control/messages.h"
#include "runtime/net/data_plane.h"
#include "runtime/net/remote_channel.h"
#include "runtime/net/ring_channel.h"
#include "runtime/plan/job_plan.h"
#include "runtime/task/restore_point.h"
#include "runtime/task/source_feed.h"
#include "runtime/task/task.h"
#include "runtime/task/time_board.h"

namespace sluice {

struct EngineSettings {
  uint32_t threads = 1;
  uint64_t block_bytes = 256 << 10;
  uint32_t ring_blocks = 8;
  // The end of the input does not move event time: windows that are still open then are not given out. For tests, which
  // look at a job in the middle of its input.
  bool time_stops_at_end = false;
  std::optional<int64_t> wall_time;  // the time of day stands still there, for tests
  bool profile = false;              // tasks say more about themselves, and where they are at any time
  JobAttempt attempt;                // whose stop is that of the deployment; tasks are stopped by CancelTasks
  // The job makes checkpoints: tasks that stand at a barrier, and those that have finished, go there, from any thread.
  std::function<void(SavedTask)> on_saved = {};
  const RestorePoint* restore_point = nullptr;  // goes on from there
};

// How the tasks of one attempt to run a job reach those on other workers.
struct Neighbours {
  DataPlane& plane;
  uint32_t deployment = 0;               // tells the channels of this attempt from all others
  std::map<uint32_t, std::string> urls;  // of the data planes of the other workers
  std::function<void(Error)> on_bad_block;
};

class Deployment {
 public:
  // Opens and compiles what is placed on `worker`; nothing runs yet. What was opened is aborted when a later step
  // fails. `neighbours` may be null when every task is here.
  [[nodiscard]] static Result<std::unique_ptr<Deployment>> make(
      const JobPlan& plan, uint32_t worker, const std::vector<TaskPlacement>& placement, const Neighbours* neighbours,
      TaskFactory& code, ConnectorFactory& connectors, const EngineSettings& settings,
      const std::atomic<bool>& is_cancelled, const std::atomic<bool>& time_stops,
      const std::function<void(TaskReport)>& on_end);
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  [[nodiscard]] const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }
  // How often tasks are to be woken, so that they notice sources that are idle; nothing when none says `idle`.
  [[nodiscard]] std::optional<std::chrono::microseconds> wake_interval() const;
  [[nodiscard]] const std::vector<std::unique_ptr<SourceFeed>>& feeds() const { return feeds_; }
  // The sources here that other workers read too, and what they will read.
  [[nodiscard]] const std::vector<TasksDeployed::SharedInput>& shared_inputs() const { return shared_inputs_; }
  // Are there tasks on other workers?
  [[nodiscard]] bool has_neighbours() const { return has_neighbours_; }
  // That went to other workers and came from there. Any thread.
  [[nodiscard]] FrameCounts frames() const;
  // Does something here read or write what cannot be read or written again?
  [[nodiscard]] bool is_final() const { return is_final_; }
  // What the sinks here will make visible.
  [[nodiscard]] std::vector<std::string> files() const;
  // Makes the results visible, in plan order. Behind the first failure nothing more is committed.
  Status commit_sinks();
  // Everybody comes to the barrier of this checkpoint. Where the sources stand there.
  [[nodiscard]] Result<std::map<NodeId, std::string>> cut_sources(uint64_t checkpoint);
  // There is a checkpoint to go on from.
  void note_checkpoint() { has_checkpoint_ = true; }
  // Leaves nothing behind of sinks that were not committed, unless there is a checkpoint to go on from.
  void abort_sinks() noexcept;

 private:
  struct OpenSink {
    std::unique_ptr<Sink> sink;
    bool is_settled = false;  // committed or aborted
  };
  struct RemoteChannel {
    uint32_t worker = 0;  // the other one
    ChannelAddress address;
    std::shared_ptr<Link> link;            // shared with the data plane
    std::unique_ptr<RemoteWriter> writer;  // or
    std::unique_ptr<RemoteReader> reader;
  };
  using Channel = std::variant<std::unique_ptr<RingChannel>, RemoteChannel>;
  // The channels of an edge with an end here: from every producer to every consumer that it talks to.
  struct EdgeChannels {
    std::map<std::pair<uint32_t, uint32_t>, Channel> by_tasks;  // (producer, consumer)
  };

  Deployment(const JobPlan& plan, uint32_t worker, const std::vector<TaskPlacement>& placement,
             const Neighbours* neighbours, const EngineSettings& settings);
  [[nodiscard]] bool is_here(StageId stage, uint32_t task) const { return worker_of(stage, task) == worker_; }
  [[nodiscard]] uint32_t worker_of(StageId stage, uint32_t task) const { return worker_of_.at({stage, task}); }
  // That have tasks of the stage.
  [[nodiscard]] std::set<uint32_t> workers_of(StageId stage) const;
  Status open_sources(ConnectorFactory& connectors);
  Result<std::unique_ptr<Source>> open_source(StageId stage, NodeId node, ConnectorFactory& connectors);
  Status make_channels();
  Result<Channel> make_channel(const EdgePlan& edge, uint32_t producer, uint32_t consumer, uint32_t number) const;
  Status make_stage(StageId id, TaskFactory& code, ConnectorFactory& connectors, const std::atomic<bool>& is_cancelled,
                    const std::atomic<bool>& time_stops, const std::function<void(TaskReport)>& on_end);
  static ChannelReader* reader_of(const Channel& channel);
  static ChannelWriter* writer_of(const Channel& channel);
  Status prepare_checkpoints();
  Status wire(Task& task, StageId stage, ConnectorFactory& connectors);
  void wire_output(Task& task, EdgeId edge);
  void connect_channels();
  [[nodiscard]] Task& task_at(StageId stage, uint32_t index);

  const JobPlan& plan_;
  uint32_t worker_;
  std::map<TaskAddress, uint32_t> worker_of_;
  bool has_neighbours_ = false;
  const Neighbours* neighbours_;
  EngineSettings settings_;
  bool has_checkpoint_ = settings_.restore_point != nullptr;
  std::optional<TimeBoard> time_board_;  // when a source says `idle`
  std::vector<std::unique_ptr<SourceFeed>> feeds_;
  std::vector<TasksDeployed::SharedInput> shared_inputs_;
  bool is_final_ = false;
  std::map<std::pair<uint32_t, size_t>, SourceFeed*> feed_of_input_;  // (stage, input)
  std::vector<EdgeChannels> channels_;                                // by edge
  std::vector<OpenSink> sinks_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::map<TaskAddress, Task*> task_of_address_;
};

}  // namespace sluice
