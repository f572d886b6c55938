// StandardOutput: several sinks of one job share it. For input that ends, what each of them writes comes as one piece,
// in the order of the program: the first writes at once, what the others write is held back until the job is done.
// Input that may never end (a pipe, a terminal) has no such order: everything is shown as it comes, and where the
// writer changes, an empty line and its header say so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "lang/support/result.h"

namespace sluice {

class StandardOutput {
 public:
  // `output`: where it goes, when not to the process's own.
  explicit StandardOutput(std::function<Status(std::string_view)> output = {}) : output_(std::move(output)) {}
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // A source of the job may never end. Call before anything is written.
  void expect_endless_input() { is_endless_ = true; }
  // Enters a writer; `place` is its place in the program. Every writer enters before anything is written.
  void enter(uint32_t place);
  // Thread-safe. `header` is repeated in front of `text` when another writer wrote since this one did.
  Status write(uint32_t place, std::string_view text, std::string_view header = {});
  // Is what this writer writes shown at once?
  [[nodiscard]] bool is_shown(uint32_t place) const;
  // The writer has nothing more to say.
  Status finish(uint32_t place);

 private:
  struct Writer {
    std::string held;
    int file = -1;  // what is held besides and came before, in a file without a name
    bool is_finished = false;
    bool has_written = false;
  };

  [[nodiscard]] bool is_next(uint32_t place) const;
  Status write_out(std::string_view text) const;
  Status hold(Writer& writer, std::string_view text);
  Status show(Writer& writer);

  std::function<Status(std::string_view)> output_;
  mutable std::mutex mutex_;
  std::map<uint32_t, Writer> writers_;
  Writer* last_ = nullptr;  // of those that wrote
  bool is_endless_ = false;
};

}  // namespace sluice
