// EventLog: the last lines that the coordinator had to say, of its own or about one job, for clients that ask later.
// Numbers of lines only grow, so that a client can go on where it was and notice what it missed.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {

struct LogLine {
  uint64_t number = 0;
  std::chrono::system_clock::time_point time;
  std::string text;
};
struct LogPage {
  std::vector<LogLine> lines;
  uint64_t next = 0;     // the number to go on with
  uint64_t dropped = 0;  // lines from the number asked for on that are no longer there
};

class EventLog {
 public:
  explicit EventLog(size_t most_lines) : most_lines_(most_lines) {}

  // Any thread. What is longer than a page of a book is cut.
  void add(std::string text);
  // At most `most` lines from this number on.
  [[nodiscard]] LogPage read(uint64_t from, size_t most) const;

 private:
  size_t most_lines_;
  mutable std::mutex mutex_;
  std::deque<LogLine> lines_;
  uint64_t next_ = 0;
};

}  // namespace sluice
