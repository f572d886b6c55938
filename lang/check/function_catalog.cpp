#include "lang/check/function_catalog.h"

#include <algorithm>

namespace sluice {

std::vector<const FunctionOverload*> FunctionCatalog::find(std::string_view name) const {
  std::vector<const FunctionOverload*> found;
  for (const auto& overload : overloads_)
    if (overload.name == name) found.push_back(&overload);
  return found;
}

std::vector<std::string> FunctionCatalog::names() const {
  std::vector<std::string> result;
  for (const auto& overload : overloads_)
    if (std::ranges::find(result, overload.name) == result.end()) result.push_back(overload.name);
  return result;
}

}  // namespace sluice
