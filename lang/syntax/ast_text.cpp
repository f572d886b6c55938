#include "lang/syntax/ast_text.h"

#include <fmt/format.h>

#include "lang/syntax/expr_text.h"

namespace sluice {

using namespace ast;

namespace {

std::string type_text(const TypeExpr& type);

class TypeWriter {
 public:
  std::string operator()(const NamedType& t) const { return path_text(t.path); }
  std::string operator()(const ParamType& t) const {
    return fmt::format("{}({})", name_text(t.name), fmt::join(t.args, ", "));
  }
  std::string operator()(const ListType& t) const { return "[" + type_text(*t.element) + "]"; }
  std::string operator()(const MapType& t) const {
    return fmt::format("[{}: {}]", type_text(*t.key), type_text(*t.value));
  }
  std::string operator()(const KindType& t) const { return (t.is_table ? "table " : "stream ") + type_text(*t.row); }
  std::string operator()(const RecordType& t) const;
};

std::string type_text(const TypeExpr& type) { return std::visit(TypeWriter{}, type.node) + (type.nullable ? "?" : ""); }

std::string hints_text(const std::vector<Hint>& hints) {
  std::string text;
  for (const Hint& hint : hints) {
    text += " @" + name_text(hint.name);
    if (hint.has_args) text += "(" + args_text(hint.args) + ")";
  }
  return text;
}

std::string default_text(const Expr* value) { return value ? " = " + ast_text(*value) : ""; }

std::string TypeWriter::operator()(const RecordType& t) const {
  std::string text;
  for (const FieldDecl& field : t.fields)
    text += fmt::format("{}{}: {}{}{}", text.empty() ? "" : ", ", name_text(field.name), type_text(*field.type),
                        default_text(field.default_value), hints_text(field.hints));
  return "{" + text + (t.is_open ? ", ...}" : "}");
}

std::string_view clause_word(ClauseKind kind) {
  switch (kind) {
    case ClauseKind::Per:
      return "per";
    case ClauseKind::By:
      return "by";
    case ClauseKind::Over:
      return "over";
    case ClauseKind::On:
      return "on";
    case ClauseKind::Within:
      return "within";
    case ClauseKind::Keep:
      return "keep";
    case ClauseKind::Emit:
      return "emit";
    case ClauseKind::Until:
      return "until";
    case ClauseKind::Max:
      return "max";
    case ClauseKind::As:
      return "as";
    case ClauseKind::With:
      return "with";
    case ClauseKind::Key:
      return "key";
    case ClauseKind::Time:
      return "time";
    case ClauseKind::Delay:
      return "delay";
    case ClauseKind::Idle:
      return "idle";
  }
  return "?";
}

std::string clause_text(const Clause& clause) {
  std::string text;
  if (clause.expr) text = ast_text(*clause.expr);
  for (const KeyItem& key : clause.keys)
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", key.name ? name_text(*key.name) + " = " : "",
                        ast_text(*key.expr));
  for (const OrderItem& order : clause.orders)
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", ast_text(*order.expr), order.descending ? " desc" : "");
  text += path_text(clause.path) + names_text(clause.names);
  return fmt::format("{} {}", clause_word(clause.kind), text);
}

std::string pattern_text(const PatternSequence& sequence);

std::string atom_text(const PatternAtom& atom) {
  std::string text = atom.negated ? "not " : "";
  if (atom.alternatives.empty()) {
    text += name_text(atom.variable);
    if (atom.condition) text += "(" + ast_text(*atom.condition) + ")";
  } else {
    text += "(";
    for (size_t i = 0; i < atom.alternatives.size(); ++i)
      text += (i == 0 ? "" : " or ") + pattern_text(atom.alternatives[i]);
    text += ")";
  }
  const Quantifier& q = atom.quantifier;
  if (q.min == 1 && q.max == 1) return text;
  return text + (q.max ? fmt::format("{{{},{}}}", q.min, *q.max) : fmt::format("{{{},}}", q.min));
}

std::string pattern_text(const PatternSequence& sequence) {
  std::string text;
  for (const PatternAtom& atom : sequence.atoms)
    text += (text.empty() ? "" : atom.follows_directly ? " next " : " then ") + atom_text(atom);
  return text;
}

class ProgramWriter {
 public:
  std::string run(const Program& program) {
    for (const Item& item : program.items) std::visit(*this, item.node);
    return std::move(text_);
  }

