#include "compiler/driver/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "compiler/lower/lower.h"
#include "compiler/lower/verify_plan.h"
#include "compiler/passes/growing_state.h"
#include "lang/check/check.h"
#include "lang/check/verify_names.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"
#include "lang/graph/verify_tasks.h"
#include "lang/syntax/parse.h"
#include "runtime/plan/check_plan.h"
#include "runtime/plan/plan_text.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

// A graph begins with `graph "name"`, a plan with `plan 128`, as no Flow program does; comments may stand before.
SourceForm form_of(std::string_view text) {
  while (!text.empty()) {
    const size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(begin);
    if (text.starts_with("graph \"")) return SourceForm::Graph;
    if (text.starts_with("plan ") && text.size() > 5 && text[5] >= '0' && text[5] <= '9') return SourceForm::Plan;
    if (!text.starts_with('#')) break;
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
  return SourceForm::Program;
}

}  // namespace

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::Read:
      return "reading";
    case Phase::Parse:
      return "parsing";
    case Phase::Check:
      return "checking";
    case Phase::Optimize:
      return "optimizing";
    case Phase::Plan:
      return "planning";
  }
  return {};
}

Compilation::Compilation(std::string path, CompileOptions options)
    : path_(std::move(path)), options_(std::move(options)) {}

Result<bool> Compilation::run_until(Phase last) {
  for (auto phase = static_cast<Phase>(times_.size()); phase <= last; phase = static_cast<Phase>(times_.size())) {
    // A literal without a value keeps nothing else from being checked.
    const bool may_check = phase == Phase::Check && program_ && program_->is_whole;
    if (diagnostics_.has_errors() && !may_check) return false;
    const auto start = std::chrono::steady_clock::now();
    SLUICE_TRY(run_phase(phase));
    times_.push_back({phase, std::chrono::steady_clock::now() - start});
  }
  return !diagnostics_.has_errors();
}

Status Compilation::run_phase(Phase phase) {
  switch (phase) {
    case Phase::Read:
      return read();
    case Phase::Parse:
      if (form_ == SourceForm::Program) program_ = parse(sources_, *file_, diagnostics_);
      return {};
    case Phase::Check:
      switch (form_) {
        case SourceForm::Program:
          return check_program();
        case SourceForm::Graph:
          return read_graph_file();
        case SourceForm::Plan:
          return read_plan_file();
      }
      return {};
    case Phase::Optimize:
      optimized_ = plan_ ? PassResult{*graph_, {}} : run_passes(*graph_, options_.passes);
      if (program_) report_growing_state(optimized_->graph, standard_connectors(), diagnostics_);
      return {};
    case Phase::Plan:
      if (!plan_) plan_ = lower(optimized_->graph);
      return {};
  }
  return {};
}

Status Compilation::read() {
  SLUICE_ASSIGN(file_, sources_.load(path_));
  form_ = form_of(source().text());
  return {};
}

CheckOptions Compilation::check_options() const {
  return {path_ == "-" ? "stdin" : std::filesystem::path(path_).stem().string(), options_.params, options_.tests_count,
          options_.input_ends};
}

Status Compilation::check_program() {
  graph_ = check(*program_, standard_functions(), standard_connectors(), check_options(), sources_, diagnostics_);
  return {};
}

std::vector<CheckedTest> Compilation::check_tests() {
  if (!program_) return {};
  return sluice::check_tests(*program_, standard_functions(), standard_connectors(), check_options(), sources_,
                             diagnostics_);
}

namespace {

// The line of a graph's or a plan's text that node number `node` begins with.
size_t line_of_node(std::string_view text, NodeId node) {
  constexpr std::string_view kWord = "node ";
  uint32_t count = 0;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    if (text.substr(begin).starts_with(kWord) && count++ == node.value) return line;
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return 0;
}

// A text that nobody wrote by hand has none; whoever changed it is told where.
Status refuse(const FlowGraph& graph, const std::optional<Violation>& violation, std::string_view text) {
  if (!violation) return {};
  Error error = to_error(graph, *violation);
  error.domain = ErrorDomain::User;
  if (violation->node.is_valid())
    error.message = fmt::format("line {}: {}", line_of_node(text, violation->node), error.message);
  return std::unexpected(std::move(error));
}

Status verify_text(const FlowGraph& graph, std::string_view text) {
  SLUICE_TRY(refuse(graph, find_violation(graph), text));
  return refuse(graph, find_name_violation(graph, standard_functions(), standard_connectors()), text);
}

}  // namespace

Status Compilation::read_graph_file() {
  auto graph = read_graph(source().text());
  if (!graph) return std::unexpected(std::move(graph).error().with_context("while reading " + path_));
  if (auto verified = verify_text(*graph, source().text()); !verified)
    return std::unexpected(std::move(verified).error().with_context("while checking " + path_));
  graph_ = std::move(*graph);
  return {};
}

Status Compilation::read_plan_file() {
  const auto context = [&](Error error) {
    return std::unexpected(std::move(error).with_context("while reading " + path_));
  };
  const std::string_view text = source().text();
  auto plan = read_plan(text);
  if (!plan) return context(std::move(plan).error());
  if (auto verified = verify_text(plan->graph, text); !verified) return context(std::move(verified).error());
  if (auto verified = refuse(plan->graph, find_stage_violation(plan->graph), text); !verified)
    return context(std::move(verified).error());
  if (const auto difference = find_plan_violation(*plan, text)) return context(user_error(*difference).error());
  if (auto checked = check_plan(*plan); !checked) {
    checked.error().domain = ErrorDomain::User;
    return context(std::move(checked).error());
  }
  graph_ = plan->graph;
  plan_ = std::move(*plan);
  return {};
}

}  // namespace sluice
