// What the `path` of a source names: one file, a pattern, a directory, or standard input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lang/support/result.h"

namespace sluice {

struct InputFile {
  std::string path;        // "-" for standard input
  std::string name;        // for messages
  uint64_t size = 0;       // 0 when not known
  int64_t modified = 0;    // nanoseconds since 1970; 0 when not known
  uint64_t inode = 0;      // which tells it from another of its name; 0 when not known
  bool may_block = false;  // a pipe or a terminal
};

// In the order they are read: sorted by path. Every problem that can be seen before reading is an error here.
[[nodiscard]] Result<std::vector<InputFile>> find_input_files(const std::string& path);

}  // namespace sluice
