// Diagnostics: what the compiler says about a program. Codes and message texts stand in diagnostics.def;
// the place that finds the problem supplies the span, the arguments, the label under the carets and the edit to make.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/source/source_file.h"
#include "lang/source/span.h"

namespace sluice {

enum class Severity : uint8_t { Error, Warning };

// One row of diagnostics.def.
struct DiagnosticRow {
  std::string_view code;  // "E0201"
  Severity severity;
  std::string_view format;       // one sentence, fmt syntax
  std::string_view explanation;  // the long form that `sluice error CODE` prints
};

namespace diag {
#define DIAGNOSTIC(code, severity, format, explanation) \
  inline constexpr DiagnosticRow code{#code, Severity::severity, format, explanation};
#include "lang/source/diagnostics.def"
#undef DIAGNOSTIC
}  // namespace diag

// All rows in table order.
[[nodiscard]] const std::vector<const DiagnosticRow*>& diagnostic_rows();
[[nodiscard]] const DiagnosticRow* find_diagnostic(std::string_view code);

// A change of the source text; `is_safe` edits are applied by `check --fix`.
struct Edit {
  Span span;  // empty span = insertion
  std::string replacement;
  bool is_safe = false;
};

struct Diagnostic {
  const DiagnosticRow* row = nullptr;
  Span span;
  std::string message;
  std::string label;               // stands behind the carets
  std::vector<std::string> notes;  // why
  std::vector<std::string> helps;  // what to write instead
  std::optional<Edit> edit;

  Diagnostic& with_label(std::string text) {
    label = std::move(text);
    return *this;
  }
  Diagnostic& with_note(std::string text) {
    notes.push_back(std::move(text));
    return *this;
  }
  Diagnostic& with_help(std::string text) {
    helps.push_back(std::move(text));
    return *this;
  }
  Diagnostic& with_edit(Edit change) {
    edit = std::move(change);
    return *this;
  }
};

// Collects what one compilation has to say. Not thread-safe.
class Diagnostics {
 public:
  // The returned reference is valid until the next report; use it to attach label, notes and helps.
  template <class... Args>
  Diagnostic& report(const DiagnosticRow& row, const Span& span, const Args&... args) {
    return add(Diagnostic{&row, span, fmt::format(fmt::runtime(row.format), args...), {}, {}, {}, {}});
  }
  [[nodiscard]] bool has_errors() const { return error_count_ != 0; }
  [[nodiscard]] size_t error_count() const { return error_count_; }
  // In source order, duplicates (same code and span) removed.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  Diagnostic& add(Diagnostic diagnostic);
  std::vector<Diagnostic> items_;
  size_t error_count_ = 0;
};

// The form a person reads: head line, source line with carets and label, notes, helps. Ends with a newline.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, const SourceMap& sources, bool use_color);

// "file:line:column" of a span's begin, with the column in characters.
[[nodiscard]] std::string location_text(const Span& span, const SourceMap& sources);

// The closest candidate within a third of the word's length of edits, or nothing.
[[nodiscard]] std::optional<std::string> closest_name(std::string_view word,
                                                      const std::vector<std::string>& candidates);

}  // namespace sluice
