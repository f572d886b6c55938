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

// With blanks in place of what stands in strings.
std::string without_strings(std::string text) {
  bool is_inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_quote = text[i] == '"' && (i == 0 || text[i - 1] != '\\');
    if (is_quote) is_inside = !is_inside;
    if (is_inside || is_quote) text[i] = ' ';
  }
  return text;
}

// The clause by which a step gives results out that may still change, as it is written; empty without one.
std::string early_emit(const Node& node) {
  const std::string text = without_strings(node.text);
  const size_t emit = text.rfind("emit ");
  const size_t word = emit == std::string::npos ? emit : text.find_first_not_of(' ', emit + 5);
  if (word == std::string::npos) return {};
  if (text.compare(word, 7, "changes") == 0) return node.text.substr(emit, word + 7 - emit);
  if (text.compare(word, 5, "every") != 0) return {};
  int depth = 0;
  for (size_t end = text.find('(', word); end < text.size(); ++end) {
    depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
    if (depth == 0) return node.text.substr(emit, end + 1 - emit);
  }
  return {};
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

std::string early_results_text(OperatorContext& context, const Flow& rows) {
  const auto maker = rows.is_broken ? std::nullopt : table_maker(context.graph(), rows.node);
  if (!maker || !has_final_results(context.graph().nodes[*maker])) return {};
  return edit_that_makes_final(context.graph().nodes[*maker]);
}

std::string table_maker_text(OperatorContext& context, const Flow& rows) {
  const auto maker = rows.is_broken ? std::nullopt : table_maker(context.graph(), rows.node);
  return maker ? step_on_line(context, *maker) : std::string();
}

}  // namespace sluice
