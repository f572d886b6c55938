// Addresses of the kernels by symbol, and the proof that each has the C signature of its Flow signature.
#include <algorithm>
#include <array>
#include <string_view>

#include "stdlib/catalog.h"
#include "stdlib/kernels/kernels.h"

namespace sluice {
namespace {

using namespace abi;

// A C signature as letters, result first: v nothing, b bool, i int, d float, p pointer, u size.
struct Letters {
  std::array<char, 24> text{};
  size_t size = 0;
  constexpr void add(char letter) { text[size++] = letter; }
  constexpr bool operator==(const Letters&) const = default;
};

template <class T>
constexpr char letter_of() {
  if constexpr (std::is_pointer_v<T>) return 'p';
  if constexpr (std::is_void_v<T>) return 'v';
  if constexpr (std::is_same_v<T, uint8_t>) return 'b';
  if constexpr (std::is_same_v<T, int64_t>) return 'i';
  if constexpr (std::is_same_v<T, uint64_t>) return 'u';
  if constexpr (std::is_same_v<T, double>) return 'd';
  return '?';
}

template <class R, class... Args>
constexpr Letters letters_of(R (*)(Args...) noexcept) {
  Letters letters;
  letters.add(letter_of<R>());
  (letters.add(letter_of<Args>()), ...);
  return letters;
}

// The Flow type that begins `text` as letters of an argument: "pu" for string and list.
constexpr char scalar_letter(std::string_view text) {
  if (text.starts_with("bool")) return 'b';
  if (text.starts_with("float")) return 'd';
  if (text.starts_with("int") || text.starts_with("timestamp") || text.starts_with("duration") ||
      text.starts_with("date"))
    return 'i';
  return text.starts_with("string") || text.starts_with("[") ? 's' : '?';
}

constexpr Letters letters_of(std::string_view signature) {
  const size_t arrow = signature.find(" -> ");
  const std::string_view result = signature.substr(arrow + 4);
  const char result_letter = scalar_letter(result);
  Letters letters;
  letters.add(result.ends_with('?') ? 'b' : result_letter == 's' ? 'v' : result_letter);
  letters.add('p');
  if (result.ends_with('?') || result_letter == 's') letters.add('p');
  std::string_view params = signature.substr(0, arrow);
  for (size_t colon = params.find(": "); colon != std::string_view::npos; colon = params.find(": ")) {
    params.remove_prefix(colon + 2);
    const char letter = scalar_letter(params);
    letters.add(letter == 's' ? 'p' : letter);
    if (letter == 's') letters.add('u');
  }
  return letters;
}

#define FUNCTION(name, signature, kernel, can_fail, doc, example) \
  static_assert(letters_of(std::string_view(signature)) == letters_of(&kernel), #kernel);
#include "stdlib/functions.def"
#undef FUNCTION

}  // namespace

void* kernel_address(std::string_view symbol) {
#define FUNCTION(name, signature, kernel, can_fail, doc, example) \
  if (symbol == #kernel) return reinterpret_cast<void*>(&kernel);
#include "stdlib/functions.def"
#undef FUNCTION
  return nullptr;
}

}  // namespace sluice
