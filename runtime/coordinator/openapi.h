// openapi_document: the description of the coordinator's REST interface, openapi.json, as clients get it.
#pragma once

#include <string_view>

namespace sluice {

[[nodiscard]] std::string_view openapi_document();

}  // namespace sluice
