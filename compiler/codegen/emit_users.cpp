// How rows pass on. The code of the steps behind a node stands where the row is made, so that its values stay in
// registers. But behind a union, a join, or any other step that gives out rows in several places it stands there once
// for each of them, and these multiply from one such step to the next. After a few copies it becomes a function that
// takes the row in memory: the size of the code is linear in the number of steps.
#include <algorithm>
#include <ranges>
#include <set>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/lower/lower.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

// So many copies cost less than the calls.
constexpr unsigned kCopies = 4;

// Does it give out rows when one comes?
bool passes_on(const Node& node) {
  if (const auto* aggregate = node.as<AggregateNode>()) return aggregate->is_incremental || aggregate->window_rows != 0;
  if (const auto* top = node.as<TopNode>()) return top->is_incremental;
  return node.kind() != NodeKind::Exchange && !is_blocking(node);
}

void emit_inline(FunctionEmitter& f, NodeId node, const Row& row) {
  for (const NodeId user : f.stage.plan.graph.users_of(node)) {
    const Node& target = f.stage.node(user);
    // An exchange may feed several stages; each emits its own users only.
    if (target.kind() != NodeKind::Exchange && !f.stage.in_stage(user)) continue;
    // A union can have the same rows as two of its inputs.
    for (size_t input = 0; input < target.inputs.size(); ++input) {
      if (target.inputs[input] != node) continue;
      f.node = user;
      f.set_span(target.span);
      f.enter_node(user);
      std::visit(
          [&](const auto& payload) {
            using Payload = std::decay_t<decltype(payload)>;
            if constexpr (std::is_same_v<Payload, JoinNode>) {
              consume_join(f, user, payload, row, input);
            } else if constexpr (!std::is_same_v<Payload, std::monostate>) {
              consume(f, user, payload, row);
            }
          },
          target.payload);
      f.enter_node(node);
    }
  }
}

// What the steps behind `node` keep on the stack of the function that has the loop: the same for every such function.
std::vector<NodeId> kept_on_stack(const StageContext& stage, NodeId node) {
  const auto has_counter = [&](NodeId id) {
    return std::ranges::any_of(stage.stage.states, [&](const StatePlan& state) {
      return state.node == id && state.kind == StateKind::Counter;
    });
  };
  std::vector<NodeId> kept;
  for_each_reached(stage, node, [&](NodeId id, const Node& reached) {
    const auto* aggregate = reached.as<AggregateNode>();
    const bool is_counter = reached.kind() != NodeKind::Limit && has_counter(id);
    if (is_counter || (aggregate != nullptr && is_kept_open(*aggregate))) kept.push_back(id);
  });
  return kept;
}

// The columns of a row, one behind the other.
uint64_t size_of(const Schema& schema) {
  uint64_t size = 0;
  for (const auto& field : schema.fields) size += abi::field_size_of(field.type);
  return size;
}

void store_columns(FunctionEmitter& f, const Schema& schema, const Row& row, llvm::Value* place) {
  uint64_t offset = 0;
  for (const auto& field : schema.fields) {
    store_memory(f, as_type(f, field.type, row.at(field.name)), f.offset(place, offset));
    offset += abi::field_size_of(field.type);
  }
}

// They stay in memory, and are loaded where they are used: of many the steps may use few.
Row row_in_memory(FunctionEmitter& f, const Schema& schema, llvm::Value* place) {
  Row row;
  uint64_t offset = 0;
  for (const auto& field : schema.fields) {
    row.add_in_memory(field.name,
                      [&f, type = field.type, place, offset] { return load_memory(f, type, f.offset(place, offset)); });
    offset += abi::field_size_of(field.type);
  }
  return row;
}

// `i32 users_<label>(ptr context, ptr row, ptr...)`, with the places of what is kept on the caller's stack.
llvm::Function* users_function(StageContext& stage, NodeId id, const std::string& name, const std::vector<NodeId>& kept,
                               const std::vector<std::vector<llvm::Value*>>& places) {
  size_t pointers = 1;
  for (const auto& list : places) pointers += list.size();
  FunctionEmitter f(stage, name, pointers, stage.node(id).span);
  f.function->setLinkage(llvm::Function::InternalLinkage);
  f.node = id;
  f.copies = &stage.copies_in_functions;
  f.set_may_stop_early(true);
  unsigned argument = 2;
  for (size_t i = 0; i < kept.size(); ++i)
    for (size_t n = 0; n < places[i].size(); ++n) f.prepared[kept[i]].push_back(f.argument(argument++));
  ++(*f.copies)[id];
  emit_inline(f, id, row_in_memory(f, stage.node(id).schema, f.argument(1)));
  f.finish(abi::Code::Done);
  return f.function;
}

void emit_call(FunctionEmitter& f, NodeId id, const Row& row) {
  const std::vector<NodeId> kept = kept_on_stack(f.stage, id);
  std::vector<std::vector<llvm::Value*>> places;
  for (const NodeId node : kept) {
    const auto prepared = f.prepared.find(node);
    places.push_back(prepared != f.prepared.end() ? prepared->second : std::vector{counter_slot(f, node)});
  }
  const std::string name = "users_" + f.stage.node(id).label;
  llvm::Function* function = f.stage.module->getFunction(name);
  if (function == nullptr) function = users_function(f.stage, id, name, kept, places);
  const Schema& schema = f.stage.node(id).schema;
  auto*& place = f.rows[id];
  if (place == nullptr) place = f.slot(llvm::ArrayType::get(f.stage.i64, (size_of(schema) + 7) / 8), "row");
  store_columns(f, schema, row, place);
  std::vector<llvm::Value*> arguments{f.context(), place};
  for (const auto& list : places) arguments.insert(arguments.end(), list.begin(), list.end());
  auto* code = f.b.CreateCall(function, arguments);
  f.return_if(code, abi::Code::Failed);
  if (f.may_stop_early()) f.return_if(code, abi::Code::Satisfied);
}

}  // namespace

void for_each_reached(const StageContext& stage, NodeId node, const std::function<void(NodeId, const Node&)>& visit) {
  std::set<NodeId> seen;
  std::vector<NodeId> open;
  const auto open_users = [&](NodeId from) {
    for (const NodeId user : stage.plan.graph.users_of(from) | std::views::reverse)
      if (stage.in_stage(user)) open.push_back(user);
  };
  open_users(node);
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    if (!seen.insert(id).second) continue;
    visit(id, stage.node(id));
    if (passes_on(stage.node(id))) open_users(id);
  }
}

void emit_users(FunctionEmitter& f, NodeId node, const Row& row, CodeOfUsers wanted) {
  f.count_row(node);
  if (wanted == CodeOfUsers::Function || (*f.copies)[node] >= kCopies) return emit_call(f, node, row);
  ++(*f.copies)[node];
  emit_inline(f, node, row);
}

}  // namespace sluice::codegen
