#include "compiler/explain/analysis.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "../passes/pass_testing.h"
#include "compiler/lower/lower.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// The figures that two tasks of each stage of the word count might have had.
class Analyzed : public ::testing::Test {
 protected:
  Analyzed() {
    FlowGraph graph = testing::graph_of(testing::kWordCount);
    graph.files = {"wordcount.flow"};
    uint32_t line = 0;
    for (auto& node : graph.nodes) node.span = Span{0, {++line, 4}, {line, 9}};
    PassOptions options;
    options.parallelism = 2;
    passes_ = run_passes(graph, options);
    plan_ = lower(passes_.graph);
    profile_.elapsed = milliseconds(1000);
    profile_.threads = 2;
    for (uint32_t stage = 0; stage < plan_.stages.size(); ++stage)
      for (uint32_t task = 0; task < plan_.stages[StageId(stage)].parallelism; ++task) add_task(StageId(stage), task);
    set_read("E1", 1, 20'000);
    set_read("E2", 2, 40);
    set_rows("1", 100'000);
    set_rows("2", 1'000'000);
    set_rows("3a", 20'000);
    set_rows("3b", 15'000);
    set_rows("4a", 40);
    set_rows("4b", 20);
    task(0, 0).inputs[0].rows = 60'000;
    task(0, 1).inputs[0].rows = 40'000;
    for (auto& each : profile_.tasks) {
      for (auto& output : each.outputs) output = {each.stage == StageId(0) ? 10'000U : 20U, 240'000, 2};
      for (auto& state : each.states) state = {1'000'000, 1'500'000, 10'000, 0};
      for (auto& rows : each.sink_rows) rows = 20;
    }
  }

  void add_task(StageId id, uint32_t index) {
    const StagePlan& stage = plan_.stages[id];
    TaskProfile task;
    task.stage = id;
    task.index = index;
    task.inputs.resize(stage.inputs.size());
    task.outputs.resize(stage.outputs.size());
    task.sink_rows.resize(stage.sinks.size());
    task.states.resize(stage.states.size());
    task.busy = milliseconds(400);
    task.blocked = milliseconds(50);
    task.cpu = milliseconds(390);
    task.node_rows.resize(plan_.graph.nodes.size());
    task.node_samples.resize(plan_.graph.nodes.size());
    profile_.tasks.push_back(std::move(task));
  }

  TaskProfile& task(uint32_t stage, uint32_t index) {
    return *std::ranges::find_if(
        profile_.tasks, [&](const TaskProfile& each) { return each.stage == StageId(stage) && each.index == index; });
  }
  [[nodiscard]] NodeId id_of(std::string_view label) const {
    for (uint32_t i = 0; i < plan_.graph.nodes.size(); ++i)
      if (plan_.graph.nodes[NodeId(i)].label == label) return NodeId(i);
    ADD_FAILURE() << label;
    return {};
  }
  // Three of four rows in the first task, where there are two.
  void set_rows(std::string_view label, uint64_t rows) {
    const NodeId id = id_of(label);
    const StageId stage(*plan_.graph.nodes[id].stage);
    const bool is_alone = plan_.stages[stage].parallelism == 1;
    task(stage.value, 0).node_rows[id.value] = is_alone ? rows : rows / 4 * 3;
    if (!is_alone) task(stage.value, 1).node_rows[id.value] = rows / 4;
  }
  // From an exchange, by the tasks of a stage.
  void set_read(std::string_view exchange, uint32_t stage, uint64_t rows) {
    const uint32_t tasks = plan_.stages[StageId(stage)].parallelism;
    for (uint32_t index = 0; index < tasks; ++index) task(stage, index).node_rows[id_of(exchange).value] = rows / tasks;
  }
  void set_samples(std::string_view label, uint64_t samples) {
    const NodeId id = id_of(label);
    task(*plan_.graph.nodes[id].stage, 0).node_samples[id.value] = samples;
  }
  [[nodiscard]] std::vector<std::string> finding_texts() const {
    std::vector<std::string> texts;
    for (const Finding& each : findings(plan_, analyze(plan_, profile_))) texts.push_back(each.kind + ": " + each.text);
    return texts;
  }
  [[nodiscard]] std::string text() const { return analysis_text(plan_, analyze(plan_, profile_)); }

  PassResult passes_;
  JobPlan plan_;
  JobProfile profile_;
};

using Texts = std::vector<std::string>;

TEST_F(Analyzed, Text) {
  set_samples("1", 100);
  set_samples("2", 600);
  set_samples("3a", 300);
  EXPECT_EQ(text(), R"(1.00s wall, 1.95s CPU   in 100K rows, 100K/s   out 20 rows
                                              rows in  rows out     kept  self time  ns/row               bytes/state  skew  wm lag  busy  blocked
S0 ×2                                                                         0.78s                                    1.20       -   40%       5%
  #1 lines("books/*.txt")                        100K      100K   100.0%      0.08s   780.0                         -  1.50            4%
  #2 expand word in words(lower(line))           100K      1.0M  1000.0%      0.47s  4680.0                         -  1.50           23%
  #3a aggregate count() per word (each task)     1.0M     20.0K     2.0%      0.23s   234.0  3.0 MB state, 20.0K keys  1.50           12%
  E1 hash(word), 128 key groups → S1            20.0K     20.0K   100.0%      0.00s     0.0               480 KB sent                  0%       5%
S1 ×2                                                                         0.78s                                       -       -   40%       5%
  #3b aggregate count() per word (merged)       20.0K     15.0K    75.0%          -       -  3.0 MB state, 20.0K keys  1.50
  #4a top 20 by count desc (each task)          15.0K        40     0.3%          -       -              3.0 MB state  1.50
  E2 all to one task, in order → S2                40        40   100.0%          -       -               480 KB sent                           5%
S2 ×1                                                                         0.39s                                       -       -   40%       5%
  #4b top 20 by count desc                         40        20    50.0%          -       -              1.5 MB state
  #5 to print()                                    20        20   100.0%          -       -                         -
hot spot   24% of CPU in #2 `expand word in words(lower(line))` (:2): compute it behind the filters, and only what is used below
)");
}

TEST_F(Analyzed, FewSamplesSayNothing) {
  set_samples("2", 19);
  EXPECT_EQ(text().find("hot spot"), std::string::npos);
}

TEST_F(Analyzed, Json) {
  set_samples("2", 50);
  set_samples("3a", 50);
  std::istringstream lines(analysis_json(plan_, passes_.notes, analyze(plan_, profile_)));
  std::map<std::string, nlohmann::json> objects;
  for (std::string line; std::getline(lines, line);) {
    auto object = nlohmann::json::parse(line);
    EXPECT_EQ(object["v"], 1);
    objects[object.contains("id") ? object["id"] : object["type"]] = object;
  }
  EXPECT_EQ(objects["job"]["threads"], 2);
  EXPECT_EQ(objects["S0"]["actual"]["skew"], 1.2);
  const auto& aggregate = objects["#3a"];
  EXPECT_EQ(aggregate["rewrites"], nlohmann::json({"R18", "R02"}));
  EXPECT_EQ(aggregate["kind"], "stream");
  EXPECT_EQ(aggregate["span"]["line"], 3);
  EXPECT_EQ(aggregate["actual"].dump(),
            R"({"blocked":null,"busy":0.195,"bytes":0,"keys":20000,"late_rows":0,"ns_per_row":390.0,"rows_in":1000000,)"
            R"("rows_out":20000,"self_ms":390.0,"skew":1.5,"state_bytes":3000000,"watermark_lag_ms":null})");
  EXPECT_EQ(objects["E1"]["actual"]["bytes"], 480'000);
  EXPECT_EQ(objects["finding"]["kind"], "hot spot");
}

TEST_F(Analyzed, MoreTasksOnlyWhereThreadsAreIdle) {
  set_samples("3a", 100);
  for (const uint32_t index : {0, 1}) task(0, index).busy = milliseconds(950);
  EXPECT_EQ(finding_texts(), Texts{"hot spot: 40% of CPU in #3a `aggregate count() per word` (:3): its key `word` is "
                                   "text: a number in its place is "
                                   "faster"});
  profile_.threads = 8;
  EXPECT_EQ(finding_texts(),
            Texts{"hot spot: 40% of CPU in #3a `aggregate count() per word` (:3): try `@parallel(8)` on :1"});
}

TEST_F(Analyzed, BlockedAndSkewed) {
  for (const uint32_t index : {0, 1}) task(0, index).blocked = milliseconds(500);
  set_rows("3a", 4'000'000);
  task(1, 0).inputs[0].rows = 1'000'000;
  EXPECT_EQ(
      finding_texts(),
      (Texts{
          "blocked: S0 waits 50% of the time for S1, which is 40% busy",
          "skew: one of the 2 tasks of S1 has 2.0 times as many rows as they have on average: a few keys have most of "
          "the rows"}));
}

TEST_F(Analyzed, WhereTheRowsStopped) {
  for (auto& each : profile_.tasks) std::ranges::fill(each.sink_rows, 0);
  set_rows("4b", 0);
  EXPECT_EQ(
      finding_texts(),
      Texts{
          "no output: #5 `to print()` (:5) got no rows: #4b `top 20 by count desc` (:4) has 40 rows and has given none "
          "out; it gives them out when its input ends"});
  for (const std::string_view label : {"4a", "3b", "3a", "2"}) set_rows(label, 0);
  for (auto& each : profile_.tasks) std::ranges::fill(each.outputs, OutputProfile());
  EXPECT_EQ(
      finding_texts(),
      Texts{
          "no output: #5 `to print()` (:5) got no rows: #2 `expand word in words(lower(line))` (:2) has 100K rows and "
          "has given none out"});
  set_rows("1", 0);
  for (const uint32_t index : {0, 1}) task(0, index).inputs[0].rows = 0;
  EXPECT_EQ(
      finding_texts(),
      Texts{
          "no output: #5 `to print()` (:5) got no rows: nothing has come from #1 `from lines(\"books/*.txt\")` (:1)"});
}

}  // namespace
}  // namespace sluice
