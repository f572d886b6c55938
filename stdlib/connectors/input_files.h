// What the `path` of a source names: one file, a pattern, a directory, or standard input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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

// The directories in which find_input_files() looks for files of a pattern, also those where it finds none.
[[nodiscard]] Result<std::vector<std::string>> directories_of_pattern(const std::string& pattern);
// How much of it, with its last slash, stands in front of the first component with a wildcard.
[[nodiscard]] size_t length_without_pattern(std::string_view path);

}  // namespace sluice
