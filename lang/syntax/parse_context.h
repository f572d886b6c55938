// ParseContext: what Bison's parser works with. Feeds it classified tokens, builds the AST, explains syntax errors and
// says where parsing goes on after them.
#pragma once

#include <vector>

#include "lang/syntax/ast_builder.h"
#include "lang/syntax/token.h"
#include "lang/syntax/token_stream.h"

namespace sluice::syntax {

class ParseContext : public AstBuilder {
 public:
  ParseContext(const SourceFile& source, const ScanResult& scanned, ast::Program& program, Diagnostics& diagnostics);

  // ---- called by the parser ----
  [[nodiscard]] Parser::symbol_type next_symbol();
  void syntax_error(const std::vector<int>& expected);
  void internal_error(const Span& span, const std::string& message);
  void add_item(ast::Item item);
  // Finds the `where` of a next step that lacks its `|>` and was read as the filter of a column.
  void check_columns(const ast::Step& step);
  [[nodiscard]] const ast::Expr* fstring(const Span& span, std::vector<ast::FStringPart> parts);

  // After a run of the parser: whether it stopped at an error and a fresh one should go on with the next item.
  [[nodiscard]] bool prepare_next_run();
  // Errors so far that are about a literal alone, so that nothing is missing from the tree.
  [[nodiscard]] size_t literal_errors() const { return literal_errors_; }

 private:
  // Where parsing goes on.
  enum class Resume : uint8_t {
    No,
    AtStep,  // the parser keeps the pipeline it is in: SYNC, then the `|>` or closing bracket that is next
    AtItem,  // the parser gives up; a new one starts at the item that is next
  };

  [[nodiscard]] Parser::symbol_type symbol_of(const Token& token);
  [[nodiscard]] ast::Literal literal_of(const Token& token);
  [[nodiscard]] std::optional<uint32_t> enclosing_step() const;
  void resume_after(size_t position, const std::optional<uint32_t>& depth);
  [[nodiscard]] bool has_lexical_error() const;

  const SourceFile& source_;
  const ScanResult& scanned_;
  TokenStream stream_;
  std::vector<Token> history_;     // the tokens the parser has got, classified
  std::vector<size_t> positions_;  // where each of them stands in the scanner's list
  size_t item_begin_ = 0;          // in history_: where the item that is being parsed begins
  size_t last_error_ = static_cast<size_t>(-1);
  size_t literal_errors_ = 0;
  Resume resume_ = Resume::No;
};

}  // namespace sluice::syntax
