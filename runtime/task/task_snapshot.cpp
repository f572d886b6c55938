#include "runtime/task/task_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/state/table_snapshot.h"

namespace sluice {

namespace {

constexpr uint64_t kPieceBytes = uint64_t{64} << 10;  // of what has no keys, in one record
constexpr size_t kEndBytes = sizeof(int64_t);         // of a pane's end, and of its start

bool can_be_saved(const FlowGraph& graph, const StatePlan& state) {
  const Node& node = graph.nodes[state.node];
  const auto* aggregate = node.as<AggregateNode>();
  const auto* top = node.as<TopNode>();
  if (const auto* session = session_of(node)) {
    const bool is_plain = aggregate == nullptr || (!aggregate->is_incremental &&
                                                   std::ranges::none_of(aggregate->calls, &AggregateCall::is_distinct));
    if (session->max != 0 || !is_plain) return false;
  }
  if (top != nullptr && top->is_incremental) return false;
  if (aggregate != nullptr && collects_changes(*aggregate)) return false;
  switch (state.kind) {
    case StateKind::Groups:
      return node.kind() != NodeKind::Frame;
    case StateKind::Panes:
    case StateKind::Distinct:
    case StateKind::Top:
    case StateKind::Sort:
    case StateKind::Sessions:
    case StateKind::LocalWindows:
    case StateKind::Counter:
      return true;
    case StateKind::Ranking:
    case StateKind::Changed:
    case StateKind::Frames:
      return false;
  }
  return false;
}

// The states of an entry, and where they lead.
struct EntryStates {
  std::vector<Type> types;
  TableSnapshot::Links links;
};

void add_link(EntryStates& states, std::vector<size_t>& links) {
  links.push_back(states.types.size());
  states.types.emplace_back(TypeKind::Int);
}

// As generated code lays them out: aggregate.h, emit_join.cpp, tops.h, sessions.h.
EntryStates states_of_entry(const FlowGraph& graph, const StatePlan& state) {
  const Node& owner = graph.nodes[state.node];
  const auto* aggregate = owner.as<AggregateNode>();
  EntryStates states;
  if (state.kind == StateKind::Distinct) {
    if (aggregate->is_incremental || !state.value.fields.empty()) states.types.emplace_back(TypeKind::Int);
    return states;
  }
  if (session_of(owner) != nullptr) {
    add_link(states, states.links.sessions);
  } else if (owner.kind() == NodeKind::Top) {
    add_link(states, states.links.tops);
  } else if (const auto* join = owner.as<JoinNode>()) {
    states.types = {Type(TypeKind::Int), Type(TypeKind::Int)};
    states.links.rows = join->is_lookup ? std::vector<size_t>{1} : std::vector<size_t>{0, 1};
    if (join->is_lookup) states.links.last = 0;
  } else {
    states.types = types_of(state.value);
    if (aggregate == nullptr) return states;
    // Rows in the group so far; then the arguments of rows, of calls that cannot take rows back otherwise.
    if (aggregate->is_incremental || aggregate->window_rows != 0) states.types.emplace_back(TypeKind::Int);
    const bool reads_changes = graph.nodes[owner.inputs[0]].schema.find(kRowWeight) != nullptr;
    if (aggregate->is_incremental && reads_changes)
      for (const auto& call : aggregate->calls)
        if (!call.can_retract()) add_link(states, states.links.rows);
  }
  return states;
}

// A number as bytes in the order of numbers.
std::string ordered_bytes(uint64_t number) {
  std::string bytes(sizeof number, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  return bytes;
}

void append_time(std::string& key, int64_t time) { ByteWriter(key).i64(time); }

}  // namespace

class TaskSnapshot {
 public:
  explicit TaskSnapshot(TaskData& task) : task_(task), pieces_(task.stage_.states.size()) {}

  Status save(SnapshotWriter& writer) {
    for (uint32_t i = 0; i < states().size(); ++i) SLUICE_TRY(save_state(i, writer));
    return {};
  }

  Status load(SnapshotReader& reader) {
    SLUICE_TRY(make_tables());
    SnapshotRecord record;
    while (true) {
      SLUICE_ASSIGN(const bool has_record, reader.next(record));
      if (!has_record) break;
      if (record.state >= states().size()) return damaged_snapshot(record.state);
      SLUICE_TRY(load_record(record));
    }
    for (uint32_t i = 0; i < states().size(); ++i) SLUICE_TRY(load_pieces(i));
    return {};
  }

 private:
  [[nodiscard]] const std::vector<StatePlan>& states() const { return task_.stage_.states; }
  [[nodiscard]] const Node& owner(uint32_t state) const { return task_.plan_.graph.nodes[states()[state].node]; }
  [[nodiscard]] PaneTables* panes(uint32_t state) const { return static_cast<PaneTables*>(task_.pane_list_[state]); }
  [[nodiscard]] GroupTable* table(uint32_t state) const { return static_cast<GroupTable*>(task_.table_list_[state]); }
  [[nodiscard]] TopState* top(uint32_t state) const { return static_cast<TopState*>(task_.sorter_list_[state]); }

