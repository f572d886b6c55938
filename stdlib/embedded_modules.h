// The texts of stdlib/modules/*.flow, which are part of the program.
#pragma once

#include <string_view>
#include <vector>

namespace sluice {

struct EmbeddedModule {
  std::string_view name;  // "aggregates"
  std::string_view text;
};
[[nodiscard]] const std::vector<EmbeddedModule>& embedded_modules();

}  // namespace sluice
