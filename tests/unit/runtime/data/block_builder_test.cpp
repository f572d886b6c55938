#include "runtime/data/block_builder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/data/block_check.h"
#include "runtime/data/row_layout.h"
#include "runtime/data/row_view.h"

namespace sluice {
namespace {

const Schema kSchema{{{"id", Type(TypeKind::Int)}, {"name", Type(TypeKind::String)}}};

struct Collector : BlockReceiver {
  std::vector<Block> blocks;
  std::vector<Block> spares;
  void take(Block block) override { blocks.push_back(std::move(block)); }
  Block spare() override {
    if (spares.empty()) return {};
    Block block = std::move(spares.back());
    spares.pop_back();
    return block;
  }
};

void write_row(abi::RowWriter& writer, const RowLayout& layout, int64_t id, std::string_view name) {
  if (static_cast<uint64_t>(writer.heap - writer.row) < layout.size + name.size())
    abi::rt_writer_reserve(nullptr, &writer, static_cast<int64_t>(name.size()));
  put(writer, layout.offsets[0], id);
  put_text(writer, layout.offsets[1], name);
  writer.row += layout.size;
}

std::string name_of(int64_t id) {
  return std::string(static_cast<size_t>(id * 7 % 50), static_cast<char>('a' + id % 26));
}

std::span<const char> bytes_of(const Block& block) {
  return {reinterpret_cast<const char*>(block.header()), block.header()->byte_size};
}

class BlockSizes : public testing::TestWithParam<uint64_t> {};

TEST_P(BlockSizes, RowsComeOutAsTheyWentIn) {
  const RowLayout layout = block_layout(kSchema);
  Collector collector;
  BlockBuilder builder(collector, layout.size, GetParam());
  for (int64_t id = 0; id < 1000; ++id) write_row(builder, layout, id, name_of(id));
  builder.flush();
  builder.flush();
  int64_t id = 0;
  for (const auto& block : collector.blocks) {
    EXPECT_TRUE(is_valid_block(bytes_of(block), kSchema));
    EXPECT_GT(block.header()->row_count, 0u);
    if (GetParam() == 1) EXPECT_EQ(block.header()->row_count, 1u);
    for (uint32_t r = 0; r < block.header()->row_count; ++r, ++id) {
      const RowView view = row_of(*block.header(), r);
      EXPECT_EQ(view.get<int64_t>(layout.offsets[0]), id);
      EXPECT_EQ(view.text(layout.offsets[1]), name_of(id));
    }
  }
  EXPECT_EQ(id, 1000);
}

INSTANTIATE_TEST_SUITE_P(All, BlockSizes, testing::Values(1, 100, 1000, 4096, 256 << 10));

TEST(BlockBuilder, ARowLargerThanABlockGetsItsOwn) {
  const RowLayout layout = block_layout(kSchema);
  Collector collector;
  BlockBuilder builder(collector, layout.size, 256);
  const std::string huge(100000, 'x');
  write_row(builder, layout, 1, "small");
  write_row(builder, layout, 2, huge);
  write_row(builder, layout, 3, "small");
  builder.flush();
  ASSERT_EQ(collector.blocks.size(), 3u);
  EXPECT_EQ(row_of(*collector.blocks[1].header(), 0).text(layout.offsets[1]), huge);
  EXPECT_EQ(collector.blocks[2].header()->byte_size, 256u);
}

TEST(BlockBuilder, UsesSpareBlocksThatAreLargeEnough) {
  const RowLayout layout = block_layout(kSchema);
  Collector collector;
  collector.spares.push_back(Block::make(100, layout.size));
  collector.spares.push_back(Block::make(256, layout.size));
  const void* spare = collector.spares[1].header();
  BlockBuilder builder(collector, layout.size, 256);
  write_row(builder, layout, 1, "a");
  builder.flush();
  EXPECT_EQ(collector.blocks[0].header(), spare);
  write_row(builder, layout, 2, "b");
  builder.flush();
  EXPECT_EQ(collector.blocks[1].header()->byte_size, 256u);
}

TEST(BlockBuilder, RowsWithoutColumnsAreCounted) {
  const RowLayout layout = block_layout(Schema{});
  Collector collector;
  BlockBuilder builder(collector, layout.size, 1000);
  for (int i = 0; i < 10; ++i) {
    builder.make_room(0);
    builder.row += layout.size;
  }
  builder.flush();
  EXPECT_EQ(collector.blocks[0].header()->row_count, 10u);
}

TEST(Block, CopiesAreEqual) {
  const RowLayout layout = block_layout(kSchema);
  Collector collector;
  BlockBuilder builder(collector, layout.size, 1000);
  write_row(builder, layout, 7, "seven");
  builder.flush();
  const Block copy = Block::copy_of(*collector.blocks[0].header());
  EXPECT_EQ(row_of(*copy.header(), 0).text(layout.offsets[1]), "seven");
}

TEST(BlockCheck, RefusesWhatDoesNotFit) {
  const RowLayout layout = block_layout(kSchema);
  Collector collector;
  BlockBuilder builder(collector, layout.size, 1000);
  write_row(builder, layout, 7, "seven");
  builder.flush();
  Block& block = collector.blocks[0];
  const auto bytes = bytes_of(block);
  EXPECT_TRUE(is_valid_block(bytes, kSchema));
  EXPECT_FALSE(is_valid_block(bytes.first(999)));
  EXPECT_FALSE(is_valid_block(bytes.first(10)));
  EXPECT_FALSE(is_valid_block(bytes, Schema{}));
  const auto refused_with = [&](auto change) {
    Block copy = Block::copy_of(*block.header());
    change(copy);
    return !is_valid_block(bytes_of(copy), kSchema);
  };
  EXPECT_TRUE(refused_with([](Block& b) { b.header()->magic = 0; }));
  EXPECT_TRUE(refused_with([](Block& b) { b.header()->row_count = 0xffffffff; }));
  EXPECT_TRUE(refused_with([](Block& b) { b.header()->row_size = 0; }));
  EXPECT_TRUE(refused_with([&](Block& b) { b.rows()[layout.offsets[1] + 2] = 1; }));  // distance
  EXPECT_TRUE(refused_with([&](Block& b) { b.rows()[layout.offsets[1] + 4] = 6; }));  // size
}

TEST(BlockCheck, ListsAndNulls) {
  const Schema schema{{{"tags", Type::list_of(Type(TypeKind::String)).as_nullable()}}};
  Block block = Block::make(64 + 9 + 8 + 3, 9);
  block.header()->row_count = 1;
  char* row = block.rows();
  char* element = block.end() - 11;
  std::memcpy(block.end() - 3, "abc", 3);
  const uint32_t values[] = {11, 1, 3, 3};  // the list: distance and count; its element: distance and size
  row[0] = 1;
  std::memcpy(row + 1, values, 8);
  std::memcpy(element, values + 2, 8);
  EXPECT_TRUE(is_valid_block(bytes_of(block), schema));
  element[4] = 4;
  EXPECT_FALSE(is_valid_block(bytes_of(block), schema));
  row[0] = 2;
  EXPECT_FALSE(is_valid_block(bytes_of(block), schema));
  row[0] = 0;
  EXPECT_TRUE(is_valid_block(bytes_of(block), schema));
}

}  // namespace
}  // namespace sluice