  [[nodiscard]] SharedPanes& shared_panes(uint32_t state) const {
    return *static_cast<SharedPanes*>(static_cast<abi::WindowMerge*>(task_.sorter_list_[state]));
  }

  // The state that owns the tops of these keys.
  [[nodiscard]] uint32_t tops_of(uint32_t groups) const {
    for (uint32_t i = 0; i < states().size(); ++i)
      if (states()[i].kind == StateKind::Top && states()[i].node == states()[groups].node) return i;
    return groups;
  }

  // Of the same node: the first state of this kind behind `groups`.
  [[nodiscard]] std::optional<uint32_t> beside(uint32_t groups, StateKind kind) const {
    for (uint32_t i = groups; i < states().size(); ++i)
      if (states()[i].kind == kind && states()[i].node == states()[groups].node) return i;
    return std::nullopt;
  }

  [[nodiscard]] Status check_size(uint32_t position, uint32_t size) const {
    const uint32_t expected = task_.code_.entry_size(position);
    if (size == expected) return {};
    return internal_error(
        fmt::format("entries of state {} have {} bytes, not {}", states()[position].name, expected, size));
  }

  [[nodiscard]] Result<TableSnapshot> table_snapshot(uint32_t position) const {
    const StatePlan& state = states()[position];
    EntryStates entry = states_of_entry(task_.plan_.graph, state);
    EntryCodec codec(types_of(state.key), entry.types);
    SLUICE_TRY(check_size(position, codec.entry_size()));
    TableSnapshot::Sessions sessions;
    if (const auto at = beside(position, StateKind::Sessions); at && !entry.links.sessions.empty()) {
      sessions.table = static_cast<SessionTable*>(task_.sorter_list_[*at]);
      if (const auto tops = beside(position, StateKind::Top)) {
        sessions.tops = static_cast<SessionTops*>(task_.sorter_list_[*tops]);
      } else {
        sessions.states.emplace(std::vector<Type>{}, types_of(states()[*at].value));
        const auto size = sessions.states->entry_size() - sizeof(uint64_t) + sizeof(abi::Session);
        SLUICE_TRY(check_size(*at, static_cast<uint32_t>(size)));
      }
    }
    return TableSnapshot(position, std::move(codec), std::move(entry.links), std::move(sessions),
                         states()[tops_of(position)].value);
  }

  Status save_state(uint32_t state, SnapshotWriter& writer) {
    switch (states()[state].kind) {
      case StateKind::Groups:
      case StateKind::Panes:
      case StateKind::Distinct:
        return save_tables(state, writer);
      case StateKind::Top:
        return save_top(state, writer);
      case StateKind::Counter:
        return save_counter(state, writer);
      case StateKind::Sort:
        return save_sort(state, writer);
      case StateKind::LocalWindows:  // made anew for the next row
      case StateKind::Sessions:      // with their keys
        return {};
      case StateKind::Ranking:
      case StateKind::Changed:
      case StateKind::Frames:
        break;
    }
    return not_saved(state);
  }

  Status not_saved(uint32_t state) {
    return internal_error(fmt::format("state {} cannot be saved, and nobody looked", states()[state].name));
  }

  Status save_tables(uint32_t state, SnapshotWriter& writer) {
    SLUICE_ASSIGN(auto snapshot, table_snapshot(state));
    std::vector<TableSnapshot::Entries> from;
    if (states()[state].kind == StateKind::Panes) {
      SharedPanes& shared = shared_panes(state);
      if (const auto end = shared.given_end()) {
        std::string value;
        append_time(value, *end);
        SLUICE_TRY(writer.put({state, 0, {}, value}));
      }
      for (const auto& pane : shared.entries()) {
        std::string prefix;
        append_time(prefix, pane.start);
        append_time(prefix, pane.end);
        from.push_back({pane.table, pane.sorted, pane.count, std::move(prefix)});
      }
    } else if (PaneTables* all = panes(state)) {
      for (const auto* pane : all->panes()) {
        std::string prefix;
        append_time(prefix, pane->end);
        from.push_back({static_cast<GroupTable*>(pane->table), nullptr, 0, std::move(prefix)});
      }
    } else {
      from.push_back({table(state), nullptr, 0, {}});
    }
    return snapshot.save(std::move(from), writer);
  }

  Status save_counter(uint32_t state, SnapshotWriter& writer) {
    std::string value;
    ByteWriter(value).i64(task_.counter_list_[state]);
    return writer.put({state, 0, {}, value});
  }

