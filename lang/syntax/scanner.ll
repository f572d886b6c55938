/* Splits Flow source into tokens by shape alone; token_stream.cpp decides what a word means where it stands.
   Scanner (scanner.h) keeps positions, nesting and diagnostics, so that the rules here stay one line each. */
%option reentrant noyywrap nodefault nounput noinput never-interactive 8bit
%option prefix="flow_" extra-type="::sluice::syntax::Scanner*"

%{
#include "lang/syntax/scanner.h"

using sluice::syntax::Kind;
#define SCAN yyextra
#define YY_USER_ACTION yyextra->take(static_cast<size_t>(yyleng));
%}

%x TRIPLE RAW_TRIPLE FSTRING FTRIPLE

WORD    [A-Za-z_][A-Za-z0-9_]*
DIGITS  [0-9][0-9_]*
CLOCK   [0-9]+(:[0-9]+)+(\.[0-9]+)?

%%

[ \t\r\f\v]+            { SCAN->blank(); }
\n                      { if (SCAN->newline()) BEGIN(SCAN->state()); }
"#"[^\n]*               { SCAN->comment(); }

{WORD}                  { SCAN->emit(Kind::NAME); }
`[^`\n]*`               { SCAN->quoted_name(); }
`[^`\n]*                { SCAN->unterminated_name(); }

0[xX][0-9A-Za-z_]*      |
{DIGITS}(\.{DIGITS})?([eE][+-]?[0-9]+)?[A-Za-z0-9_]*  { SCAN->number(); }

"@"{WORD}               { SCAN->emit(Kind::ANNOT); }
"@"{CLOCK}              |
"@"[0-9][0-9-]*(T[0-9]+(:[0-9]+)*(\.[0-9]+)?(Z|[+-][0-9]+(:[0-9]+)?)?)?  |
"@"[0-9]([0-9A-Za-z_-]|:[0-9A-Za-z])*  { SCAN->emit(Kind::INSTANT); }

\"([^"\\\n]|\\[^\n])*\"   |
r\"[^"\n]*\"             { SCAN->emit(Kind::STRING); }
\"([^"\\\n]|\\[^\n])*\\?  |
r\"[^"\n]*               { SCAN->unterminated_string(); }
\"\"\"                   { SCAN->begin_long(); BEGIN(TRIPLE); }
r\"\"\"                  { SCAN->begin_long(); BEGIN(RAW_TRIPLE); }
<TRIPLE>[^"\\]+|\\(.|\n)|\"      { SCAN->more(); }
<RAW_TRIPLE>[^"]+|\"             { SCAN->more(); }
<TRIPLE,RAW_TRIPLE>\"\"\"        { SCAN->end_long(); BEGIN(SCAN->state()); }
<TRIPLE>\\                       { SCAN->more(); }

f\"                     { SCAN->begin_fstring(FSTRING, false); BEGIN(FSTRING); }
f\"\"\"                 { SCAN->begin_fstring(FTRIPLE, true); BEGIN(FTRIPLE); }
<FSTRING>([^"\\{}\n]|\\[^\n]|\\u\{[0-9A-Fa-f]*\}|"{{"|"}}")+    |
<FTRIPLE>([^"\\{}]|\\(.|\n)|\\u\{[0-9A-Fa-f]*\}|"{{"|"}}")+     { SCAN->emit(Kind::FSTR_TEXT); }
<FTRIPLE>\"              { SCAN->emit(Kind::FSTR_TEXT); }
<FSTRING>\"              |
<FTRIPLE>\"\"\"          { SCAN->end_fstring(); BEGIN(SCAN->state()); }
<FSTRING,FTRIPLE>"{"     { SCAN->open_hole(); BEGIN(INITIAL); }
<FSTRING,FTRIPLE>"}"     { SCAN->stray_brace(); }
<FSTRING,FTRIPLE>\\      { SCAN->emit(Kind::FSTR_TEXT); }
<FSTRING>\n              { SCAN->newline(); BEGIN(SCAN->state()); }

"("   { SCAN->open(Kind::LPAREN); }
")"   { SCAN->close(Kind::RPAREN); }
"["   { SCAN->open(Kind::LBRACK); }
"]"   { SCAN->close(Kind::RBRACK); }
"{"   { SCAN->open(Kind::LBRACE); }
"}"   { if (SCAN->close_brace()) BEGIN(SCAN->state()); }
","   { SCAN->emit(Kind::COMMA); }
"."   { SCAN->emit(Kind::DOT); }
"?."  { SCAN->emit(Kind::SAFE_DOT); }
":"   { SCAN->emit(Kind::COLON); }
"="   { SCAN->emit(Kind::ASSIGN); }
"+="  { SCAN->emit(Kind::ADD_ASSIGN); }
"-="  { SCAN->emit(Kind::SUB_ASSIGN); }
"*="  { SCAN->emit(Kind::MUL_ASSIGN); }
"=="  { SCAN->emit(Kind::EQ); }
"!="  { SCAN->emit(Kind::NE); }
"<"   { SCAN->emit(Kind::LT); }
"<="  { SCAN->emit(Kind::LE); }
">"   { SCAN->emit(Kind::GT); }
">="  { SCAN->emit(Kind::GE); }
"+"   { SCAN->emit(Kind::PLUS); }
"-"   { SCAN->emit(Kind::MINUS); }
"*"   { SCAN->emit(Kind::STAR); }
"/"   { SCAN->emit(Kind::SLASH); }
"//"  { SCAN->emit(Kind::INT_DIV); }
"%"   { SCAN->emit(Kind::PERCENT); }
"=>"  { SCAN->emit(Kind::FAT_ARROW); }
"->"  { SCAN->emit(Kind::ARROW); }
".."  { SCAN->emit(Kind::RANGE); }
"..<" { SCAN->emit(Kind::RANGE_BELOW); }
"..." { SCAN->emit(Kind::ELLIPSIS); }
"??"  { SCAN->emit(Kind::COALESCE); }
"?"   { SCAN->emit(Kind::QUESTION); }
"|>"  { SCAN->emit(Kind::PIPE); }
"|"   { SCAN->emit(Kind::BAR); }

"&&"  { SCAN->foreign(Kind::AND, "and"); }
"!"   { SCAN->foreign(Kind::NOT, "not"); }
"<>"  { SCAN->foreign(Kind::NE, "!="); }
"==="  { SCAN->foreign(Kind::EQ, "=="); }
"!=="  { SCAN->foreign(Kind::NE, "!="); }
";"   { SCAN->semicolon(); }
'([^'\\\n]|\\[^\n])*'  { SCAN->single_quoted(); }
[\x80-\xff]+           { SCAN->stray_text(); }
.                      { SCAN->stray_text(); }

<*><<EOF>>  { return 0; }

%%

namespace sluice::syntax {

void Scanner::run(std::string_view text) {
  yyscan_t flex = nullptr;
  flow_lex_init_extra(this, &flex);
  flow__scan_bytes(text.data(), static_cast<int>(text.size()), flex);
  flow_lex(flex);
  flow_lex_destroy(flex);
  finish();
}

}  // namespace sluice::syntax
