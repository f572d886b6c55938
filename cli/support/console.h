// Console: where words go. Results go to standard output, everything else to standard error; with --json both are
// lines of one JSON object each, {"v":1,"type":...}.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "lang/source/diagnostics.h"
#include "lang/support/result.h"

namespace sluice {

enum class ColorMode { Auto, Always, Never };

struct ConsoleOptions {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  ColorMode color = ColorMode::Auto;
};

class Console {
 public:
  explicit Console(const ConsoleOptions& options);

  [[nodiscard]] bool json() const { return options_.json; }
  [[nodiscard]] bool quiet() const { return options_.quiet; }
  [[nodiscard]] bool verbose() const { return options_.verbose; }
  [[nodiscard]] bool error_is_terminal() const { return error_is_terminal_; }
  [[nodiscard]] bool output_is_terminal() const { return output_is_terminal_; }
  // May results have colors?
  [[nodiscard]] bool result_color() const;

  // A result, as it is, to standard output.
  void result(std::string_view text) const;
  // A result under --json: adds "v" and "type" and a line end.
  void result(std::string_view type, const nlohmann::ordered_json& object) const;
  // What happens, under --json, to standard error.
  void event(std::string_view type, const nlohmann::ordered_json& object) const;
  // Something worth knowing that is no error; not shown with --quiet.
  void note(std::string_view text) const;
  // Something that may be a mistake; not shown with --quiet.
  void warning(std::string_view text) const;
  // `sluice: text` to standard error.
  void error(std::string_view text) const;
  void error(const Error& error) const;
  // All of them in source order, to standard error.
  void diagnostics(const Diagnostics& diagnostics, const SourceMap& sources) const;
  void diagnostic(const Diagnostic& diagnostic, const SourceMap& sources) const;

 private:
  ConsoleOptions options_;
  bool output_is_terminal_;
  bool error_is_terminal_;
  bool use_color_;
};

// Hands what was printed as results to the system: 0, or the errno of the first of all writes of them that failed.
[[nodiscard]] int flush_results();

// A line of --json: the object with "v" and "type" in front.
[[nodiscard]] std::string object_line(std::string_view type, const nlohmann::ordered_json& object);
// The JSON form of a diagnostic, for --json and for whoever collects them.
[[nodiscard]] nlohmann::ordered_json diagnostic_json(const Diagnostic& diagnostic, const SourceMap& sources);

}  // namespace sluice
