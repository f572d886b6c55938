// Which values of the options of connectors that read and write files make no sense.
#pragma once

#include <optional>
#include <vector>

#include "lang/check/connector_catalog.h"

namespace sluice {

[[nodiscard]] std::optional<OptionFault> check_csv_options(const std::vector<ConnectorOption>& options,
                                                           Direction direction);
[[nodiscard]] std::optional<OptionFault> check_json_options(const std::vector<ConnectorOption>& options,
                                                            Direction direction);

}  // namespace sluice
