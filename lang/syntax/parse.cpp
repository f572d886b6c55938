#include "lang/syntax/parse.h"

#include "lang/syntax/grammar.h"
#include "lang/syntax/literals.h"
#include "lang/syntax/parse_context.h"

namespace sluice {

using namespace syntax;

ast::Program parse(const SourceMap& sources, uint32_t file, Diagnostics& diagnostics) {
  ast::Program program;
  program.arena = std::make_shared<Arena>();
  program.file = file;
  const size_t errors = diagnostics.error_count();
  ScanResult scanned = scan(sources.file(file), file, diagnostics);
  program.comments = std::move(scanned.comments);
  if (scanned.is_too_deep) return program;
  ParseContext context(sources.file(file), scanned, program, diagnostics);
  do {
    Parser parser(context);
    (void)parser.parse();  // errors are in `diagnostics`
  } while (context.prepare_next_run());
  // Nobody may walk a tree that is too deep.
  if (context.is_too_deep()) program.items.clear();
  program.is_whole = diagnostics.error_count() - errors == context.literal_errors();
  return program;
}

std::vector<TokenText> tokenize(const SourceMap& sources, uint32_t file, Diagnostics& diagnostics) {
  const ScanResult scanned = scan(sources.file(file), file, diagnostics);
  TokenStream stream(scanned.tokens);
  std::vector<TokenText> result;
  for (Token token = stream.next(); token.kind != Kind::END; token = stream.next()) {
    switch (token.kind) {
      case Kind::INT:
      case Kind::FLOAT:
      case Kind::DECIMAL:
      case Kind::STRING:
      case Kind::DURATION:
      case Kind::INSTANT:
        (void)decode_literal(token, stream.is_negated(), diagnostics);
        break;
      case Kind::FSTR_TEXT:
        (void)decode_fstring_text(token, diagnostics);
        break;
      default:
        break;  // no other kind has a value that could be wrong
    }
    result.push_back({token.span, kind_name(token.kind), std::string(sources.file(file).text_of(token.span))});
  }
  return result;
}

}  // namespace sluice
