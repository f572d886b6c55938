// expand NAME in LIST: one row per element, which becomes the column NAME.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_expand(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {});
  const ast::Name& name = *step.binding;
  Expr list = context.check_expr(*step.expr, input);
  Flow next = input;
  Type element;  // Error until known
  if (list.type.kind == TypeKind::List && !list.type.nullable) {
    element = list.type.element();
  } else if (!list.type.is_error()) {
    auto& report = context.diagnostics().report(diag::E0317, step.expr->span, list.type.to_string());
    if (list.type.kind == TypeKind::List)
      report.with_label(
          fmt::format("no rows where it is null: ({} ?? [])", text_of(context.sources(), step.expr->span)));
    else if (list.type.kind == TypeKind::String)
      report.with_label("to take text apart, use words(...), split(...) or regex_split(...)");
  }
  if (next.schema.find(name.text) != nullptr) {
    context.diagnostics()
        .report(diag::E0208, name.span, name.text)
        .with_label("give the elements a name that is not a column yet");
    return Flow::broken();
  }
  next.schema.fields.push_back({name.text, element});
  next.origins[name.text] = name.span;
  std::erase_if(next.gone, [&](const GoneColumn& gone) { return gone.name == name.text; });
  next.rows.key.clear();
  return context.add(step, ExpandNode{name.text, std::move(list)}, {input.node}, std::move(next));
}

}  // namespace sluice
