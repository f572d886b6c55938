// nexmark: no bytes to decode. The generator computes columns of a batch of events, and only those in use; the loop
// here takes the rows from them. The code behind the source is emitted once per kind of event, with the kind as a
// constant: what another kind's filter would let through is not even emitted, and kinds that nobody wants are never
// visited.
#include <array>
#include <optional>

#include "compiler/codegen/decode.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/slots_ahead.h"
#include "lang/support/invariant.h"
#include "stdlib/connectors/nexmark_batch.h"

namespace sluice::codegen {

namespace {

constexpr std::string_view kKindColumn = kNexmarkColumns[static_cast<size_t>(NexmarkColumn::kind)].name;

size_t column_named(std::string_view name) {
  for (size_t i = 0; i < std::size(kNexmarkColumns); ++i)
    if (kNexmarkColumns[i].name == name) return i;
  SLUICE_INVARIANT(false, "nexmark has no column " + std::string(name));
}

// What the condition is for every event of the kind, as far as that follows from the kind alone.
std::optional<bool> known_of(const Expr& condition, size_t kind) {
  const auto number = [&](const Expr& expr) -> std::optional<int64_t> {
    if (expr.kind == ExprKind::Column && expr.name == kKindColumn) return static_cast<int64_t>(kind);
    const auto* literal = expr.is_literal() ? std::get_if<int64_t>(&expr.value) : nullptr;
    return literal != nullptr ? std::optional(*literal) : std::nullopt;
  };
  if (condition.is_literal()) {
    const auto* literal = std::get_if<bool>(&condition.value);
    return literal != nullptr ? std::optional(*literal) : std::nullopt;
  }
  if (condition.is_op(ExprOp::And) || condition.is_op(ExprOp::Or)) {
    const bool decisive = condition.is_op(ExprOp::Or);
    const auto left = known_of(condition.args[0], kind);
    const auto right = known_of(condition.args[1], kind);
    if (left == decisive || right == decisive) return decisive;
    return left && right ? std::optional(!decisive) : std::nullopt;
  }
  if (condition.is_op(ExprOp::Not)) {
    const auto inner = known_of(condition.args[0], kind);
    return inner ? std::optional(!*inner) : std::nullopt;
  }
  if (!condition.is_op(ExprOp::Eq) && !condition.is_op(ExprOp::Ne)) return std::nullopt;
  const auto left = number(condition.args[0]);
  const auto right = number(condition.args[1]);
  if (!left || !right) return std::nullopt;
  return (*left == *right) == condition.is_op(ExprOp::Eq);
}

class NexmarkDecoder {
 public:
  NexmarkDecoder(FunctionEmitter& emitter, NodeId source, const SourceNode& payload, llvm::Value* chunk)
      : f_(emitter), id_(source), node_(payload), chunk_(chunk) {
    note_used_columns();
    for (size_t kind = 0; kind < kNexmarkKinds; ++kind)
      if (is_wanted(kind)) kinds_.push_back(kind);
  }

  void emit() {
    uint32_t mask = 0;
    for (const size_t kind : kinds_) mask |= 1u << kind;
    if (mask == 0) return;
    batch_ = f_.slot(llvm::ArrayType::get(f_.stage.i64, sizeof(NexmarkBatch) / 8), "batch");
    for (const size_t kind : kinds_) make_columns(kind);
    f_.store(f_.int64(0), batch_, offsetof(NexmarkBatch, next));
    auto* next = f_.block("next_batch");
    auto* inside = f_.block("batch");
    auto* after = f_.block("no_batch");
    f_.b.CreateBr(next);
    f_.begin(next);
    auto* rows = f_.call("rt_nexmark_batch", {chunk_, f_.int32(mask), batch_});
    f_.b.CreateCondBr(f_.b.CreateICmpEQ(rows, f_.int64(0)), after, inside);
    f_.begin(inside);
    for (const size_t kind : kinds_) fill_columns(kind);
    for (const size_t kind : kinds_) ask_ahead(kind);
    if (kinds_.size() == 1)
      f_.loop(f_.int64(0), rows, "events", [&](llvm::Value* row) { emit_event(kinds_.front(), row); });
    else
      emit_interleaved(rows);
    f_.b.CreateBr(next);
    f_.begin(after);
  }

 private:
  void note_used_columns() {
    std::vector<std::string> names = f_.stage.node(id_).schema.names();
    if (node_.filter) collect_columns(*node_.filter, names);
    for (const auto& name : names) is_used_[column_named(name)] = true;
  }

  // Does any event of the kind get past the source's filter and those right behind it?
  bool is_wanted(size_t kind) const {
    if (node_.filter && known_of(*node_.filter, kind) == false) return false;
    return is_wanted_behind(id_, kind);
  }

  bool is_wanted_behind(NodeId id, size_t kind) const {
    for (const NodeId user : f_.stage.plan.graph.users_of(id)) {
      const auto* filter = f_.stage.node(user).as<FilterNode>();
      const auto* time = f_.stage.node(user).as<TimeNode>();
      // With a clock, the time of a row does not depend on the rows before it, so some may be missing.
      const bool is_through = time != nullptr && time->clock;
      if (is_through ? is_wanted_behind(user, kind) : filter == nullptr || known_of(filter->condition, kind) != false)
        return true;
    }
    return false;
  }

