// TerminalConnectors: what `sluice run` adds to the sinks that write to standard output: they take the status line
// away while they write, and take no more rows than --limit allows.
#pragma once

#include "cli/support/status_line.h"
#include "runtime/io/connector.h"

namespace sluice {

[[nodiscard]] bool writes_standard_output(const SinkNode& sink);

class TerminalConnectors final : public ConnectorFactory {
 public:
  // `limit` may be null.
  TerminalConnectors(ConnectorFactory& connectors, StatusLine& status, RowLimit* limit)
      : connectors_(connectors), status_(status), limit_(limit) {}

  Result<std::unique_ptr<Source>> open_source(const Node& node) override { return connectors_.open_source(node); }
  Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t task, const JobAttempt& attempt) override;

 private:
  ConnectorFactory& connectors_;
  StatusLine& status_;
  RowLimit* limit_;
};

}  // namespace sluice
