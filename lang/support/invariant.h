// Invariants: conditions that only a defect of ours can break. They are checked in every build.
#pragma once

#include <string_view>

namespace sluice {

// Prints where we were and what did not hold, then aborts.
[[noreturn]] void invariant_failed(std::string_view condition, std::string_view detail, const char* file, int line);

}  // namespace sluice

#define SLUICE_INVARIANT(condition, detail)                                                 \
  do {                                                                                      \
    if (!(condition)) ::sluice::invariant_failed(#condition, (detail), __FILE__, __LINE__); \
  } while (false)
