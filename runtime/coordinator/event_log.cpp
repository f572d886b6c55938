#include "runtime/coordinator/event_log.h"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {
constexpr size_t kMostBytes = 4096;
}

void EventLog::add(std::string text) {
  if (text.size() > kMostBytes) text = text.substr(0, kMostBytes) + " ...";
  const std::lock_guard lock(mutex_);
  lines_.push_back({next_++, std::chrono::system_clock::now(), std::move(text)});
  if (lines_.size() > most_lines_) lines_.pop_front();
}

LogPage EventLog::read(uint64_t from, size_t most) const {
  const std::lock_guard lock(mutex_);
  const uint64_t first = next_ - lines_.size();
  LogPage page;
  page.dropped = from < first ? first - from : 0;
  page.next = std::min(std::max(from, first), next_);
  while (page.next < next_ && page.lines.size() < most) page.lines.push_back(lines_[page.next++ - first]);
  return page;
}

}  // namespace sluice