  Status save_sort(uint32_t state, SnapshotWriter& writer) {
    const auto& rows = static_cast<SortState*>(task_.sorter_list_[state])->rows();
    std::string value;
    uint64_t number = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      ByteWriter(value).text({rows[i].row, static_cast<size_t>(rows[i].end - rows[i].row)});
      if (value.size() < kPieceBytes && i + 1 < rows.size()) continue;
      SLUICE_TRY(writer.put({state, 0, ordered_bytes(number++), value}));
      value.clear();
    }
    return {};
  }

  // In pieces, because there may be many rows.
  Status save_top(uint32_t state, SnapshotWriter& writer) {
    if (session_of(owner(state)) != nullptr) return {};
    if (!top(state)->has_seen_rows()) return {};
    std::string bytes;
    ByteWriter out(bytes);
    top(state)->save(out);
    for (uint64_t at = 0; at < bytes.size(); at += kPieceBytes) {
      const std::string key = ordered_bytes(at / kPieceBytes);
      SLUICE_TRY(writer.put({state, 0, key, std::string_view(bytes).substr(at, kPieceBytes)}));
    }
    return {};
  }

  Status make_tables() {
    tables_.resize(states().size());
    for (uint32_t i = 0; i < states().size(); ++i) {
      const StateKind kind = states()[i].kind;
      if (kind != StateKind::Groups && kind != StateKind::Panes && kind != StateKind::Distinct) continue;
      SLUICE_ASSIGN(tables_[i], table_snapshot(i));
    }
    return {};
  }

  Status load_record(const SnapshotRecord& record) {
    const uint32_t state = record.state;
    switch (states()[state].kind) {
      case StateKind::Groups:
      case StateKind::Distinct:
        if (panes(state) != nullptr) return load_into_pane(record);
        return tables_[state]->load(record, record.key, *table(state), top(tops_of(state)));
      case StateKind::Panes:
        return load_into_shared_pane(record);
      case StateKind::Sort:
        return load_rows(record);
      case StateKind::Top:
        pieces_[state].append(record.value);
        return {};
      case StateKind::Counter: {
        ByteReader in(record.value);
        task_.counter_list_[state] = in.i64();
        return in.is_done() ? Status{} : damaged_snapshot(state);
      }
      case StateKind::LocalWindows:
      case StateKind::Ranking:
      case StateKind::Sessions:
      case StateKind::Changed:
      case StateKind::Frames:
        break;
    }
    return damaged_snapshot(state);
  }

  Status load_rows(const SnapshotRecord& record) {
    auto& sort = *static_cast<SortState*>(task_.sorter_list_[record.state]);
    const RowCheck check(states()[record.state].value);
    ByteReader in(record.value);
    while (in.left() != 0) {
      const std::string_view row = in.text();
      if (!in.is_well() || !check.is_valid(row)) return damaged_snapshot(record.state);
      std::memcpy(sort.reserve(row.size() - check.row_size())->row, row.data(), row.size());
      sort.commit();
    }
    return {};
  }

  Status load_into_pane(const SnapshotRecord& record) {
    ByteReader in(record.key);
    const int64_t end = in.i64();
    if (!in.is_well()) return damaged_snapshot(record.state);
    abi::Pane& pane = panes(record.state)->at(end);
    return tables_[record.state]->load(record, record.key.substr(kEndBytes), *static_cast<GroupTable*>(pane.table),
                                       static_cast<TopState*>(pane.tops));
  }

  Status load_into_shared_pane(const SnapshotRecord& record) {
    SharedPanes& shared = shared_panes(record.state);
    if (record.key.empty()) {
      ByteReader in(record.value);
      shared.set_given_end(in.i64());
      return in.is_done() ? Status{} : damaged_snapshot(record.state);
    }
    ByteReader in(record.key);
    const int64_t start = in.i64();
    const int64_t end = in.i64();
    if (!in.is_well()) return damaged_snapshot(record.state);
    return tables_[record.state]->load(record, record.key.substr(2 * kEndBytes), shared.at(start, end), nullptr);
  }

  Status load_pieces(uint32_t state) {
    if (pieces_[state].empty()) return {};
    if (session_of(owner(state)) != nullptr) return damaged_snapshot(state);
    ByteReader in(pieces_[state]);
    const RowCheck rows(states()[state].value);
    if (!top(state)->load(in, rows) || !in.is_done()) return damaged_snapshot(state);
    pieces_[state] = {};
    return {};
  }

  TaskData& task_;
  std::vector<std::optional<TableSnapshot>> tables_;  // by position
  std::vector<std::string> pieces_;                   // by position: of what was saved in pieces
};

Status save_states(TaskData& task, SnapshotWriter& writer) { return TaskSnapshot(task).save(writer); }

Status load_states(TaskData& task, SnapshotReader& reader) { return TaskSnapshot(task).load(reader); }

std::optional<NodeId> find_unsaved_operator(const JobPlan& plan) {
  for (const auto& stage : plan.stages)
    for (const auto& state : stage.states)
      if (!can_be_saved(plan.graph, state)) return state.node;
  return std::nullopt;
}

}  // namespace sluice
