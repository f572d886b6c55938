// Coordinator: the process that workers join and that jobs are submitted to: it knows the workers and their slots,
// gives each job the slots that it needs as soon as they are free, and follows every job to its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/control/job_progress.h"
#include "runtime/control/task_metrics.h"
#include "runtime/coordinator/event_log.h"
#include "runtime/coordinator/job_exception.h"
#include "runtime/coordinator/job_state.h"
#include "runtime/coordinator/job_store.h"
#include "runtime/coordinator/output_spool.h"
#include "runtime/coordinator/placement.h"
#include "runtime/coordinator/pulse.h"
#include "runtime/net/connection.h"
#include "runtime/net/event_loop.h"
#include "runtime/net/handshake.h"
#include "runtime/net/reception.h"

namespace sluice {

struct CoordinatorSettings {
  std::string url;  // to listen on for workers: "tcp://127.0.0.1:7070"
  Credentials credentials;
  std::string state_directory;                  // where jobs outlive the coordinator; empty: they do not
  std::function<void(const std::string&)> log;  // a line for people; any thread
  std::string spool_directory = {};             // for what jobs print, when it is much
  // How it was started, for clients that ask: name and value; no secrets.
  std::vector<std::pair<std::string, std::string>> options = {};
};

// A program on its way to the cluster: compiled as far as its plan, because only the one who submits it has its files.
struct Submission {
  std::string name;
  std::string plan;  // text of a JobPlan
  uint64_t block_bytes = 256 << 10;
  RestartStrategy restart;
  uint64_t slot_memory = 0;  // bytes that a slot must have at least, of its worker's memory
};

struct WorkerInfo {
  uint32_t worker = 0;
  std::string host;
  std::string data_url;
  uint32_t process = 0;
  uint32_t slots = 0;
  uint32_t free_slots = 0;
  uint64_t memory_bytes = 0;
  ProcessFigures figures = {};  // as of its last sign of life
  bool is_leaving = false;      // it takes no more tasks, and goes when those that it has came to their ends
};

struct JobInfo {
  uint64_t job = 0;
  std::string name;
  JobPhase phase = JobPhase::Created;
  uint32_t slots = 0;  // it needs
  uint64_t slot_memory = 0;
  std::string waits_for;  // Scheduled: what is not there yet
  RestartStrategy restart;
  uint32_t restarts = 0;      // so far
  std::string cannot_repeat;  // why it cannot begin anew; empty: it can
  std::string identity;       // a text that no other job has, of any cluster; but see Coordinator::restart()
  uint64_t attempts = 0;      // so far
  bool has_begun = false;
  bool has_committed = false;  // an attempt has begun to give files their names
  bool is_stopped = false;     // somebody wants it to end
  std::chrono::system_clock::time_point submitted;
  struct Step {
    JobPhase phase;
    std::chrono::system_clock::time_point since;
  };
  std::vector<Step> history;  // the phases it was in, and is
  struct PlacedTask {
    std::string stage;
    uint32_t task = 0;
    uint32_t worker = 0;
    TaskPhase phase = TaskPhase::Deploying;
    TaskMetrics metrics;
  };
  std::vector<PlacedTask> tasks;
  struct Stage {
    std::string name;
    std::vector<std::string> operators;
  };
  std::vector<Stage> stages;
  std::vector<std::string> begun_files;  // that an attempt has begun to give their names; not in lists of jobs
  struct Failure {
    std::chrono::system_clock::time_point time;
    std::string message;
  };
  std::vector<Failure> failures;  // why attempts failed after which it began anew; the newest ones
  std::optional<RowError> row_error;
  std::optional<Error> error;
  JobProgress totals;
};

struct JobOutput {
  std::string rows;
  bool is_end = false;  // nothing will follow
  std::string
      identity;  // of the job: a coordinator that keeps nothing gives its number to another one when it is begun again
};

// A client asks for more with a second request: no answer grows without limit.
inline constexpr uint64_t kMostOutputAtOnce = 4 << 20;
inline constexpr size_t kMostLinesAtOnce = 1000;
inline constexpr size_t kMostJobsAtOnce = 1000;
// Of the jobs that have ended the latest are remembered.
inline constexpr size_t kMostEndedJobs = 200;
inline constexpr size_t kMostWaitingJobs = 1000;

class Coordinator {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Coordinator>> make(CoordinatorSettings settings);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  [[nodiscard]] const std::string& url() const { return listener_->url(); }

