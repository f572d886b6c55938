// R01: computes while compiling what does not depend on the row. A row error is never folded away: `1 // 0` stays, and
// so does everything whose evaluation might fail before the part that is known.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/passes/fold_values.h"
#include "compiler/passes/passes.h"
#include "lang/graph/graph_text.h"

namespace sluice::passes {

namespace {

const bool* bool_of(const Expr& expr) { return expr.is_literal() ? std::get_if<bool>(&expr.value) : nullptr; }
bool is_null(const Expr& expr) {
  return expr.is_literal() && std::holds_alternative<std::monostate>(expr.value) && expr.type.nullable;
}

Expr take(Expr& from) { return std::move(from); }

Expr bool_literal(bool value, const Expr& at) { return Expr::literal(value, Type(TypeKind::Bool), at.span); }

// `name` stands for `value`, a literal or a column, in everything that sees it.
void replace_local(Expr& expr, const std::string& name, const Expr& value) {
  if (expr.kind == ExprKind::Local && expr.name == name) {
    const Span span = expr.span;
    expr = value;
    expr.span = span;
    return;
  }
  const bool hides = expr.kind == ExprKind::Let && expr.name == name;
  for (size_t i = 0; i < expr.args.size(); ++i)
    if (!hides || i == 0) replace_local(expr.args[i], name, value);
}

bool reads_local(const Expr& expr, const std::string& name) {
  if (expr.kind == ExprKind::Local && expr.name == name) return true;
  const bool hides = expr.kind == ExprKind::Let && expr.name == name;
  for (size_t i = 0; i < expr.args.size(); ++i)
    if ((!hides || i == 0) && reads_local(expr.args[i], name)) return true;
  return false;
}

// Each of these returns true when it changed the expression; its arguments are folded already.

bool fold_if(Expr& expr) {
  if (const bool* condition = bool_of(expr.args[0])) {
    expr = take(expr.args[*condition ? 1 : 2]);
    return true;
  }
  const bool* yes = bool_of(expr.args[1]);
  const bool* no = bool_of(expr.args[2]);
  if (yes == nullptr || no == nullptr) return false;
  if (*yes && !*no) {
    expr = take(expr.args[0]);
    return true;
  }
  if (!*yes && *no) {
    expr = Expr::make_op(ExprOp::Not, {take(expr.args[0])}, Type(TypeKind::Bool), expr.span);
    return true;
  }
  return false;
}

bool fold_let(Expr& expr, bool& substituted) {
  const Expr& value = expr.args[0];
  if (value.is_literal() || value.kind == ExprKind::Column) {
    Expr body = take(expr.args[1]);
    replace_local(body, expr.name, value);
    expr = std::move(body);
    substituted = true;
    return true;
  }
  if (can_fail(value) || reads_local(expr.args[1], expr.name)) return false;
  expr = take(expr.args[1]);
  return true;
}

// `and` with its neutral element true and its dominant false; `or` the other way round. The right side is evaluated
// only if the left does not decide.
bool fold_logic(Expr& expr) {
  const bool neutral = expr.op == ExprOp::And;
  if (const bool* left = bool_of(expr.args[0])) {
    expr = *left == neutral ? take(expr.args[1]) : bool_literal(!neutral, expr);
    return true;
  }
  const bool* right = bool_of(expr.args[1]);
  if (right == nullptr) return false;
  if (*right == neutral) {
    expr = take(expr.args[0]);
    return true;
  }
  if (can_fail(expr.args[0])) return false;
  expr = bool_literal(!neutral, expr);
  return true;
}

bool fold_not(Expr& expr) {
  if (!expr.args[0].is_op(ExprOp::Not)) return false;
  expr = take(expr.args[0].args[0]);
  return true;
}

bool fold_is_null(Expr& expr) {
  Expr& arg = expr.args[0];
  if (is_null(arg)) {
    expr = bool_literal(true, expr);
    return true;
  }
  const bool is_never_null = !arg.type.nullable || arg.is_op(ExprOp::Some);
  if (!is_never_null || arg.type.kind == TypeKind::Null || can_fail(arg)) return false;
  expr = bool_literal(false, expr);
  return true;
}

bool fold_coalesce(Expr& expr) {
  if (is_null(expr.args[0])) {
    expr = take(expr.args[1]);
    return true;
  }
  if (!expr.args[0].is_op(ExprOp::Some)) return false;
  expr = expr.type.nullable ? take(expr.args[0]) : take(expr.args[0].args[0]);
  return true;
}

bool fold_require(Expr& expr) {
  if (!expr.args[0].is_op(ExprOp::Some)) return false;
  expr = take(expr.args[0].args[0]);
  return true;
}

// x == null is a question about x alone.
bool fold_equality(Expr& expr) {
  for (size_t side = 0; side < 2; ++side) {
    if (!is_null(expr.args[side])) continue;
    Expr test = Expr::make_op(ExprOp::IsNull, {take(expr.args[1 - side])}, Type(TypeKind::Bool), expr.span);
    (void)fold_is_null(test);
    if (expr.op == ExprOp::Ne) {
      if (const bool* known = bool_of(test))
        test = bool_literal(!*known, expr);
      else
        test = Expr::make_op(ExprOp::Not, {std::move(test)}, Type(TypeKind::Bool), expr.span);
    }
    expr = std::move(test);
    return true;
  }
  return false;
}

bool fold_strict_null(Expr& expr) {
  const bool has_null = std::ranges::any_of(expr.args, is_null);
  if (!has_null || std::ranges::any_of(expr.args, [](const Expr& arg) { return can_fail(arg); })) return false;
  expr = Expr::null_literal(expr.type, expr.span);
  return true;
}

// Neighbouring literals of a concatenation become one.
bool fold_concat(Expr& expr) {
  std::vector<Expr> parts;
  for (auto& arg : expr.args) {
    const auto* text = arg.is_literal() ? std::get_if<std::string>(&arg.value) : nullptr;
    auto* last = parts.empty() || !parts.back().is_literal() ? nullptr : std::get_if<std::string>(&parts.back().value);
    if (text != nullptr && text->empty() && expr.args.size() > 1) continue;
    if (text != nullptr && last != nullptr)
      *last += *text;
    else
      parts.push_back(std::move(arg));
  }
  const bool is_changed = parts.size() != expr.args.size();
  expr.args = std::move(parts);
  if (expr.args.empty()) {
    expr = Expr::literal(std::string(), Type(TypeKind::String), expr.span);
    return true;
  }
  if (expr.args.size() > 1 || expr.args[0].type != expr.type) return is_changed;
  expr = take(expr.args[0]);
  return true;
}

bool fold_op(Expr& expr) {
  if (expr.op == ExprOp::And || expr.op == ExprOp::Or) return fold_logic(expr);
  if (expr.op == ExprOp::IsNull) return fold_is_null(expr);
  if (expr.op == ExprOp::Coalesce) return fold_coalesce(expr);
  if (expr.op == ExprOp::Require) return fold_require(expr);
  if (expr.op == ExprOp::Some) return false;  // has no literal form
  if ((expr.op == ExprOp::Eq || expr.op == ExprOp::Ne) && fold_equality(expr)) return true;
  if (row_of(expr.op).is_strict && fold_strict_null(expr)) return true;
  if (expr.op == ExprOp::Not && fold_not(expr)) return true;
  if (expr.op == ExprOp::Concat) return fold_concat(expr);
  if (auto value = fold_literals(expr)) {
    expr = Expr::literal(std::move(*value), expr.type, expr.span);
    return true;
  }
  return false;
}

bool fold(Expr& expr) {
  bool is_changed = false;
  for (auto& arg : expr.args) is_changed |= fold(arg);
  if (expr.kind == ExprKind::If) return fold_if(expr) || is_changed;
  if (expr.kind == ExprKind::Op) return fold_op(expr) || is_changed;
  if (expr.kind != ExprKind::Let) return is_changed;
  bool substituted = false;
  is_changed |= fold_let(expr, substituted);
  if (substituted) (void)fold(expr);  // the value may decide something in the body
  return is_changed;
}

std::string shortened(std::string text) {
  constexpr size_t kShown = 60;
  if (text.size() <= kShown) return text;
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole characters
  return text.substr(0, end) + "...";
}

}  // namespace

PassResult fold_constants(FlowGraph graph, const PassOptions&) {
  Notes notes("fold_constants");
  GraphEditor editor(std::move(graph));
  for (const NodeId id : editor.graph().ids()) {
    Node node = editor.graph().nodes[id];
    for_each_root(node, [&](Expr& expr) {
      const std::string before = flow_text(expr);
      if (!fold(expr)) return;
      const std::string after = flow_text(expr);
      // What only checking had added is not worth a word.
      if (before != after) notes.fired({node.label}, fmt::format("`{}` is `{}`", shortened(before), shortened(after)));
    });
    const auto* filter = node.as<FilterNode>();
    const bool* known = filter == nullptr ? nullptr : bool_of(filter->condition);
    if (known != nullptr && !*known) notes.fired({node.label}, "no row passes");
    if (auto* source = node.as<SourceNode>(); source != nullptr && source->filter)
      if (const bool* passes = bool_of(*source->filter); passes != nullptr && *passes) source->filter.reset();
    if (known != nullptr && *known) {
      editor.redirect(id, node.inputs[0]);
      notes.fired({node.label}, "every row passes: the step is gone");
    }
    editor.replace(id, std::move(node));
  }
  return {std::move(editor).finish(), std::move(notes).take()};
}

}  // namespace sluice::passes
