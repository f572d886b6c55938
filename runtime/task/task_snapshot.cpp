#include "runtime/task/task_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/state/session_snapshot.h"
#include "runtime/state/table_snapshot.h"
#include "runtime/task/saved_states.h"

namespace sluice {

namespace {

constexpr uint64_t kPieceBytes = uint64_t{64} << 10;  // of what has no keys, in one record
constexpr size_t kEndBytes = sizeof(int64_t);         // of a pane's end, and of its start

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
    for (auto& frames : task_.frame_rows_) frames->order_keys();
    for (auto& changed : task_.changed_groups_) changed->order_restored();
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

  // What has changed of the same node; null where that is not collected.
  [[nodiscard]] ChangedGroups* changed_of(uint32_t state) const {
    const auto at = beside(state, StateKind::Changed);
    return at ? static_cast<ChangedGroups*>(task_.sorter_list_[*at]) : nullptr;
  }
  [[nodiscard]] Ranking* ranking(uint32_t state) const { return static_cast<Ranking*>(task_.sorter_list_[state]); }
  [[nodiscard]] bool has_keys(uint32_t top) const { return !owner(top).as<TopNode>()->keys.empty(); }
  [[nodiscard]] FrameRows* frames(uint32_t state) const { return static_cast<FrameRows*>(task_.sorter_list_[state]); }

  // The first state of this kind of the same node.
  [[nodiscard]] std::optional<uint32_t> beside(uint32_t state, StateKind kind) const {
    for (uint32_t i = 0; i < states().size(); ++i)
      if (states()[i].kind == kind && states()[i].node == states()[state].node) return i;
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
    TableSnapshot::Owners owners;
    uint32_t rows = beside(position, StateKind::Top).value_or(position);
    if (const auto at = beside(position, StateKind::Frames)) {
      owners.frames = frames(*at);
      rows = *at;
    }
    if (const auto at = beside(position, StateKind::Ranking)) {
      owners.rankings = ranking(*at);
      rows = *at;
    }
    owners.changed = changed_of(position);
    if (!entry.links.sessions.empty()) {
      SLUICE_ASSIGN(owners.sessions, session_snapshot(position));
    }
    return TableSnapshot(position, std::move(codec), std::move(entry.links), std::move(owners), states()[rows].value);
  }

  [[nodiscard]] Result<SessionSnapshot> session_snapshot(uint32_t groups) const {
    const uint32_t position = *beside(groups, StateKind::Sessions);
    auto& table = *static_cast<SessionTable*>(task_.sorter_list_[position]);
    if (const auto at = beside(groups, StateKind::Top)) {
      auto* tops = static_cast<SessionTops*>(task_.sorter_list_[*at]);
      return SessionSnapshot(table, tops, states()[*at].value, std::nullopt, {}, nullptr);
    }
    auto session = states_of_session(task_.plan_.graph, states()[position]);
    const auto size = session.codec.entry_size() - sizeof(uint64_t) + sizeof(abi::Session);
    SLUICE_TRY(check_size(position, static_cast<uint32_t>(size)));
    std::vector<SessionSnapshot::Values> values;
    for (uint32_t i = 0; i < states().size(); ++i) {
      if (!is_of_session(i)) continue;
      EntryCodec codec(types_of(states()[i].key), states_of_entry(task_.plan_.graph, states()[i]).types);
      SLUICE_TRY(check_size(i, codec.entry_size()));
      if (states()[i].node == states()[groups].node) values.push_back({this->table(i), std::move(codec)});
    }
    return SessionSnapshot(table, nullptr, {}, std::move(session), std::move(values), changed_of(groups));
  }

  // Values of sessions are saved with these.
  [[nodiscard]] bool is_of_session(uint32_t state) const {
    return states()[state].kind == StateKind::Distinct && session_of(owner(state)) != nullptr;
  }

  Status save_state(uint32_t state, SnapshotWriter& writer) {
    switch (states()[state].kind) {
      case StateKind::Groups:
      case StateKind::Panes:
      case StateKind::Distinct:
        return save_tables(state, writer);
      case StateKind::Top:
        return save_top(state, writer);
      case StateKind::Ranking:
        return save_ranking(state, writer);
      case StateKind::Counter:
        return save_counter(state, writer);
      case StateKind::Sort:
        return save_sort(state, writer);
      case StateKind::Frames:
        return save_held(state, writer);
      case StateKind::LocalWindows:  // made anew for the next row
      case StateKind::Sessions:      // with their keys
      case StateKind::Changed:       // with its groups
        return {};
    }
    return {};
  }

