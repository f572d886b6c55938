#include "compiler/codegen/slots_ahead.h"

#include <algorithm>

#include "compiler/codegen/expr.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/table.h"

namespace sluice::codegen {

namespace {

constexpr size_t kLargestKey = 8;             // nodes of an expression: it is computed twice
constexpr uint64_t kSmallestTable = 1 << 14;  // slots: smaller ones are in the cache anyway

// In a graph with many unions there may be more ways than anyone can count.
constexpr size_t kMostSteps = 4;
constexpr size_t kMostNodes = 64;

// Is it computed from what is at hand, in some instructions? The bytes of a text are elsewhere: it would wait for them.
bool is_cheap(const Expr& expr) {
  if (expr_size(expr) > kLargestKey || can_fail(expr) || is_volatile(expr)) return false;
  bool result = true;
  for_each(expr, [&](const Expr& part) {
    const bool is_fixed = part.type.kind != TypeKind::String && part.type.kind != TypeKind::List;
    result = result && is_fixed && part.kind != ExprKind::Call;
  });
  return result;
}

// What is known on the way from the rows at hand to a step.
struct Way {
  std::optional<std::vector<NamedExpr>> columns;  // as expressions over the rows at hand; absent: those rows' own
  std::string window;                             // the column, when the way leads through a window
  int64_t window_size = 0;
};

class StepFinder {
 public:
  StepFinder(const StageContext& stage, NodeId from, const KnownCondition& known)
      : stage_(stage), from_(from), known_(known) {}

  std::vector<KeyedStep> find() {
    follow(from_, {});
    return std::move(steps_);
  }

 private:
  void follow(NodeId id, const Way& way) {
    for (const NodeId user : stage_.plan.graph.users_of(id)) {
      if (!stage_.in_stage(user) || ++nodes_ > kMostNodes) continue;
      const Node& node = stage_.node(user);
      for (size_t input = 0; input < node.inputs.size(); ++input)
        if (node.inputs[input] == id) enter(user, node, input, way);
    }
  }

  void enter(NodeId id, const Node& node, size_t input, const Way& way) {
    if (const auto* filter = node.as<FilterNode>()) {
      if (known_(filter->condition) == true) follow(id, way);
    } else if (const auto* project = node.as<ProjectNode>()) {
      follow(id, behind(*project, way));
    } else if (node.kind() == NodeKind::Time || node.kind() == NodeKind::Union) {
      follow(id, way);
    } else if (const auto* window = node.as<WindowNode>()) {
      if (window->kind != WindowKind::Tumble || window->late_rows || window->pane != 0) return;
      Way next = way;
      next.window = window->column;
      next.window_size = window->size;
      follow(id, next);
    } else if (const auto* join = node.as<JoinNode>()) {
      add(id, input == 0 ? join->left_keys : join->right_keys, way);
    } else if (const auto* aggregate = node.as<AggregateNode>()) {
      if (!aggregate->windows) add(id, aggregate->keys, way);
    } else if (const auto* top = node.as<TopNode>()) {
      add(id, top->keys, way);
    }
  }

  Way behind(const ProjectNode& project, const Way& way) {
    Way next = way;
    next.window.clear();
    next.columns.emplace();
    for (const auto& column : project.columns) {
      const bool is_plain = column.expr.kind == ExprKind::Column;
      if (is_plain && !way.window.empty() && column.expr.name == way.window) {
        next.window = column.name;
      } else if (const auto expr = over_rows(column.expr, way)) {
        next.columns->push_back({column.name, *expr});
      }
    }
    return next;
  }

  // Nothing when it needs what is not known yet, or costs too much.
  std::optional<Expr> over_rows(const Expr& expr, const Way& way) const {
    if (!is_cheap(expr)) return std::nullopt;
    std::vector<std::string> names;
    collect_columns(expr, names);
    const auto is_known = [&](const std::string& name) {
      if (!way.columns) return stage_.node(from_).schema.find(name) != nullptr;
      return std::ranges::find(*way.columns, name, &NamedExpr::name) != way.columns->end();
    };
    if (!std::ranges::all_of(names, is_known)) return std::nullopt;
    Expr result = way.columns ? substitute_columns(expr, *way.columns) : expr;
    if (expr_size(result) > kLargestKey) return std::nullopt;
    return result;
  }

  void add(NodeId id, const std::vector<NamedExpr>& keys, const Way& way) {
    KeyedStep step{.node = id, .keys = {}, .window = window_key(keys), .window_size = {}};
    const bool is_one_group = keys.size() == (step.window ? 1 : 0);
    if (is_one_group || steps_.size() == kMostSteps) return;
    for (size_t i = 0; i < keys.size(); ++i) {
      const Expr& key = keys[i].expr;
      if (i == step.window && key.kind == ExprKind::Column && !way.window.empty() && key.name == way.window) {
        step.window_size = way.window_size;
        step.keys.push_back(key);
        continue;
      }
      const auto expr = over_rows(key, way);
      if (!expr) return;
      step.keys.push_back(*expr);
    }
    steps_.push_back(std::move(step));
  }

  const StageContext& stage_;
  const NodeId from_;
  const KnownCondition& known_;
  std::vector<KeyedStep> steps_;
  size_t nodes_ = 0;  // that were looked at
};

}  // namespace

std::vector<KeyedStep> steps_ahead(const StageContext& stage, NodeId from, const KnownCondition& known) {
  return StepFinder(stage, from, known).find();
}

void ask_for_slots(FunctionEmitter& f, const KeyedStep& step, llvm::Value* count,
                   const std::function<Row(llvm::Value*)>& row_at) {
  const uint32_t state = f.stage.state_index(step.node, StateKind::Groups);
  const auto ask = [&](llvm::Value* table) {
    auto* slots = f.load(f.stage.i64, table, offsetof(abi::HashTable, slot_count));
    f.if_then(f.b.CreateICmpUGE(slots, f.int64(kSmallestTable)), [&] {
      f.loop(f.int64(0), count, "ahead", [&](llvm::Value* position) {
        const Row row = row_at(position);
        std::vector<Value> keys;
        for (size_t i = 0; i < step.keys.size(); ++i) {
          f.node = step.node;
          // Of a window only the length counts: the table is the one of its window.
          keys.push_back(i == step.window && step.window_size
                             ? window_value(f.int64(0), f.int64(static_cast<uint64_t>(*step.window_size)))
                             : emit_expr(f, step.keys[i], {&row, {}}));
        }
        prefetch_slot(f, table, hash_keys(f, std::move(keys)).hash);
      });
    });
  };
  if (!step.window) return ask(f.table(state));
  auto* panes = f.state_pointer(offsetof(abi::TaskContext, panes), state);
  auto* latest = f.load(f.stage.ptr, panes, offsetof(abi::Panes, latest));
  f.if_then(f.b.CreateIsNotNull(latest), [&] { ask(table_of_pane(f, latest)); });
}

}  // namespace sluice::codegen
