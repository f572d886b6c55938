// An asof join has no node of its own: it is a running aggregate. The rows of both sides become one stream, each with
// nothing in the columns of the other side; a frame over it, in the order of event time, remembers of each key the last
// right row, and of its rows those of the left side go on. So rows wait for the watermark of both sides, late ones are
// left out, and one right row per key is all that stays.
#include "lang/operators/asof_join.h"

#include <algorithm>
#include <limits>

#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

const Type kTimestamp(TypeKind::Timestamp);
const Type kBool(TypeKind::Bool);

// The first column: at the same time right rows come before left ones.
constexpr std::string_view kIsLeft = "@is_left";
constexpr std::string_view kFound = "@found";

std::string key_name(size_t position) { return "key." + std::to_string(position); }
// The column of a frame that has the last value of a right column.
std::string last_of(const std::string& column) { return "@last." + column; }

class AsofBuilder {
 public:
  AsofBuilder(OperatorContext& context, const ast::Step& step, AsofJoin join)
      : context_(context), step_(step), join_(std::move(join)), left_columns_(all_columns(join_.left, step.span)) {}

  Flow run() {
    const Flow left = side(join_.left, true);
    const Flow right = side(join_.right, false);
    Flow both = left;
    both.late = late_of_several(join_.left, join_.right);
    both.rows = {};
    both = context_.add(added_at(step_), UnionNode{}, {left.node, right.node}, std::move(both));
    if (both.is_broken) return both;
    Flow framed = remember_right(both);
    if (framed.is_broken) return framed;
    if (framed.late == nullptr) framed.late = late_rows_of_moments(join_.left, 0, framed.node);
    const NodeId frame = framed.node;
    return pairs(context_.add(added_at(step_), FilterNode{found()}, {frame}, std::move(framed)));
  }

 private:
  [[nodiscard]] Expr column(const std::string& name, const Type& type) const {
    return Expr::column(name, type, step_.span);
  }
  [[nodiscard]] Expr is_left() const { return column(std::string(kIsLeft), kBool); }

  // A value as it is among rows that lack it.
  static Expr optional(Expr value) {
    if (value.type.nullable) return value;
    const Type type = value.type.as_nullable();
    const Span span = value.span;
    return Expr::make_op(ExprOp::Some, {std::move(value)}, type, span);
  }
  [[nodiscard]] Expr required(const std::string& name, const Type& type) const {
    Expr value = column(name, type.as_nullable());
    return type.nullable ? value : Expr::make_op(ExprOp::Require, {std::move(value)}, type, step_.span);
  }

  // The rows of one side with the columns of both.
  Flow side(const Flow& input, bool is_left) {
    std::vector<NamedExpr> columns{{std::string(kIsLeft), Expr::literal(is_left, kBool, step_.span)}};
    const auto& keys = is_left ? join_.left_keys : join_.right_keys;
    for (size_t i = 0; i < keys.size(); ++i) columns.push_back({key_name(i), keys[i].expr});
    const auto add = [&](const std::vector<NamedExpr>& own, bool is_there) {
      for (const auto& each : own)
        columns.push_back({each.name, is_there ? optional(each.expr) : Expr::null_literal(each.expr.type, step_.span)});
    };
    add(left_columns_, is_left);
    add(join_.right_columns, !is_left);
    return add_project(context_, added_at(step_), input, std::move(columns));
  }

  [[nodiscard]] AggregateCall last_value(const NamedExpr& of) const {
    const Type type = of.expr.type.as_nullable();
    AggregateCall call = call_of_right(last_of(of.name), "latest");
    call.args.push_back({"v", column(of.name, type)});
    const Expr value = Expr::local("v", type, step_.span);
    call.states.push_back({"s", type, value, value, std::nullopt, std::nullopt});
    call.finish = Expr::local("s", type, step_.span);
    return call;
  }

  [[nodiscard]] AggregateCall any_value() const {
    AggregateCall call = call_of_right(std::string(kFound), "any");
    const auto literal = [&](bool value) { return Expr::literal(value, kBool, step_.span); };
    call.states.push_back({"s", kBool, literal(false), literal(true), std::nullopt, std::nullopt});
    call.finish = Expr::local("s", kBool, step_.span);
    return call;
  }

