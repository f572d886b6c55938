// A job of hand_written_job.h on several workers that talk over TCP on the loopback, all in this process.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../coordinator/hand_written_job.h"
#include "runtime/coordinator/job_state.h"
#include "runtime/coordinator/placement.h"
#include "runtime/net/data_plane.h"
#include "runtime/worker/worker.h"

namespace sluice::testing {

class WorkersHere {
 public:
  explicit WorkersHere(uint32_t count) {
    for (uint32_t worker = 1; worker <= count; ++worker) {
      DataPlane::Settings settings{"tcp://127.0.0.1:0", {"test", 1, "secret"}, std::chrono::seconds(10)};
      planes_.push_back(
          *DataPlane::make(std::move(settings), [this](uint32_t, Error error) { fail(std::move(error)); }));
      planes_.back()->set_worker(worker, 1);
    }
  }

  JobState run(Job& job) {
    const auto count = static_cast<uint32_t>(planes_.size());
    ++deployment_;
    std::map<uint32_t, std::string> urls;
    for (uint32_t worker = 1; worker <= count; ++worker) urls[worker] = planes_[worker - 1]->url();
    std::vector<WorkerSlots> slots;
    for (uint32_t worker = 1; worker <= count; ++worker) slots.push_back({worker, 8});
    EngineSettings settings;
    settings.threads = job.options.threads;
    settings.block_bytes = job.options.block_bytes;
    settings.ring_blocks = job.options.ring_blocks;
    std::vector<std::unique_ptr<Neighbours>> neighbours;
    std::vector<std::unique_ptr<Worker>> workers;
    for (uint32_t worker = 1; worker <= count; ++worker) {
      neighbours.push_back(std::make_unique<Neighbours>(
          Neighbours{*planes_[worker - 1], deployment_, urls, [this](Error error) { fail(std::move(error)); }}));
      workers.push_back(std::make_unique<Worker>(
          worker, job.plan, job, job, settings,
          [this](WorkerReport report) {
            std::visit([this](auto& alternative) { post(std::move(alternative)); }, report);
          },
          neighbours.back().get()));
    }
    JobState state;
    post(JobAccepted{});
    post(TasksPlaced{*place_tasks(job.plan, slots)});
    while (!is_end(state.phase)) {
      const auto commands = apply(state, wait());
      EXPECT_TRUE(commands.has_value());
      if (!commands) break;
      for (const auto& command : *commands)
        for (const auto& worker : workers) worker->handle(command);
    }
    return state;
  }

  [[nodiscard]] DataPlane& plane(uint32_t worker) { return *planes_[worker - 1]; }
  [[nodiscard]] Link& link(uint32_t from, uint32_t to) { return *plane(from).link_to(to, plane(to).url()); }

 private:
  void post(JobEvent event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    }
    has_events_.notify_one();
  }
  JobEvent wait() {
    std::unique_lock lock(mutex_);
    has_events_.wait(lock, [this] { return !events_.empty(); });
    JobEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  void fail(Error error) { ADD_FAILURE() << error.to_string(); }

  std::vector<std::unique_ptr<DataPlane>> planes_;
  uint32_t deployment_ = 0;
  std::mutex mutex_;
  std::condition_variable has_events_;
  std::deque<JobEvent> events_;
};

}  // namespace sluice::testing