  void operator()(const UseItem& i) {
    line("use {}{}", path_text(i.path), i.has_names ? ".{" + names_text(i.names) + "}" : "");
  }
  void operator()(const ParamItem& i) {
    line("param {}: {}{}", name_text(i.name), type_text(*i.type), default_text(i.default_value));
  }
  void operator()(const ConfigItem& i) { line("config {}", ast_text(*i.record)); }
  void operator()(const TypeItem& i) { line("type {} = {}", name_text(i.name), type_text(*i.type)); }
  void operator()(const EnumItem& i) {
    line("enum {}", name_text(i.name));
    for (const Variant& v : i.variants) child("{}{}", name_text(v.name), v.payload ? " " + type_text(*v.payload) : "");
  }
  void operator()(const SourceItem& i) {
    line("{} {}: {} = {}{}", i.is_sink ? "sink" : "source", name_text(i.name), type_text(*i.type),
         ast_text(*i.connector), hints_text(i.hints));
    for (const Clause& clause : i.clauses) child("{}", clause_text(clause));
  }
  void operator()(const LetItem& i) {
    const std::string head = fmt::format("let {}{}", name_text(i.name), i.type ? ": " + type_text(*i.type) : "");
    if (i.value) return line("{} = {}", head, ast_text(*i.value));
    line("{}", head);
    nested([&] { pipeline(*i.pipeline); });
  }
  void operator()(const FnItem& i) {
    const std::string head = fmt::format("fn {}", signature(i.name, i.params, i.result));
    if (i.expr) return line("{} = {}", head, ast_text(*i.expr));
    line("{}", head);
    nested([&] {
      if (i.pipeline) pipeline(*i.pipeline);
      if (i.block) statements(*i.block);
    });
  }
  void operator()(const AggItem& i) {
    line("{} {}", i.is_process ? "process" : "agg", signature(i.name, i.params, i.result));
    nested([&] {
      for (const MemberItem& m : i.members) member(m);
    });
  }
  void operator()(const TestItem& i) {
    line("test {}", quoted_text(i.title));
    nested([&] {
      for (const TestStmt& s : i.stmts) test_stmt(s);
    });
  }
  void operator()(const PipelineItem& i) { pipeline(*i.pipeline); }

  // ---- statements ----
  void operator()(const LetStmt& s) { line("let {} = {}", name_text(s.name), ast_text(*s.value)); }
  void operator()(const SetStmt& s) {
    static constexpr std::string_view kOps[] = {"=", "+=", "-=", "*="};
    line("set {} {} {}", lvalue(s.target), kOps[static_cast<size_t>(s.op)], ast_text(*s.value));
  }
  void operator()(const EmitStmt& s) { line("emit {}{}", ast_text(*s.value), s.to ? " to " + name_text(*s.to) : ""); }
  void operator()(const ReturnStmt& s) { line("return {}", ast_text(*s.value)); }
  void operator()(const StartStmt& s) {
    line("start {} {} {}", name_text(s.timer), s.is_after ? "after" : "at", ast_text(*s.when));
  }
  void operator()(const StopStmt& s) { line("stop {}", name_text(s.timer)); }
  void operator()(const ClearStmt& s) { line("clear {}", lvalue(s.target)); }
  void operator()(const ForStmt& s) {
    line("for {} in {}", name_text(s.name), ast_text(*s.list));
    nested([&] { statements(s.body); });
  }
  void operator()(const IfStmt& s) {
    line("if {}", ast_text(*s.condition));
    nested([&] { statements(s.then_block); });
    if (!s.else_block && !s.else_if) return;
    line("else");
    nested([&] {
      if (s.else_block)
        statements(*s.else_block);
      else
        std::visit(*this, s.else_if->node);
    });
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += std::string(2 * indent_, ' ') + fmt::format(format, std::forward<Args>(args)...) + "\n";
  }
  template <class Body>
  void nested(Body body) {
    ++indent_;
    body();
    --indent_;
  }
  template <class... Args>
  void child(fmt::format_string<Args...> format, Args&&... args) {
    nested([&] { line(format, std::forward<Args>(args)...); });
  }

