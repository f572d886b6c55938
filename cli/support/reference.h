// reference: what a Flow program can call, with its documentation, collected from the tables and the Flow modules of
// the standard library. `sluice doc` prints it, and docs/functions.md is made of it.
#pragma once

#include <string>
#include <vector>

namespace sluice {

struct ReferenceEntry {
  std::string kind;  // "function", "aggregate", "connector"
  std::string name;
  std::vector<std::string> signatures;  // one per overload
  std::string doc;
  std::vector<std::string> examples;
};

// Functions, aggregates and connectors, each in the order of its table.
[[nodiscard]] std::vector<ReferenceEntry> reference_entries();

// The page docs/functions.md.
[[nodiscard]] std::string reference_markdown(const std::vector<ReferenceEntry>& entries);

}  // namespace sluice
