// Checks a small program with the standard library: its graph as text, or what was reported.
#pragma once

#include <map>
#include <string>

namespace sluice {

// The nodes of the graph without its first lines and without spans; the rendered diagnostics when there are errors.
[[nodiscard]] std::string checked(const std::string& program, const std::map<std::string, std::string>& params = {});
// The diagnostics, errors and warnings, also when there is a graph.
[[nodiscard]] std::string reported(const std::string& program, const std::map<std::string, std::string>& params = {});

}  // namespace sluice
