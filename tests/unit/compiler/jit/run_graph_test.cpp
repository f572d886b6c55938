// From graph text to answers: passes, lowering, code generation, JIT and engine together, without the language.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../passes/pass_testing.h"
#include "compiler/jit/jit_engine.h"
#include "compiler/lower/lower.h"
#include "runtime/coordinator/local_job.h"

namespace sluice {
namespace {

struct Configuration {
  uint32_t parallelism = 1;
  JitTier tier = JitTier::Quick;
  uint32_t block_bytes = 256 << 10;
  bool optimize = true;
};

const std::vector<Configuration> kConfigurations = {
    {1, JitTier::Quick, 256 << 10, true}, {1, JitTier::Optimized, 256 << 10, false}, {3, JitTier::Quick, 1, true},
    {2, JitTier::Optimized, 4096, true},  {4, JitTier::Auto, 256 << 10, false},
};

class RunGraph : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-run-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ / name, std::ios::binary).rdbuf();
    return text.str();
  }

  // `$` in the graph stands for the test's directory.
  JobOutcome run(std::string_view graph, const Configuration& configuration) const {
    std::string text(graph);
    for (size_t at = text.find("$/"); at != std::string::npos; at = text.find("$/"))
      text.replace(at, 1, directory_.string());
    PassOptions passes;
    passes.parallelism = configuration.parallelism;
    passes.optimize = configuration.optimize;
    const JobPlan plan = lower(run_passes(testing::graph_of(text), passes).graph);
    JitOptions options;
    options.tier = configuration.tier;
    auto jit = JitEngine::create(options);
    EXPECT_TRUE(jit.has_value()) << jit.error().message;
    options.connectors.chunk_bytes = 64;  // many pieces of little input
    const auto connectors = make_connector_factory(options.connectors);
    RunOptions run_options;
    run_options.threads = configuration.parallelism;
    run_options.block_bytes = configuration.block_bytes;
    return run_local(plan, **jit, *connectors, run_options);
  }

  // The result in every configuration.
  void expect_result(std::string_view graph, std::string_view expected) const {
    for (const auto& configuration : kConfigurations) {
      std::filesystem::remove(directory_ / "out");
      const JobOutcome outcome = run(graph, configuration);
      ASSERT_EQ(outcome.kind, JobOutcome::Kind::Finished) << (outcome.error       ? outcome.error->to_string()
                                                              : outcome.row_error ? outcome.row_error->message
                                                                                  : "");
      EXPECT_EQ(read("out"), expected) << "parallelism " << configuration.parallelism << " block "
                                       << configuration.block_bytes << " optimize " << configuration.optimize;
    }
  }

  RowError expect_row_error(std::string_view graph) const {
    RowError error;
    for (const auto& configuration : kConfigurations) {
      const JobOutcome outcome = run(graph, configuration);
      EXPECT_EQ(outcome.kind, JobOutcome::Kind::RowFailed);
      if (outcome.row_error) error = *outcome.row_error;
      EXPECT_FALSE(std::filesystem::exists(directory_ / "out"));
    }
    return error;
  }

  std::filesystem::path directory_;
};

constexpr std::string_view kHits =
    "url,status,ms,ok\n"
    "/a,200,1.5,true\n"
    "/b,404,,false\n"
    "\"/c,\"\"d\"\"\",200,2.25,\n"
    "/a,500,0.5,true\n"
    "/a-rather-long-path/that/is/not/short,200,8,false\n"
    "/b,200,3,true\n";

constexpr std::string_view kHitsSource = R"(graph "hits"
node 1 source "from csv"
  name hits
  connector csv
  option path = "$/in.csv"
  option header = true
  option delimiter = ","
  option quote = "\""
  declared url: string, status: int, ms: float?, ok: bool?
  schema url: string, status: int, ms: float?, ok: bool?
)";

TEST_F(RunGraph, FiltersAndComputes) {
  write("in.csv", kHits);
  expect_result(std::string(kHitsSource) + R"(node 2 filter (1) "where status < 500"
  name hits.where
  condition lt(status:int, 500:int):bool
  schema url: string, status: int, ms: float?, ok: bool?
node 3 project (2) "select"
  name hits.select
  column url = url:string
  column half = idiv(status:int, 3:int):int
  column twice = add(ms:float?, ms:float?):float?
  column known = coalesce(ms:float?, -1.0:float):float
  column label = concat(url:string, "#":string, to_text(status:int):string):string
  column ok = ok:bool?
  schema url: string, half: int, twice: float?, known: float, label: string, ok: bool?
node 4 sink (3) "to json"
  name hits.sink
  connector json
  option path = "$/out"
  schema url: string, half: int, twice: float?, known: float, label: string, ok: bool?
)",
                R"({"url":"/a","half":66,"twice":3.0,"known":1.5,"label":"/a#200","ok":true}
{"url":"/b","half":134,"twice":null,"known":-1.0,"label":"/b#404","ok":false}
{"url":"/c,\"d\"","half":66,"twice":4.5,"known":2.25,"label":"/c,\"d\"#200","ok":null}
{"url":"/a-rather-long-path/that/is/not/short","half":66,"twice":16.0,"known":8.0,"label":"/a-rather-long-path/that/is/not/short#200","ok":false}
{"url":"/b","half":66,"twice":6.0,"known":3.0,"label":"/b#200","ok":true}
)");
}

