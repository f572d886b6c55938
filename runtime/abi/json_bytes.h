// What generated decoders and the library agree on about the bytes of json.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::abi {

// For each byte: 1 when a json value can begin with it.
inline constexpr std::array<char, 256> kBeginsJsonValue = [] {
  std::array<char, 256> table{};
  for (const char c : std::string_view("{[\"-0123456789tfn")) table[static_cast<uint8_t>(c)] = 1;
  return table;
}();

[[nodiscard]] constexpr bool begins_json_value(char c) { return kBeginsJsonValue[static_cast<uint8_t>(c)] != 0; }

}  // namespace sluice::abi
