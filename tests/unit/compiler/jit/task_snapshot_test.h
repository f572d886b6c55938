// TaskSnapshotTest: compiles a program, from Flow text to the code of its only stage, and runs it by one task whose
// states are saved and loaded on the way. Used by the tests of states in snapshots.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <tuple>

#include "compiler/jit/jit_engine.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/pass_manager.h"
#include "lang/check/check.h"
#include "lang/syntax/parse.h"
#include "runtime/task/table_inputs.h"
#include "runtime/task/task_snapshot.h"
#include "runtime/task/watermark_origin.h"
#include "stdlib/catalog.h"

namespace sluice {

struct KeptRecord {
  uint32_t state;
  uint64_t hash;
  std::string key;
  std::string value;
};

class KeptSnapshot : public SnapshotWriter, public SnapshotReader {
 public:
  Status put(const SnapshotRecord& record) override {
    records.push_back({record.state, record.hash, std::string(record.key), std::string(record.value)});
    return {};
  }
  Result<bool> next(SnapshotRecord& record) override {
    if (next_ == records.size()) return false;
    const KeptRecord& kept = records[next_++];
    record = {kept.state, kept.hash, kept.key, kept.value};
    return true;
  }
  // As a store gives them back.
  void sort() {
    const auto is_before = [](const KeptRecord& a, const KeptRecord& b) {
      return std::tie(a.state, a.hash) < std::tie(b.state, b.hash);
    };
    EXPECT_TRUE(std::ranges::is_sorted(records, is_before));
    std::ranges::sort(records, [](const KeptRecord& a, const KeptRecord& b) {
      return std::tie(a.state, a.hash, a.key) < std::tie(b.state, b.hash, b.key);
    });
    const auto same = [](const KeptRecord& a, const KeptRecord& b) {
      return std::tie(a.state, a.hash, a.key) == std::tie(b.state, b.hash, b.key);
    };
    EXPECT_EQ(std::ranges::adjacent_find(records, same), records.end());
  }

  std::vector<KeptRecord> records;

 private:
  size_t next_ = 0;
};

class TextSink : public Sink {
 public:
  explicit TextSink(std::string& text) : text_(&text) {}
  Status write(std::string_view bytes) override {
    text_->append(bytes);
    return {};
  }
  Status commit() override { return {}; }
  void abort() noexcept override {}

