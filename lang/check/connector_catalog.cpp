#include "lang/check/connector_catalog.h"

#include <algorithm>

namespace sluice {

bool is_endless(const ConnectorEntry& entry, const std::vector<ConnectorOption>& options) {
  const auto count = std::ranges::find(options, entry.count_option, &ConnectorOption::name);
  return count != options.end() && count->value == LiteralValue(int64_t{0});
}

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
