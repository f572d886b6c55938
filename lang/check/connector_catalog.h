// ConnectorCatalog: the connectors a Flow program can name after `source x: T =`, `from` and `to`, as the checker
// sees them. stdlib fills it from stdlib/connectors.def.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/expr.h"
#include "lang/graph/flow_graph.h"
#include "lang/types/type.h"

namespace sluice {

enum class Direction : uint8_t { Read, Write };

// What is wrong with the value of an option: "must be one character".
struct OptionFault {
  std::string option;
  std::string text;
};

struct ConnectorParam {
  std::string name;
  Type type;                                  // bool, int, string or duration
  std::optional<LiteralValue> default_value;  // none: must be given
  std::string doc;
};

struct ConnectorEntry {
  std::string name;
  bool can_read = false;
  bool can_write = false;
  bool reads_nested = false;           // its sources may have columns that are lists and records
  std::vector<ConnectorParam> params;  // positional arguments bind in this order
  std::optional<Schema> fixed_schema;  // a source whose columns are always the same: lines gives {line: string}
  // The column of a fixed schema that says where the source's event time is, when the source knows better than its
  // rows.
  std::string clock_column;
  std::string doc;
  // The option that says how many rows a source has, 0 being endless, and the one that says how many come in a second.
  // Empty: it ends.
  std::string count_option;
  std::string rate_option;
  // What its options ask for beyond their types; may be empty.
  std::function<std::optional<OptionFault>(const std::vector<ConnectorOption>&, Direction)> check_options;
};

// Does a source with these options go on for ever?
[[nodiscard]] bool is_endless(const ConnectorEntry& entry, const std::vector<ConnectorOption>& options);

class ConnectorCatalog {
 public:
  void add(ConnectorEntry entry) { entries_.push_back(std::move(entry)); }
  [[nodiscard]] const ConnectorEntry* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] const std::deque<ConnectorEntry>& entries() const { return entries_; }

 private:
  std::deque<ConnectorEntry> entries_;
};

}  // namespace sluice
