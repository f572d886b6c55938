// A task context with a scratch arena and one sink buffer, for calling kernels and encoders as generated code does.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/io/sink_buffer.h"
#include "runtime/task/task_data.h"

namespace sluice::testing {

class NoCode final : public StageCode {
 public:
  const StageFunctions& current() const override { return functions_; }
  const std::vector<ErrorSite>& error_sites() const override { return sites_; }
  uint32_t entry_size(size_t) const override { return 0; }

 private:
  StageFunctions functions_;
  std::vector<ErrorSite> sites_;
};

// Keeps what it is given.
class TextSink final : public Sink {
 public:
  Status write(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  Status commit() override { return {}; }
  void abort() noexcept override {}
  std::string text;
};

class KernelContext {
 public:
  KernelContext() : plan_(one_stage()), task_(plan_, StageId(0), 0, code_) { task_.add_sink(sink_); }

  // What generated code hands to a kernel.
  [[nodiscard]] TaskData* task() { return &task_; }
  [[nodiscard]] bool has_failed() const { return task_.failed != 0; }
  void clear() {
    task_.failed = 0;
    task_.scratch_memory().end_unit();
  }
  // What was encoded so far.
  [[nodiscard]] std::string take_encoded() {
    (void)task_.sinks[0]->write_out();
    return std::exchange(sink_.text, {});
  }

 private:
  static JobPlan one_stage() {
    JobPlan plan;
    plan.stages.add(StagePlan{});
    return plan;
  }
  JobPlan plan_;
  NoCode code_;
  TextSink sink_;
  std::atomic<bool> is_cancelled_ = false;
  TaskData task_;
};

// A copy with as many readable bytes behind it as all strings of a job have.
inline std::string with_slack(std::string_view text) {
  std::string padded;
  padded.reserve(text.size() + abi::kStringSlack);
  padded = text;
  return padded;
}

inline std::string text_of(const abi::StringRef& text) {
  return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

inline std::vector<std::string> texts_of(const abi::ListRef& list) {
  std::vector<std::string> texts;
  const auto* items = static_cast<const abi::StringRef*>(list.data);
  for (uint64_t i = 0; i < list.count; ++i) texts.push_back(text_of(items[i]));
  return texts;
}

}  // namespace sluice::testing
