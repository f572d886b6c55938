// cache_directory: where compiled code is kept between runs.
#pragma once

#include <string>

namespace sluice {
// $SLUICE_CACHE_DIR (empty: keep nothing), else $XDG_CACHE_HOME/sluice, else ~/.cache/sluice; empty when there is none.
[[nodiscard]] std::string cache_directory();
}  // namespace sluice
