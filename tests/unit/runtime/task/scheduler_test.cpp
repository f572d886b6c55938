#include "runtime/task/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

namespace sluice {
namespace {

using Step = Runnable::Step;

struct Job : Runnable {
  explicit Job(std::function<Step()> step) : step_(std::move(step)) {}
  Step run() noexcept override {
    EXPECT_EQ(running_.fetch_add(1), 0) << "run by two threads at once";
    const Step step = step_();
    running_.fetch_sub(1);
    return step;
  }

 private:
  std::function<Step()> step_;
  std::atomic<int> running_{0};
};

TEST(Scheduler, EveryTaskRunsOnceAtTheStart) {
  std::counting_semaphore<> done(0);
  std::vector<std::unique_ptr<Job>> jobs;
  Scheduler scheduler(3, [] {});
  for (int i = 0; i < 20; ++i)
    jobs.push_back(std::make_unique<Job>([&] {
      done.release();
      return Step::Finished;
    }));
  for (auto& job : jobs) scheduler.add(*job);
  scheduler.start();
  for (int i = 0; i < 20; ++i) done.acquire();
}

TEST(Scheduler, AgainGivesOthersATurn) {
  std::binary_semaphore done(0);
  std::atomic<bool> is_other_done{false};
  Job first([&] {
    if (!is_other_done) return Step::Again;
    done.release();
    return Step::Finished;
  });
  Job second([&] {
    is_other_done = true;
    return Step::Finished;
  });
  Scheduler scheduler(1, [] {});
  scheduler.add(first);
  scheduler.add(second);
  scheduler.start();
  done.acquire();
}

// Tokens go round a ring of tasks that sleep while they have none.
TEST(Scheduler, NoWakeUpIsLost) {
  constexpr int kTasks = 7;
  constexpr int kRounds = 3000;
  std::binary_semaphore done(0);
  std::vector<std::atomic<int>> tokens(kTasks);
  std::atomic<int> left{kRounds * kTasks};
  std::vector<std::unique_ptr<Job>> jobs;
  for (int i = 0; i < kTasks; ++i)
    jobs.push_back(std::make_unique<Job>([&, i] {
      while (tokens[i] > 0) {
        --tokens[i];
        if (--left == 0) done.release();
        if (left <= 0) continue;
        ++tokens[(i + 1) % kTasks];
        jobs[(i + 1) % kTasks]->wake();
      }
      return Step::Idle;
    }));
  Scheduler scheduler(4, [] {});
  for (auto& job : jobs) scheduler.add(*job);
  tokens[0] = 3;
  scheduler.start();
  done.acquire();
}

TEST(Scheduler, TellsWhenAllTasksAreIdle) {
  std::counting_semaphore<> stalled(0);
  std::atomic<int> runs{0};
  Job job([&] {
    ++runs;
    return Step::Idle;
  });
  Scheduler scheduler(2, [&] { stalled.release(); });
  scheduler.add(job);
  scheduler.start();
  stalled.acquire();
  job.wake();
  stalled.acquire();
  EXPECT_EQ(runs, 2);
}

TEST(Scheduler, FinishedTasksAreNotRunAgain) {
  std::counting_semaphore<> stalled(0);
  std::atomic<int> runs{0};
  Job job([&] {
    ++runs;
    return Step::Finished;
  });
  Scheduler scheduler(1, [&] { stalled.release(); });
  scheduler.add(job);
  scheduler.start();
  stalled.acquire();
  job.wake();
  scheduler.stop();
  scheduler.stop();
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace sluice
