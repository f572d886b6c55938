// AST of a .flow file: what the parser saw, with spans, before any name is resolved. All nodes live in the Arena of
// their ast::Program and are never changed after parsing. Made by parse.h, read by format.h, ast_text.h and lang/check.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lang/source/span.h"
#include "lang/support/arena.h"

namespace sluice::ast {

// How deep brackets may be nested.
inline constexpr uint32_t kMaxDepth = 1000;
// No tree is deeper than this. A chain of operators (a + b + c) is as deep as it is long although nothing is nested for
// who writes it. Everything that walks a tree recurses, on a stack that is made for it (cli/support/deep_stack.h).
inline constexpr uint32_t kMaxTreeDepth = 10'000;

// One line per node reads better here than one line per member.
// clang-format off

struct Expr;
struct Pipeline;
struct TypeExpr;
struct Stmt;

struct Name {
  std::string text;  // without backquotes
  Span span;
};
struct Path {
  std::vector<Name> parts;
  Span span;
};

// ---- types ----
struct FieldDecl;
struct NamedType { Path path; };                                   // int, readings.Row
struct ParamType { Name name; std::vector<int64_t> args; };        // decimal(12, 2)
struct ListType { const TypeExpr* element; };
struct MapType { const TypeExpr* key; const TypeExpr* value; };
struct RecordType { std::vector<FieldDecl> fields; bool is_open; };  // is_open: ends in `...`
struct KindType { bool is_table; const TypeExpr* row; };           // `stream R`, `table R`
struct TypeExpr {
  Span span;
  bool nullable = false;
  std::variant<NamedType, ParamType, ListType, MapType, RecordType, KindType> node;
};

// ---- expressions ----
enum class BinaryOp : uint8_t { Coalesce, Or, And, Eq, Ne, Lt, Le, Gt, Ge, In, NotIn, Range, RangeBelow, Add, Sub, Mul, Div, IntDiv, Mod };
enum class UnaryOp : uint8_t { Not, Neg };
enum class LiteralKind : uint8_t { Null, Bool, Int, Float, Decimal, String, Duration, Instant };

struct Arg { std::optional<Name> name; const Expr* value; Span span; };

struct Literal {
  LiteralKind kind;
  std::string text;      // as written, for the formatter
  std::string string;    // String: decoded contents; Decimal: digits as written without `dec`
  int64_t integer = 0;   // Int; Bool 0/1; Duration and Instant in microseconds (Instant of a test: since midnight)
  double number = 0;     // Float
  bool is_time_of_day = false;  // Instant written as @10:00:05
  bool is_invalid = false;      // it has no value, which was reported
};
struct NameExpr { Name name; };
struct Binary { BinaryOp op; const Expr* left; const Expr* right; Span op_span; };
struct Unary { UnaryOp op; const Expr* operand; };
struct IsNull { const Expr* operand; bool negated; };
struct IsVariant { const Expr* operand; Path variant; };
struct If { const Expr* condition; const Expr* then_value; const Expr* else_value; };
struct Lambda { std::vector<Name> params; const Expr* body; };
struct Member { const Expr* object; Name name; bool is_safe; };    // a.b, a?.b
struct Call { const Expr* callee; std::vector<Arg> args; };
struct Index { const Expr* object; const Expr* index; };
struct RecordItem { std::optional<Name> name; const Expr* value; bool is_spread; Span span; };  // `n = e`, `p.q`, `...e`
struct Record { std::vector<RecordItem> items; };
struct List { std::vector<const Expr*> elements; };
struct MapLiteral { std::vector<std::pair<const Expr*, const Expr*>> entries; };
struct FStringPart { std::string text; const Expr* value = nullptr; };  // value null: plain text (decoded)
struct FString { std::vector<FStringPart> parts; std::string text; };   // text: as written, for the formatter
struct MatchArm { const Expr* pattern; const Expr* value; Span span; };  // pattern null: else
struct Match { const Expr* subject; std::vector<MatchArm> arms; };
struct Paren { const Expr* inner; };                               // kept so that the formatter can print what was written

struct Expr {
  Span span;
  std::variant<Literal, NameExpr, Binary, Unary, IsNull, IsVariant, If, Lambda, Member, Call, Index, Record, List,
               MapLiteral, FString, Match, Paren>
      node;
  uint32_t depth = 1;  // of the tree below and with this node; the parser bounds it (kMaxTreeDepth)
};

// ---- declarations shared by several items ----
struct Hint { Name name; std::vector<Arg> args; bool has_args = false; Span span; };  // @parallel(8); name without `@`
struct FieldDecl { Name name; const TypeExpr* type; const Expr* default_value; std::vector<Hint> hints; Span span; };
struct Param { Name name; const TypeExpr* type; const Expr* default_value; Span span; };

// ---- pipelines ----
enum class ClauseKind : uint8_t { Per, By, Over, On, Within, Keep, Emit, Until, Max, As, With, Key, Time, Delay, Idle };
struct KeyItem { std::optional<Name> name; const Expr* expr; };
struct OrderItem { const Expr* expr; bool descending; bool is_explicit; };
struct Clause {
  ClauseKind kind;
  Span span;
  Span keyword_span;
  const Expr* expr = nullptr;      // Over On Within Keep Emit Until Max Time Delay Idle
  std::vector<KeyItem> keys = {};  // Per
  std::vector<OrderItem> orders = {};  // By
  Path path = {};  // As
  std::vector<Name> names = {};  // Key; With (one)
};

struct Input {
  Span span;
  // A path (source, let, or connector call when has_args), a pipeline in parentheses, or a list of rows.
  Path path;
  bool has_args = false;
  std::vector<Arg> args;
  const Pipeline* pipeline = nullptr;
  const Expr* list = nullptr;
};
struct AliasedInput { Input input; std::optional<Name> alias; };  // of a join: its clause `as NAME`

struct Column {
  Span span;
  std::optional<Name> name;
  const Expr* expr = nullptr;   // null for a bare `...`
  bool is_spread = false;       // `...` or `...p`
  const Expr* where = nullptr;  // filter of an aggregate
  Span where_span = {};         // its keyword
};

struct PatternAtom;
struct PatternSequence { std::vector<PatternAtom> atoms; };
struct Quantifier { int64_t min = 1; std::optional<int64_t> max = 1; bool is_written = false; };
struct PatternAtom {
  Span span;
  bool follows_directly = false;   // reached by `next` rather than `then`
  bool negated = false;            // `not x`
  Name variable;                   // empty for a group
  const Expr* condition = nullptr;
  std::vector<PatternSequence> alternatives;  // group: ( a or b )
  Quantifier quantifier;
};

// One `|>` step. The operator's name decides which of the parts are used (its shape, see operators.def).
struct Step {
  Span span;                        // from the operator to the last hint
  Span pipe_span;                   // the `|>`
  Name op;                          // "where"; for joins the last word, `join`
  std::optional<Name> join_kind;    // left right full semi anti asof cross
  const Expr* expr = nullptr;       // condition, count, value
  std::vector<Column> columns;
  std::vector<Name> names;          // drop
  std::optional<Name> binding;      // expand NAME in, iterate NAME
  std::vector<AliasedInput> inputs; // union, join, lookup
  std::optional<PatternSequence> pattern;
  Path path;                        // process
  bool has_args = false;
  std::vector<Arg> args;            // process, user function
  const Pipeline* body = nullptr;   // iterate
  std::vector<Clause> clauses;
  std::vector<Hint> hints;
};

struct Pipeline {
  Span span;
  std::vector<AliasedInput> inputs;
  std::vector<Step> steps;
};

// ---- statements (bodies of fn, agg, process) ----
struct Block { std::vector<const Stmt*> stmts; Span span; };
struct LValue { Name root; std::vector<std::variant<Name, const Expr*>> path; Span span; };
enum class SetOp : uint8_t { Assign, Add, Sub, Mul };
struct LetStmt { Name name; const Expr* value; };
struct SetStmt { LValue target; SetOp op; const Expr* value; };
struct EmitStmt { const Expr* value; std::optional<Name> to; };
struct ReturnStmt { const Expr* value; };
struct StartStmt { Name timer; bool is_after; const Expr* when; };
struct StopStmt { Name timer; };
struct ClearStmt { LValue target; };
struct ForStmt { Name name; const Expr* list; Block body; };
struct IfStmt { const Expr* condition; Block then_block; std::optional<Block> else_block; const Stmt* else_if = nullptr; };
struct Stmt {
  Span span;
  std::variant<LetStmt, SetStmt, EmitStmt, ReturnStmt, StartStmt, StopStmt, ClearStmt, ForStmt, IfStmt> node;
  uint32_t depth = 1;  // of `else if` chains
};

// ---- items ----
struct UseItem { Path path; std::vector<Name> names; bool has_names; };
struct ParamItem { Name name; const TypeExpr* type; const Expr* default_value; };
struct ConfigItem { const Expr* record; };
struct TypeItem { Name name; const TypeExpr* type; };
struct Variant { Name name; const TypeExpr* payload; };  // payload null: none
struct EnumItem { Name name; std::vector<Variant> variants; };
struct SourceItem { bool is_sink; Name name; const TypeExpr* type; const Expr* connector; std::vector<Clause> clauses; std::vector<Hint> hints; };
struct LetItem { Name name; const TypeExpr* type; const Expr* value; const Pipeline* pipeline; };  // value or pipeline
struct FnItem { Name name; std::vector<Param> params; const TypeExpr* result; const Expr* expr; const Pipeline* pipeline; std::optional<Block> block; };
enum class MemberKind : uint8_t { State, Timer, On, Step, Retract, Merge, Finish };
struct MemberItem {
  MemberKind kind;
  Span span;
  Name name;                       // State, Timer; Merge: the other state
  Path path;                       // On
  const TypeExpr* type = nullptr;  // State
  const Expr* init = nullptr;      // State
  const Expr* keep = nullptr;      // State
  std::optional<Block> block;      // On Step Retract Merge Finish
};
struct AggItem { bool is_process; Name name; std::vector<Param> params; const TypeExpr* result; std::vector<MemberItem> members; };
struct TestRow { std::vector<const Expr*> cells; Span span; };  // a null cell is empty
struct TestData { std::vector<TestRow> rows; const Expr* list = nullptr; };
enum class TestStmtKind : uint8_t { Given, Expect, Advance, With };
enum class ExpectMode : uint8_t { AnyOrder, Ordered, Changes, None, NoChanges };
struct TestStmt {
  TestStmtKind kind;
  Span span;
  Path path;                   // Given, Expect
  Name name;                   // With
  const Expr* expr = nullptr;  // Advance, With
  ExpectMode mode = ExpectMode::AnyOrder;
  TestData data;
};
struct TestItem { std::string title; Span title_span; std::vector<TestStmt> stmts; };
struct PipelineItem { const Pipeline* pipeline; };

struct Item {
  Span span;
  std::variant<UseItem, ParamItem, ConfigItem, TypeItem, EnumItem, SourceItem, LetItem, FnItem, AggItem, TestItem, PipelineItem> node;
};

struct Comment { Span span; std::string text; };  // from `#` to the end of the line, without it

struct Program {
  std::shared_ptr<Arena> arena;  // shared: definitions of a module outlive the parse that made them
  uint32_t file = 0;
  std::vector<Item> items;
  std::vector<Comment> comments;  // in source order, for the formatter
  bool is_whole = false;          // nothing is missing from the tree: all errors are literals without a value
};

// clang-format on

}  // namespace sluice::ast
