// Jobs whose stage code is written by hand: plain functions play the part of generated code, lists of numbers that of
// files. Rows are {key: int, value: int}; a source record is a line "KEY VALUE".
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/coordinator/local_job.h"
#include "runtime/data/row_view.h"
#include "runtime/io/sink_buffer.h"
#include "runtime/state/group_table.h"

namespace sluice::testing {

using abi::Code;
using abi::TaskContext;

struct Row {
  int64_t key;
  int64_t value;
  auto operator<=>(const Row&) const = default;
};
inline constexpr uint32_t kRowBytes = 16;

inline const Schema& row_schema() {
  static const Schema schema{{{"key", Type(TypeKind::Int)}, {"value", Type(TypeKind::Int)}}};
  return schema;
}

// ---- what generated code does ----

inline uint64_t hash_key(int64_t key) {
  auto x = static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15ull;
  x ^= x >> 32;
  return x * 0xd6e8feb86659fd93ull;
}

inline uint32_t partition_of(uint64_t hash, uint32_t partitions) {
  const auto group = static_cast<uint32_t>((static_cast<unsigned __int128>(hash) * 128) >> 64);
  uint32_t task = partitions - 1;
  while (first_key_group(128, partitions, task) > group) --task;
  return task;
}

inline void write_row(TaskContext* context, uint32_t writer_index, const Row& row) {
  abi::RowWriter& writer = *context->writers[writer_index];
  if (static_cast<uint64_t>(writer.heap - writer.row) < kRowBytes) abi::rt_writer_reserve(context, &writer, 0);
  put(writer, 0, row.key);
  put(writer, 8, row.value);
  writer.row += kRowBytes;
}

// Calls use(row) -> Code for every row of a chunk; stops at the first that is not Done.
template <class Use>
Code for_each_record(TaskContext* context, const void* unit, const Use& use) {
  const auto& chunk = *static_cast<const abi::Chunk*>(unit);
  for (uint64_t r = 0; r < chunk.row_count; ++r) {
    context->row = r;
    Row row{};
    const char* end = chunk.data + chunk.index[r];
    const auto key = std::from_chars(chunk.data + chunk.starts[r], end, row.key);
    std::from_chars(key.ptr + 1, end, row.value);
    if (const Code code = use(row); code != Code::Done) return code;
  }
  return Code::Done;
}

template <class Use>
Code for_each_row(TaskContext* context, const void* unit, const Use& use) {
  const auto& header = *static_cast<const abi::BlockHeader*>(unit);
  for (uint32_t r = 0; r < header.row_count; ++r) {
    context->row = r;
    const RowView view = row_of(header, r);
    if (const Code code = use(Row{view.get<int64_t>(0), view.get<int64_t>(8)}); code != Code::Done) return code;
  }
  return Code::Done;
}

inline Code print_row(TaskContext* context, const Row& row) {
  sink_buffer(context, 0).append(fmt::format("{} {}\n", row.key, row.value));
  return static_cast<Code>(abi::rt_sink_row(context, 0));
}

struct GroupEntry {
  uint64_t hash;
  int64_t key;
  int64_t sum;
};

inline void add_to_group(TaskContext* context, uint32_t table_index, const Row& row) {
  abi::HashTable& table = *context->tables[table_index];
  const uint64_t hash = hash_key(row.key);
  auto slot = static_cast<uint64_t>((static_cast<unsigned __int128>(hash - table.hash_base) * table.hash_scale) >> 64);
  for (; table.slots[slot] != 0; ++slot) {
    auto* entry = reinterpret_cast<GroupEntry*>(GroupTable::entry_of(table.slots[slot]));
    if (entry->key != row.key) continue;
    entry->sum += row.value;
    return;
  }
  auto* entry = static_cast<GroupEntry*>(abi::rt_table_insert(context, &table, static_cast<int64_t>(hash)));
  entry->key = row.key;
  entry->sum = row.value;
}

// ---- sources and sinks ----

// What a source of a test gives: the text of its pieces, one after the other.
struct SourceScript {
  std::vector<std::string> pieces;  // whole lines each
  bool is_endless = false;          // the pieces again and again
  bool may_block = false;
  // Called in front of each piece; false ends the source. May wait until interrupted() when may_block.
  std::function<bool(size_t piece, const std::atomic<bool>& interrupted)> before_piece = {};
  std::optional<Error> error_at_end = {};
  std::string bad_record_at_end = {};  // appended to the last piece, as a record that the scanner refused
};

class ScriptedSource final : public Source {
 public:
  explicit ScriptedSource(const SourceScript& script) : script_(script) {}
  Result<bool> next(ChunkBuffer& chunk) override {
    const std::lock_guard lock(mutex_);
    if (interrupted_ || (next_ >= script_.pieces.size() && !script_.is_endless)) {
      if (script_.error_at_end) return std::unexpected(*script_.error_at_end);
      return false;
    }
    if (script_.before_piece && !script_.before_piece(next_, interrupted_)) return false;
    fill(chunk, script_.pieces[next_ % script_.pieces.size()]);
    chunk.first_line = line_;
    chunk.sequence = next_++;
    line_ += chunk.view.row_count;
    if (next_ == script_.pieces.size() && !script_.bad_record_at_end.empty()) add_bad_record(chunk);
    return true;
  }
  bool may_block() const override { return script_.may_block; }
  void interrupt() override { interrupted_ = true; }

