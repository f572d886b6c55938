// Whether an address is one that only this machine reaches.
#pragma once

#include <string_view>

namespace sluice {

[[nodiscard]] inline bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("localhost") || address.starts_with("::1") ||
         address.starts_with("[::1]");
}

}  // namespace sluice
