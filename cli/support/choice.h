// choice: flags whose value is one of a few words, a whole number within bounds, a number of bytes, or a duration.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/abi/runtime_functions.h"

namespace sluice {

template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& target,
                        std::vector<std::pair<std::string, T>> choices, const std::string& description) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  const auto check = [words](const std::string& given) -> std::string {
    for (const std::string& word : words)
      if (word == given) return {};
    return fmt::format("`{}` is none of {}", given, fmt::join(words, ", "));
  };
  const auto assign = [&target, choices = std::move(choices)](const std::string& given) {
    for (const auto& [word, value] : choices)
      if (word == given) target = value;
  };
  return app.add_option_function<std::string>(name, assign, description)
      ->check(check)
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& name, T& target, T least, T most,
                        const std::string& type_name, const std::string& description) {
  const auto check = [least, most](const std::string& given) -> std::string {
    T value{};
    const auto [end, status] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (status == std::errc() && end == given.data() + given.size() && value >= least && value <= most) return {};
    return fmt::format("`{}` is no whole number from {} to {}", given, least, most);
  };
  return app.add_option(name, target, description)->check(check)->type_name(type_name);
}

// Bytes, with or without a unit: 1048576, 512MiB, 4GiB.
inline CLI::Option* add_bytes(CLI::App& app, const std::string& name, uint64_t& target,
                              const std::string& description) {
  const auto read = [](const std::string& given) -> uint64_t {
    uint64_t count = 0;
    const auto [end, status] = std::from_chars(given.data(), given.data() + given.size(), count);
    if (status != std::errc()) return 0;
    const std::string_view unit(end, given.data() + given.size());
    constexpr std::array<std::string_view, 5> kUnits = {"", "KiB", "MiB", "GiB", "TiB"};
    const auto* found = std::ranges::find(kUnits, unit);
    const auto shift = 10 * static_cast<uint32_t>(found - kUnits.begin());
    return found == kUnits.end() || count > (~uint64_t{0} >> shift) ? 0 : count << shift;
  };
  const auto check = [read](const std::string& given) -> std::string {
    if (read(given) > 0) return {};
    return fmt::format("`{}` is no number of bytes like 512MiB or 4GiB", given);
  };
  const auto assign = [&target, read](const std::string& given) { target = read(given); };
  return app.add_option_function<std::string>(name, assign, description)->check(check)->type_name("BYTES");
}

// As durations are written in Flow; it must not be zero or negative.
inline CLI::Option* add_duration(CLI::App& app, const std::string& name,
                                 std::optional<std::chrono::nanoseconds>& target, const std::string& description) {
  const auto read = [](const std::string& given) {
    int64_t micros = 0;
    auto* data = const_cast<char*>(given.data());  // the interface of generated code knows no const
    return abi::rt_parse_duration(data, static_cast<int64_t>(given.size()), &micros) == 1 ? micros : 0;
  };
  const auto check = [read](const std::string& given) -> std::string {
    if (read(given) > 0) return {};
    return fmt::format("`{}` is no duration like 90s, 500ms or 1h30min", given);
  };
  const auto assign = [&target, read](const std::string& given) { target = std::chrono::microseconds(read(given)); };
  return app.add_option_function<std::string>(name, assign, description)->check(check)->type_name("DURATION");
}

}  // namespace sluice
