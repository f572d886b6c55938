#include "lang/support/invariant.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace sluice {

void invariant_failed(std::string_view condition, std::string_view detail, const char* file, int line) {
  fmt::print(stderr,
             "sluice: internal error at {}:{}\n  expected: {}\n  found:    {}\n"
             "This is a defect in Sluice, not in your program. Please report it with the command and the .flow file.\n",
             file, line, condition, detail);
  std::abort();
}

}  // namespace sluice
