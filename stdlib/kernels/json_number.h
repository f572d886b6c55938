// What json asks of a number beyond what Flow's own parsers do.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

[[nodiscard]] constexpr bool is_digit(char c) { return static_cast<uint8_t>(c - '0') <= 9; }

// Does a text that is an int to Flow begin as json has it? Not with `+`, nor with zeros in front of other digits.
[[nodiscard]] constexpr bool begins_as_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && is_digit(text[0]) && (text[0] != '0' || text.size() == 1 || !is_digit(text[1]));
}

// Is a text that is a float or decimal to Flow a number to json too? A point has digits on both sides.
[[nodiscard]] constexpr bool is_json_number(std::string_view text) {
  const size_t point = text.find('.');
  return begins_as_json_number(text) &&
         (point == std::string_view::npos || (point + 1 < text.size() && is_digit(text[point + 1])));
}

}  // namespace sluice