  bool is_computed(size_t kind, size_t column) const {
    const auto& row = kNexmarkColumns[column];
    if (!is_used_[column] || row.name == kKindColumn) return false;
    return !row.kind || static_cast<size_t>(*row.kind) == kind;
  }

  const Type& type_of(size_t column) const {
    const auto index = node_.declared.index_of(kNexmarkColumns[column].name);
    SLUICE_INVARIANT(index.has_value(), "nexmark_events has fixed columns");
    return node_.declared.fields[*index].type;
  }

  void make_columns(size_t kind) {
    for (size_t column = 0; column < columns_[kind].size(); ++column) {
      if (!is_computed(kind, column)) continue;
      const uint64_t words = type_of(column).kind == TypeKind::String ? 2 : 1;
      columns_[kind][column] =
          f_.slot(llvm::ArrayType::get(f_.stage.i64, words * NexmarkBatch::kRows), kNexmarkColumns[column].name.data());
    }
  }

  void fill_columns(size_t kind) {
    for (size_t column = 0; column < columns_[kind].size(); ++column)
      if (auto* values = columns_[kind][column])
        f_.call("rt_nexmark_column", {chunk_, f_.int32(kind), f_.int32(column), batch_, values});
  }

  void ask_ahead(size_t kind) {
    const KnownCondition known = [&](const Expr& condition) { return known_of(condition, kind); };
    if (node_.filter && known(*node_.filter) != true) return;
    auto* count =
        f_.load(f_.stage.i64, batch_, offsetof(NexmarkBatch, counts) + kind * sizeof(NexmarkBatch::counts[0]));
    for (const auto& step : steps_ahead(f_.stage, id_, known))
      ask_for_slots(f_, step, count, [&](llvm::Value* position) {
        Row row;
        for (const auto& field : f_.stage.node(id_).schema.fields)
          row.add_in_memory(field.name, [this, kind, position, &field] {
            return column_value(kind, column_named(field.name), field.type, position);
          });
        return row;
      });
  }

  // Rows of several kinds, in the order of their arrival.
  void emit_interleaved(llvm::Value* rows) {
    std::array<llvm::Value*, kNexmarkKinds> positions{};
    for (const size_t kind : kinds_) {
      positions[kind] = f_.slot(f_.stage.i64, "position");
      f_.b.CreateStore(f_.int64(0), positions[kind]);
    }
    f_.loop(f_.int64(0), rows, "events", [&](llvm::Value* row) {
      auto* kinds = f_.offset(batch_, offsetof(NexmarkBatch, kinds));
      auto* done = f_.block("event_done");
      auto* choice =
          f_.b.CreateSwitch(f_.load(f_.stage.i8, f_.offset(kinds, row)), done, static_cast<unsigned>(kinds_.size()));
      for (const size_t kind : kinds_) {
        auto* block = f_.block("event_of_kind");
        choice->addCase(llvm::ConstantInt::get(f_.stage.i8, kind), block);
        f_.begin(block);
        auto* position = f_.b.CreateLoad(f_.stage.i64, positions[kind]);
        f_.b.CreateStore(f_.b.CreateAdd(position, f_.int64(1)), positions[kind]);
        emit_event(kind, position);
        f_.b.CreateBr(done);
      }
      f_.begin(done);
    });
  }

  void emit_event(size_t kind, llvm::Value* position) {
    auto* ids = f_.offset(batch_, offsetof(NexmarkBatch, ids) + kind * sizeof(NexmarkBatch::ids[0]));
    auto* id = f_.b.CreateLoad(f_.stage.i64, f_.b.CreateGEP(f_.stage.i64, ids, position));
    f_.store(id, f_.context(), offsetof(abi::TaskContext, row));
    emit_filtered_row(f_, id_, node_, [&](size_t declared) {
      const Field& field = node_.declared.fields[declared];
      return column_value(kind, column_named(field.name), field.type, position);
    });
    f_.reset_scratch();
  }

  Value column_value(size_t kind, size_t column, const Type& type, llvm::Value* position) {
    if (kNexmarkColumns[column].name == kKindColumn) {
      Value value;
      value.type = type;
      value.data = f_.int64(kind);
      return value;
    }
    auto* values = columns_[kind][column];
    if (values == nullptr) return zero_value(f_, type);
    Value value;
    value.type = type;
    if (type.kind == TypeKind::String) {
      auto* text = f_.b.CreateGEP(llvm::ArrayType::get(f_.stage.i64, 2), values, position);
      value.data = f_.load(f_.stage.ptr, text);
      value.size = f_.load(f_.stage.i64, text, 8);
    } else {
      value.data = f_.b.CreateLoad(f_.stage.i64, f_.b.CreateGEP(f_.stage.i64, values, position));
    }
    return value;
  }

  FunctionEmitter& f_;
  const NodeId id_;
  const SourceNode& node_;
  llvm::Value* const chunk_;
  llvm::Value* batch_ = nullptr;
  std::array<bool, std::size(kNexmarkColumns)> is_used_{};
  std::vector<size_t> kinds_;  // wanted
  std::array<std::array<llvm::Value*, std::size(kNexmarkColumns)>, kNexmarkKinds> columns_{};
};

}  // namespace

void emit_decode_nexmark(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk) {
  NexmarkDecoder(f, id, node, chunk).emit();
}

}  // namespace sluice::codegen