 private:
  std::string* text_;
};

// A unit of input; when it has been processed, event time has come to `watermark`.
struct Unit {
  size_t input;
  std::unique_ptr<ChunkBuffer> chunk;
  int64_t watermark;
};

class TaskSnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-snapshot-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }

  // `$` in the program stands for the test's directory.
  void compile(std::string program) {
    for (size_t at = program.find("$/"); at != std::string::npos; at = program.find("$/"))
      program.replace(at, 1, directory_.string());
    SourceMap sources;
    Diagnostics diagnostics;
    const ast::Program parsed = parse(sources, sources.add("t.flow", program), diagnostics);
    auto graph = diagnostics.has_errors() ? std::nullopt
                                          : check(parsed, standard_functions(), standard_connectors(),
                                                  CheckOptions{"t", {}}, sources, diagnostics);
    std::string reported;
    for (const auto& diagnostic : diagnostics.sorted()) reported += render(diagnostic, sources, false);
    ASSERT_TRUE(graph.has_value()) << reported;
    PassOptions passes;
    passes.parallelism = 1;
    plan_ = lower(run_passes(std::move(*graph), passes).graph);
    ASSERT_EQ(plan_.stages.size(), 1u);
    JitOptions options;
    options.tier = JitTier::Quick;
    options.connectors.chunk_bytes = 256;  // many pieces of little input
    auto jit = JitEngine::create(options);
    ASSERT_TRUE(jit.has_value()) << jit.error().message;
    jit_ = std::move(*jit);
    auto code = jit_->make(plan_, StageId(0), {});
    ASSERT_TRUE(code.has_value()) << code.error().message;
    code_ = std::move(*code);
    read_inputs(options.connectors);
  }

  void read_inputs(const ConnectorSettings& settings) {
    const auto connectors = make_connector_factory(settings);
    const auto& inputs = plan_.stages[StageId(0)].inputs;
    const auto tables = table_inputs(plan_, StageId(0));
    for (const bool fills_table : {true, false}) {
      std::vector<std::vector<std::unique_ptr<ChunkBuffer>>> chunks(inputs.size());
      size_t most = 0;
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (tables[i].fills_table != fills_table) continue;
        auto source = connectors->open_source(plan_.graph.nodes[inputs[i].source]);
        ASSERT_TRUE(source.has_value()) << source.error().message;
        while (true) {
          auto chunk = std::make_unique<ChunkBuffer>();
          const auto has_more = (*source)->next(*chunk);
          ASSERT_TRUE(has_more.has_value()) << has_more.error().message;
          if (!*has_more) break;
          chunks[i].push_back(std::move(chunk));
        }
        most = std::max(most, chunks[i].size());
      }
      for (size_t c = 0; c < most; ++c)
        for (size_t i = 0; i < inputs.size(); ++i)
          if (c < chunks[i].size()) units_.push_back({i, std::move(chunks[i][c]), 0});
    }
  }

  std::unique_ptr<TaskData> new_task(TextSink& sink) const {
    auto task = std::make_unique<TaskData>(plan_, StageId(0), 0, *code_);
    task->fix_wall_clock(0);
    for (size_t i = 0; i < plan_.stages[StageId(0)].sinks.size(); ++i) task->add_sink(sink);
    return task;
  }

  void finish_phases(TaskData& task, bool windowed_only) const {
    const auto windowed = windowed_phases(plan_, StageId(0));
    for (size_t i = 0; i < windowed.size(); ++i) {
      if (windowed_only && !windowed[i]) continue;
      task.cursor = 0;
      while (code_->current().finish[i](&task) == abi::Code::Yield) {
      }
      task.scratch_memory().end_unit();
    }
    task.cursor = 0;
  }

  // Event time as a task follows it: windows that are due are given out.
  void follow_time(TaskData& task) const {
    const auto origin = watermark_origin(plan_, StageId(0), 0);
    if (origin.nodes.empty()) return;
    int64_t to = std::numeric_limits<int64_t>::max();
    for (const auto& node : origin.nodes) to = std::min(to, task.counters[node.counter] - node.delay);
    if (to <= task.watermark || task.counters[origin.nodes[0].counter] == kNoWatermark) return;
    task.expire_joins(to);
    for (auto due = task.first_window_due(); due && *due <= to; due = task.first_window_due()) {
      task.watermark = *due;
      finish_phases(task, true);
    }
    task.watermark = to;
    if (task.has_frames_due(to)) finish_phases(task, true);
  }

  void run(TaskData& task, size_t from, size_t to) const {
    for (size_t i = from; i < to; ++i) {
      task.set_chunk(units_[i].chunk.get());
      const abi::Code code = code_->current().inputs[units_[i].input](&task, &units_[i].chunk->view);
      ASSERT_NE(code, abi::Code::Failed) << (task.row_error() ? task.row_error()->message : "");
      task.scratch_memory().end_unit();
      follow_time(task);
    }
  }

  void finish(TaskData& task) const {
    task.watermark = kEndOfTime;
    for (auto due = task.first_window_due(); due; due = task.first_window_due()) {
      finish_phases(task, true);
      if (task.first_window_due() == due) break;
    }
    finish_phases(task, false);
    for (auto& sink : task.sink_buffers()) ASSERT_TRUE(sink->write_rest().has_value());
  }

  std::string undisturbed() const {
    std::string text;
    TextSink sink(text);
    const auto task = new_task(sink);
    run(*task, 0, units_.size());
    finish(*task);
    return text;
  }

  // Saved and loaded behind each of some units.
  std::string disturbed(size_t every) {
    std::string text;
    TextSink sink(text);
    auto task = new_task(sink);
    for (size_t at = 0; at < units_.size(); at += every) {
      const size_t to = std::min(at + every, units_.size());
      run(*task, at, to);
      for (auto& buffer : task->sink_buffers()) EXPECT_TRUE(buffer->write_rest().has_value());
      KeptSnapshot snapshot;
      const Status saved = save_states(*task, snapshot);
      EXPECT_TRUE(saved.has_value()) << saved.error().message;
      snapshot.sort();
      latest_ = snapshot.records;
      auto next = new_task(sink);
      next->watermark = task->watermark;
      const Status loaded = load_states(*next, snapshot);
      EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
      if (!loaded) return "";
      task = std::move(next);
    }
    finish(*task);
    return text;
  }

  // Damaged records are refused, or make a task that may be given up: never more than that.
  void expect_no_crash(size_t units) {
    std::string text;
    TextSink sink(text);
    const auto task = new_task(sink);
    run(*task, 0, units);
    KeptSnapshot good;
    ASSERT_TRUE(save_states(*task, good).has_value());
    ASSERT_FALSE(good.records.empty());
    std::mt19937_64 random(7);
    for (int i = 0; i < 300; ++i) {
      KeptSnapshot bad;
      bad.records = good.records;
      KeptRecord& record = bad.records[random() % bad.records.size()];
      std::string& bytes = random() % 4 == 0 ? record.key : record.value;
      bool is_shorter = false;
      if (!bytes.empty() && random() % 2 == 0) {
        bytes.resize(random() % bytes.size());
        is_shorter = true;
      } else if (!bytes.empty()) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      }
      const auto fresh = new_task(sink);
      const Status loaded = load_states(*fresh, bad);
      if (!loaded) {
        EXPECT_NE(loaded.error().message.find("damaged"), std::string::npos) << loaded.error().message;
      } else if (holds_whole_keys(states()[record.state].kind)) {
        EXPECT_FALSE(is_shorter);
      }
    }
  }

  // Else a record may end between two rows.
  static bool holds_whole_keys(StateKind kind) {
    return kind != StateKind::Top && kind != StateKind::Ranking && kind != StateKind::Sort && kind != StateKind::Frames;
  }

  const std::vector<StatePlan>& states() const { return plan_.stages[StageId(0)].states; }

  void expect_same(const std::string& program, std::string_view part = "") {
    compile(program);
    if (HasFatalFailure()) return;
    ASSERT_GT(units_.size(), 4u);
    const std::string expected = undisturbed();
    ASSERT_FALSE(expected.empty());
    EXPECT_NE(expected.find(part), std::string::npos) << expected;
    for (const size_t every : {size_t{1}, size_t{3}, units_.size() / 2}) EXPECT_EQ(disturbed(every), expected) << every;
    expect_no_crash(units_.size() / 2);
  }

  std::filesystem::path directory_;
  JobPlan plan_;
  std::unique_ptr<JitEngine> jit_;
  std::shared_ptr<const StageCode> code_;
  std::vector<Unit> units_;
  std::vector<KeptRecord> latest_;
};

