#include "lang/graph/node_parts.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "lang/graph/graph_text.h"
#include "lang/graph/text_parts.h"

namespace sluice {

namespace {

std::optional<WindowKind> find_window_kind(std::string_view name) {
#define WINDOW(kind, text) \
  if (name == text) return WindowKind::kind;
#include "lang/graph/windows.def"
#undef WINDOW
  return std::nullopt;
}

}  // namespace

int64_t read_micros(TextCursor& cursor) {
  const uint64_t value = cursor.u64();
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return static_cast<int64_t>(value);
  cursor.fail("this is too long");
  return 0;
}

std::string write_named(const NamedExpr& named) {
  return write_name(named.name) + " = " + write_expr(named.expr, true);
}

NamedExpr read_named(TextCursor& cursor) {
  std::string name = cursor.name();
  cursor.expect('=');
  return {std::move(name), read_expr(cursor)};
}

std::string write_option(const ConnectorOption& option) {
  return write_name(option.name) + " = " + write_literal(option.value);
}

ConnectorOption read_option(TextCursor& cursor) {
  std::string name = cursor.name();
  cursor.expect('=');
  return {std::move(name), read_literal(cursor)};
}

std::string write_order(const OrderKey& key) {
  return write_expr(key.expr, true) + (key.descending ? " desc" : " asc");
}

OrderKey read_order(TextCursor& cursor) {
  OrderKey key{read_expr(cursor), false};
  key.descending = cursor.accept_word("desc");
  if (!key.descending) cursor.expect_word("asc");
  return key;
}

std::string write_windows(const WindowShape& windows) {
  return fmt::format("{} {} {} {}{}", window_kind_name(windows.kind), windows.size, windows.step, windows.offset,
                     windows.zone.empty() ? "" : " zone " + write_name(windows.zone));
}

WindowShape read_windows(TextCursor& cursor) {
  WindowShape windows;
  const auto kind = find_window_kind(cursor.word());
  if (!kind) cursor.fail("there is no such window");
  windows.kind = kind.value_or(WindowKind::Tumble);
  windows.size = read_micros(cursor);
  windows.step = read_micros(cursor);
  windows.offset = read_micros(cursor);
  if (cursor.accept_word("zone")) windows.zone = cursor.name();
  return windows;
}

std::string write_session(const SessionWindow& session) {
  return fmt::format("{} {} {} {}{}", session.gap, session.max, session.late, write_name(session.column),
                     session.counts_late ? "" : " late_read");
}

SessionWindow read_session(TextCursor& cursor) {
  SessionWindow session;
  session.gap = read_micros(cursor);
  session.max = read_micros(cursor);
  session.late = read_micros(cursor);
  session.column = cursor.name();
  session.counts_late = !cursor.accept_word("late_read");
  return session;
}

std::string write_interval(const Interval& interval) {
  return fmt::format("{} delay {}", interval.length, interval.delay);
}

Interval read_interval(TextCursor& cursor) {
  Interval interval;
  interval.length = read_micros(cursor);
  cursor.expect_word("delay");
  interval.delay = read_micros(cursor);
  return interval;
}

}  // namespace sluice
