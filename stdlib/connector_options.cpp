#include "stdlib/connector_options.h"

#include "lang/support/invariant.h"
#include "stdlib/catalog.h"

namespace sluice {

ConnectorOptions::ConnectorOptions(std::string_view connector, const std::vector<ConnectorOption>& given)
    : connector_(connector), given_(given) {}

const LiteralValue& ConnectorOptions::value(std::string_view name) const {
  for (const auto& option : given_)
    if (option.name == name) return option.value;
  const ConnectorEntry* entry = standard_connectors().find(connector_);
  SLUICE_INVARIANT(entry != nullptr, connector_);
  for (const auto& param : entry->params)
    if (param.name == name && param.default_value) return *param.default_value;
  invariant_failed("a connector's option is given or has a default", name, __FILE__, __LINE__);
}

}  // namespace sluice