// 400 rows over 40 seconds: user, page (some long, some missing), ms (some missing), price, when. A row may come behind
// so many later ones.
inline std::string visits(uint64_t disorder = 1) {
  std::multimap<uint64_t, std::string> rows;
  std::mt19937_64 random(3);
  std::mt19937_64 delay(4);
  for (uint64_t i = 0; i < 400; ++i) {
    const uint64_t page = random() % 12;
    const std::string name = page == 0 ? "" : "/p" + std::string(page * 3, static_cast<char>('a' + page));
    const std::string ms = random() % 5 == 0 ? "" : std::to_string(random() % 1000) + ".5";
    rows.emplace(i + delay() % disorder, std::to_string(i) + ",user" + std::to_string(random() % 17) + "," + name +
                                             "," + ms + "," + std::to_string(random() % 90) + ".25,2026-01-01T00:00:" +
                                             (i < 100 ? "0" : "") + std::to_string(i / 10) + "Z\n");
  }
  std::string text = "id,user,page,ms,price,at\n";
  for (const auto& [place, row] : rows) text += row;
  return text;
}

inline const std::string kVisits =
    "source visits: { id: int, user: string, page: string?, ms: float?, price: decimal(10, 2), at: timestamp } = "
    "csv(\"$/in.csv\")";
inline const std::string kPlain = kVisits + "\nfrom visits\n";
inline const std::string kTimed = kVisits + " time at delay 1s\nfrom visits\n";
inline const std::string kDisordered = kVisits + " time at delay 4s\nfrom visits\n";
inline const std::string kToJson = "|> to json(\"-\")\n";

}  // namespace sluice
