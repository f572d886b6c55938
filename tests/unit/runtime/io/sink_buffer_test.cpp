#include "runtime/io/sink_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/abi/runtime_functions.h"

namespace sluice {
namespace {

struct RecordingSink : Sink {
  std::vector<std::string> pieces;
  bool is_full = false;
  Status write(std::string_view bytes) override {
    if (is_full) return external_error("no space left");
    pieces.emplace_back(bytes);
    return {};
  }
  Status commit() override { return {}; }
  void abort() noexcept override {}
};

TEST(SinkBuffer, SendsWholeRowsInLargePieces) {
  RecordingSink sink;
  SinkBuffer buffer(sink);
  SinkBuffer* sinks[] = {&buffer};
  abi::TaskContext context{};
  context.sinks = sinks;
  std::string row(100, 'r');
  row.back() = '\n';
  for (int i = 0; i < 2000; ++i) {
    abi::rt_sink_bytes(&context, 0, row.data(), 50);
    sink_buffer(&context, 0).append(std::string_view(row).substr(50, 49));
    sink_buffer(&context, 0).append('\n');
    ASSERT_EQ(abi::rt_sink_row(&context, 0), static_cast<uint32_t>(abi::Code::Done));
  }
  EXPECT_TRUE(buffer.write_out());
  EXPECT_EQ(buffer.rows(), 2000u);
  std::string all;
  for (const auto& piece : sink.pieces) {
    EXPECT_EQ(piece.size() % 100, 0u);
    all += piece;
  }
  EXPECT_EQ(all.size(), 200000u);
  EXPECT_LE(sink.pieces.size(), 4u);
}

TEST(SinkBuffer, ReportsAFullSink) {
  RecordingSink sink;
  sink.is_full = true;
  SinkBuffer buffer(sink);
  SinkBuffer* sinks[] = {&buffer};
  abi::TaskContext context{};
  context.sinks = sinks;
  const std::string row(SinkBuffer::kWriteBytes, 'r');
  buffer.append(row);
  EXPECT_EQ(abi::rt_sink_row(&context, 0), static_cast<uint32_t>(abi::Code::Failed));
  EXPECT_EQ(context.failed, 1);
  EXPECT_EQ(buffer.status().error().message, "no space left");
  EXPECT_FALSE(buffer.write_out());
}

TEST(SinkBuffer, HugeRowsAreTakenAndTheirMemoryGivenBack) {
  RecordingSink sink;
  SinkBuffer buffer(sink);
  const std::string huge(size_t{10} << 20, 'h');
  buffer.append(huge);
  ASSERT_TRUE(buffer.end_row());
  buffer.append("small\n");
  ASSERT_TRUE(buffer.end_row());
  ASSERT_TRUE(buffer.write_out());
  ASSERT_EQ(sink.pieces.size(), 2u);
  EXPECT_EQ(sink.pieces[0], huge);
  EXPECT_EQ(sink.pieces[1], "small\n");
}

}  // namespace
}  // namespace sluice
