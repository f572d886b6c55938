// Span: the part of a source file that something came from. Every AST node, graph node and expression has one.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

namespace sluice {

// 1-based; columns count bytes (they are turned into characters when shown). Line 0 means "nowhere".
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

// `end` is exclusive. `file` indexes the SourceMap (or FlowGraph::files) that the holder belongs to.
struct Span {
  uint32_t file = 0;
  Position begin;
  Position end;
  auto operator<=>(const Span&) const = default;
  [[nodiscard]] bool is_valid() const { return begin.line != 0; }
};

// The smallest span that covers both, which must lie in one file.
[[nodiscard]] inline Span cover(const Span& a, const Span& b) {
  if (!a.is_valid()) return b;
  if (!b.is_valid()) return a;
  return Span{a.file, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

}  // namespace sluice