TEST_F(RunGraph, GroupsAndSorts) {
  write("in.csv", kHits);
  expect_result(std::string(kHitsSource) + R"(node 2 aggregate (1) "aggregate"
  name hits.aggregate
  key url = url:string
  key ok = ok:bool?
  call n count
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
    finish $n:int
  call codes count_distinct distinct
    arg x = status:int
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
    finish $n:int
  schema url: string, ok: bool?, n: int, codes: int
  table url, ok
node 3 sort (2) "sort"
  name hits.sort
  order n:int desc
  order url:string asc
  schema url: string, ok: bool?, n: int, codes: int
  table url, ok
node 4 sink (3) "to csv"
  name hits.sink
  connector csv
  option path = "$/out"
  schema url: string, ok: bool?, n: int, codes: int
)",
                "url,ok,n,codes\n"
                "/a,true,2,2\n"
                "/a-rather-long-path/that/is/not/short,false,1,1\n"
                "/b,false,1,1\n"
                "/b,true,1,1\n"
                "\"/c,\"\"d\"\"\",,1,1\n");
}

TEST_F(RunGraph, OverflowIsARowErrorAndLeavesNoFile) {
  write("in.csv", "url,status,ms,ok\n/a,1,,\n/b,9223372036854775807,,\n");
  const RowError error = expect_row_error(std::string(kHitsSource) + R"(node 2 project (1) "select"
  name hits.select
  column next = add(status:int, 1:int):int@0:2:10-2:20
  schema next: int
node 3 sink (2) "to json"
  name hits.sink
  connector json
  option path = "$/out"
  schema next: int
)");
  EXPECT_EQ(error.code, "R0101");
  EXPECT_EQ(error.span.begin.line, 2u);
  ASSERT_TRUE(error.record.has_value());
  EXPECT_EQ(error.record->line, 3u);
}

TEST_F(RunGraph, MalformedFieldNamesItsPlace) {
  write("in.csv", "url,status,ms,ok\n/a,1,,\n/b,2x,,\n");
  const RowError error = expect_row_error(std::string(kHitsSource) + R"(node 2 sink (1) "to json"
  name hits.sink
  connector json
  option path = "$/out"
  schema url: string, status: int, ms: float?, ok: bool?
)");
  EXPECT_EQ(error.code, "R0201");
  ASSERT_TRUE(error.record.has_value());
  EXPECT_EQ(error.record->line, 3u);
  EXPECT_EQ(error.record->column, 4u);
}

constexpr std::string_view kJsonSource = R"(graph "json"
node 1 source "from json"
  name rows
  connector json
  option path = "$/in.json"
  declared user: {id: int, name: string?}, tags: [string]?, score: float
  schema user: {id: int, name: string?}, tags: [string]?, score: float
)";

TEST_F(RunGraph, JsonRecordsListsAndKeyedTop) {
  write("in.json",
        R"({"score": 1.5, "user": {"id": 7, "name": "A\u00e9\n"}, "tags": ["x", "y\"z"], "extra": {"a": [1, {"b": 2}]}}

{"user":{"id":8},"score":2,"tags":[]}
{"tags":null,"user":{"name":null,"id":7},"score":4.0}
{"score":3.0,"user":{"id":7,"name":"B"},"tags":["q"]}
)");
  expect_result(std::string(kJsonSource) + R"(node 2 top (1) "top 2 by score desc per user.id"
  name rows.top
  limit 2
  rank place
  key id = field id(user:{id: int, name: string?}):int
  order score:float desc
  schema user: {id: int, name: string?}, tags: [string]?, score: float, place: int
node 3 sort (2) "sort by"
  name rows.sort
  order score:float desc
  schema user: {id: int, name: string?}, tags: [string]?, score: float, place: int
node 4 sink (3) "to json"
  name rows.sink
  connector json
  option path = "$/out"
  schema user: {id: int, name: string?}, tags: [string]?, score: float, place: int
)",
                R"({"user":{"id":7,"name":null},"tags":null,"score":4.0,"place":1}
{"user":{"id":7,"name":"B"},"tags":["q"],"score":3.0,"place":2}
{"user":{"id":8,"name":null},"tags":[],"score":2.0,"place":1}
)");
}

TEST_F(RunGraph, MalformedJsonIsARowError) {
  for (const auto& [line, code] : std::vector<std::pair<std::string, std::string>>{
           {R"({"score":1,"user":{"id":1}} 7)", "R0202"},
           {R"([1])", "R0202"},
           {R"({"score":1,"user":{"id":1})", "R0202"},
           {R"({"score":1 "user":{"id":1}})", "R0202"},
           {R"({"score":1})", "R0202"},
           {R"({"score":"x","user":{"id":1}})", "R0201"},
           {R"({"score":1,"user":{"id":1.5}})", "R0201"},
       }) {
    write("in.json", "{\"score\":1,\"user\":{\"id\":1}}\n" + line + "\n");
    const RowError error = expect_row_error(std::string(kJsonSource) + R"(node 2 sink (1) "to json"
  name rows.sink
  connector json
  option path = "$/out"
  schema user: {id: int, name: string?}, tags: [string]?, score: float
)");
    EXPECT_EQ(error.code.substr(0, 3), code.substr(0, 3)) << line;
    ASSERT_TRUE(error.record.has_value()) << line;
    EXPECT_EQ(error.record->line, 2u) << line;
  }
}

}  // namespace
}  // namespace sluice
