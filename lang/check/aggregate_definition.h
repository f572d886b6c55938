// AggregateDefinition: one use of an `agg` item: its type variables bound by the arguments, its blocks executed into
// the expressions of an AggregateCall.
#pragma once

#include <optional>
#include <vector>

#include "lang/check/expr_checker.h"
#include "lang/check/types.h"

namespace sluice {

// The overload that fits the arguments best: by exact types, then with int as float. Null when none fits, which is
// reported.
[[nodiscard]] Definition* choose_overload(Session& session, Definition& first, const std::vector<Expr>& args,
                                          const Span& span);
// A parameter written `decimal` takes any decimal. In the definition `decimal` then stands for its type, and
// `wide_decimal` for that with all 38 digits.
[[nodiscard]] bool is_any_decimal(const ast::TypeExpr& type);

class AggregateDefinition {
 public:
  AggregateDefinition(Session& session, Definition& definition)
      : session_(session), definition_(definition), agg_(*definition.as<ast::AggItem>()) {}

  struct BoundArgs {
    std::vector<NamedExpr> args;
    std::vector<Expr> present_tests;  // which must hold for a row to count
  };
  // The arguments as the parameters' types; nothing when it reported.
  [[nodiscard]] std::optional<BoundArgs> bind(std::vector<Expr> values, const Span& span);
  // Nothing when it reported. The call has neither name nor filter yet.
  [[nodiscard]] std::optional<AggregateCall> expand(BoundArgs args, const Span& span);

 private:
  bool check_members();
  bool check_states(AggregateCall& call);
  void run_step(AggregateCall& call);
  void run_merge(AggregateCall& call);
  void run_retract(AggregateCall& call);
  bool run_finish(AggregateCall& call);
  [[nodiscard]] const ast::MemberItem* member(ast::MemberKind kind) const;
  [[nodiscard]] std::vector<Local> args_as_locals(const AggregateCall& call) const;
  [[nodiscard]] std::vector<Local> states_as_locals(const AggregateCall& call) const;
  [[nodiscard]] std::optional<AggregateCall> expand_reporting(BoundArgs args);

  Session& session_;
  Definition& definition_;
  const ast::AggItem& agg_;
  TypeVariables variables_;
};

}  // namespace sluice
