#include "compiler/testing/test_runner.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>

#include "compiler/lower/lower.h"
#include "compiler/passes/pass_manager.h"
#include "compiler/testing/test_input.h"
#include "runtime/coordinator/local_job.h"

namespace sluice {

namespace {

constexpr uint32_t kManyTasks = 3;

std::string path_of(const std::vector<ConnectorOption>& options) {
  for (const auto& option : options)
    if (option.name == "path") return std::get<std::string>(option.value);
  return {};
}

// Stages compiled for one job serve the others.
class CompiledOnce final : public TaskFactory {
 public:
  explicit CompiledOnce(TaskFactory& factory) : factory_(factory) {}
  Result<std::shared_ptr<const StageCode>> make(const JobPlan& plan, StageId stage,
                                                const std::stop_token& stop) override {
    auto& code = codes_[stage.value];
    if (code != nullptr) return code;
    SLUICE_ASSIGN(code, factory_.make(plan, stage, stop));
    return code;
  }

 private:
  TaskFactory& factory_;
  std::map<uint32_t, std::shared_ptr<const StageCode>> codes_;
};

// What the sinks of a job wrote, by their paths.
class Collected {
 public:
  void add(const std::string& path, std::string_view lines) {
    const std::lock_guard lock(mutex_);
    lines_[path] += lines;
  }
  [[nodiscard]] const std::string& lines(const std::string& path) { return lines_[path]; }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> lines_;
};

class CollectingSink final : public Sink {
 public:
  CollectingSink(Collected& collected, std::string path) : collected_(collected), path_(std::move(path)) {}
  Status write(std::string_view bytes) override {
    collected_.add(path_, bytes);
    return {};
  }
  Status commit() override { return {}; }
  void abort() noexcept override {}

 private:
  Collected& collected_;
  std::string path_;
};

class TestConnectors final : public ConnectorFactory {
 public:
  TestConnectors(std::map<std::string, std::vector<JsonPiece>> pieces, Collected& collected)
      : pieces_(std::move(pieces)), collected_(collected) {}
  Result<std::unique_ptr<Source>> open_source(const Node& node) override {
    const std::string path = path_of(node.as<SourceNode>()->options);
    return make_json_pieces_source("given " + path, pieces_[path]);
  }
  Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t, const JobAttempt&) override {
    return std::make_unique<CollectingSink>(collected_, path_of(node.as<SinkNode>()->options));
  }

 private:
  std::map<std::string, std::vector<JsonPiece>> pieces_;
  Collected& collected_;
};

Json value_at(const Json& row, const std::vector<std::string>& path) {
  const Json* value = &row;
  for (const auto& name : path) {
    if (!value->is_object()) return nullptr;
    const auto it = value->find(name);
    if (it == value->end()) return nullptr;
    value = &*it;
  }
  return *value;
}

std::vector<TestRow> read_rows(std::string_view lines, const std::vector<TestColumn>& columns) {
  std::vector<TestRow> rows;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const Json object = Json::parse(lines.substr(0, end), nullptr, false);
    auto& row = rows.emplace_back();
    for (const auto& column : columns) row.push_back(value_at(object, column.path));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return rows;
}

std::vector<TestColumn> columns_of(const TestExpect& expect) {
  if (!expect.columns.empty()) return expect.columns;
  std::vector<TestColumn> columns;
  for (const auto& field : expect.schema.fields) columns.push_back({{field.name}, field.type});
  return columns;
}

// The cells that say which changes have an order among themselves: those of one key, or, where the rows do not show
// their key, those of one row.
std::vector<size_t> key_cells(const std::vector<TestColumn>& columns, const std::vector<std::string>& key) {
  std::vector<size_t> cells;
  for (size_t i = 0; i < columns.size(); ++i)
    if (std::ranges::find(key, columns[i].path.front()) != key.end()) cells.push_back(i);
  if (!key.empty() && cells.size() >= key.size()) return cells;
  cells.clear();
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].path.front() != "change") cells.push_back(i);
  return cells;
}

// Puts the changes of each key behind one another, keys in the order in which they are first expected, or came:
// several tasks give out the changes of different keys in any order.
void group_by_key(std::vector<TestRow>& expected, std::vector<TestRow>& got, const std::vector<TestColumn>& columns,
                  const std::vector<std::string>& key) {
  const std::vector<size_t> cells = key_cells(columns, key);
  const auto key_of = [&](const TestRow& row) {
    TestRow values;
    for (const size_t cell : cells) values.push_back(row[cell]);
    return values;
  };
  std::map<TestRow, size_t> places;
  for (const auto* rows : {&expected, &got})
    for (const auto& row : *rows) places.emplace(key_of(row), places.size());
  for (auto* rows : {&expected, &got}) {
    std::vector<std::vector<TestRow>> by_place(places.size());
    for (auto& row : *rows) {
      auto& of_key = by_place[places.at(key_of(row))];
      of_key.push_back(std::move(row));
    }
    rows->clear();
    for (auto& of_key : by_place) std::ranges::move(of_key, std::back_inserter(*rows));
  }
}