  Status save_tables(uint32_t state, SnapshotWriter& writer) {
    if (is_of_session(state)) return {};
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
    return save_rows(
        state, static_cast<SortState*>(task_.sorter_list_[state])->rows(), writer,
        [](const RowCell& row, ByteWriter& out) { out.text({row.row, static_cast<size_t>(row.end - row.row)}); });
  }

  // Rows in frames that are in no key's yet; the others are with their keys.
  Status save_held(uint32_t state, SnapshotWriter& writer) {
    return save_rows(state, frames(state)->held(), writer, FrameRows::save_row);
  }

  template <class Rows, class Save>
  static Status save_rows(uint32_t state, const Rows& rows, SnapshotWriter& writer, const Save& save) {
    std::string value;
    ByteWriter out(value);
    uint64_t number = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      save(rows[i], out);
      if (value.size() < kPieceBytes && i + 1 < rows.size()) continue;
      SLUICE_TRY(writer.put({state, 0, ordered_bytes(number++), value}));
      value.clear();
    }
    return {};
  }

  Status save_top(uint32_t state, SnapshotWriter& writer) {
    if (session_of(owner(state)) != nullptr) return {};
    if (!top(state)->has_seen_rows()) return {};
    std::string bytes;
    ByteWriter out(bytes);
    top(state)->save(out);
    return save_pieces(state, bytes, writer);
  }

  // Those of keys are with their keys. The only one is also the only thing that may be listed among the changes.
  Status save_ranking(uint32_t state, SnapshotWriter& writer) {
    if (has_keys(state)) return {};
    std::string bytes;
    ByteWriter out(bytes);
    ranking(state)->save(out);
    if (ranking(state)->is_listed()) out.i64(changed_of(state)->first_due().value_or(ranking(state)->due()));
    return save_pieces(state, bytes, writer);
  }

  // In pieces, because there may be many rows.
  static Status save_pieces(uint32_t state, std::string_view bytes, SnapshotWriter& writer) {
    for (uint64_t at = 0; at < bytes.size(); at += kPieceBytes)
      SLUICE_TRY(writer.put({state, 0, ordered_bytes(at / kPieceBytes), bytes.substr(at, kPieceBytes)}));
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
        if (is_of_session(state)) break;
        if (panes(state) != nullptr) return load_into_pane(record);
        return tables_[state]->load(record, record.key, *table(state),
                                    top(beside(state, StateKind::Top).value_or(state)));
      case StateKind::Panes:
        return load_into_shared_pane(record);
      case StateKind::Sort:
        return load_rows(record);
      case StateKind::Frames:
        return load_held(record);
      case StateKind::Top:
      case StateKind::Ranking:
        pieces_[state].append(record.value);
        return {};
      case StateKind::Counter: {
        ByteReader in(record.value);
        task_.counter_list_[state] = in.i64();
        return in.is_done() ? Status{} : damaged_snapshot(state);
      }
      case StateKind::LocalWindows:
      case StateKind::Sessions:
      case StateKind::Changed:
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

  Status load_held(const SnapshotRecord& record) {
    const RowCheck check(states()[record.state].value);
    ByteReader in(record.value);
    while (in.left() != 0)
      if (!frames(record.state)->load_held(in, check)) return damaged_snapshot(record.state);
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
    ByteReader in(pieces_[state]);
    const RowCheck rows(states()[state].value);
    const bool is_well = states()[state].kind == StateKind::Ranking
                             ? !has_keys(state) && load_ranking(state, in, rows)
                             : session_of(owner(state)) == nullptr && top(state)->load(in, rows);
    if (!is_well || !in.is_done()) return damaged_snapshot(state);
    pieces_[state] = {};
    return {};
  }

  bool load_ranking(uint32_t state, ByteReader& in, const RowCheck& rows) {
    if (!ranking(state)->load(in, rows)) return false;
    if (!ranking(state)->is_listed()) return true;
    if (changed_of(state) == nullptr) return false;
    changed_of(state)->restore({reinterpret_cast<char*>(ranking(state)), in.i64(), 0});
    return true;
  }

  TaskData& task_;
  std::vector<std::optional<TableSnapshot>> tables_;  // by position
  std::vector<std::string> pieces_;                   // by position: of what was saved in pieces
};

Status save_states(TaskData& task, SnapshotWriter& writer) { return TaskSnapshot(task).save(writer); }

Status load_states(TaskData& task, SnapshotReader& reader) { return TaskSnapshot(task).load(reader); }

}  // namespace sluice
