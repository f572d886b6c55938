// replace_file: a file's new contents appear at once or not at all.
#pragma once

#include <string>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {
// Writes beside the file and renames, keeping its permissions; follows a symbolic link to what it names.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view contents);
}  // namespace sluice