// The graph for one number of tasks, and its code.
class Program {
 public:
  Program(const CheckedTest& test, uint32_t tasks, TaskFactory& code, bool verify) : tasks_(tasks), code_(code) {
    PassOptions options;
    options.parallelism = tasks;
    options.verify = verify;
    plan_ = lower(run_passes(test.graph, options).graph);
  }

  JobOutcome run(std::map<std::string, std::vector<JsonPiece>> pieces, bool time_stops, int64_t wall_time,
                 Collected& collected) {
    TestConnectors connectors(std::move(pieces), collected);
    RunOptions options;
    options.threads = std::min(tasks_, 2u);
    options.time_stops_at_end = time_stops;
    options.wall_time = wall_time;
    return run_local(plan_, code_, connectors, options);
  }

 private:
  uint32_t tasks_;
  CompiledOnce code_;
  JobPlan plan_;
};

class Run {
 public:
  Run(const CheckedTest& test, const TestInput& input, Program& program, const InputVariation& variation,
      TestOutcome& outcome)
      : test_(test), input_(input), program_(program), variation_(variation), outcome_(outcome) {}

  void run() {
    const auto& steps = test_.steps;
    std::optional<int64_t> time;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (const auto* advance = std::get_if<TestAdvance>(&steps[i])) time = advance->time;
      if (!std::holds_alternative<TestExpect>(steps[i])) continue;
      size_t end = i;
      while (end < steps.size() && std::holds_alternative<TestExpect>(steps[end])) ++end;
      if (!look(i, end, time)) return;
      i = end - 1;
    }
  }

 private:
  // Compares the `expect`s from `begin` to `end` with what has come until there. False when the job failed.
  bool look(size_t begin, size_t end, std::optional<int64_t> time) {
    Collected collected;
    JobOutcome job =
        program_.run(input_.pieces(begin, variation_), test_.has_advance, time.value_or(kTestDay), collected);
    outcome_.row_error = std::move(job.row_error);
    outcome_.error = std::move(job.error);
    if (job.kind != JobOutcome::Kind::Finished) return false;
    for (size_t i = begin; i < end; ++i) {
      const auto& expect = std::get<TestExpect>(test_.steps[i]);
      TestMismatch mismatch{&expect, {}, columns_of(expect), time, !test_.has_advance};
      std::vector<TestRow> expected;
      for (const auto& row : expect.rows) {
        auto& values = expected.emplace_back();
        for (const auto& cell : row) values.push_back(json_of(cell));
      }
      const bool is_changes = expect.statement->mode == ast::ExpectMode::Changes;
      const bool is_ordered =
          is_changes || (expect.statement->mode == ast::ExpectMode::Ordered && !variation_.is_shuffled);
      const bool rounds = variation_.is_shuffled || variation_.is_row_by_row;
      auto got = read_rows(collected.lines(expect.sink), mismatch.columns);
      if (is_changes) group_by_key(expected, got, mismatch.columns, expect.key);
      mismatch.diff = diff_rows(expected, got, is_ordered, rounds);
      if (!is_same(mismatch.diff)) outcome_.mismatches.push_back(std::move(mismatch));
    }
    return true;
  }

  const CheckedTest& test_;
  const TestInput& input_;
  Program& program_;
  const InputVariation variation_;
  TestOutcome& outcome_;
};

bool looks_at_changes(const CheckedTest& test) {
  return std::ranges::any_of(test.steps, [](const auto& step) {
    const auto* expect = std::get_if<TestExpect>(&step);
    return expect != nullptr && expect->statement->mode == ast::ExpectMode::Changes;
  });
}

}  // namespace

TestOutcome run_test(const CheckedTest& test, TaskFactory& code, bool verify_passes) {
  const auto start = std::chrono::steady_clock::now();
  TestOutcome outcome;
  const TestInput input(test);
  Program one(test, 1, code, verify_passes);
  const auto passes = [&](Program& program, const InputVariation& variation, const std::string& text) {
    Run(test, input, program, variation, outcome).run();
    if (!outcome.passed()) outcome.variation = text;
    return outcome.passed();
  };
  const auto run_all = [&] {
    if (!passes(one, {false, false}, "")) return;
    const std::string shuffled = "with the given rows in another order, none later than its source's `delay` allows";
    if (input.can_shuffle() && !passes(one, {true, false}, shuffled)) return;
    Program many(test, kManyTasks, code, verify_passes);
    const std::string tasks = "with " + std::to_string(kManyTasks) + " tasks";
    // Tasks get to pieces in any order, and the changes of a key come as its rows do.
    const bool by_row = !looks_at_changes(test);
    if (!passes(many, {false, by_row}, tasks)) return;
    if (input.can_shuffle()) static_cast<void>(passes(many, {true, by_row}, tasks + " and " + shuffled.substr(5)));
  };
  run_all();
  outcome.elapsed = std::chrono::steady_clock::now() - start;
  return outcome;
}

}  // namespace sluice
