// ExprChecker: expressions of the AST to typed expressions of the graph. What names mean stands in Env; the methods are
// defined by idea in expressions.cpp, literals.cpp, arithmetic.cpp, calls.cpp, functions.cpp and aggregates.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/check/convert.h"
#include "lang/check/session.h"
#include "lang/operators/narrowing.h"

namespace sluice {

// A name of a function's body and what stands for it: an argument, a bound local, a state of an aggregate.
struct Local {
  std::string name;
  Expr value;
};

// The aggregate calls of one column of an aggregate step.
struct AggregateColumn {
  const Flow* input = nullptr;
  std::string name;            // of the column; calls inside larger expressions are named after it
  Span whole;                  // the column's expression: a call that is all of it gets the column's name
  bool has_rows = false;       // no group is without rows
  std::optional<Expr> filter;  // the column's own `where`
  std::vector<AggregateCall>* calls = nullptr;
  FrameNode* frame = nullptr;  // of a step over frames: what its columns need besides calls
};

// How many rows back may be looked at.
inline constexpr int64_t kMostRows = 1'000'000;

// What names mean where an expression stands.
struct Env {
  const Flow* row = nullptr;  // columns; null where there is no row
  std::vector<Local> locals;  // the innermost last
  Places present;             // nullable places known to be there
  const AggregateColumn* aggregates = nullptr;
};
[[nodiscard]] Env row_env(const Flow& row, const std::vector<Local>& locals = {});

// A parameter as arguments are bound to it.
struct ParamSlot {
  std::string name;
  bool has_default = false;
};
// For each parameter its argument, null where the default counts; nothing when it reported.
[[nodiscard]] std::optional<std::vector<const ast::Arg*>> bind_args(Session& session, const std::string& callee,
                                                                    const Span& span,
                                                                    const std::vector<ParamSlot>& params,
                                                                    const std::vector<ast::Arg>& args);

class ExprChecker {
 public:
  ExprChecker(Session& session, Env env) : session_(session), env_(std::move(env)) {}

  // Its type is Error when something was reported.
  [[nodiscard]] Expr check(const ast::Expr& expr);
  // Bool without null, for `who`.
  [[nodiscard]] Expr condition(const ast::Expr& expr, std::string_view who);
  // The value as `type`, reported as a mismatch otherwise.
  [[nodiscard]] Expr check_as(const ast::Expr& expr, const Type& type, std::string_view what);
  // A block that ends in `return`.
  [[nodiscard]] Expr block(const ast::Block& block);
  // Body of a function with parameters bound in the environment.
  [[nodiscard]] Expr body(const ast::FnItem& fn);
  [[nodiscard]] Expr arithmetic(ast::BinaryOp op, Expr left, Expr right, const Span& op_span, const Span& span);

  [[nodiscard]] Env& env() { return env_; }

 private:
  // literals.cpp
  Expr node(const ast::Literal& literal, const Span& span);
  Expr node(const ast::FString& text, const Span& span);
  Expr node(const ast::Record& record, const Span& span);
  Expr node(const ast::List& list, const Span& span);
  Expr node(const ast::MapLiteral& map, const Span& span);
  Expr to_text(Expr value, const Span& span);
  void add_record_item(const ast::RecordItem& item, std::vector<Field>& fields, std::vector<Expr>& values);

  // expressions.cpp
  Expr node(const ast::NameExpr& name, const Span& span);
  Expr node(const ast::Paren& paren, const Span& span);
  Expr node(const ast::Member& member, const Span& span);
  Expr node(const ast::Index& index, const Span& span);
  Expr node(const ast::If& value, const Span& span);
  Expr node(const ast::IsNull& test, const Span& span);
  Expr node(const ast::IsVariant& test, const Span& span);
  Expr node(const ast::Lambda& lambda, const Span& span);
  Expr node(const ast::Match& match, const Span& span);
  Expr match_arms(const ast::Match& match, const Expr& subject, size_t first, const Span& span);
  Expr match_condition(const ast::MatchArm& arm, const Expr& subject);
  Expr field_of(Expr record, const ast::Member& member, const Span& span);
  void report_unknown_name(const ast::Name& name);
  void report_nullable(const Expr& value, const Span& span, std::string_view who);
  Expr value_of(Definition& definition, const Span& span);
  // What `module.name` means, null when that was reported; nothing when it is something else.
  std::optional<Definition*> module_member(const ast::Member& member);
  std::string origin_of(const Expr& value) const;

  // arithmetic.cpp
  Expr node(const ast::Binary& binary, const Span& span);
  Expr node(const ast::Unary& unary, const Span& span);
  Expr logic(const ast::Binary& binary, const Span& span);
  Expr coalesce(const ast::Binary& binary, const Span& span);
  Expr compare(ast::BinaryOp op, Expr left, Expr right, const Span& span);
  Expr membership(const ast::Binary& binary, const Span& span);
  Expr in_range(const Expr& value, const ast::Binary& range, const Span& span);
  Expr in_list(const Expr& value, const ast::Expr& list, const Span& span);
  Expr numeric(ast::BinaryOp op, Expr left, Expr right, const Span& span);
  Expr report_operands(ast::BinaryOp op, const Expr& left, const Expr& right, const Span& op_span);
  Expr report_decimal_and_float(ast::BinaryOp op, const Expr& left, const Expr& right, const Span& span);
  Expr date_arithmetic(ast::BinaryOp op, Expr left, Expr right, const Span& op_span, const Span& span);
  Expr report_comparison(const Expr& left, const Expr& right);

  // calls.cpp
  Expr node(const ast::Call& call, const Span& span);
  Expr named_call(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr time_of_day(const Span& span);
  Expr defined_call(Definition& definition, const std::vector<ast::Arg>& args, const Span& span);
  Expr cast(TypeKind target, const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr cast_value(TypeKind target, Expr value, const Span& span);
  Expr decimal_cast(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr kernel(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr kernel_call(const FunctionOverload& overload, std::vector<Expr> args, const Span& span);
  Expr report_arguments(const ast::Name& name, const std::vector<const FunctionOverload*>& overloads,
                        const std::vector<Expr>& args, const Span& span);
  Expr report_unknown_function(const ast::Name& name);

  // functions.cpp
  Expr function_call(Definition& definition, const std::vector<ast::Arg>& args, const Span& span);

  // aggregates.cpp
  Expr aggregate_call(Definition& definition, const std::vector<ast::Arg>& args, const Span& span);
  Expr expanded_call(Definition& definition, const std::string& function, std::vector<Expr> values,
                     std::optional<Expr> filter, const Span& span);
  Expr first_or_last(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr count_distinct(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  // lag, lead, rank and row_number where they belong; nothing for any other function.
  std::optional<Expr> frame_call(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr shift_call(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  Expr rank_or_number(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span);
  std::string name_in_frame(const Span& span);
  Expr add_aggregate(AggregateCall call, const Span& span);
  bool may_aggregate(const ast::Name& name, const Span& span);
  std::vector<Expr> check_counted(const std::vector<const ast::Expr*>& args, std::optional<Expr>& filter);

  Session& session_;
  Env env_;
};

// "2 arguments"
[[nodiscard]] std::string arguments(size_t count);
// lag, lead, rank and row_number.
[[nodiscard]] std::span<const std::string_view> frame_function_names();
[[nodiscard]] const ast::Expr& without_parens(const ast::Expr& expr);

}  // namespace sluice
