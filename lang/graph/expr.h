// Expr: a checked, typed expression in a FlowGraph. A plain value tree: copy, compare and print it.
// Checking has resolved names, inlined functions, desugared `match`, `in`, `??` chains and f-strings, and made
// every conversion explicit, so that passes and code generation see only what stands here.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lang/source/span.h"
#include "lang/support/decimal.h"
#include "lang/types/type.h"

namespace sluice {

enum class ExprKind : uint8_t {
  Literal,  // value
  Column,   // name: a column of the input row
  Local,    // name: bound by Let, a lambda-like parameter of an aggregate, or a state field
  Let,      // name; args = {value, body}
  If,       // args = {condition: bool, then, else}, both branches of exactly the result type
  Op,       // op; args
  Call,     // name: a row of stdlib/functions.def, with `overload` naming its kernel; args
  Field,    // name; args = {record}
  Record,   // field names in type.fields; args in that order
  List,     // args = elements
};

// The intrinsics. Arithmetic and comparison are strict: a null argument makes the result null.
enum class ExprOp : uint8_t {
#define EXPR_OP(op, name, arity, is_strict, can_fail) op,
#include "lang/graph/expr_ops.def"
#undef EXPR_OP
};

struct ExprOpRow {
  const char* name;
  int arity;       // -1: any
  bool is_strict;  // null in, null out
  bool can_fail;   // may raise a row error
};
[[nodiscard]] const ExprOpRow& row_of(ExprOp op);

// A constant. Timestamps and durations are microseconds in int64_t, dates are days since 1970; monostate is null.
using LiteralValue = std::variant<std::monostate, bool, int64_t, double, std::string, Decimal>;

class ExprList;

struct Expr {
  ExprKind kind = ExprKind::Literal;
  ExprOp op = ExprOp::Add;  // meaningful for Op only
  Type type;
  Span span;
  std::string name;      // Column, Local, Let, Call, Field
  std::string overload;  // Call only: the kernel's symbol, e.g. "rt_text_lower"
  bool may_fail = true;  // Call only: FunctionOverload::can_fail, the kernel may raise a row error
  LiteralValue value;    // Literal only
  std::vector<Expr> args;

  // Equality of meaning: spans do not count.
  bool operator==(const Expr& other) const;

  static Expr literal(LiteralValue value, Type type, Span span);
  static Expr null_literal(Type type, Span span);  // type is made nullable
  static Expr column(std::string name, Type type, Span span);
  static Expr local(std::string name, Type type, Span span);
  static Expr let(std::string name, Expr value, Expr body);  // type and span of the body
  static Expr if_else(Expr condition, Expr then_value, Expr else_value, Span span);
  static Expr make_op(ExprOp op, ExprList args, Type type, Span span);
  static Expr call(std::string name, std::string overload, ExprList args, Type type, Span span, bool may_fail = true);
  static Expr field(Expr record, std::string name, Type type, Span span);
  static Expr record(ExprList args, Type type, Span span);
  static Expr list(ExprList elements, Type type, Span span);

  [[nodiscard]] bool is_literal() const { return kind == ExprKind::Literal; }
  [[nodiscard]] bool is_op(ExprOp wanted) const { return kind == ExprKind::Op && op == wanted; }
};

// The arguments of a new node: a vector, or the expressions themselves in braces. The initializer list of a vector
// would copy the trees below them, which takes the square of its length for a chain of operators.
class ExprList {
 public:
  ExprList() = default;
  ExprList(std::vector<Expr> exprs) : exprs_(std::move(exprs)) {}  // NOLINT(google-explicit-constructor)
  template <class... Items>
    requires(sizeof...(Items) > 0 && (std::same_as<std::remove_cvref_t<Items>, Expr> && ...))
  ExprList(Items&&... items) {  // NOLINT(google-explicit-constructor)
    exprs_.reserve(sizeof...(items));
    (exprs_.push_back(std::forward<Items>(items)), ...);
  }
  [[nodiscard]] std::vector<Expr> take() && { return std::move(exprs_); }

 private:
  std::vector<Expr> exprs_;
};

struct NamedExpr {
  std::string name;
  Expr expr;
  bool operator==(const NamedExpr&) const = default;
};

// Calls visit(node) for the expression and everything below it, parents first.
template <class Visit>
void for_each(const Expr& expr, const Visit& visit) {
  visit(expr);
  for (const auto& arg : expr.args) for_each(arg, visit);
}
template <class Visit>
void for_each(Expr& expr, const Visit& visit) {
  visit(expr);
  for (auto& arg : expr.args) for_each(arg, visit);
}

// Names of the columns an expression reads, each once, in order of first use.
void collect_columns(const Expr& expr, std::vector<std::string>& columns);
[[nodiscard]] bool reads_column(const Expr& expr, std::string_view name);
// May evaluating it raise a row error?
[[nodiscard]] bool can_fail(const Expr& expr);
// The same of its operation alone, the arguments given.
[[nodiscard]] bool can_fail_itself(const Expr& expr);
// Would it have another value when it is evaluated again? Such an expression is all of a column of a project node, and
// nothing else, so that it is evaluated once per row: what uses it reads the column.
[[nodiscard]] bool is_volatile(const Expr& expr);
// Rough cost in nodes, so that a pass can refuse to copy something large.
[[nodiscard]] size_t expr_size(const Expr& expr);
// The expression with every Column that `replacements` names replaced by its expression there; others stay.
[[nodiscard]] Expr substitute_columns(const Expr& expr, const std::vector<NamedExpr>& replacements);

}  // namespace sluice
