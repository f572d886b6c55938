// TerminalConnectors: sinks that share the terminal with the status line take it away while they write.
#pragma once

#include "cli/support/status_line.h"
#include "runtime/io/connector.h"

namespace sluice {

class TerminalConnectors final : public ConnectorFactory {
 public:
  TerminalConnectors(ConnectorFactory& connectors, StatusLine& status) : connectors_(connectors), status_(status) {}

  Result<std::unique_ptr<Source>> open_source(const Node& node) override { return connectors_.open_source(node); }
  Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t task) override;

 private:
  ConnectorFactory& connectors_;
  StatusLine& status_;
};

}  // namespace sluice
