// What generated code and the generator of Nexmark events share: a batch of events of the wanted kinds, which lies on
// the stack of generated code, and the columns it asks for. docs/nexmark.md describes the events.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

enum class NexmarkKind : uint8_t { Person, Auction, Bid };
inline constexpr size_t kNexmarkKinds = 3;

enum class NexmarkColumn : uint8_t {
  kind,
  date_time,
  arrival,
#define NEXMARK_COLUMN(kind, name, type) name,
#include "stdlib/connectors/nexmark_columns.def"
#undef NEXMARK_COLUMN
};

struct NexmarkColumnRow {
  std::string_view name;
  std::optional<NexmarkKind> kind;  // nothing: every event has it
};
inline constexpr NexmarkColumnRow kNexmarkColumns[] = {
    {"kind", std::nullopt},
    {"date_time", std::nullopt},
    {"arrival", std::nullopt},
#define NEXMARK_COLUMN(kind, name, type) {#name, NexmarkKind::kind},
#include "stdlib/connectors/nexmark_columns.def"
#undef NEXMARK_COLUMN
};

// Events of one kind stand in the order of their arrival, and `kinds` tells how those of several kinds interleave.
// rt_nexmark_batch fills it; rt_nexmark_column computes a column of all events of one kind.
struct NexmarkBatch {
  static constexpr uint64_t kRows = 256;

  uint64_t next;                          // the chunk's first position behind this batch; 0 before the first
  uint64_t counts[kNexmarkKinds];         // events by kind
  uint64_t ids[kNexmarkKinds][kRows];     // event ids
  uint64_t epochs[kNexmarkKinds][kRows];  // id / 50
  uint8_t kinds[kRows];                   // of all events in the order of their arrival
};

}  // namespace sluice