 private:
  static void fill(ChunkBuffer& chunk, std::string_view text) {
    chunk.bytes.assign(text.begin(), text.end());
    chunk.bytes.resize(text.size() + abi::kChunkPadding);
    chunk.starts.clear();
    chunk.index.clear();
    uint32_t begin = 0;
    for (uint32_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\n') continue;
      chunk.starts.push_back(begin);
      chunk.index.push_back(i);
      begin = i + 1;
    }
    chunk.view = {};
    chunk.view.data = chunk.bytes.data();
    chunk.view.size = text.size();
    chunk.view.index = chunk.index.data();
    chunk.view.index_count = chunk.index.size();
    chunk.view.starts = chunk.starts.data();
    chunk.view.row_count = chunk.starts.size();
    chunk.file = "in/numbers.txt";
    chunk.error_code.clear();
  }
  void add_bad_record(ChunkBuffer& chunk) const {
    const uint64_t rows = chunk.view.row_count;
    const std::string text = std::string(chunk.view.data, chunk.view.size) + script_.bad_record_at_end;
    fill(chunk, text);
    chunk.view.row_count = rows;
    chunk.error_code = "R0204";
    chunk.error_message = "this record is not valid UTF-8";
    chunk.error_position = text.size() - script_.bad_record_at_end.size() + 2;
  }

  const SourceScript& script_;
  std::mutex mutex_;
  std::atomic<bool> interrupted_{false};
  size_t next_ = 0;
  uint64_t line_ = 1;
};

// What came out of a job.
struct SinkLog {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<uint32_t, std::string> text_of_task;
  uint32_t commits = 0;
  uint32_t aborts = 0;
  uint64_t refuse_behind_bytes = ~uint64_t{0};
  bool refuse_commit = false;
  std::function<void()> on_write;
  RowLimit* limit = nullptr;

  [[nodiscard]] std::string text() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const auto& [task, text] : text_of_task) all += text;
    return all;
  }
};

class LoggedSink final : public Sink {
 public:
  LoggedSink(SinkLog& log, uint32_t task) : log_(log), task_(task) {}
  Status write(std::string_view bytes) override {
    {
      const std::lock_guard lock(log_.mutex);
      auto& text = log_.text_of_task[task_];
      if (text.size() + bytes.size() > log_.refuse_behind_bytes) return external_error("no space left on device");
      text += bytes;
    }
    log_.changed.notify_all();
    if (log_.on_write) log_.on_write();
    return {};
  }
  Status commit() override {
    if (log_.refuse_commit) return external_error("cannot rename the result");
    ++log_.commits;
    return {};
  }
  void abort() noexcept override { ++log_.aborts; }
  RowLimit* limit() override { return log_.limit; }

 private:
  SinkLog& log_;
  uint32_t task_;
};

// ---- the job ----

