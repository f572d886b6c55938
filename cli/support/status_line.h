// StatusLine: how a job is getting on, on standard error. On a terminal it is one line that is redrawn; otherwise a
// line per ten seconds.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "cli/support/console.h"
#include "lang/support/quantity_text.h"
#include "runtime/coordinator/local_job.h"

namespace sluice {

class StatusLine {
 public:
  // `waits_for_end`: the job has steps that give nothing out before their input ends.
  StatusLine(const Console& console, bool waits_for_end);

  // From any thread. Nothing is shown in a job's first half second.
  void update(const JobProgress& progress);
  // Calls `print` while the line is away and stays away.
  template <class Print>
  auto without(const Print& print) {
    const std::scoped_lock lock(mutex_);
    erase();
    return print();
  }
  // Takes the line away, so that something else can be printed; the next update draws it again.
  void clear() {
    without([] {});
  }

 private:
  void erase();
  void draw(const std::string& text);

  const Console& console_;
  const bool waits_for_end_;
  std::mutex mutex_;  // the job's progress thread updates, sinks and main clear
  JobProgress last_;
  bool is_drawn_ = false;
};

// "running 00:42  in 4.3M/s  out 15/s  lag 4.0s  late 12  state 6.4 MB  31%"; rates are those since `before`.
// `waiting`, if any, stands where it is not cut off.
[[nodiscard]] std::string progress_text(const JobProgress& now, const JobProgress& before, const std::string& waiting);
// Why nothing has come out so far, as far as that can be told from outside: "first window due in 59min of event time".
[[nodiscard]] std::string waiting_text(const JobProgress& progress, bool waits_for_end);

}  // namespace sluice