  static std::string signature(const Name& name, const std::vector<Param>& params, const TypeExpr* result) {
    std::string list;
    for (const Param& p : params)
      list += fmt::format("{}{}: {}{}", list.empty() ? "" : ", ", name_text(p.name), type_text(*p.type),
                          default_text(p.default_value));
    return fmt::format("{}({}){}", name_text(name), list, result ? " -> " + type_text(*result) : "");
  }
  static std::string lvalue(const LValue& target) {
    std::string text = name_text(target.root);
    for (const auto& step : target.path) {
      if (const auto* name = std::get_if<Name>(&step))
        text += "." + name_text(*name);
      else
        text += "[" + ast_text(*std::get<const Expr*>(step)) + "]";
    }
    return text;
  }

  void statements(const Block& block) {
    for (const Stmt* stmt : block.stmts) std::visit(*this, stmt->node);
  }

  void member(const MemberItem& m) {
    switch (m.kind) {
      case MemberKind::State:
        line("state {}: {}{}{}", name_text(m.name), type_text(*m.type), default_text(m.init),
             m.keep ? " keep " + ast_text(*m.keep) : "");
        break;
      case MemberKind::Timer:
        line("timer {}", name_text(m.name));
        break;
      case MemberKind::On:
        line("on {}", path_text(m.path));
        break;
      case MemberKind::Step:
        line("step");
        break;
      case MemberKind::Retract:
        line("retract");
        break;
      case MemberKind::Merge:
        line("merge {}", name_text(m.name));
        break;
      case MemberKind::Finish:
        line("finish");
        break;
    }
    if (m.block) nested([&] { statements(*m.block); });
  }

  void test_stmt(const TestStmt& s) {
    switch (s.kind) {
      case TestStmtKind::Given:
        line("given {}", path_text(s.path));
        break;
      case TestStmtKind::Expect: {
        static constexpr std::string_view kModes[] = {"", " ordered", " changes", " none"};
        line("expect {}{}", path_text(s.path), kModes[static_cast<size_t>(s.mode)]);
        break;
      }
      case TestStmtKind::Advance:
        line("advance {}", ast_text(*s.expr));
        break;
      case TestStmtKind::With:
        line("with {} = {}", name_text(s.name), ast_text(*s.expr));
        break;
    }
    if (s.data.list) child("{}", ast_text(*s.data.list));
    for (const TestRow& row : s.data.rows) {
      std::string cells = "|";
      for (const Expr* cell : row.cells) cells += (cell ? " " + ast_text(*cell) : "") + " |";
      child("{}", cells);
    }
  }

  void input(std::string_view word, const AliasedInput& aliased) {
    const Input& i = aliased.input;
    const std::string alias = aliased.alias ? " as " + name_text(*aliased.alias) : "";
    if (i.pipeline) {
      line("{} (){}", word, alias);
      return nested([&] { pipeline(*i.pipeline); });
    }
    if (i.list) return line("{} {}{}", word, ast_text(*i.list), alias);
    line("{} {}{}{}", word, path_text(i.path), i.has_args ? "(" + args_text(i.args) + ")" : "", alias);
  }

  void pipeline(const Pipeline& p) {
    line("pipeline");
    nested([&] {
      for (const AliasedInput& i : p.inputs) input("from", i);
      for (const Step& s : p.steps) step(s);
    });
  }

  void step(const Step& s) {
    std::string head = s.join_kind ? name_text(*s.join_kind) + " " : "";
    head += name_text(s.op);
    if (s.binding) head += " " + name_text(*s.binding);
    if (s.expr) head += (s.binding ? " in " : " ") + ast_text(*s.expr);
    if (!s.names.empty()) head += " " + names_text(s.names);
    if (s.pattern) head += " " + pattern_text(*s.pattern);
    if (!s.path.parts.empty()) head += " " + path_text(s.path);
    if (s.has_args) head += "(" + args_text(s.args) + ")";
    line("{}{}", head, hints_text(s.hints));
    nested([&] {
      for (const Column& c : s.columns)
        line("column {}{}{}{}", c.name ? name_text(*c.name) + " = " : "", c.is_spread ? "..." : "",
             c.expr ? ast_text(*c.expr) : "", c.where ? " where " + ast_text(*c.where) : "");
      for (const AliasedInput& i : s.inputs) input("input", i);
      for (const Clause& c : s.clauses) line("{}", clause_text(c));
      if (s.body) pipeline(*s.body);
    });
  }

  std::string text_;
  size_t indent_ = 0;
};

}  // namespace

std::string ast_text(const Program& program) { return ProgramWriter().run(program); }

}  // namespace sluice
