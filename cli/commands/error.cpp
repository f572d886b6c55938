#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "cli/support/command.h"
#include "cli/support/wrap.h"
#include "lang/source/diagnostics.h"

namespace sluice {
namespace {

// The message with its arguments shown as `…`.
std::string message_shape(std::string_view format) {
  std::string shape;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '{' && i + 1 < format.size() && format[i + 1] == '{') {
      shape += format[i++];
    } else if (format[i] == '{') {
      shape += "…";
      i = std::min(format.find('}', i), format.size());
    } else {
      shape += format[i];
      if (format[i] == '}' && i + 1 < format.size() && format[i + 1] == '}') ++i;
    }
  }
  return shape;
}

nlohmann::ordered_json row_json(const DiagnosticRow& row) {
  return {{"code", row.code},
          {"severity", row.severity == Severity::Error ? "error" : "warning"},
          {"message", message_shape(row.format)},
          {"explanation", row.explanation}};
}

class ErrorCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"[CODE]",
            "explain an error code, or list them all",
            "",
            {"sluice error E0302     why a condition must not be null, and what to do",
             "sluice error           every code"}};
  }

  void define(CLI::App& options) override { options.add_option("CODE", code_, "as printed: E0302, W0404, R0102"); }

  ExitCode execute(const Console& console) override {
    if (code_.empty()) return list(console);
    std::ranges::transform(code_, code_.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const DiagnosticRow* row = find_diagnostic(code_);
    if (row == nullptr) {
      console.error(fmt::format("there is no error code {}; `sluice error` lists them", code_));
      return ExitCode::Usage;
    }
    if (console.json())
      console.result("error_code", row_json(*row));
    else
      console.result(fmt::format("{}: {}\n\n{}", row->code, message_shape(row->format), wrapped(row->explanation)));
    return ExitCode::Done;
  }

 private:
  static ExitCode list(const Console& console) {
    for (const DiagnosticRow* row : diagnostic_rows()) {
      if (console.json())
        console.result("error_code", row_json(*row));
      else
        console.result(fmt::format("{}  {}\n", row->code, message_shape(row->format)));
    }
    return ExitCode::Done;
  }

  std::string code_;
};

}  // namespace

std::unique_ptr<Command> make_error_command() { return std::make_unique<ErrorCommand>(); }

}  // namespace sluice
