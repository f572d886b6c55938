// choice: a flag whose value is one of a few words.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

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

}  // namespace sluice
