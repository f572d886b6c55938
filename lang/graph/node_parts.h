// node_parts: the pieces of the text of graphs that several kinds of nodes have. Each write_* has the read_* that gives
// the same value back.
#pragma once

#include <string>

#include "lang/graph/flow_graph.h"
#include "lang/support/text_cursor.h"

namespace sluice {

// A duration, or a place in time: microseconds, not negative.
[[nodiscard]] int64_t read_micros(TextCursor& cursor);

[[nodiscard]] std::string write_named(const NamedExpr& named);  // `name = expression`
[[nodiscard]] NamedExpr read_named(TextCursor& cursor);

[[nodiscard]] std::string write_option(const ConnectorOption& option);  // `name = literal`
[[nodiscard]] ConnectorOption read_option(TextCursor& cursor);

[[nodiscard]] std::string write_order(const OrderKey& key);  // `expression desc`
[[nodiscard]] OrderKey read_order(TextCursor& cursor);

[[nodiscard]] std::string write_windows(const WindowShape& windows);  // `hop 10000000 2000000 0`
[[nodiscard]] WindowShape read_windows(TextCursor& cursor);

[[nodiscard]] std::string write_session(const SessionWindow& session);  // `gap max late column`
[[nodiscard]] SessionWindow read_session(TextCursor& cursor);

[[nodiscard]] std::string write_interval(const Interval& interval);  // `length delay d`
[[nodiscard]] Interval read_interval(TextCursor& cursor);

}  // namespace sluice
