#include "stdlib/connectors/options.h"

#include <fmt/format.h>

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

Result<std::string> ConnectorOptions::byte(std::string_view name, bool may_be_empty) const {
  std::string value = text(name);
  const bool is_byte = value.size() == 1 && static_cast<uint8_t>(value[0]) < 0x80 && value != "\n" && value != "\r";
  if (is_byte || (value.empty() && may_be_empty)) return value;
  return user_error(fmt::format("the {} of {} must be one ASCII character other than a line end{}", name, connector_,
                                may_be_empty ? ", or \"\" for none" : ""));
}

}  // namespace sluice
