#include "lang/check/connector_catalog.h"

#include <algorithm>

namespace sluice {

const ConnectorEntry* ConnectorCatalog::find(std::string_view name) const {
  const auto it = std::ranges::find(entries_, name, &ConnectorEntry::name);
  return it == entries_.end() ? nullptr : &*it;
}

std::vector<std::string> ConnectorCatalog::names() const {
  std::vector<std::string> result;
  for (const auto& entry : entries_) result.push_back(entry.name);
  return result;
}

}  // namespace sluice
