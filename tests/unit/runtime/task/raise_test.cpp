// rt_raise, rt_raise_field, rt_raise_record: the row errors they make.
#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "runtime/abi/decode_error.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/task/task_data.h"

namespace sluice {
namespace {

using namespace sluice::abi;

struct Code : StageCode {
  StageFunctions functions;
  std::vector<ErrorSite> sites;
  const StageFunctions& current() const override { return functions; }
  const std::vector<ErrorSite>& error_sites() const override { return sites; }
  uint32_t entry_size(size_t) const override { return 0; }
};

JobPlan one_stage() {
  JobPlan plan;
  plan.stages.add(StagePlan{});
  return plan;
}

struct RaiseTest : ::testing::Test {
  RaiseTest() {
    Node source;
    source.payload = SourceNode{
        "csv", {}, {{{"id", Type(TypeKind::Int)}, {"since", Type(TypeKind::Timestamp, true)}}}, std::nullopt};
    const NodeId node = plan.graph.nodes.add(std::move(source));
    const Span span{0, {3, 1}, {3, 5}};
    code.sites = {
        {"R0102", span, node, {"a", "b"}, {Type(TypeKind::Int), Type(TypeKind::Float)}},
        {"R0101", span, node, {"since", "1h"}, {Type(TypeKind::Timestamp), Type(TypeKind::Duration)}},
        {"R0104", span, node, {}, {}},
        {"R0201", span, node, {}, {}},
        {"R0206", span, node, {"id"}, {Type(TypeKind::Int)}},
    };
    chunk.view.data = text.data();
    chunk.view.size = text.size();
    chunk.starts = {0, 7};
    chunk.index = {1, 6, 9, 14};
    chunk.view.starts = chunk.starts.data();
    chunk.view.index = chunk.index.data();
    chunk.view.field_count = 2;
    chunk.view.row_count = 2;
    chunk.file = "a.csv";
    task.set_chunk(&chunk);
    task.row = 1;
  }
  const RowError& error() { return *task.row_error(); }

  JobPlan plan = one_stage();
  Code code;
  std::string text = "1,2024\n1x,2025\n";
  ChunkBuffer chunk;
  TaskData task{plan, StageId(size_t{0}), 0, code};
};

TEST_F(RaiseTest, OperandsAreShownByTheirTypes) {
  rt_raise(&task, 0, -3, std::bit_cast<int64_t>(0.0));
  EXPECT_EQ(task.failed, 1);
  EXPECT_EQ(error().code, "R0102");
  EXPECT_EQ(error().operands, "a = -3, b = 0.0");
  EXPECT_EQ(error().span.begin.line, 3u);
  EXPECT_EQ(error().record->line, 2u);
  EXPECT_EQ(error().record->record, "1x,2025");
}

TEST_F(RaiseTest, OperandsThatAreLiteralsAreNotRepeated) {
  rt_raise(&task, 1, 0, int64_t{3600} * 1'000'000);
  EXPECT_EQ(error().operands, "since = 1970-01-01T00:00:00Z");
}

TEST_F(RaiseTest, TheFirstErrorCounts) {
  rt_raise(&task, 0, 1, 0);
  rt_raise(&task, 1, 1, 0);
  rt_raise_record(&task, 3, 0, 0);
  EXPECT_EQ(error().code, "R0102");
}

TEST_F(RaiseTest, WithoutAChunkThereIsNoRecord) {
  task.set_chunk(nullptr);
  rt_raise(&task, 0, 1, 0);
  EXPECT_FALSE(error().record);
}

TEST_F(RaiseTest, KernelsSayWhatWentWrong) {
  raise_text(&task, "the step must be more than 0s");
  rt_raise(&task, 2, 0, 0);
  EXPECT_EQ(error().message, "this function has no result here: the step must be more than 0s");
}

TEST_F(RaiseTest, FieldsThatCannotBeRead) {
  rt_raise_field(&task, 3, 0, text.data() + 7, 2);
  EXPECT_EQ(error().message, "`id` should be an int, but this record has `1x`");
  EXPECT_EQ(error().record->line, 2u);
  EXPECT_EQ(error().record->column, 1u);
}

TEST_F(RaiseTest, FieldsOutsideOfTheChunkAreAtTheirRecord) {
  char unescaped[] = "";
  rt_raise_field(&task, 3, 1, unescaped, 0);
  EXPECT_EQ(error().message, "`since` should be a timestamp, but this record has an empty field");
  EXPECT_EQ(error().record->line, 2u);
}

TEST_F(RaiseTest, MalformedRecords) {
  rt_raise_record(&task, 4, 10, static_cast<I32>(DecodeError::ExpectedColon));
  EXPECT_EQ(error().code, "R0205");
  EXPECT_EQ(error().message, "this line is not a JSON object as it should be: `:` is missing behind the key");
  EXPECT_EQ(error().record->line, 2u);
  EXPECT_EQ(error().record->column, 4u);
}

// The scanner finds strings that are never closed, so no decoder is known to report this one.
TEST_F(RaiseTest, StringsThatAreNeverClosed) {
  rt_raise_record(&task, 4, 10, static_cast<I32>(DecodeError::UnterminatedString));
  EXPECT_EQ(error().code, "R0205");
  EXPECT_TRUE(error().message.ends_with("this string is never closed"));
}

TEST_F(RaiseTest, WhatIsMissingBehindTheLineIsMissingAtItsEnd) {
  std::vector<uint32_t> line_ends{6, 12};
  chunk.view.line_ends = line_ends.data();
  rt_raise_record(&task, 4, 20, static_cast<I32>(DecodeError::ExpectedValue));
  EXPECT_TRUE(error().message.ends_with("the line ends before the object does"));
}

TEST_F(RaiseTest, MissingFieldsAreNamed) {
  rt_raise_record(&task, 4, 7, static_cast<I32>(DecodeError::MissingField));
  EXPECT_EQ(error().code, "R0206");
  EXPECT_EQ(error().message, "`id` is missing or null in this record");
}

}  // namespace
}  // namespace sluice
