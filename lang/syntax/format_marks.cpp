#include "lang/syntax/format_marks.h"

namespace sluice::syntax {

using namespace ast;

namespace {

class Collector {
 public:
  explicit Collector(FormatMarks& marks) : marks_(marks) {}

  void operator()(const LetItem& i) { pipeline(i.pipeline); }
  void operator()(const FnItem& i) {
    pipeline(i.pipeline);
    block(i.block);
  }
  void operator()(const AggItem& i) {
    for (const MemberItem& member : i.members) {
      marks_.members.insert(member.span.begin);
      block(member.block);
    }
  }
  void operator()(const TestItem& i) {
    for (const TestStmt& stmt : i.stmts) marks_.members.insert(stmt.span.begin);
  }
  void operator()(const PipelineItem& i) { pipeline(i.pipeline); }
  void operator()(const UseItem&) {}
  void operator()(const ParamItem&) {}
  void operator()(const ConfigItem&) {}
  void operator()(const TypeItem&) {}
  void operator()(const EnumItem&) {}
  void operator()(const SourceItem&) {}

 private:
  void block(const std::optional<Block>& block) {
    if (!block) return;
    for (const Stmt* stmt : block->stmts) {
      marks_.statements.insert(stmt->span.begin);
      nested(*stmt);
    }
  }
  void nested(const Stmt& stmt) {
    if (const auto* loop = std::get_if<ForStmt>(&stmt.node)) block(loop->body);
    const auto* branch = std::get_if<IfStmt>(&stmt.node);
    if (branch == nullptr) return;
    block(branch->then_block);
    block(branch->else_block);
    if (branch->else_if) nested(*branch->else_if);
  }
  void pipeline(const Pipeline* pipeline) {
    if (pipeline == nullptr) return;
    marks_.pipelines.emplace(pipeline->span.begin, pipeline->span.end);
    inputs(pipeline->inputs);
    for (const Step& step : pipeline->steps) {
      inputs(step.inputs);
      this->pipeline(step.body);
    }
  }
  void inputs(const std::vector<AliasedInput>& list) {
    for (const AliasedInput& aliased : list) pipeline(aliased.input.pipeline);
  }

  FormatMarks& marks_;
};

}  // namespace

FormatMarks collect_format_marks(const Program& program) {
  FormatMarks marks;
  Collector collector(marks);
  for (const Item& item : program.items) std::visit(collector, item.node);
  return marks;
}

}  // namespace sluice::syntax
