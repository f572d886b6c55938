#include "compiler/codegen/emit_stage.h"

#include <gtest/gtest.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include "../passes/pass_testing.h"
#include "compiler/jit/optimize.h"
#include "compiler/lower/lower.h"

namespace sluice {
namespace {

JobPlan plan_of(std::string_view text, uint32_t parallelism) {
  PassOptions options;
  options.parallelism = parallelism;
  return lower(run_passes(testing::graph_of(text), options).graph);
}

// Emits every stage, checks the IR, and compiles it both ways.
void expect_compiles(std::string_view text) {
  for (const uint32_t parallelism : {1u, 3u}) {
    const JobPlan plan = plan_of(text, parallelism);
    for (size_t i = 0; i < plan.stages.size(); ++i) {
      for (const bool optimized : {false, true}) {
        llvm::LLVMContext context;
        auto stage = codegen::emit_stage(context, plan, StageId(i), {});
        std::string problem;
        llvm::raw_string_ostream out(problem);
        ASSERT_FALSE(llvm::verifyModule(*stage.module, &out)) << problem;
        const auto machine = make_target_machine(optimized);
        ASSERT_TRUE(machine.has_value());
        if (optimized) optimize_module(*stage.module, **machine);
        const auto object = compile_object(*stage.module, **machine);
        ASSERT_TRUE(object.has_value()) << object.error().message;
        EXPECT_GT((*object)->getBufferSize(), 0u);
      }
    }
  }
}

TEST(EmitStage, WordCount) {
  std::string text(testing::kWordCount);
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"rt_text_words", "flow_words"}, {"rt_text_lower", "flow_lower"}})
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from)) text.replace(at, from.size(), to);
  expect_compiles(text);
}

TEST(EmitStage, CsvWithFilterNullsAndArithmetic) {
  expect_compiles(R"text(graph "csv"
node 1 source "from csv(\"hits.csv\")"
  name hits
  connector csv
  option path = "hits.csv"
  declared url: string, status: int, ms: float?, at: timestamp, ok: bool?
  filter lt(status:int, 400:int):bool
  schema url: string, status: int, ms: float?, at: timestamp, ok: bool?
node 2 project (1) "select"
  name hits.select
  column url = url:string
  column half = idiv(status:int, 2:int):int
  column slow = coalesce(ms:float?, 0.5:float):float
  column twice = add(ms:float?, ms:float?):float?
  column label = concat(url:string, "/":string, to_text(status:int):string):string
  column ok = ok:bool?
  column at = at:timestamp
  schema url: string, half: int, slow: float, twice: float?, label: string, ok: bool?, at: timestamp
node 3 sort (2) "sort by slow desc, url"
  name hits.sort
  order slow:float desc
  order url:string asc
  schema url: string, half: int, slow: float, twice: float?, label: string, ok: bool?, at: timestamp
node 4 limit (3) "take 3"
  name hits.take
  skip 0
  take 3
  schema url: string, half: int, slow: float, twice: float?, label: string, ok: bool?, at: timestamp
node 5 sink (4) "to json(\"out.json\")"
  name hits.sink
  connector json
  option path = "out.json"
  schema url: string, half: int, slow: float, twice: float?, label: string, ok: bool?, at: timestamp
)text");
}

TEST(EmitStage, JsonRecordsListsAndKeyedTop) {
  expect_compiles(R"text(graph "json"
node 1 source "from json(\"in.json\")"
  name rows
  connector json
  option path = "in.json"
  declared user: {id: int, name: string?}, tags: [string]?, score: float, scores: [float]
  schema user: {id: int, name: string?}, tags: [string]?, score: float, scores: [float]
node 2 top (1) "top 2 by score desc per user.id"
  name rows.top
  limit 2 with_ties
  key id = field id(user:{id: int, name: string?}):int
  order score:float desc
  schema user: {id: int, name: string?}, tags: [string]?, score: float, scores: [float]
node 3 sink (2) "to print()"
  name rows.sink
  connector print
  schema user: {id: int, name: string?}, tags: [string]?, score: float, scores: [float]
)text");
}

}  // namespace
}  // namespace sluice
