#include "cli/support/terminal_connectors.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class TerminalSink final : public Sink {
 public:
  TerminalSink(std::unique_ptr<Sink> sink, StatusLine& status) : sink_(std::move(sink)), status_(status) {}

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

 private:
  std::unique_ptr<Sink> sink_;
  StatusLine& status_;
};

bool writes_standard_output(const SinkNode& sink) {
  return sink.connector == "print" || std::ranges::any_of(sink.options, [](const ConnectorOption& option) {
           return option.name == "path" && option.value == LiteralValue(std::string("-"));
         });
}

}  // namespace

Result<std::unique_ptr<Sink>> TerminalConnectors::open_sink(const Node& node, uint32_t task) {
  SLUICE_ASSIGN(auto sink, connectors_.open_sink(node, task));
  const auto* payload = node.as<SinkNode>();
  if (payload == nullptr || !writes_standard_output(*payload)) return sink;
  return std::make_unique<TerminalSink>(std::move(sink), status_);
}

}  // namespace sluice
