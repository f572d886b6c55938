// reference: what a Flow program can call, with its documentation, collected from the tables and the Flow modules of
// the standard library. `sluice doc` prints it, and docs/functions.md is made of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct ReferenceEntry {
  std::string kind;  // "function", "aggregate", "frame", "connector", "operator"
  std::string name;
  std::vector<std::string> signatures;  // one per overload
  std::string doc;
  std::vector<std::string> examples;
};

// Functions, aggregates, functions of frames, connectors and operators, each in the order of its table.
[[nodiscard]] std::vector<ReferenceEntry> reference_entries();

// One line about an entry, for a list.
[[nodiscard]] std::string reference_line(const ReferenceEntry& entry);
// The lines of one kind, which is named in the plural ("functions"); nothing when there is no such kind.
[[nodiscard]] std::optional<std::string> reference_topic(std::string_view topic);

// The page docs/functions.md.
[[nodiscard]] std::string reference_markdown(const std::vector<ReferenceEntry>& entries);

}  // namespace sluice
