// The options of a connector call, with the defaults of connectors.def for those not given.
#pragma once

#include <string>
#include <string_view>

#include "lang/graph/flow_graph.h"

namespace sluice {

class ConnectorOptions {
 public:
  ConnectorOptions(std::string_view connector, const std::vector<ConnectorOption>& given);

  // The checker has made sure that the option exists with this type.
  [[nodiscard]] std::string text(std::string_view name) const { return std::get<std::string>(value(name)); }
  [[nodiscard]] bool flag(std::string_view name) const { return std::get<bool>(value(name)); }
  // An int, or the microseconds of a duration or timestamp.
  [[nodiscard]] int64_t number(std::string_view name) const { return std::get<int64_t>(value(name)); }

 private:
  [[nodiscard]] const LiteralValue& value(std::string_view name) const;

  std::string_view connector_;
  const std::vector<ConnectorOption>& given_;
};

}  // namespace sluice