  [[nodiscard]] AggregateCall call_of_right(std::string name, std::string function) const {
    AggregateCall call;
    call.name = std::move(name);
    call.function = std::move(function);
    call.filter = Expr::make_op(ExprOp::Not, {is_left()}, kBool, step_.span);
    call.span = step_.span;
    return call;
  }

  Flow remember_right(const Flow& both) {
    FrameNode node;
    for (size_t i = 0; i < join_.left_keys.size(); ++i)
      node.keys.push_back({key_name(i), column(key_name(i), join_.left_keys[i].expr.type)});
    node.order.push_back({column(std::string(kRowTime), kTimestamp), false});
    node.calls.push_back(any_value());
    for (const auto& each : join_.right_columns) node.calls.push_back(last_value(each));
    Flow framed = both;
    framed.is_timed = false;
    for (auto& field : made_columns(node)) framed.schema.fields.push_back(std::move(field));
    framed.schema.fields.push_back({std::string(kRowTime), kTimestamp});
    return context_.add(step_, std::move(node), {both.node}, std::move(framed));
  }

  // Is it a left row, and is there a right row for it?
  [[nodiscard]] Expr found() const {
    const auto both = [&](Expr a, Expr b) {
      return Expr::make_op(ExprOp::And, {std::move(a), std::move(b)}, kBool, step_.span);
    };
    Expr condition = both(is_left(), column(std::string(kFound), kBool));
    // NaN is a key like any other, but equals nothing.
    for (size_t i = 0; i < join_.left_keys.size(); ++i) {
      const Type& type = join_.left_keys[i].expr.type;
      if (type.kind != TypeKind::Float) continue;
      const Expr key = column(key_name(i), type);
      condition = both(std::move(condition), Expr::make_op(ExprOp::Eq, {key, key}, kBool, step_.span));
    }
    if (!join_.within) return condition;
    // Asked last: it is of no meaning where there is no right row.
    const Type duration(TypeKind::Duration);
    Expr since = Expr::make_op(
        ExprOp::Sub, {column(std::string(kRowTime), kTimestamp), required(last_of(join_.right_time), kTimestamp)},
        duration, step_.span);
    Expr limit = Expr::literal(*join_.within, duration, step_.span);
    return both(std::move(condition),
                Expr::make_op(ExprOp::Le, {std::move(since), std::move(limit)}, kBool, step_.span));
  }

  // Left rows with the record of the other side. They come in the order of time now, and are late nowhere below.
  Flow pairs(const Flow& framed) {
    std::vector<NamedExpr> columns;
    for (const auto& each : left_columns_) columns.push_back({each.name, required(each.name, each.expr.type)});
    std::vector<Expr> fields;
    for (const auto& field : join_.record.fields)
      fields.push_back(required(last_of(join_.flat.at(field.name)), field.type));
    columns.push_back({join_.name, Expr::record(std::move(fields), join_.record, step_.span)});
    Flow next = projected(join_.left, columns, step_);
    next.rows = join_.left.rows;
    next.origins[join_.name] = step_.inputs.front().input.span;
    next.late = framed.late;
    next.is_timed = true;
    next.windows = join_.left.windows;
    columns.push_back({std::string(kRowTime), column(std::string(kRowTime), kTimestamp)});
    columns.push_back(
        {std::string(kRowMark), Expr::literal(std::numeric_limits<int64_t>::min(), kTimestamp, step_.span)});
    return context_.add(added_at(step_), ProjectNode{std::move(columns)}, {framed.node}, std::move(next));
  }

  OperatorContext& context_;
  const ast::Step& step_;
  AsofJoin join_;
  std::vector<NamedExpr> left_columns_;
};

}  // namespace

Flow add_asof_join(OperatorContext& context, const ast::Step& step, AsofJoin join) {
  return AsofBuilder(context, step, std::move(join)).run();
}

}  // namespace sluice
