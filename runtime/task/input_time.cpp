#include "runtime/task/input_time.h"

#include <algorithm>

#include "lang/support/saturating.h"
#include "runtime/data/block.h"

namespace sluice {

int64_t InputTime::watermark_of(const WatermarkOrigin::Time& time) const {
  const int64_t latest = counters_[time.counter];
  return latest < kNoWatermark + time.delay ? kNoWatermark : latest - time.delay;
}

int64_t InputTime::watermark() const {
  int64_t watermark = kEndOfTime;
  for (const auto& time : origin_.nodes) watermark = std::min(watermark, watermark_of(time));
  return watermark;
}

int64_t InputTime::latest() const {
  int64_t latest = kNoWatermark;
  for (const auto& time : origin_.nodes) latest = std::max(latest, counters_[time.counter]);
  return latest;
}

void InputTime::set_clock(int64_t clock) {
  for (const auto& time : origin_.nodes) counters_[time.counter] = clock;
}

void InputTime::raise(int64_t watermark) {
  for (const auto& time : origin_.nodes) {
    int64_t& latest = counters_[time.counter];
    latest = std::max(latest, saturating_add(watermark, time.delay));
  }
}

void InputTime::note_wait() {
  if (!waits_since_) waits_since_ = Clock::now();
}

// The rows that come after it was idle find the watermark raised, so that they are late for what others have closed.
void InputTime::share(TimeBoard& board, uint32_t task, bool has_ended) {
  for (const auto& time : origin_.nodes) {
    const bool is_idle =
        time.idle && waits_since_ && Clock::now() - *waits_since_ >= std::chrono::microseconds(*time.idle);
    if (is_idle && !has_ended)
      if (const auto others = board.beside(time.node); others && *others > watermark_of(time))
        counters_[time.counter] = saturating_add(*others, time.delay);
    board.note(time.node, task, watermark_of(time), !is_idle && !has_ended);
  }
}

}  // namespace sluice
