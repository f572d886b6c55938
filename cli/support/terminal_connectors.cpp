#include "cli/support/terminal_connectors.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class TerminalSink final : public Sink {
 public:
  TerminalSink(std::unique_ptr<Sink> sink, StatusLine& status, RowLimit* limit)
      : sink_(std::move(sink)), status_(status), limit_(limit) {}

  Status write(std::string_view bytes) override {
    return status_.without([&] { return sink_->write(bytes); });
  }
  Status flush() override {
    return status_.without([&] { return sink_->flush(); });
  }
  Status commit() override {
    return status_.without([&] { return sink_->commit(); });
  }
  void abort() noexcept override { sink_->abort(); }
  Result<std::string> prepare() override { return sink_->prepare(); }
  Status resume(std::string_view position) override {
    return status_.without([&] { return sink_->resume(position); });
  }
  Status confirm() override {
    return status_.without([&] { return sink_->confirm(); });
  }
  void suspend() noexcept override { sink_->suspend(); }
  RowLimit* limit() override { return limit_; }

 private:
  std::unique_ptr<Sink> sink_;
  StatusLine& status_;
  RowLimit* limit_;
};

}  // namespace

bool writes_standard_output(const SinkNode& sink) {
  return sink.connector == "print" || std::ranges::any_of(sink.options, [](const ConnectorOption& option) {
           return option.name == "path" && option.value == LiteralValue(std::string("-"));
         });
}

Result<std::unique_ptr<Sink>> TerminalConnectors::open_sink(const Node& node, uint32_t task,
                                                            const JobAttempt& attempt) {
  SLUICE_ASSIGN(auto sink, connectors_.open_sink(node, task, attempt));
  const auto* payload = node.as<SinkNode>();
  if (payload == nullptr || !writes_standard_output(*payload)) return sink;
  return std::make_unique<TerminalSink>(std::move(sink), status_, limit_);
}

}  // namespace sluice
