// time and window: the event time of rows, the watermark of their partition, and the windows they fall into.
#include <limits>

#include "compiler/codegen/expr.h"
#include "compiler/codegen/operators.h"

namespace sluice::codegen {

namespace {

constexpr auto kNoTime = static_cast<uint64_t>(std::numeric_limits<int64_t>::min());

// The largest multiple of `step` that is not above `value`.
llvm::Value* floor_to(FunctionEmitter& f, llvm::Value* value, int64_t step) {
  auto* size = f.int64(static_cast<uint64_t>(step));
  auto* rest = f.b.CreateSRem(value, size);
  auto* is_below = f.b.CreateICmpSLT(rest, f.int64(0));
  auto* positive = f.b.CreateSelect(is_below, f.b.CreateAdd(rest, size), rest);
  return f.b.CreateSub(value, positive);
}

struct Windows {
  llvm::Value* first_start;
  llvm::Value* first_end;
  llvm::Value* count;     // i64
  llvm::Value* last_end;  // when count is not 0
  llvm::Value* bounds;    // of all of them, where they follow the clock of a zone; else null
};

// Those of the row before, mostly.
Windows local_windows(FunctionEmitter& f, NodeId id, llvm::Value* time) {
  auto* local = f.sorter(f.stage.state_index(id, StateKind::LocalWindows));
  const auto field = [&](uint64_t offset) { return f.load(f.stage.i64, local, offset); };
  auto* is_before = f.b.CreateICmpSLT(time, field(offsetof(abi::LocalWindows, from)));
  auto* is_behind = f.b.CreateICmpSGE(time, field(offsetof(abi::LocalWindows, until)));
  f.if_then(f.b.CreateOr(is_before, is_behind), [&] { f.call("rt_local_windows", {local, time}); });
  auto* count = field(offsetof(abi::LocalWindows, count));
  auto* bounds = f.load(f.stage.ptr, local, offsetof(abi::LocalWindows, bounds));
  auto* last = f.b.CreateSub(f.b.CreateMul(count, f.int64(2)), f.int64(1));
  auto* last_end = f.b.CreateLoad(f.stage.i64, f.b.CreateGEP(f.stage.i64, bounds, last));
  return {f.load(f.stage.i64, bounds, 0), f.load(f.stage.i64, bounds, 8), count, last_end, bounds};
}

Windows windows_of(FunctionEmitter& f, NodeId id, const WindowNode& node, llvm::Value* time) {
  auto* offset = f.int64(static_cast<uint64_t>(node.offset));
  auto* moved = f.b.CreateSub(time, offset);
  auto* size = f.int64(static_cast<uint64_t>(node.size));
  auto* step = f.int64(static_cast<uint64_t>(node.step));
  if (!node.zone.empty()) return local_windows(f, id, time);
  if (node.kind == WindowKind::Cumulate) {
    auto* start = floor_to(f, moved, node.size);
    auto* first_end = f.b.CreateAdd(floor_to(f, f.b.CreateSub(moved, start), node.step), step);
    auto* count = f.b.CreateAdd(f.b.CreateSDiv(f.b.CreateSub(size, first_end), step), f.int64(1));
    auto* begin = f.b.CreateAdd(start, offset);
    return {begin, f.b.CreateAdd(begin, first_end), count, f.b.CreateAdd(begin, size), nullptr};
  }
  auto* last_start = f.b.CreateAdd(floor_to(f, moved, node.step), offset);
  auto* last_end = f.b.CreateAdd(last_start, size);
  if (node.kind == WindowKind::Tumble) return {last_start, last_end, f.int64(1), last_end, nullptr};
  // Windows still open at the time: those whose end lies behind it. None, where there are gaps between windows.
  auto* reach = f.b.CreateSub(last_end, time);
  auto* is_inside = f.b.CreateICmpSGT(reach, f.int64(0));
  auto* behind = f.b.CreateSDiv(f.b.CreateSub(reach, f.int64(1)), step);
  auto* count = f.b.CreateSelect(is_inside, f.b.CreateAdd(behind, f.int64(1)), f.int64(0));
  auto* first_start = f.b.CreateSub(last_start, f.b.CreateMul(behind, step));
  return {first_start, f.b.CreateAdd(first_start, size), count, last_end, nullptr};
}

// The pane that `time` falls into: its start.
llvm::Value* pane_start(FunctionEmitter& f, const WindowNode& node, llvm::Value* time) {
  auto* offset = f.int64(static_cast<uint64_t>(node.offset));
  return f.b.CreateAdd(floor_to(f, f.b.CreateSub(time, offset), node.pane), offset);
}

Row passed_on(FunctionEmitter& f, NodeId id, const Row& row, const std::string& own, const Value* value) {
  Row result;
  for (const auto& field : f.stage.node(id).schema.fields)
    result.add(field.name, value != nullptr && field.name == own ? *value : row.at(field.name));
  return result;
}

}  // namespace

llvm::Value* counter_slot(FunctionEmitter& f, NodeId id) {
  if (const auto it = f.prepared.find(id); it != f.prepared.end()) return it->second.front();
  const uint32_t state = f.stage.state_index(id, StateKind::Counter);
  auto* slot = f.slot(f.stage.i64, "counter");
  f.hoist([&](llvm::IRBuilder<>& builder) -> llvm::Value* {
    auto* counters = builder.CreateLoad(
        f.stage.ptr, builder.CreateConstGEP1_64(f.stage.i8, f.context(), offsetof(abi::TaskContext, counters)));
    auto* place = builder.CreateConstGEP1_64(f.stage.i8, counters, uint64_t{8} * state);
    return builder.CreateStore(builder.CreateLoad(f.stage.i64, place), slot);
  });
  f.at_exit([&f, slot, state] {
    auto* counters = f.load(f.stage.ptr, f.context(), offsetof(abi::TaskContext, counters));
    f.store(f.b.CreateLoad(f.stage.i64, slot), f.offset(counters, uint64_t{8} * state));
  });
  f.prepared.emplace(id, std::vector<llvm::Value*>{slot});
  return slot;
}

void count_late(FunctionEmitter& f, NodeId id, llvm::Value* is_late) {
  auto* slot = counter_slot(f, id);
  auto* count = f.b.CreateLoad(f.stage.i64, slot);
  f.b.CreateStore(f.b.CreateAdd(count, f.b.CreateZExt(is_late, f.stage.i64)), slot);
}

void consume(FunctionEmitter& f, NodeId id, const TimeNode& node, const Row& row) {
  llvm::Value* time = nullptr;
  if (node.time) {
    time = emit_expr(f, *node.time, {&row, {}}).data;
  } else {
    time = f.load(f.stage.i64, f.context(), offsetof(abi::TaskContext, wall_time));
  }
  llvm::Value* latest = nullptr;
  if (node.clock) {
    latest = emit_expr(f, *node.clock, {&row, {}}).data;
  } else {
    auto* slot = counter_slot(f, id);
    latest = f.b.CreateLoad(f.stage.i64, slot);
    f.b.CreateStore(f.b.CreateSelect(f.b.CreateICmpSGT(time, latest), time, latest), slot);
  }
  auto* delay = f.int64(static_cast<uint64_t>(node.delay));
  auto* begun = f.int64(kNoTime + static_cast<uint64_t>(node.delay));
  auto* mark = f.b.CreateSelect(f.b.CreateICmpSLT(latest, begun), f.int64(kNoTime), f.b.CreateSub(latest, delay));
  Row result;
  for (const auto& field : f.stage.node(id).schema.fields) {
    if (field.name == kRowTime) {
      result.add(field.name, timestamp_value(time));
    } else if (field.name == kRowMark) {
      result.add(field.name, timestamp_value(mark));
    } else {
      result.add(field.name, row.at(field.name));
    }
  }
  emit_users(f, id, result);
}

void consume(FunctionEmitter& f, NodeId id, const WindowNode& node, const Row& row) {
  auto* time = row.at(std::string(kRowTime)).data;
  auto* mark = row.at(std::string(kRowMark)).data;
  const Windows windows = windows_of(f, id, node, time);
  const bool has_gaps = node.kind == WindowKind::Hop && node.size < node.step;
  auto* has_windows = has_gaps ? f.b.CreateICmpNE(windows.count, f.int64(0)) : f.boolean(true);
  const auto is_over = [&](llvm::Value* end) {
    if (node.late != 0) end = f.b.CreateAdd(end, f.int64(static_cast<uint64_t>(node.late)));
    return f.b.CreateICmpSLE(end, mark);
  };
  auto* is_late = is_over(windows.last_end);
  if (node.late_rows) {
    f.if_then(f.b.CreateAnd(is_late, has_windows), [&] { emit_users(f, id, passed_on(f, id, row, {}, nullptr)); });
    return;
  }
  if (node.counts_late) count_late(f, id, f.b.CreateAnd(is_late, has_windows));
  const auto emit = [&](llvm::Value* start, llvm::Value* end) {
    const Value window = window_value(start, end);
    emit_users(f, id, passed_on(f, id, row, node.column, &window));
  };
  if (node.pane != 0) {
    f.if_then(f.b.CreateAnd(has_windows, f.b.CreateNot(is_late)), [&] {
      auto* length = f.int64(static_cast<uint64_t>(node.pane));
      auto* start = pane_start(f, node, time);
      auto* end = f.b.CreateAdd(start, length);
      auto* last_end = f.if_else(
          is_over(end), f.stage.i64,
          [&]() -> llvm::Value* {
            auto* limit = f.b.CreateSub(mark, f.int64(static_cast<uint64_t>(node.late)));
            return f.b.CreateAdd(pane_start(f, node, limit), length);
          },
          [&]() -> llvm::Value* { return end; });
      emit(start, last_end);
    });
    return;
  }
  if (node.kind == WindowKind::Tumble) {
    f.if_then(f.b.CreateNot(is_late), [&] { emit(windows.first_start, windows.last_end); });
    return;
  }
  f.loop(f.int64(0), windows.count, "windows", [&](llvm::Value* i) {
    if (windows.bounds != nullptr) {
      auto* bounds = f.b.CreateGEP(f.stage.i64, windows.bounds, f.b.CreateMul(i, f.int64(2)));
      auto* end_of_local = f.load(f.stage.i64, bounds, 8);
      f.if_then(f.b.CreateNot(is_over(end_of_local)), [&] { emit(f.load(f.stage.i64, bounds), end_of_local); });
      return;
    }
    auto* moved = f.b.CreateMul(i, f.int64(static_cast<uint64_t>(node.step)));
    auto* end = f.b.CreateAdd(windows.first_end, moved);
    auto* start = node.kind == WindowKind::Hop ? f.b.CreateAdd(windows.first_start, moved) : windows.first_start;
    f.if_then(f.b.CreateNot(is_over(end)), [&] { emit(start, end); });
  });
}

}  // namespace sluice::codegen
