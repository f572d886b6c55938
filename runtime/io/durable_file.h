// durable_file: small files that are there whole or not at all, also after a crash of the machine. Used for what a
// coordinator must not forget.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {

// Makes `contents` what is in the file: whoever reads it, whenever, finds either all of that or all of what was there
// before. When this returns without an error it is on the disk.
[[nodiscard]] Status write_durably(const std::string& path, std::string_view contents);
// Of what is too much for memory: `piece` gives what there is from a byte on, nothing at the end.
[[nodiscard]] Status write_durably(const std::string& path, const std::function<Result<std::string>(uint64_t)>& piece);

// At most `most_bytes`; more is an error.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path, size_t most_bytes);

// Contents with a checksum in front, so that damage is found: an error then.
[[nodiscard]] std::string with_checksum(std::string_view contents);
[[nodiscard]] Result<std::string> without_checksum(std::string_view checked);

}  // namespace sluice