  // ---- for clients; any thread ----
  // The number of the job, or what is wrong with the submission.
  Result<uint64_t> submit(Submission submission);
  [[nodiscard]] std::vector<WorkerInfo> workers();
  // From this number on, at most so many, in the order in which they were submitted; without stages and tasks.
  [[nodiscard]] std::vector<JobInfo> jobs(uint64_t from = 0, size_t most = ~size_t{0});
  // Those that have begun and not ended, with their tasks.
  [[nodiscard]] std::vector<JobInfo> running_jobs();
  [[nodiscard]] std::optional<JobInfo> job(uint64_t job);
  // The text of its plan.
  [[nodiscard]] std::optional<std::string> plan(uint64_t job);
  // What the job's `print` sinks wrote, from this byte on, in pieces; nothing when there is no such job. A job
  // whose input ends and which may begin anew shows its rows when it has ended.
  [[nodiscard]] std::optional<Result<JobOutput>> output(uint64_t job, uint64_t from);
  // What it had to say, and what of it about one job; of that nothing when there is no such job.
  [[nodiscard]] LogPage log(uint64_t from, size_t most) const { return log_.read(from, most); }
  [[nodiscard]] std::optional<LogPage> job_log(uint64_t job, uint64_t from, size_t most);
  // What went wrong in the job, oldest first, the latest of many.
  [[nodiscard]] std::optional<std::vector<JobException>> exceptions(uint64_t job);
  [[nodiscard]] const CoordinatorSettings& settings() const { return settings_; }
  // False when there is no such job; one that has ended stays as it is.
  bool cancel(uint64_t job);
  // Submits the job once more, and ends it if it has not: the number of the new one. Its attempts count as later ones
  // of the same job, so that no worker which stood still brings files of the one before.
  std::optional<Result<uint64_t>> restart(uint64_t job);

 private:
  struct JoinedWorker {
    WorkerInfo info;
    std::unique_ptr<Connection> connection;
  };
  struct Job {
    uint64_t id = 0;
    Submission submission;
    JobPlan plan;
    std::optional<Error> plan_error;  // of a job that has ended: why this version has no plan for it
    JobInfo info;
    JobState state;
    EventLoop::Clock::time_point last_inquiry;  // whether its workers wait for each other
    uint32_t deployment = 0;                    // of the attempt that runs; 0: none does
    std::map<uint32_t, uint32_t> slots;         // that it holds, by worker
    std::map<uint32_t, JobProgress> progress;   // by worker
    std::map<TaskAddress, TaskMetrics> metrics;
    bool is_output_held = false;  // until the job has ended
    OutputSpool output{std::string()};
    EventLog log{kMostLogLinesOfJob};
    std::deque<JobException> exceptions;
  };
  // Whose attempts those of a new job follow; nobody's when it is empty.
  struct Lineage {
    std::string identity;
    uint64_t attempts = 0;
  };
  static constexpr size_t kMostLogLines = 10'000;
  static constexpr size_t kMostLogLinesOfJob = 500;
  static constexpr size_t kMostExceptions = 100;

  explicit Coordinator(CoordinatorSettings settings) : settings_(std::move(settings)) {}
  void accept(std::unique_ptr<Connection> connection);
  void greet(Reception::Caller caller);
  void refuse(Reception::Caller caller, const std::string& why);
  void lose(uint32_t worker, const std::string& why);
  void receive(uint32_t worker, const Frame& frame);
  void receive_report(uint32_t worker, Job& job, const wire::Report& message);
  [[nodiscard]] static bool is_inquiry_due(Job& job);
  void beat();
  [[nodiscard]] std::vector<WorkerSlots> slots_for(const Job& job) const;
  void start_waiting_jobs();
  [[nodiscard]] bool is_in_use(uint32_t worker) const;
  void dismiss_idle_workers();
  Job& make_job(uint64_t id, Submission submission, JobPlan plan);
  Result<Job*> keep_new_job(Submission submission, JobPlan plan, Lineage lineage);
  [[nodiscard]] Lineage lineage_behind(const Job& job) const;
  void start(Job& job);
  void happen(Job& job, JobEvent event);
  void command(Job& job, const WorkerCommand& command);
  void note_phase(Job& job);
  void end_attempt(Job& job);
  Status keep(const Job& job);
  Status restore();
  Status restore(const wire::JobRecord& record);
  void suspend();
  void note(const std::string& text);
  void note(Job& job, const std::string& text);
  void note_exception(Job& job, JobException exception);
  void keep_output(uint32_t worker, Job& job, const std::string& rows);
  void forget_old_jobs();
  Status keep_or_note(const Job& job);
  void send(uint32_t worker, const wire::Command& message);
  [[nodiscard]] static JobInfo summary_of(const Job& job);
  [[nodiscard]] static JobInfo info_of(const Job& job);

  CoordinatorSettings settings_;
  EventLog log_{kMostLogLines};  // any thread
  std::map<uint32_t, JoinedWorker> workers_;
  uint64_t term_ = 0;  // of this life: the numbers below are given again in the next one
  uint32_t next_worker_ = 1;
  uint32_t next_deployment_ = 1;
  uint64_t next_job_ = 1;
  std::map<uint64_t, Job> jobs_;
  std::optional<JobStore> store_;
  std::set<uint64_t> unkept_;  // jobs whose record could not be written, to be tried again
  EventLoop loop_;             // everything above is its
  Pulse pulse_;
  Reception reception_{loop_};
  std::unique_ptr<Listener> listener_;
};

}  // namespace sluice
