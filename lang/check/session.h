// Session: everything one check shares: the catalogs, what was declared, the graph so far, and where to report.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lang/check/check.h"
#include "lang/check/definitions.h"
#include "lang/check/graph_builder.h"

namespace sluice {

// What a test puts in the place of what the program says.
struct TestScope {
  std::map<std::string, const ast::Expr*> params;  // `with`
};

// The column with the time of day, which programs do not see.
inline constexpr std::string_view kTimeOfDay = "@now";

// Rows that an expression wants the time of day of.
struct WantedTime {
  NodeId rows;
  Span span;  // of `now()`
};

struct Session {
  SourceMap& sources;
  Diagnostics* diagnostics;  // a pointer, because a body can be checked on approval (CapturedDiagnostics)
  const FunctionCatalog& functions;
  const ConnectorCatalog& connectors;
  const CheckOptions& options;
  Definitions definitions;
  GraphBuilder graph;
  std::vector<Definition*> expanding;  // functions whose bodies are being inlined, outermost first
  unsigned local_count = 0;
  size_t expansion_count = 0;       // calls put in place and statements run
  const TestScope* test = nullptr;  // while a test is checked: sources read given rows
  bool has_test_day = false;        // in values of a test: a time of day is an instant
  // Counts one more; false when the program has grown too large, which is reported once.
  [[nodiscard]] bool may_expand(const Span& use);

  // The parsed texts of the modules in use, the prelude included (without a name); definitions point into them.
  struct Module {
    std::string name;
    ast::Program program;
  };
  std::deque<Module> modules;

  std::optional<WantedTime> wanted_time = {};  // by the step that is being checked

  // A name for a local that nothing in a program can have.
  [[nodiscard]] std::string fresh(const std::string& base) {
    return (base == "o" ? "other" : base) + "." + std::to_string(++local_count);
  }

  template <class... Args>
  Diagnostic& report(const DiagnosticRow& row, const Span& span, const Args&... args) {
    return diagnostics->report(row, span, args...);
  }
  void refuse(const Span& span, std::string_view what) { report(diag::E0901, span, what); }
};

// While it lives, reports go to a list of its own.
class CapturedDiagnostics {
 public:
  explicit CapturedDiagnostics(Session& session) : session_(session), outer_(session.diagnostics) {
    session.diagnostics = &captured_;
  }
  ~CapturedDiagnostics() { session_.diagnostics = outer_; }
  CapturedDiagnostics(const CapturedDiagnostics&) = delete;
  CapturedDiagnostics& operator=(const CapturedDiagnostics&) = delete;

  [[nodiscard]] const Diagnostics& captured() const { return captured_; }

 private:
  Session& session_;
  Diagnostics* outer_;
  Diagnostics captured_;
};

// While it lives, names mean what they mean in the file that a definition stands in.
class InScopeOf {
 public:
  InScopeOf(Session& session, const Definition& definition) : session_(session), outer_(session.definitions.current()) {
    session.definitions.enter(definition.scope);
  }
  ~InScopeOf() { session_.definitions.enter(outer_); }
  InScopeOf(const InScopeOf&) = delete;
  InScopeOf& operator=(const InScopeOf&) = delete;

 private:
  Session& session_;
  size_t outer_;
};

// Marks a definition as being expanded for a scope; is_recursive() when it already was, which is reported at `use`,
// once for all definitions that call each other.
class Expansion {
 public:
  Expansion(Session& session, Definition& definition, const Span& use);
  ~Expansion() { session_.expanding.pop_back(); }
  Expansion(const Expansion&) = delete;
  Expansion& operator=(const Expansion&) = delete;
  [[nodiscard]] bool is_recursive() const { return is_recursive_; }

 private:
  Session& session_;
  bool is_recursive_ = false;
};

}  // namespace sluice
