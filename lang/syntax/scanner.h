// Scanner: what the rules of scanner.ll call. Keeps the place, the brackets and the f-strings that are open, and
// reports what cannot be a token.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/syntax/token.h"

namespace sluice::syntax {

class Scanner {
 public:
  Scanner(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);
  [[nodiscard]] ScanResult scan();

  // ---- called by scanner.ll ----
  void take(size_t length);         // before every rule's action: the rule matched this many bytes
  [[nodiscard]] int state() const;  // the start condition to go on with

  void blank() {}
  bool newline();  // true: the state changed, because a one-line f-string ended here
  void comment();
  void emit(Parser::token_kind_type kind);
  void number();
  void quoted_name();
  void open(Parser::token_kind_type kind);
  void close(Parser::token_kind_type kind);
  bool close_brace();  // true: the brace closed the hole of an f-string
  void begin_long() {
    long_begin_ = begin_offset_;
    long_position_ = begin_;
  }
  void more() {}
  void end_long();
  void begin_fstring(int state, bool is_long);
  void open_hole();
  void end_fstring();

  void unterminated_name();
  void unterminated_string();
  void stray_brace();
  void foreign(Parser::token_kind_type kind, std::string_view flow);
  void semicolon();
  void single_quoted();
  void stray_text();

 private:
  // An f-string that is open. In a hole, tokens are those of an expression again.
  struct OpenFString {
    int state;
    bool is_long;
    bool is_in_hole = false;
    uint32_t braces = 0;  // open in the hole
    Span begin;
    bool lacks_brace = false;  // a text begins in the hole and does not end
  };
  static constexpr size_t kNoLong = static_cast<size_t>(-1);

  void run(std::string_view text);  // in scanner.ll
  void report_open_fstring(const OpenFString& open);
  void finish();
  bool check_encoding();
  [[nodiscard]] Span span() const { return {file_, begin_, end_}; }
  [[nodiscard]] std::string_view text() const;
  void add(Parser::token_kind_type kind, const Span& span, std::string_view text);
  void close_open_fstring();
  Diagnostic& report(const DiagnosticRow& row, const Span& span, std::string_view argument);

  const SourceFile& source_;
  uint32_t file_;
  Diagnostics& diagnostics_;
  ScanResult result_;
  size_t begin_offset_ = 0;
  size_t end_offset_ = 0;
  Position begin_{1, 1};
  Position end_{1, 1};
  uint32_t last_line_ = 0;  // where the last token ended
  uint32_t depth_ = 0;
  size_t long_begin_ = kNoLong;  // of a string in three quotes that is open
  Position long_position_;
  std::vector<OpenFString> fstrings_;
};

}  // namespace sluice::syntax
