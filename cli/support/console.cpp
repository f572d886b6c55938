#include "cli/support/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

bool wants_color(ColorMode mode, bool is_terminal) {
  if (mode != ColorMode::Auto) return mode == ColorMode::Always;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
  return is_terminal;
}

// One write per line, so that lines of several threads do not mix.
void write_line(std::FILE* stream, std::string_view text) { std::fwrite(text.data(), 1, text.size(), stream); }

// errno of the first write to standard output that failed. Later ones may succeed and say nothing about it.
std::atomic<int> first_output_error = 0;

void keep_output_error(int error) {
  int none = 0;
  first_output_error.compare_exchange_strong(none, error);
}

// Kept here, and told when the process ends: a command goes on, as it may have files to write, too.
void write_result(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) keep_output_error(errno);
}

// Text from outside may not be UTF-8; JSON must be.
nlohmann::ordered_json span_json(const Span& span, const SourceMap& sources) {
  if (!span.is_valid() || span.file >= sources.size()) return nullptr;
  return {{"file", sources.file(span.file).path()},
          {"line", span.begin.line},
          {"col", span.begin.column},
          {"end_line", span.end.line},
          {"end_col", span.end.column}};
}

}  // namespace

int flush_results() {
  if (std::fflush(stdout) != 0) keep_output_error(errno);
  if (std::ferror(stdout) != 0) keep_output_error(EIO);  // written by something else than a Console
  return first_output_error.load();
}

std::string object_line(std::string_view type, const nlohmann::ordered_json& object) {
  nlohmann::ordered_json line;
  line["v"] = 1;
  line["type"] = type;
  for (const auto& [key, value] : object.items()) line[key] = value;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::ordered_json diagnostic_json(const Diagnostic& diagnostic, const SourceMap& sources) {
  nlohmann::ordered_json object{{"severity", diagnostic.row->severity == Severity::Error ? "error" : "warning"},
                                {"code", diagnostic.row->code},
                                {"message", diagnostic.message},
                                {"span", span_json(diagnostic.span, sources)},
                                {"label", diagnostic.label},
                                {"notes", diagnostic.notes},
                                {"helps", diagnostic.helps}};
  if (diagnostic.edit) {
    object["edit"] = {{"span", span_json(diagnostic.edit->span, sources)},
                      {"replacement", diagnostic.edit->replacement},
                      {"safe", diagnostic.edit->is_safe}};
  }
  return object;
}

Console::Console(const ConsoleOptions& options)
    : options_(options),
      output_is_terminal_(isatty(STDOUT_FILENO) == 1),
      error_is_terminal_(isatty(STDERR_FILENO) == 1),
      use_color_(wants_color(options.color, error_is_terminal_)) {}

bool Console::result_color() const { return wants_color(options_.color, output_is_terminal_); }

void Console::result(std::string_view text) const { write_result(text); }

void Console::result(std::string_view type, const nlohmann::ordered_json& object) const {
  write_result(object_line(type, object));
}

void Console::event(std::string_view type, const nlohmann::ordered_json& object) const {
  write_line(stderr, object_line(type, object));
}

void Console::note(std::string_view text) const {
  if (options_.quiet) return;
  if (options_.json) return event("note", {{"message", text}});
  write_line(stderr, fmt::format("{}\n", text));
}

void Console::warning(std::string_view text) const {
  if (options_.quiet) return;
  if (options_.json) return event("warning", {{"message", text}});
  const std::string_view on = use_color_ ? "\x1b[1;33m" : "";
  const std::string_view off = use_color_ ? "\x1b[0m" : "";
  write_line(stderr, fmt::format("{}sluice: warning:{} {}\n", on, off, text));
}

void Console::error(std::string_view text) const {
  if (options_.json) return event("error", {{"message", text}});
  const std::string_view on = use_color_ ? "\x1b[1;31m" : "";
  const std::string_view off = use_color_ ? "\x1b[0m" : "";
  write_line(stderr, fmt::format("{}sluice:{} {}\n", on, off, text));
}

void Console::error(const Error& error) const { this->error(error.to_string()); }

void Console::diagnostics(const Diagnostics& diagnostics, const SourceMap& sources) const {
  for (const Diagnostic& each : diagnostics.sorted()) diagnostic(each, sources);
}

void Console::diagnostic(const Diagnostic& diagnostic, const SourceMap& sources) const {
  if (options_.quiet && diagnostic.row->severity == Severity::Warning) return;
  if (options_.json) return event("diagnostic", diagnostic_json(diagnostic, sources));
  write_line(stderr, render(diagnostic, sources, use_color_));
}

}  // namespace sluice
