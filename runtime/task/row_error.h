// RowError: a row that cannot be computed or read: everything that `sluice run` needs to show it like a compile error.
#pragma once

#include <optional>
#include <string>

#include "lang/source/span.h"
#include "runtime/io/connector.h"

namespace sluice {

struct RowError {
  std::string code;  // diagnostics.def: "R0102"
  std::string message;
  Span span;             // in the .flow source
  std::string operands;  // "amount = 9, rate = 0"; may be empty
  std::optional<RecordLocation> record;
};

}  // namespace sluice
