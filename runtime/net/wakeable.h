// Wakeable: whoever waits for something without holding a thread: a task, told that a channel has data or room again.
#pragma once

namespace sluice {

class Wakeable {
 public:
  virtual ~Wakeable() = default;
  // Whatever was made visible before this call is seen by the run that follows it. Any thread; never blocks for long.
  virtual void wake() noexcept = 0;
};

}  // namespace sluice
