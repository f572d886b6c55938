#include "lang/operators/kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lang/graph/endless.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

// The step as a person wrote it; a long one by its first and last words.
std::string step_text(const Node& node) {
  constexpr size_t kLong = 39;
  const std::string text = node.text.empty() ? std::string(node_kind_name(node.kind())) : node.text;
  if (text.size() <= kLong) return text;
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const std::string head = words[0] + " " + words[std::min<size_t>(1, words.size() - 1)];
  if (words.size() < 5) return head + " ...";
  return head + " ... " + words[words.size() - 2] + " " + words.back();
}

std::string step_on_line(OperatorContext& context, NodeId id) {
  const Node& node = context.graph().nodes[id];
  return fmt::format("`{}` on line {}", step_text(node), node.span.begin.line);
}

// The clause by which a step gives results out that may still change, as it is written; empty without one.
std::string early_emit(const Node& node) {
  if (const size_t at = node.text.rfind("emit changes"); at != std::string::npos) return "emit changes";
  const size_t at = node.text.rfind("emit every(");
  return at == std::string::npos ? std::string() : node.text.substr(at, node.text.find(')', at) + 1 - at);
}

// Are the results final by themselves, by a window or `keep`?
bool has_final_results(const Node& node) {
  if (const auto* top = node.as<TopNode>()) return top->session || window_key(top->keys);
  const auto* aggregate = node.as<AggregateNode>();
  return aggregate != nullptr && (aggregate->session || aggregate->window_rows != 0 || window_key(aggregate->keys));
}

std::string why_rows_change(const Node& node) {
  if (node.kind() == NodeKind::Join) return ": a row without a partner may get one, as the join has no window";
  return has_final_results(node) ? ", which shows results before they are final" : ", which has no window";
}

std::string edit_that_makes_final(const Node& node) {
  const std::string emit = early_emit(node);
  const auto line = node.span.begin.line;
  if (emit.empty()) return fmt::format("`over tumble(1h)` on line {}", line);
  if (has_final_results(node)) return fmt::format("without `{}` on line {}", emit, line);
  return fmt::format("`over tumble(1h)` on line {} instead of `{}`", line, emit);
}

}  // namespace

bool is_endless(OperatorContext& context, const Flow& flow) {
  return !flow.is_broken && context.endless()[flow.node.value];
}

bool refuse_changing(OperatorContext& context, const Flow& rows, const Span& span, const std::string& sink) {
  if (rows.is_broken || !is_endless(context, rows)) return false;
  const auto maker = changing_step(context.graph(), context.endless(), rows.node);
  if (!maker) return false;
  const std::string to = sink.empty() ? std::string() : " |> to " + sink;
  const Node& step = context.graph().nodes[*maker];
  context.diagnostics()
      .report(diag::E0401, span)
      .with_label(sink.empty() ? "printed as it is: append-only" : "append-only")
      .with_note(
          fmt::format("rows can be replaced because of {}{}", step_on_line(context, *maker), why_rows_change(step)))
      .with_help(fmt::format("final: {};  as changes: |> changes{}", edit_that_makes_final(step), to));
  return true;
}

bool refuse_waiting(OperatorContext& context, const Flow& rows, const Span& span, std::string_view who,
                    const std::string& help) {
  if (!is_endless(context, rows)) return false;
  context.diagnostics().report(diag::E0419, span, who).with_label(help);
  return true;
}

std::string table_maker_text(OperatorContext& context, const Flow& rows) {
  const auto maker = rows.is_broken ? std::nullopt : table_maker(context.graph(), rows.node);
  return maker ? step_on_line(context, *maker) : std::string();
}

}  // namespace sluice