class HandWrittenCode final : public StageCode {
 public:
  StageFunctions functions;
  std::vector<ErrorSite> sites;
  uint32_t table_entry_size = sizeof(GroupEntry);
  const StageFunctions& current() const override { return functions; }
  const std::vector<ErrorSite>& error_sites() const override { return sites; }
  uint32_t entry_size(size_t) const override { return table_entry_size; }
};

struct Job : TaskFactory, ConnectorFactory {
  JobPlan plan;
  std::vector<std::shared_ptr<HandWrittenCode>> code;  // by stage
  std::map<uint32_t, SourceScript> scripts;            // by source node
  SinkLog log;
  RunOptions options;

  NodeId add_node(Node node) {
    node.schema = row_schema();
    node.label = std::to_string(plan.graph.nodes.size() + 1);
    node.span = {0, {static_cast<uint32_t>(plan.graph.nodes.size() + 1), 1}, {1, 2}};
    return plan.graph.nodes.add(std::move(node));
  }
  NodeId add_source(SourceScript script) {
    Node node;
    node.payload = SourceNode{"lines", {}, row_schema(), std::nullopt};
    const NodeId id = add_node(std::move(node));
    scripts[id.value] = std::move(script);
    return id;
  }
  NodeId add_sink_node() {
    Node node;
    node.payload = SinkNode{"print", {}};
    return add_node(std::move(node));
  }
  // A stage; sources and edges are its inputs in the order of `functions.inputs`.
  StageId add_stage(uint32_t parallelism, StageFunctions functions, std::vector<NodeId> sources = {}) {
    StagePlan stage;
    stage.name = fmt::format("S{}", plan.stages.size());
    stage.parallelism = parallelism;
    stage.finish_phases = static_cast<uint32_t>(functions.finish.size());
    for (const NodeId source : sources) stage.inputs.push_back({source, EdgeId()});
    code.push_back(std::make_shared<HandWrittenCode>());
    code.back()->functions = std::move(functions);
    return plan.stages.add(std::move(stage));
  }
  EdgeId add_edge(StageId from, StageId to, ExchangeKind kind, bool is_ordered = false) {
    Node node;
    node.payload = ExchangeNode{kind, {}};
    EdgePlan edge{kind, add_node(std::move(node)), from, to, row_schema(), {}, is_ordered};
    const EdgeId id = plan.edges.add(std::move(edge));
    plan.stages[from].outputs.push_back(id);
    plan.stages[to].inputs.push_back({NodeId(), id});
    return id;
  }
  void add_sink(StageId stage) { plan.stages[stage].sinks.push_back(add_sink_node()); }
  // A table that is an aggregate's, keyed by "key".
  void add_table(StageId stage) {
    AggregateNode aggregate;
    aggregate.keys = {{"key", Expr::column("key", Type(TypeKind::Int), {})}};
    Node node;
    node.payload = std::move(aggregate);
    StatePlan state;
    state.name = "sums";
    state.node = add_node(std::move(node));
    state.key = {{{"key", Type(TypeKind::Int)}}};
    state.value = {{{"sum", Type(TypeKind::Int)}}};
    plan.stages[stage].states.push_back(std::move(state));
  }
  JobOutcome run() { return run_local(plan, *this, *this, options); }

  Result<std::shared_ptr<const StageCode>> make(const JobPlan&, StageId stage, const std::stop_token&) override {
    return code[stage.value];
  }
  Result<std::unique_ptr<Source>> open_source(const Node& node) override {
    return std::make_unique<ScriptedSource>(scripts.at(static_cast<uint32_t>(std::stoul(node.label)) - 1));
  }
  Result<std::unique_ptr<Sink>> open_sink(const Node&, uint32_t task, const JobAttempt&) override {
    return std::make_unique<LoggedSink>(log, task);
  }
};

// `count` records "KEY VALUE" with keys below `keys`, in pieces of `per_piece` records.
inline std::vector<std::string> numbered_pieces(int64_t count, int64_t keys, int64_t per_piece) {
  std::vector<std::string> pieces;
  for (int64_t i = 0; i < count; ++i) {
    if (i % per_piece == 0) pieces.emplace_back();
    pieces.back() += fmt::format("{} {}\n", i * 7919 % keys, i);
  }
  return pieces;
}

}  // namespace sluice::testing
