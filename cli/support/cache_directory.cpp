#include "cli/support/cache_directory.h"

#include <cstdlib>

namespace sluice {

std::string cache_directory() {
  if (const char* own = std::getenv("SLUICE_CACHE_DIR")) return own;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/sluice";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::string(home) + "/.cache/sluice";
  return {};
}

}  // namespace sluice
